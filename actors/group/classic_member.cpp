#include "actors/group/classic_group.hpp"

#include "actors/group/classic_bytes.hpp"
#include "actors/group/record_sizes.hpp"
#include "protocol/model/assert.hpp"
#include "protocol/model/mark.hpp"

#include <algorithm>
#include <utility>

// What members do between rebalances: they ask for their assignment, live, commit, and leave.
namespace barnabas::group {

namespace {

constexpr std::string_view consumer_protocol = "consumer";

} // namespace

errc classic_group::check_member(const member_name& who, bool id_is_known) const {
    if (who.instance_id) {
        const auto known = static_members_.find(*who.instance_id);
        if (known == static_members_.end())
            return errc::unknown_member_id;
        return known->second == who.member_id ? errc::ok : errc::fenced_instance_id;
    }
    return id_is_known ? errc::ok : errc::unknown_member_id;
}

void classic_group::on_sync(const sync_request& request, request_ticket ticket, turn& now) {
    const auto refuse = [&](errc code) {
        sync_response answer;
        answer.code = code;
        now.out.reply(ticket, std::move(answer));
    };
    if (const errc code = check_member(request.who); code != errc::ok)
        return refuse(code);
    if (request.generation != generation_ && !options_.planted.stale_sync_answered)
        return refuse(errc::illegal_generation);
    const bool is_preparing = phase_ == classic_phase::preparing;
    if (request.protocol_type && *request.protocol_type != protocol_type_)
        return refuse(errc::inconsistent_group_protocol);
    // Which protocol is to be chosen anew: whoever comes from a group of the consumer protocol may have been
    // told another one, and a client takes the other error for one that no joining mends.
    if (request.protocol && *request.protocol != protocol_ && !is_preparing)
        return refuse(errc::inconsistent_group_protocol);
    if (is_preparing)
        return refuse(errc::rebalance_in_progress);
    BARNABAS_ASSERT(phase_ != classic_phase::empty);
    const auto found = members_.find(request.who.member_id);
    auto& one = found->second;
    pending_sync_.erase(found->first);
    touch(found->first, one, now.now);
    if (phase_ == classic_phase::stable)
        return now.out.reply(ticket, assignment_of(one));
    if (one.sync) {
        sync_response older;
        older.code = errc::rebalance_in_progress;
        now.out.reply(*one.sync, std::move(older));
    }
    one.sync = ticket;
    if (found->first == leader_)
        assign(request.assignments, now);
}

/// Whom the leader gave nothing gets the empty assignment. What cannot be kept is not given to anybody: the
/// members are told, and may agree on something shorter.
void classic_group::assign(const std::vector<member_assignment>& assignments, turn& now) {
    auto state = state_to_record(&assignments, now);
    if (bytes_of(name_, state) > options_.record_bytes_max) {
        BARNABAS_MARK(assignment_too_large);
        answer_assignments(errc::message_too_large, now);
        return prepare_rebalance({"the assignment is too large to be kept", {}, {}}, now);
    }
    since_ = now.wall;
    write(std::move(state), now);
    answer_assignments(errc::ok, now);
}

/// To all who wait for theirs.
void classic_group::answer_assignments(errc code, turn& now) {
    for (auto& [id, one] : members_) {
        if (!one.sync)
            continue;
        sync_response answer;
        if (code == errc::ok)
            answer = assignment_of(one);
        answer.code = code;
        touch(id, one, now.now);
        now.out.reply(*std::exchange(one.sync, std::nullopt), std::move(answer));
    }
}

sync_response classic_group::assignment_of(const member& one) const {
    return {errc::ok, protocol_type_, protocol_, one.assignment};
}

errc classic_group::on_heartbeat(const heartbeat_request& request, turn& now) {
    const auto found = members_.find(request.who.member_id);
    if (const errc code = check_member(request.who, found != members_.end()); code != errc::ok)
        return options_.planted.static_zombie_lives && code == errc::fenced_instance_id ? errc::ok : code;
    if (request.generation != generation_ && !options_.planted.heartbeat_generation_ignored)
        return errc::illegal_generation;
    touch(found->first, found->second, now.now);
    return phase_ == classic_phase::preparing ? errc::rebalance_in_progress : errc::ok;
}

errc classic_group::check_commit(const member_name& who, generation_id generation, turn& now) {
    const bool claims_membership = generation.get() >= 0 || !who.member_id.empty() || who.instance_id;
    // An administrator, or somebody who assigns partitions by hand.
    if (generation.get() < 0 && members_.empty())
        return errc::ok;
    if (!claims_membership)
        return errc::unknown_member_id;
    if (options_.planted.static_zombie_commits && who.instance_id)
        return errc::ok;
    if (const errc code = check_member(who); code != errc::ok)
        return code;
    const bool generation_counts = !options_.planted.commit_generation_ignored;
    if (generation_counts && generation != generation_)
        return errc::illegal_generation;
    const auto found = members_.find(who.member_id);
    touch(found->first, found->second, now.now);
    // Its older assignment is gone, and the newer one is not there yet.
    return generation_counts && phase_ == classic_phase::completing ? errc::rebalance_in_progress : errc::ok;
}

errc classic_group::on_leave(const member_name& who, const std::string& reason, turn& now) {
    if (who.member_id.empty() && who.instance_id) { // an administrator, who does not know the id
        const auto known = static_members_.find(*who.instance_id);
        if (known == static_members_.end())
            return errc::unknown_member_id;
        const auto id = known->second;
        remove(id, errc::unknown_member_id, now);
        rebalance_without({"a static member was taken out", id, reason}, now);
        return errc::ok;
    }
    if (!who.instance_id && pending_.erase(who.member_id) != 0) {
        complete_join_if_all_are_there(now);
        return errc::ok;
    }
    if (const errc code = check_member(who); code != errc::ok)
        return code;
    remove(who.member_id, errc::unknown_member_id, now);
    rebalance_without({"a member leaves", who.member_id, reason}, now);
    return errc::ok;
}

void classic_group::remove(std::string member_id, errc why, turn& now) {
    const auto found = members_.find(member_id);
    BARNABAS_ASSERT(found != members_.end());
    auto& one = found->second;
    if (one.join) {
        join_response answer;
        answer.code = why;
        answer.member_id = member_id;
        now.out.reply(one.join->ticket, std::move(answer));
    }
    if (one.sync) {
        sync_response answer;
        answer.code = why;
        now.out.reply(*one.sync, std::move(answer));
    }
    if (one.instance_id)
        static_members_.erase(*one.instance_id);
    pending_sync_.erase(member_id);
    members_.erase(found);
    if (leader_ == member_id && phase_ == classic_phase::preparing)
        leader_ = members_.empty() ? std::string() : members_.begin()->first;
}

void classic_group::rebalance_without(const cause& because, turn& now) {
    if (phase_ == classic_phase::preparing)
        return complete_join_if_all_are_there(now);
    prepare_rebalance(because, now);
}

/// A sign of life.
void classic_group::touch(const std::string& member_id, member& one, monotonic_ns now) {
    one.life.alive_until = later(now, one.session_timeout);
    timers_.watch(one.life, name_, member_id);
}

/// Who waits for an answer of ours is not silent by its own will; but a new member may have gone long ago.
void classic_group::on_session_timer(const std::string& member_id, turn& now) {
    const auto found = members_.find(member_id);
    if (found == members_.end() || !take_timer(found->second.life, now.now))
        return;
    auto& one = found->second;
    const bool waits_for_us = (one.join && !one.is_new) || one.sync;
    if (waits_for_us)
        one.life.alive_until = later(now.now, one.session_timeout);
    if (one.life.alive_until > now.now)
        return timers_.watch(one.life, name_, member_id);
    BARNABAS_MARK(member_session_expired);
    remove(member_id, errc::unknown_member_id, now);
    rebalance_without({"a member's session ended", member_id, {}}, now);
}

const slice& classic_group::metadata_of(const member& one) const {
    const auto chosen = std::find_if(one.protocols.begin(), one.protocols.end(),
                                     [this](const auto& protocol) { return protocol.name == protocol_; });
    static const slice none;
    return chosen == one.protocols.end() ? none : chosen->metadata;
}

/// With these assignments, or with those that the members have.
classic_state classic_group::state_to_record(const std::vector<member_assignment>* assignments,
                                             turn& now) const {
    classic_state state;
    state.protocol_type = protocol_type_;
    state.generation = generation_;
    state.since = now.wall;
    if (members_.empty())
        return state;
    state.protocol = protocol_;
    state.leader = leader_;
    for (const auto& [id, one] : members_) {
        auto& recorded = state.members.emplace_back();
        recorded.member_id = id;
        recorded.instance_id = one.instance_id;
        recorded.client_id = one.client.client_id;
        recorded.host = one.client.host;
        recorded.rebalance_timeout = one.rebalance_timeout;
        recorded.session_timeout = one.session_timeout;
        recorded.metadata = metadata_of(one);
        if (assignments == nullptr)
            recorded.assignment = one.assignment;
    }
    if (assignments != nullptr)
        for (const auto& given : *assignments) {
            const auto at = members_.find(given.member_id);
            if (at != members_.end())
                state.members[static_cast<std::size_t>(std::distance(members_.begin(), at))].assignment =
                    slice::copy_of(given.assignment.bytes());
        }
    return state;
}

void classic_group::write(classic_state state, turn& now) {
    apply(state);
    now.out.records.emplace_back(classic_record{name_, std::move(state)});
}

void classic_group::apply(const classic_state& recorded) {
    recorded_ = true;
    protocol_type_ = recorded.protocol_type;
    if (!options_.planted.generation_not_loaded)
        generation_ = recorded.generation;
    protocol_ = recorded.protocol.value_or("");
    leader_ = recorded.leader.value_or("");
    since_ = recorded.since;
    phase_ = recorded.members.empty() ? classic_phase::empty : classic_phase::stable;
    std::set<std::string_view> named;
    for (const auto& one : recorded.members) {
        named.insert(one.member_id);
        auto [at, made] = members_.try_emplace(one.member_id);
        auto& target = at->second;
        target.instance_id = one.instance_id;
        target.client = {one.client_id, one.host};
        target.session_timeout = one.session_timeout;
        target.rebalance_timeout = one.rebalance_timeout;
        target.assignment = one.assignment;
        target.is_new = false;
        // A living member knows other protocols, too; of the chosen one it says what is recorded.
        if (metadata_of(target) != one.metadata || made)
            target.protocols = {{protocol_, one.metadata}};
        if (one.instance_id)
            static_members_[*one.instance_id] = one.member_id;
    }
    std::erase_if(members_, [&](const auto& one) { return !named.contains(one.first); });
    std::erase_if(static_members_, [&](const auto& one) { return !members_.contains(one.second); });
}

void classic_group::on_loaded(turn& now) {
    begin_sessions(now.now);
    if (BARNABAS_MARK_IF(std::cmp_greater(members_.size(), options_.members_max), loaded_group_too_large))
        prepare_rebalance({"the group was loaded with more members than it may have", {}, {}}, now);
    else if (BARNABAS_MARK_IF(!members_.empty() && leader_.empty(), loaded_group_without_leader))
        prepare_rebalance({"the group was loaded as it went back to the classic protocol", {}, {}}, now);
}

void classic_group::begin_sessions(monotonic_ns now) {
    for (auto& [id, one] : members_)
        touch(id, one, now);
}

describe_response classic_group::describe() const {
    describe_response answer;
    answer.state = name_of(phase_);
    answer.protocol_type = protocol_type_;
    const bool stable = phase_ == classic_phase::stable;
    if (stable)
        answer.protocol = protocol_;
    for (const auto& [id, one] : members_)
        answer.members.push_back({{id, one.instance_id},
                                  one.client,
                                  stable ? metadata_of(one) : slice(),
                                  stable ? one.assignment : slice()});
    return answer;
}

std::optional<std::set<std::string>> classic_group::subscribed_topics() const {
    if (phase_ == classic_phase::empty)
        return std::set<std::string>{};
    if (protocol_.empty() || protocol_type_ != consumer_protocol)
        return std::nullopt;
    std::set<std::string> topics;
    for (const auto& [id, one] : members_)
        for (const auto& protocol : one.protocols) {
            // Which one counts is open while a rebalance waits for others.
            if (protocol.name != protocol_ && phase_ != classic_phase::preparing)
                continue;
            auto wanted = decode_topics(protocol.metadata);
            if (!wanted)
                return std::nullopt;
            topics.insert(wanted->begin(), wanted->end());
        }
    return topics;
}

} // namespace barnabas::group
