#include "actors/client/consumer/group_membership.hpp"
#include "actors/client/consumer/subscription_bytes.hpp"
#include "actors/client/drawn_pause.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

// What a member is answered, and what it makes of that.
namespace barnabas::client {

using kafka::error_code;

void group_membership::hear_join(result<kafka::join_group_response> said, monotonic_ns now) {
    if (!said) {
        state_ = state::letting_go;
        return pause(now);
    }
    const error_code code{said->error_code};
    if (code == error_code::member_id_required) {
        member_id_ = said->member_id;
        state_ = state::letting_go;
        return;
    }
    if (code != error_code::none)
        return react(code, "JoinGroup", now);
    attempts_ = 0;
    member_id_ = said->member_id;
    generation_ = said->generation_id;
    assignor_ = said->protocol_name.value_or("");
    leads_ = said->leader == member_id_;
    if (!leads_ || said->skip_assignment)
        return sync(std::nullopt);
    read_members(*said);
    state_ = state::planning;
    plan();
}

/// A member whose wishes cannot be read gets nothing.
void group_membership::read_members(const kafka::join_group_response& said) {
    for (const auto& one : said.members) {
        member_wish wish;
        wish.id = one.member_id;
        wish.instance = one.group_instance_id;
        if (const auto read = read_subscription(assignor_, one.metadata, wish); !read)
            wish.topics.clear();
        members_.push_back(std::move(wish));
    }
}

void group_membership::hear_sync(result<kafka::sync_group_response> said, monotonic_ns now) {
    if (!said) {
        state_ = state::letting_go;
        return pause(now);
    }
    if (const error_code code{said->error_code}; code != error_code::none)
        return react(code, "SyncGroup", now);
    state_ = state::steady;
    beat_at_ = now + settings_.heartbeat_ns;
    take_assignment(said->assignment);
}

void group_membership::take_assignment(const slice& bytes) {
    auto given = read_assignment(bytes);
    if (!given) {
        failure_ = given.failure();
        return;
    }
    std::vector<partition_name> gone;
    std::vector<partition_name> come;
    std::set_difference(owned_.begin(), owned_.end(), given->begin(), given->end(), std::back_inserter(gone));
    std::set_difference(given->begin(), given->end(), owned_.begin(), owned_.end(), std::back_inserter(come));
    // What was given up is free only when all members know: they join again.
    wants_join_ = wants_join_ || !gone.empty();
    if (!gone.empty())
        tell(rebalance_event::kind::revoked, std::move(gone));
    owned_.insert(come.begin(), come.end());
    if (!come.empty())
        tell(rebalance_event::kind::assigned, std::move(come));
}

void group_membership::hear_beat(result<kafka::heartbeat_response> said, const sign_of_life& sent) {
    beat_at_ = sent.heard + settings_.heartbeat_ns;
    if (!said || sent.as.generation != generation_)
        return;
    const error_code code{said->error_code};
    if (code == error_code::none) {
        last_heartbeat_ = sent;
        return;
    }
    if (code == error_code::rebalance_in_progress) {
        wants_join_ = wants_join_ || state_ == state::steady;
        return;
    }
    react(code, "Heartbeat", sent.heard);
}

void group_membership::react(error_code code, const char* to, monotonic_ns now) {
    switch (code) {
    case error_code::unknown_member_id:
    case error_code::group_id_not_found:
        member_id_.clear();
        lose_all();
        break;
    case error_code::illegal_generation: lose_all(); break;
    case error_code::rebalance_in_progress: break;
    case error_code::coordinator_load_in_progress:
    case error_code::coordinator_not_available:
    case error_code::not_coordinator:
    case error_code::request_timed_out: break;
    default:
        failure_ =
            error{errc_of(code), "the group '" + *settings_.group + "' does not take this member: " + to +
                                     " was answered " + std::string(kafka::name_of(code))};
        lose_all();
        topics_.clear();
        state_ = state::outside;
        return;
    }
    const bool was_steady = state_ == state::steady;
    wants_join_ = wants_join_ || state_ == state::steady || state_ == state::outside;
    state_ = was_steady || state_ == state::outside ? state::outside : state::letting_go;
    pause(now);
}

void group_membership::lose_all() {
    ++turn_;
    generation_ = -1;
    state_ = state::outside;
    wants_join_ = !topics_.empty();
    previous_.clear();
    lose_owned();
}

void group_membership::pause(monotonic_ns now) {
    const auto& of = settings_.client;
    not_before_ = now + drawn_pause(of.retry_backoff_ns, of.retry_backoff_max_ns, ++attempts_, draws_);
    wake_at(not_before_);
}

} // namespace barnabas::client
