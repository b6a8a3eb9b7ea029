#include "actors/group/classic_group.hpp"

#include "actors/group/limits.hpp"
#include "protocol/model/assert.hpp"
#include "protocol/model/mark.hpp"

#include <algorithm>
#include <utility>

// From one generation to the next: members are waited for, then told of the new generation, then they wait
// for what the leader assigns.
namespace barnabas::group {

void classic_group::prepare_rebalance(const cause& because, turn& now) {
    BARNABAS_ASSERT(phase_ != classic_phase::preparing);
    now.out.rebalances.push_back({name_, generation_.get(), because.why, std::string(because.member),
                                  std::string(because.client_says)});
    if (phase_ == classic_phase::completing)
        answer_assignments(errc::rebalance_in_progress, now);
    pending_sync_.clear();
    first_rebalance_ = phase_ == classic_phase::empty;
    phase_ = classic_phase::preparing;
    since_ = now.wall;
    if (first_rebalance_) {
        joined_in_first_wait_ = false;
        first_wait_left_ =
            std::max(rebalance_timeout() - options_.initial_rebalance_delay, std::chrono::milliseconds(0));
        return arm_phase_timer(timer_kind::join, options_.initial_rebalance_delay, now);
    }
    arm_phase_timer(timer_kind::join, rebalance_timeout(), now);
    complete_join_if_all_are_there(now);
}

void classic_group::arm_phase_timer(timer_kind kind, std::chrono::milliseconds wait, turn& now) {
    phase_number_ = timers_.next_phase();
    if (!options_.planted.rebalance_not_limited || first_rebalance_)
        timers_.arm(later(now.now, wait), {kind, name_, {}, phase_number_});
}

void classic_group::complete_join_if_all_are_there(turn& now) {
    if (phase_ != classic_phase::preparing || first_rebalance_ || !pending_.empty())
        return;
    if (std::all_of(members_.begin(), members_.end(),
                    [](const auto& one) { return one.second.join.has_value(); }))
        complete_join(now);
}

void classic_group::on_join_timer(turn& now) {
    if (first_rebalance_ && std::exchange(joined_in_first_wait_, false) && first_wait_left_.count() > 0) {
        const auto wait = std::min(options_.initial_rebalance_delay, first_wait_left_);
        first_wait_left_ -= wait;
        return arm_phase_timer(timer_kind::join, wait, now);
    }
    complete_join(now);
}

/// Who has not come is out, but static members are known to come back.
void classic_group::complete_join(turn& now) {
    first_rebalance_ = false;
    drop_absent(now);
    if (!members_.empty() && !elect_leader()) {
        BARNABAS_MARK(only_absent_static_members);
        // They may have asked for no time at all.
        return arm_phase_timer(timer_kind::join,
                               std::max(rebalance_timeout(), group_limits::absent_members_wait_min), now);
    }
    begin_generation(now);
}

void classic_group::drop_absent(turn& now) {
    std::vector<std::string> absent;
    for (const auto& [id, one] : members_)
        if (!one.join && !one.instance_id)
            absent.push_back(id);
    for (auto& id : absent)
        remove(std::move(id), errc::unknown_member_id, now);
}

/// The leader stays if it came; false when nobody came.
bool classic_group::elect_leader() {
    const auto came = [](const auto& one) { return one.second.join.has_value(); };
    if (const auto leader = members_.find(leader_); leader != members_.end() && came(*leader))
        return true;
    const auto first = std::find_if(members_.begin(), members_.end(), came);
    if (first == members_.end())
        return false;
    leader_ = first->first;
    return true;
}

void classic_group::begin_generation(turn& now) {
    if (!options_.planted.generation_not_raised || generation_.get() == 0)
        generation_ = generation_id(generation_.get() + 1);
    since_ = now.wall;
    phase_number_ = timers_.next_phase();
    if (members_.empty()) {
        protocol_.clear();
        leader_.clear();
        phase_ = classic_phase::empty;
        // So that the next member's generation is a new one, whoever coordinates then.
        return write(state_to_record(nullptr, now), now);
    }
    protocol_ = voted_protocol();
    phase_ = classic_phase::completing;
    arm_phase_timer(timer_kind::sync, rebalance_timeout(), now);
    for (auto& [id, one] : members_) {
        pending_sync_.insert(id);
        one.is_new = false;
        touch(id, one, now.now);
        if (!one.join)
            continue;
        const auto ticket = std::exchange(one.join, std::nullopt)->ticket;
        answer_current(id, ticket, now);
    }
}

/// Every member votes for the first of its protocols that all know.
std::string classic_group::voted_protocol() const {
    std::map<std::string_view, std::size_t> votes;
    for (const auto& [id, one] : members_)
        for (const auto& protocol : one.protocols)
            if (std::all_of(members_.begin(), members_.end(), [&](const auto& other) {
                    const auto& known = other.second.protocols;
                    return std::any_of(known.begin(), known.end(),
                                       [&](const auto& k) { return k.name == protocol.name; });
                })) {
                ++votes[protocol.name];
                break;
            }
    const auto most = std::max_element(votes.begin(), votes.end(),
                                       [](const auto& a, const auto& b) { return a.second < b.second; });
    return most == votes.end() ? std::string() : std::string(most->first);
}

std::chrono::milliseconds classic_group::rebalance_timeout() const {
    std::chrono::milliseconds longest{0};
    for (const auto& [id, one] : members_)
        longest = std::max(longest, one.rebalance_timeout);
    return longest;
}

/// Members that did not ask for their assignment are not there any more, though they may still send
/// heartbeats (card GRP-04).
void classic_group::on_sync_timer(turn& now) {
    if (pending_sync_.empty())
        return;
    BARNABAS_MARK(member_without_sync_removed);
    for (auto id : std::exchange(pending_sync_, {}))
        if (members_.contains(id))
            remove(std::move(id), errc::unknown_member_id, now);
    prepare_rebalance({"members did not ask for their assignment", {}, {}}, now);
}

void classic_group::on_timer(const group_timer& timer, turn& now) {
    switch (timer.kind) {
    case timer_kind::session: return on_session_timer(timer.member, now);
    case timer_kind::pending_member:
        if (pending_.erase(timer.member) != 0)
            complete_join_if_all_are_there(now);
        return;
    case timer_kind::join:
        if (timer.phase == phase_number_ && phase_ == classic_phase::preparing)
            on_join_timer(now);
        return;
    case timer_kind::sync:
        if (timer.phase == phase_number_ &&
            (phase_ == classic_phase::completing || phase_ == classic_phase::stable))
            on_sync_timer(now);
        return;
    case timer_kind::revocation:
    case timer_kind::expiry: return;
    }
}

} // namespace barnabas::group
