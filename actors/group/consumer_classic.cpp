#include "actors/group/consumer_group.hpp"

#include "actors/group/group_names.hpp"
#include "actors/group/limits.hpp"
#include "actors/group/record_sizes.hpp"
#include "protocol/model/assert.hpp"
#include "protocol/model/mark.hpp"

#include <algorithm>
#include <utility>

// Members of a consumer group that speak the classic protocol, and groups that go from one protocol to the
// other while they run.
namespace barnabas::group {

namespace {

bool knows(const std::vector<offered_protocol>& protocols, std::string_view name) {
    return std::any_of(protocols.begin(), protocols.end(),
                       [&](const auto& protocol) { return protocol.name == name; });
}

template <class Response>
Response refused(errc code) {
    Response response;
    response.code = code;
    return response;
}

/// Requests are slices of what a connection received; they are not to keep that in memory.
std::vector<offered_protocol> copied(const std::vector<offered_protocol>& protocols) {
    auto copies = protocols;
    for (auto& protocol : copies)
        protocol.metadata = slice::copy_of(protocol.metadata.bytes());
    return copies;
}

/// As the member of a classic group joined it.
join_request joining(const classic_handover::member& member) {
    join_request joined;
    joined.client = member.client;
    joined.who = member.who;
    joined.session_timeout = member.session_timeout;
    joined.rebalance_timeout = member.rebalance_timeout;
    joined.protocols = member.protocols;
    return joined;
}

/// Of the protocol that its group agreed on. Who came since then may not know that.
const slice& subscription_of(const classic_handover::member& member, const classic_handover& from) {
    const auto chosen = std::find_if(member.protocols.begin(), member.protocols.end(),
                                     [&](const auto& protocol) { return protocol.name == from.protocol; });
    return (chosen == member.protocols.end() ? member.protocols.front() : *chosen).metadata;
}

error stays_classic(const std::string& name, const std::string& why) {
    return {errc::group_id_not_found, "Group " + name + " stays one of the classic protocol: " + why + "."};
}

error stays_classic(const std::string& name, errc code) {
    return stays_classic(name, code == errc::unsupported_version
                                   ? "an unsupported custom assignor is in use"
                                   : "the embedded consumer protocol of a member is malformed");
}

} // namespace

// ---- joining

join_response consumer_group::on_join(const join_request& request, std::string new_member_id, turn& now) {
    const auto refuse = [&](errc code, std::string id) {
        auto answer = refused<join_response>(code);
        answer.member_id = std::move(id);
        return answer;
    };
    if (request.protocol_type != consumer_type || request.protocols.empty() || !supports(request))
        return refuse(errc::inconsistent_group_protocol, request.who.member_id);
    auto subscription = decode_subscription(request.protocols.front().metadata, *topics_);
    if (!subscription)
        return refuse(errc::inconsistent_group_protocol, request.who.member_id);
    if (request.who.member_id.empty() && !request.who.instance_id && request.id_first)
        return refuse(errc::member_id_required, std::move(new_member_id));
    const auto owned = std::move(subscription->owned);
    auto said = said_by(request, std::move(*subscription));
    const auto& id = request.who.member_id.empty() ? new_member_id : request.who.member_id;
    if (BARNABAS_MARK_IF(!can_keep(id, said), classic_member_too_large))
        return refuse(errc::message_too_large, request.who.member_id);
    if (auto admitted = admit_classic(request, id, now); !admitted)
        return refuse(admitted.code(), request.who.member_id);
    refresh_targets(note_subscription(id, std::move(said), now), now);
    auto& one = members_.find(id)->second;
    reconcile_member(id, one, &owned, now);
    touch(id, one, now.now);
    limit_step(id, one, now);
    join_response answer;
    answer.generation = generation_id(one.has->epoch.get());
    answer.protocol_type = consumer_type;
    answer.protocol = common_protocol(*one.said);
    answer.member_id = id;
    return answer;
}

/// Whether all members of the classic protocol know one of those that it offers.
bool consumer_group::supports(const join_request& request) const {
    return std::any_of(request.protocols.begin(), request.protocols.end(), [&](const auto& offered) {
        return std::all_of(members_.begin(), members_.end(), [&](const auto& entry) {
            const auto& said = entry.second.said;
            return !said || !said->classic || entry.first == request.who.member_id ||
                   knows(said->classic->protocols, offered.name);
        });
    });
}

std::string consumer_group::common_protocol(const consumer_subscription& said) const {
    const auto& offered = said.classic->protocols;
    const auto known_to_all = [this](const offered_protocol& protocol) {
        return std::all_of(members_.begin(), members_.end(), [&](const auto& entry) {
            const auto& other = entry.second.said;
            return !other || !other->classic || knows(other->classic->protocols, protocol.name);
        });
    };
    const auto found = std::find_if(offered.begin(), offered.end(), known_to_all);
    return found == offered.end() ? offered.front().name : found->name;
}

/// `id` is what the member is called from now on.
result<void> consumer_group::admit_classic(const join_request& request, const std::string& id, turn& now) {
    if (request.who.instance_id)
        return admit_static_classic(request, id, now);
    if (const auto* known = find(id); known == nullptr) {
        if (auto room = check_new(id); !room)
            return room.failure();
    } else if (known->said->instance_id) {
        return error{errc::unknown_member_id, "a static member must say its instance id"};
    }
    return {};
}

/// A member that forgot its id takes its older self's place at once, whichever protocol that spoke: only
/// clients of the consumer protocol know an answer that tells them to wait.
result<void> consumer_group::admit_static_classic(const join_request& request, const std::string& id,
                                                  turn& now) {
    const auto at = static_members_.find(*request.who.instance_id);
    if (!request.who.member_id.empty()) {
        if (at == static_members_.end())
            return error{errc::unknown_member_id, "no member has this instance id"};
        if (at->second != id)
            return error{errc::fenced_instance_id, "another member took over"};
        return {};
    }
    if (at == static_members_.end())
        return check_new(id);
    if (!can_take_place_of(*find(at->second), id))
        return error{errc::message_too_large, "what its older self has cannot be kept under this id"};
    take_place_of(std::string(at->second), id, now);
    return {};
}

consumer_subscription consumer_group::said_by(const join_request& request,
                                              classic_subscription subscription) const {
    consumer_subscription said;
    said.instance_id = request.who.instance_id;
    said.rack = std::move(subscription.rack);
    said.client_id = request.client.client_id;
    said.host = request.client.host;
    said.topics = std::move(subscription.topics);
    said.rebalance_timeout = request.rebalance_timeout;
    said.classic = {request.session_timeout, copied(request.protocols)};
    return said;
}

// ---- going on

/// Whoever bears a static name that another one bears now is its older self, and must hear just that: told
/// that it is unknown it would join again, and take the name back (G5).
errc consumer_group::check_instance(const member_name& who) const {
    if (!who.instance_id)
        return errc::ok;
    const auto at = static_members_.find(*who.instance_id);
    if (at == static_members_.end())
        return errc::unknown_member_id;
    return at->second == who.member_id ? errc::ok : errc::fenced_instance_id;
}

errc consumer_group::check_classic(const member_name& who, generation_id generation) const {
    if (const errc code = check_instance(who); code != errc::ok)
        return code;
    const auto* one = find(who.member_id);
    if (one == nullptr || !one->said->classic || !one->has)
        return errc::unknown_member_id;
    return one->has->epoch.get() == generation.get() ? errc::ok : errc::illegal_generation;
}

/// There is something that it gets only by joining: a newer epoch, or what others have let go of.
bool consumer_group::must_join_again(const member& one) const {
    if (one.has->epoch.get() < epoch_ || one.has->state == member_state::unrevoked)
        return true;
    if (one.has->state == member_state::stable || !one.target)
        return false;
    const current_assignment could = reconcile(*one.has, {*one.target, one.has->epoch, owners_, nullptr});
    return could.assigned != one.has->assigned || could.state == member_state::stable;
}

sync_response consumer_group::on_sync(const sync_request& request, turn& now) {
    if (const errc code = check_classic(request.who, request.generation); code != errc::ok)
        return refused<sync_response>(code);
    const auto& id = request.who.member_id;
    auto& one = members_.find(id)->second;
    const auto protocol = common_protocol(*one.said);
    if ((request.protocol_type && *request.protocol_type != consumer_type) ||
        (request.protocol && !knows(one.said->classic->protocols, *request.protocol)))
        return refused<sync_response>(errc::inconsistent_group_protocol);
    touch(id, one, now.now);
    // Who gives up partitions has joined already, and hears of them by its assignment.
    if (one.has->epoch.get() < epoch_ && one.has->state != member_state::unrevoked) {
        limit_step(id, one, now);
        return refused<sync_response>(errc::rebalance_in_progress);
    }
    one.step_until.reset();
    sync_response answer;
    answer.protocol_type = consumer_type;
    answer.protocol = request.protocol.value_or(protocol);
    answer.assignment =
        encode_assignment(one.has->assigned, one.said->classic->protocols.front().metadata, *topics_);
    return answer;
}

errc consumer_group::on_classic_heartbeat(const heartbeat_request& request, turn& now) {
    if (const errc code = check_classic(request.who, request.generation); code != errc::ok)
        return code;
    auto& one = members_.find(request.who.member_id)->second;
    touch(request.who.member_id, one, now.now);
    // Its client does not look, for it is told of no leader; and nobody else may be left who would.
    if (topics_seen_ != topics_->applied && !options_.planted.classic_members_not_told)
        refresh_targets(false, now);
    if (!must_join_again(one))
        return errc::ok;
    if (!one.step_until)
        limit_step(request.who.member_id, one, now);
    return errc::rebalance_in_progress;
}

errc consumer_group::on_classic_leave(const member_name& who, turn& now) {
    std::string id = who.member_id;
    if (who.instance_id) {
        const auto at = static_members_.find(*who.instance_id);
        if (at == static_members_.end())
            return errc::unknown_member_id;
        // An administrator does not know the id.
        if (!id.empty() && at->second != id)
            return errc::fenced_instance_id;
        id = at->second;
    }
    const auto* one = find(id);
    if (one == nullptr || !one->said->classic)
        return errc::unknown_member_id;
    remove(id, now);
    return errc::ok;
}

void consumer_group::limit_step(const std::string& id, member& one, turn& now) {
    one.step_until = later(now.now, one.said->rebalance_timeout);
    timers_.arm(*one.step_until, {timer_kind::sync, name_, id, 0});
}

/// It may still send heartbeats, but holds up whoever waits for what is its (card GRP-04).
void consumer_group::on_step_timer(const std::string& id, turn& now) {
    const auto* one = find(id);
    if (one == nullptr || !one->step_until || *one->step_until > now.now)
        return;
    BARNABAS_MARK(classic_member_without_step_removed);
    remove(id, now);
}

// ---- from one protocol to the other

result<void> consumer_group::can_take_over(const classic_handover& from) const {
    std::size_t bytes = 0;
    for (const auto& member : from.members) {
        if (member.protocols.empty())
            return stays_classic(name_, errc::malformed);
        auto subscription = decode_subscription(subscription_of(member, from), *topics_);
        if (!subscription)
            return stays_classic(name_, subscription.code());
        // Whoever is taken for owning nothing goes on reading, beside the next owner.
        const auto assigned = decode_assignment(member.assignment, *topics_);
        if (!assigned)
            return stays_classic(name_, assigned.code());
        const auto& id = member.who.member_id;
        const auto said = said_by(joining(member), std::move(*subscription));
        if (!can_keep(id, said) || !can_keep(id, *assigned)) {
            BARNABAS_MARK(upgrade_too_large);
            return stays_classic(name_, "what a member says or has is longer than what can be kept");
        }
        // It has them, is to have them, and is to have others as soon as the new member is there.
        bytes += bytes_of(name_, id, said) +
                 3 * (group_limits::record_overhead_bytes + name_.size() + id.size() + bytes_of(*assigned));
    }
    if (BARNABAS_MARK_IF(bytes > options_.decision_bytes_max, upgrade_too_large_at_once))
        return stays_classic(name_, "its members are more than what can be kept at once");
    return {};
}

void consumer_group::take_over(const classic_handover& from, turn& now) {
    BARNABAS_ASSERT(!recorded_ && is_empty());
    const member_epoch epoch(from.generation.get());
    for (const auto& member : from.members) {
        auto subscription = decode_subscription(subscription_of(member, from), *topics_);
        BARNABAS_ASSERT(subscription.has_value());
        write(consumer_member_record{name_, member.who.member_id,
                                     said_by(joining(member), std::move(*subscription))},
              now);
    }
    write(consumer_epoch_record{name_, consumer_epoch_record::state{epoch.get(), 0}}, now);
    for (const auto& member : from.members) {
        const auto& id = member.who.member_id;
        auto assigned = decode_assignment(member.assignment, *topics_);
        BARNABAS_ASSERT(assigned.has_value());
        write(target_record{name_, id, *assigned}, now);
        current_assignment has{epoch, epoch, member_state::stable, std::move(*assigned), {}};
        write(current_record{name_, id, std::move(has)}, now);
        touch(id, members_.find(id)->second, now.now);
    }
    write(target_epoch_record{name_, target_epoch_record::state{epoch.get(), now.wall}}, now);
}

bool consumer_group::is_settled_but_for(const std::string& joiner) const {
    const bool all_have = std::all_of(members_.begin(), members_.end(), [&](const auto& entry) {
        const auto& one = entry.second;
        return (!one.step_until || entry.first == joiner) && one.has && one.has->epoch.get() == epoch_ &&
               one.has->state == member_state::stable &&
               one.has->assigned == one.target.value_or(partitions_by_topic{});
    });
    return all_have && epoch_ == target_epoch_;
}

bool consumer_group::is_to_be_classic() const {
    const auto policy = options_.consumer.migration;
    if (!is_all_classic() ||
        (policy != migration_policy::downgrade && policy != migration_policy::bidirectional) ||
        member_count_ > static_cast<std::size_t>(options_.members_max))
        return false;
    // All members are in one record then, and what was kept of each goes. If that cannot be written, they go
    // on as they are.
    const auto bytes = bytes_of(name_, as_classic(no_timestamp));
    return !BARNABAS_MARK_IF(bytes > options_.record_bytes_max ||
                                 bytes + 2 * end_bytes() > options_.decision_bytes_max,
                             downgrade_too_large);
}

classic_state consumer_group::as_classic(timestamp_ms since) const {
    BARNABAS_ASSERT(is_all_classic() || is_empty());
    classic_state state;
    state.protocol_type = consumer_type;
    state.generation = generation_id(epoch_);
    state.since = since;
    for (const auto& [id, one] : members_) {
        if (!one.said)
            continue;
        if (!state.protocol) {
            state.protocol = common_protocol(*one.said);
            state.leader = id;
        }
        auto& member = state.members.emplace_back();
        member.member_id = id;
        member.instance_id = one.said->instance_id;
        member.client_id = one.said->client_id;
        member.host = one.said->host;
        member.rebalance_timeout = one.said->rebalance_timeout;
        member.session_timeout = one.said->classic->session_timeout;
        for (const auto& protocol : one.said->classic->protocols)
            if (protocol.name == *state.protocol)
                member.metadata = protocol.metadata;
        member.assignment =
            encode_assignment(one.has.value_or(current_assignment{}).assigned, member.metadata, *topics_);
    }
    return state;
}

} // namespace barnabas::group
