#include "actors/group/consumer_group.hpp"

#include "actors/group/assignors/subscription_regex.hpp"
#include "actors/group/limits.hpp"
#include "actors/group/record_sizes.hpp"
#include "protocol/model/assert.hpp"
#include "protocol/model/mark.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

// Heartbeats: joining, going on, leaving, being late.
namespace barnabas::group {

namespace {

error refusal(errc code, std::string detail) {
    return {code, std::move(detail)};
}

error too_long() {
    return refusal(errc::invalid_request, "The subscription is longer than what can be kept of it.");
}

consumer_heartbeat_response refused(const error& why, const std::string& id) {
    consumer_heartbeat_response answer;
    answer.code = why.code;
    answer.detail = why.detail;
    answer.member_id = id;
    return answer;
}

/// As Java trims: nothing but blanks and control characters.
bool is_blank(std::string_view text) {
    return std::all_of(text.begin(), text.end(),
                       [](char one) { return static_cast<unsigned char>(one) <= ' '; });
}

result<void> check_joining(const consumer_heartbeat_request& request) {
    if (!request.rebalance_timeout || request.rebalance_timeout->count() < 0)
        return refusal(errc::invalid_request, "A member that joins must say its rebalance timeout.");
    // No topics are a subscription, too, and so is the pattern of none.
    if (!request.topics && !request.pattern)
        return refusal(errc::invalid_request, "A member that joins must subscribe to topics or a pattern.");
    if (!request.owned || !request.owned->empty())
        return refusal(errc::invalid_request, "A member that joins must own no partitions.");
    return {};
}

result<void> check_names(const consumer_heartbeat_request& request) {
    const bool may_be_named = !request.names_itself && request.epoch == joining_epoch;
    if (is_blank(request.who.member_id) && !may_be_named)
        return refusal(errc::invalid_request, "The member id is empty.");
    if (request.who.instance_id && is_blank(*request.who.instance_id))
        return refusal(errc::invalid_request, "The instance id is empty.");
    if (request.rack && is_blank(*request.rack))
        return refusal(errc::invalid_request, "The rack id is empty.");
    const auto is_long = [](const std::string& name) { return name.size() > group_limits::name_bytes_max; };
    if (is_long(request.who.member_id) || (request.who.instance_id && is_long(*request.who.instance_id)) ||
        (request.pattern && is_long(*request.pattern)))
        return refusal(errc::invalid_request, "A name or pattern is too long.");
    return {};
}

result<void> check_epoch(member_epoch said, const current_assignment& has,
                         const std::optional<partitions_by_topic>& owned) {
    if (said == joining_epoch || said == has.epoch)
        return {};
    // The answer with its new epoch may have been lost; then it has gained nothing since.
    const bool missed_one = said == has.previous_epoch && owned && contains_all(has.assigned, *owned);
    if (missed_one)
        return {};
    BARNABAS_MARK(member_epoch_fenced);
    return refusal(errc::fenced_member_epoch, "The member has epoch " + std::to_string(said.get()) +
                                                  ", the coordinator knows it with epoch " +
                                                  std::to_string(has.epoch.get()) +
                                                  ". It must give up its partitions and join again.");
}

} // namespace

result<void> consumer_group::check(const std::string& name, const consumer_heartbeat_request& request,
                                   const group_options& options) {
    if (is_blank(name) || name.size() > group_limits::name_bytes_max)
        return refusal(errc::invalid_request, "The group id is empty or too long.");
    if (auto named = check_names(request); !named)
        return named;
    if (request.epoch < pausing_epoch)
        return refusal(errc::invalid_request, "There is no such member epoch.");
    if (request.epoch == pausing_epoch && !request.who.instance_id)
        return refusal(errc::invalid_request, "Only a member with an instance id may leave for a while.");
    if (request.epoch == joining_epoch)
        if (auto joining = check_joining(request); !joining)
            return joining;
    if (bytes_of(name, request) > options.record_bytes_max)
        return too_long();
    const auto& known = options.consumer.assignors;
    if (request.assignor && !request.assignor->empty() &&
        std::find(known.begin(), known.end(), *request.assignor) == known.end())
        return refusal(errc::unsupported_assignor,
                       "The assignor " + *request.assignor + " is not one of the coordinator's.");
    if (request.pattern && !request.pattern->empty())
        if (auto compiled = subscription_regex::compile(*request.pattern); !compiled)
            return refusal(errc::invalid_regular_expression, compiled.failure().detail);
    return {};
}

consumer_heartbeat_response consumer_group::on_heartbeat(const consumer_heartbeat_request& request,
                                                         std::string new_member_id, turn& now) {
    const auto& id = request.who.member_id.empty() ? new_member_id : request.who.member_id;
    const auto at = members_.find(id);
    if (at != members_.end() && is_all_as_before(request, at->second) && is_up_to_date(now.now)) {
        touch(id, at->second, now.now);
        return told(id, at->second);
    }
    const bool leaves = request.epoch < joining_epoch;
    const auto admitted = leaves ? on_leave(request, now) : admit(request, id, now);
    if (admitted && !leaves)
        return settle(request, id, now);
    auto answer = admitted ? consumer_heartbeat_response() : refused(admitted.failure(), id);
    answer.member_id = id;
    if (leaves)
        answer.epoch = request.epoch;
    return answer;
}

result<void> consumer_group::admit(const consumer_heartbeat_request& request, const std::string& id,
                                   turn& now) {
    if (request.who.instance_id)
        return admit_static(request, id, now);
    const auto* known = find(id);
    if (known != nullptr && options_.planted.member_epoch_ignored)
        return {};
    if (known != nullptr)
        return check_epoch(request.epoch, known->has.value_or(current_assignment{}), request.owned);
    if (request.epoch != joining_epoch)
        return refusal(errc::unknown_member_id, "The group has no member " + id + ".");
    return check_new(id);
}

result<void> consumer_group::admit_static(const consumer_heartbeat_request& request, const std::string& id,
                                          turn& now) {
    const auto& instance = *request.who.instance_id;
    const auto at = static_members_.find(instance);
    if (at != static_members_.end() && at->second == id)
        return check_epoch(request.epoch, find(id)->has.value_or(current_assignment{}), request.owned);
    if (request.epoch != joining_epoch) {
        if (at == static_members_.end())
            return refusal(errc::unknown_member_id, "The group has no member with instance id " + instance);
        BARNABAS_MARK(static_member_fenced);
        return refusal(errc::fenced_instance_id,
                       "The instance id " + instance + " has been taken over by another member.");
    }
    if (find(id) != nullptr)
        return refusal(errc::invalid_request, "The member id " + id + " belongs to another member.");
    if (at == static_members_.end())
        return check_new(id);
    const auto& old = find(at->second)->has;
    // Members of the classic protocol do not tell that they go for a while (card GRP-14).
    const bool is_free = (old && old->epoch == pausing_epoch) || find(at->second)->said->classic;
    if (!is_free)
        return refusal(errc::unreleased_instance_id,
                       "The instance id " + instance + " belongs to another member, which must leave first.");
    if (!can_take_place_of(*find(at->second), id))
        return too_long();
    // `at` goes with the older member's record.
    take_place_of(std::string(at->second), id, now);
    return {};
}

result<void> consumer_group::check_new(const std::string& id) const {
    BARNABAS_ASSERT(find(id) == nullptr);
    if (member_count_ < static_cast<std::size_t>(options_.consumer.members_max))
        return {};
    return refusal(errc::group_max_size_reached, "The group has as many members as it may have.");
}

/// What it had is written under the new id, which may be longer.
bool consumer_group::can_take_place_of(const member& old, const std::string& id) const {
    return can_keep(id, *old.said) && (!old.target || can_keep(id, *old.target)) &&
           (!old.has || can_keep(id, old.has->assigned));
}

/// A static member came back under another id: it goes on with what its older self had (KIP-345).
void consumer_group::take_place_of(const std::string& old_id, const std::string& id, turn& now) {
    BARNABAS_MARK(static_consumer_replaced);
    const auto old = members_.find(old_id)->second;
    forget(old_id, now);
    write(consumer_member_record{name_, id, old.said}, now);
    if (old.target)
        write(target_record{name_, id, old.target}, now);
    current_assignment kept;
    kept.assigned = old.has.value_or(current_assignment{}).assigned;
    write(current_record{name_, id, std::move(kept)}, now);
    touch(id, members_.find(id)->second, now.now);
}

/// The common case: it says nothing new, and there is nothing new for it.
bool consumer_group::is_all_as_before(const consumer_heartbeat_request& request, const member& one) const {
    const bool says_nothing = !request.rack && !request.rebalance_timeout && !request.topics &&
                              !request.pattern && !request.assignor;
    if (!says_nothing || request.epoch <= joining_epoch || !one.said || !one.has ||
        one.has->epoch != request.epoch || one.has->state != member_state::stable ||
        request.epoch.get() != target_epoch_)
        return false;
    const auto& said = *one.said;
    if (said.classic || said.client_id != request.client.client_id || said.host != request.client.host)
        return false;
    if (!request.who.instance_id)
        return true;
    const auto bearer = static_members_.find(*request.who.instance_id);
    return bearer != static_members_.end() && bearer->second == request.who.member_id;
}

/// The group has looked at everything that there is to look at.
bool consumer_group::is_up_to_date(monotonic_ns now) const {
    return epoch_ == target_epoch_ && topics_seen_ == topics_->applied && patterns_compared_ &&
           (patterns_.empty() || !must_search_again(now));
}

consumer_heartbeat_response consumer_group::told(const std::string& id, const member& one) const {
    consumer_heartbeat_response answer;
    answer.member_id = id;
    answer.epoch = one.has->epoch;
    answer.heartbeat_interval = options_.consumer.heartbeat_interval_of(name_);
    return answer;
}

consumer_heartbeat_response consumer_group::settle(const consumer_heartbeat_request& request,
                                                   const std::string& id, turn& now) {
    static const partitions_by_topic nothing;
    const bool joins = request.epoch == joining_epoch;
    auto said = merged(request, id);
    const auto* known = find(id);
    const bool is_news = known == nullptr || *known->said != said;
    if (BARNABAS_MARK_IF(is_news && !can_keep(id, said), merged_subscription_too_large))
        return refused(too_long(), id);
    refresh_targets(note_subscription(id, std::move(said), now), now);
    const auto* owned = joins ? &nothing : request.owned ? &*request.owned : nullptr;
    auto& one = members_.find(id)->second;
    const bool assigned_anew = reconcile_member(id, one, owned, now);
    touch(id, one, now.now);
    one.step_until.reset();
    auto answer = told(id, one);
    // Who tells everything may have missed anything.
    const bool tells_all = request.rebalance_timeout && (request.topics || request.pattern) && request.owned;
    if (joins || tells_all || assigned_anew)
        answer.assignment = one.has->assigned;
    return answer;
}

/// Whether it has other partitions now.
bool consumer_group::reconcile_member(const std::string& id, member& one, const partitions_by_topic* owned,
                                      turn& now) {
    static const partitions_by_topic nothing;
    auto has = one.has.value_or(current_assignment{});
    if (has.epoch == pausing_epoch) // a static member came back under its own id
        has.epoch = has.previous_epoch = joining_epoch;
    const auto& target = one.target ? *one.target : nothing;
    static const partition_owners nobody;
    const auto& owners = options_.planted.partition_given_unreleased ? nobody : owners_;
    auto next = reconcile(has, {target, member_epoch(target_epoch_), owners, owned});
    const bool assigned_anew = next.assigned != has.assigned;
    if (!one.has || next != *one.has) {
        write(current_record{name_, id, std::move(next)}, now);
        if (one.has->state == member_state::unrevoked)
            limit_revocation(id, one, now.now);
    }
    return assigned_anew;
}

// ---- leaving

result<void> consumer_group::on_leave(const consumer_heartbeat_request& request, turn& now) {
    const auto& [id, instance] = request.who;
    if (instance) {
        const auto at = static_members_.find(*instance);
        if (at == static_members_.end())
            return refusal(errc::unknown_member_id, "The group has no member with instance id " + *instance);
        if (at->second != id)
            return refusal(errc::fenced_instance_id,
                           "The instance id " + *instance + " has been taken over by another member.");
        if (request.epoch == pausing_epoch) {
            pause(id, now);
            return {};
        }
    }
    if (find(id) == nullptr)
        return refusal(errc::unknown_member_id, "The group has no member " + id + ".");
    remove(std::string(id), now);
    return {};
}

/// Its place is kept for as long as its session lasts. What it had to give up, it has given up.
void consumer_group::pause(const std::string& id, turn& now) {
    auto has = find(id)->has.value_or(current_assignment{});
    // Neither of its epochs is good for anything until it comes back.
    has.epoch = has.previous_epoch = pausing_epoch;
    has.state = member_state::stable;
    has.pending.clear();
    write(current_record{name_, id, std::move(has)}, now);
    touch(id, members_.find(id)->second, now.now);
}

void consumer_group::remove(const std::string& id, turn& now) {
    forget(id, now);
    refresh_patterns(now);
    // Under a newer epoch those who stay could neither commit nor be told to join the classic group again.
    if (!is_to_be_classic())
        raise_epoch(now);
}

void consumer_group::forget(const std::string& id, turn& now) {
    const auto& one = members_.find(id)->second;
    const bool had_target = one.target.has_value();
    if (one.has)
        write(current_record{name_, id, std::nullopt}, now);
    if (had_target)
        write(target_record{name_, id, std::nullopt}, now);
    write(consumer_member_record{name_, id, std::nullopt}, now);
}

// ---- being late

void consumer_group::on_timer(const group_timer& timer, turn& now) {
    if (timer.kind == timer_kind::session)
        on_session_timer(timer.member, now);
    else if (timer.kind == timer_kind::revocation)
        on_revocation_timer(timer.member, now);
    else if (timer.kind == timer_kind::sync)
        on_step_timer(timer.member, now);
}

void consumer_group::on_session_timer(const std::string& id, turn& now) {
    const auto found = members_.find(id);
    if (found == members_.end() || !take_timer(found->second.life, now.now))
        return;
    if (found->second.life.alive_until > now.now)
        return timers_.watch(found->second.life, name_, id);
    BARNABAS_MARK(consumer_session_expired);
    remove(id, now);
}

/// A timer may be of an earlier revocation, and the present one has its own.
void consumer_group::on_revocation_timer(const std::string& id, turn& now) {
    const auto* one = find(id);
    if (one == nullptr || !one->revoke_until || *one->revoke_until > now.now)
        return;
    BARNABAS_MARK(consumer_kept_partitions_too_long);
    remove(id, now);
}

} // namespace barnabas::group
