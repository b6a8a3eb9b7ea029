#include "actors/group/classic_group.hpp"

#include "actors/group/limits.hpp"
#include "actors/group/record_sizes.hpp"
#include "protocol/model/assert.hpp"
#include "protocol/model/mark.hpp"

#include <algorithm>
#include <utility>

namespace barnabas::group {

namespace {

join_response refused(errc code, std::string member_id) {
    join_response answer;
    answer.code = code;
    answer.member_id = std::move(member_id);
    return answer;
}

} // namespace

std::string_view name_of(classic_phase phase) noexcept {
    switch (phase) {
    case classic_phase::empty: return "Empty";
    case classic_phase::preparing: return "PreparingRebalance";
    case classic_phase::completing: return "CompletingRebalance";
    case classic_phase::stable: return "Stable";
    }
    return "";
}

void classic_group::on_join(const join_request& request, std::string new_member_id, request_ticket ticket,
                            turn& now) {
    const auto& id = request.who.member_id;
    if (const errc code = check_join(request, !id.empty()); code != errc::ok) {
        pending_.erase(id);
        now.out.reply(ticket, refused(code, id));
        // Nobody waits any more for a member that may not come.
        return complete_join_if_all_are_there(now);
    }
    if (!id.empty())
        return join_again(request, ticket, now);
    const auto& instance = request.who.instance_id;
    if (instance && static_members_.contains(*instance))
        return replace_static_member(request, std::move(new_member_id), ticket, now);
    if (instance || !request.id_first)
        return join_as_new(request, std::move(new_member_id), ticket, now);
    pending_.insert(new_member_id);
    timers_.arm(later(now.now, request.session_timeout),
                {timer_kind::pending_member, name_, new_member_id, 0});
    now.out.reply(ticket, refused(errc::member_id_required, std::move(new_member_id)));
}

errc classic_group::check_join(const join_request& request, bool id_known) const {
    const auto& instance = request.who.instance_id;
    const bool takes_its_own_place = !id_known && instance && static_members_.contains(*instance);
    if (!takes_its_own_place && !has_room_for(request.who.member_id))
        return errc::group_max_size_reached;
    if (request.protocol_type.empty() || request.protocols.empty())
        return errc::inconsistent_group_protocol;
    if (!members_.empty() && (request.protocol_type != protocol_type_ || !supports(request.protocols)))
        return errc::inconsistent_group_protocol;
    if (!id_known)
        return errc::ok;
    // Only dynamic members are sent back with an id.
    if (pending_.contains(request.who.member_id))
        return request.who.instance_id ? errc::unknown_member_id : errc::ok;
    return check_member(request.who);
}

/// While a rebalance waits, those count who have come to it, and the others may lose their place.
bool classic_group::has_room_for(std::string_view member_id) const {
    const auto most = static_cast<std::size_t>(options_.members_max);
    const auto found = members_.find(member_id);
    switch (phase_) {
    case classic_phase::empty: return true;
    case classic_phase::preparing: {
        if (found != members_.end() && found->second.join)
            return true;
        const auto joined = std::count_if(members_.begin(), members_.end(),
                                          [](const auto& one) { return one.second.join.has_value(); });
        return static_cast<std::size_t>(joined) < most;
    }
    case classic_phase::completing:
    case classic_phase::stable: return found != members_.end() || members_.size() < most;
    }
    return false;
}

/// Whether at least one of them is known to all members.
bool classic_group::supports(const std::vector<offered_protocol>& protocols) const {
    const auto known_to_all = [this](const offered_protocol& wanted) {
        return std::all_of(members_.begin(), members_.end(), [&](const auto& entry) {
            const auto& known = entry.second.protocols;
            return std::any_of(known.begin(), known.end(),
                               [&](const auto& one) { return one.name == wanted.name; });
        });
    };
    return std::any_of(protocols.begin(), protocols.end(), known_to_all);
}

void classic_group::join_as_new(const join_request& request, const std::string& member_id,
                                request_ticket ticket, turn& now) {
    add_member(request, member_id, ticket, now);
    if (phase_ == classic_phase::preparing)
        return complete_join_if_all_are_there(now);
    prepare_rebalance({"a member joins", member_id, request.reason}, now);
}

void classic_group::join_again(const join_request& request, request_ticket ticket, turn& now) {
    const auto& id = request.who.member_id;
    if (pending_.erase(id) != 0)
        return join_as_new(request, id, ticket, now);
    auto& one = members_.find(id)->second;
    const bool changed = one.protocols != request.protocols;
    switch (phase_) {
    case classic_phase::empty: BARNABAS_UNREACHABLE("an empty group has a member");
    case classic_phase::preparing:
        take_over(one, request, ticket, now);
        return complete_join_if_all_are_there(now);
    case classic_phase::completing:
        // It did not get the answer to its JoinGroup, and asks again.
        if (!changed)
            return answer_current(id, ticket, now);
        return update_and_rebalance(request, ticket, now);
    case classic_phase::stable:
        // The leader joins anew when what it assigns from has changed.
        if (changed || id == leader_)
            return update_and_rebalance(request, ticket, now);
        return answer_current(id, ticket, now);
    }
}

void classic_group::add_member(const join_request& request, const std::string& member_id,
                               request_ticket ticket, turn& now) {
    if (members_.empty()) {
        protocol_type_ = request.protocol_type;
        leader_ = member_id;
    }
    if (request.who.instance_id)
        static_members_[*request.who.instance_id] = member_id;
    auto& one = members_[member_id];
    one.instance_id = request.who.instance_id;
    take_over(one, request, ticket, now);
    // It may have gone before the rebalance ends, and then nobody would notice.
    one.life.alive_until = later(now.now, group_limits::first_join_wait);
    if (phase_ == classic_phase::preparing && first_rebalance_)
        joined_in_first_wait_ = true;
    timers_.watch(one.life, name_, member_id);
}

/// What the request says, and that it waits for the rebalance.
void classic_group::take_over(member& target, const join_request& request, request_ticket ticket, turn& now) {
    target.client = request.client;
    target.session_timeout = request.session_timeout;
    target.rebalance_timeout = request.rebalance_timeout;
    target.protocols = request.protocols;
    // Requests are slices of what a connection received; they are not to keep that in memory.
    for (auto& protocol : target.protocols)
        protocol.metadata = slice::copy_of(protocol.metadata.bytes());
    if (target.join && !options_.planted.older_join_forgotten)
        now.out.reply(target.join->ticket, refused(errc::rebalance_in_progress, request.who.member_id));
    target.join = waiting_join{ticket, request.may_skip_assignment};
}

void classic_group::update_and_rebalance(const join_request& request, request_ticket ticket, turn& now) {
    take_over(members_.find(request.who.member_id)->second, request, ticket, now);
    prepare_rebalance({"a member joins again", request.who.member_id, request.reason}, now);
}

/// The member is told once more what it was, or would have been, told.
void classic_group::answer_current(const std::string& member_id, request_ticket ticket, turn& now) {
    join_response answer;
    answer.generation = generation_;
    answer.protocol_type = protocol_type_;
    answer.protocol = protocol_;
    answer.leader = leader_;
    answer.member_id = member_id;
    if (member_id == leader_)
        answer.members = listed_members();
    touch(member_id, members_.find(member_id)->second, now.now);
    now.out.reply(ticket, std::move(answer));
}

std::vector<joined_member> classic_group::listed_members() const {
    std::vector<joined_member> listed;
    listed.reserve(members_.size());
    for (const auto& [id, one] : members_)
        listed.push_back({{id, one.instance_id}, metadata_of(one)});
    return listed;
}

/// A static member came back and has forgotten its id. It takes the place of its older self, who is fenced
/// from now on; as long as the protocol stays the same nobody else notices (KIP-345).
void classic_group::replace_static_member(const join_request& request, std::string member_id,
                                          request_ticket ticket, turn& now) {
    BARNABAS_MARK(static_member_replaced);
    auto& known_as = static_members_[*request.who.instance_id];
    const std::string old_id = std::exchange(known_as, member_id);
    auto moved = members_.extract(old_id);
    moved.key() = member_id;
    auto& one = members_.insert(std::move(moved)).position->second;
    if (one.join)
        now.out.reply(std::exchange(one.join, std::nullopt)->ticket,
                      refused(errc::fenced_instance_id, old_id));
    if (one.sync) {
        sync_response fenced;
        fenced.code = errc::fenced_instance_id;
        now.out.reply(*std::exchange(one.sync, std::nullopt), std::move(fenced));
    }
    if (pending_sync_.erase(old_id) != 0)
        pending_sync_.insert(member_id);
    if (leader_ == old_id)
        leader_ = member_id;
    one.life.timer_at.reset();
    take_over(one, request, ticket, now);
    touch(member_id, one, now.now);
    if (phase_ == classic_phase::preparing)
        return complete_join_if_all_are_there(now);
    const char* why = "a static member came back before the assignment was there";
    if (phase_ == classic_phase::stable) {
        why = "a static member came back and wants another protocol";
        if (voted_protocol() == protocol_) {
            if (answer_returned_static(member_id, old_id, now))
                return;
            why = "a static member came back with more than can be kept";
        }
    }
    prepare_rebalance({why, member_id, request.reason}, now);
}

/// The generation goes on with the new id in the old one's place. A leader is not to assign anew: newer
/// clients are told so (KIP-814), older ones are told that the leader is somebody else. False when what the
/// member says now cannot be kept beside what all are assigned.
bool classic_group::answer_returned_static(const std::string& member_id, const std::string& old_id,
                                           turn& now) {
    auto state = state_to_record(nullptr, now);
    if (BARNABAS_MARK_IF(bytes_of(name_, state) > options_.record_bytes_max, returned_static_too_large))
        return false;
    write(std::move(state), now);
    const auto waiting = *std::exchange(members_.find(member_id)->second.join, std::nullopt);
    join_response answer;
    answer.generation = generation_;
    answer.protocol_type = protocol_type_;
    answer.protocol = protocol_;
    answer.member_id = member_id;
    answer.leader = leader_ == member_id && !waiting.may_skip_assignment ? old_id : leader_;
    if (leader_ == member_id && waiting.may_skip_assignment) {
        answer.skip_assignment = true;
        answer.members = listed_members();
    }
    now.out.reply(waiting.ticket, std::move(answer));
    return true;
}

} // namespace barnabas::group
