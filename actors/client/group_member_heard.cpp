#include "actors/client/group_member.hpp"

#include "actors/client/limits.hpp"
#include "actors/client/retry_rules.hpp"
#include "protocol/kafka/consumer_protocol.hpp"
#include "protocol/kafka/find_coordinator.hpp"
#include "protocol/kafka/heartbeat.hpp"
#include "protocol/kafka/join_group.hpp"
#include "protocol/kafka/offset_commit.hpp"
#include "protocol/kafka/offset_fetch.hpp"
#include "protocol/kafka/sync_group.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>
#include <utility>

// What a member is answered, and what it makes of that.
namespace barnabas::client {

using code = kafka::error_code;

void group_member::on_lost(monotonic_ns) {
    asked_ = beating_ = committing_ = 0;
    become(state::finding);
    for (const auto& [partition, number] : std::exchange(commits_open_, {}))
        events_.on_commit_result(number, std::nullopt);
}

void group_member::on_answer(const answer& got, monotonic_ns now) {
    if (got.request == beating_) {
        beating_ = 0;
        return on_beat(got, now);
    }
    if (got.request == committing_) {
        committing_ = 0;
        return on_committed(got, now);
    }
    if (got.request != asked_ || asked_ == 0)
        return; // of a state that it has left
    asked_ = 0;
    switch (state_) {
    case state::finding: return on_found(got, now);
    case state::joining: return on_joined(got, now);
    case state::syncing: return on_synced(got, now);
    case state::fetching: return on_fetched(got, now);
    case state::steady: return;
    }
}

void group_member::on_found(const answer& got, monotonic_ns now) {
    const auto response = got.decode<kafka::find_coordinator_response>();
    if (!response)
        return connection_.give_up(response.failure());
    if (code{response->error_code} != code::none)
        return react(code{response->error_code}, "FindCoordinator", now);
    if (options_.without_generation)
        own_all();
    // Whoever knows its group goes on with it, from where the group is: the coordinator may be another one
    // now.
    become(owned_.empty() ? state::joining : state::fetching);
}

void group_member::own_all() {
    for (std::int32_t partition = 0; partition < options_.topic.partitions; ++partition)
        owned_[partition] = 0;
}

void group_member::on_joined(const answer& got, monotonic_ns now) {
    const auto response = got.decode<kafka::join_group_response>();
    if (!response)
        return connection_.give_up(response.failure());
    const code outcome{response->error_code};
    if (outcome == code::member_id_required) {
        member_id_ = response->member_id;
        return;
    }
    if (outcome != code::none)
        return react(outcome, "JoinGroup", now);
    member_id_ = response->member_id;
    generation_ = response->generation_id;
    leader_ = response->leader;
    members_.clear();
    for (const auto& member : response->members)
        members_.push_back(member.member_id);
    events_.on_joined({generation_, member_id_, joins_as_new_ && options_.instance.empty(), now - asked_at_});
    if (response->skip_assignment)
        leader_.clear();
    become(state::syncing);
    if (!options_.without_sync)
        return;
    constexpr std::int64_t for_ever_ns = 86'400'000 * limits::millisecond;
    lingers_until_ = now + for_ever_ns;
    beat_at_ = now;
}

void group_member::on_synced(const answer& got, monotonic_ns now) {
    const auto response = got.decode<kafka::sync_group_response>();
    if (!response)
        return connection_.give_up(response.failure());
    if (const code outcome{response->error_code}; outcome != code::none)
        return react(outcome, "SyncGroup", now);
    const auto made_for = take_assignment(response->assignment);
    events_.on_assigned({generation_, member_id_, owned_partitions(), made_for, now - asked_at_});
    events_.on_alive({generation_, member_id_, now - asked_at_});
    events_.on_owned(owned_partitions());
    beat_at_ = now + options_.heartbeat_ns;
    commit_at_ = now + around(options_.commit_ns);
    become(owned_.empty() ? state::steady : state::fetching);
}

void group_member::own_nothing() {
    owned_.clear();
    events_.on_owned({});
}

std::vector<std::int32_t> group_member::owned_partitions() const {
    std::vector<std::int32_t> partitions;
    for (const auto& [partition, offset] : owned_)
        partitions.push_back(number_of(partition));
    return partitions;
}

/// Answers the generation that the leader made it for.
std::int32_t group_member::take_assignment(const slice& assignment) {
    owned_.clear();
    if (assignment.empty())
        return -1;
    kafka::wire_reader in(assignment);
    in.int16("version");
    const auto given = kafka::consumer_protocol_assignment::decode(in, 0);
    if (!given) {
        events_.on_problem("an assignment that no leader made: " + to_string(given.failure()));
        return -1;
    }
    for (const auto& topic : given->assigned_partitions)
        for (const auto partition : topic.partitions)
            owned_[partition] = 0;
    const auto text = assignment.text().substr(in.position());
    std::int32_t made_for = -1;
    std::from_chars(text.data(), text.data() + text.size(), made_for);
    return made_for;
}

void group_member::on_fetched(const answer& got, monotonic_ns now) {
    const auto response = got.decode<kafka::offset_fetch_response>();
    if (!response)
        return connection_.give_up(response.failure());
    // Both forms of the answer tell the same of a partition.
    const auto told = [&](const auto& topics, std::int16_t whole) {
        code worst{whole};
        for (const auto& topic : topics)
            for (const auto& partition : topic.partitions) {
                if (const code outcome{partition.error_code}; outcome != code::none) {
                    worst = outcome;
                    continue;
                }
                events_.on_fetched({number_of(partition.partition_index),
                                    log_offset(partition.committed_offset), now - asked_at_});
                owned_[partition.partition_index] = std::max<std::int64_t>(partition.committed_offset, 0);
            }
        return worst;
    };
    auto outcome = told(response->topics, response->error_code);
    for (const auto& group : response->groups)
        outcome = told(group.topics, group.error_code);
    if (outcome != code::none)
        return react(outcome, "OffsetFetch", now);
    become(state::steady);
}

void group_member::on_beat(const answer& got, monotonic_ns now) {
    const auto response = got.decode<kafka::heartbeat_response>();
    if (!response)
        return connection_.give_up(response.failure());
    if (const code outcome{response->error_code}; outcome != code::none)
        return is_still(beaten_as_) ? react(outcome, "Heartbeat", now) : void();
    events_.on_alive(
        {beaten_as_.generation, beaten_as_.id, now - beaten_as_.at, std::move(beaten_as_.owned)});
}

void group_member::on_committed(const answer& got, monotonic_ns now) {
    const auto response = got.decode<kafka::offset_commit_response>();
    if (!response)
        return connection_.give_up(response.failure());
    auto worst = code::none;
    for (const auto& topic : response->topics)
        for (const auto& partition : topic.partitions) {
            const code outcome{partition.error_code};
            if (const auto open = commits_open_.extract(partition.partition_index))
                events_.on_commit_result(open.mapped(), outcome);
            if (outcome != code::none)
                worst = outcome;
        }
    if (worst == code::none && options_.without_generation)
        events_.on_alive({-1, {}, now - committed_as_.at});
    // A rebalance is told by heartbeats, too; until then it keeps what it has.
    if (worst != code::none && worst != code::rebalance_in_progress && is_still(committed_as_))
        react(worst, "OffsetCommit", now);
}

void group_member::react(code outcome, const char* to, monotonic_ns now) {
    switch (outcome) {
    case code::rebalance_in_progress:
    case code::illegal_generation: return pause(state::joining, now);
    case code::unknown_member_id:
    case code::group_id_not_found: // it was deleted when nobody was left in it
        member_id_.clear();
        return pause(state::joining, now);
    case code::group_max_size_reached:
    case code::fenced_instance_id:
        // Others have its place, or its name; it begins again as a new one a while later.
        member_id_.clear();
        pause(state::joining, now);
        not_before_ = now + options_.session_timeout_ms * limits::millisecond;
        return;
    case code::not_coordinator:
    case code::coordinator_not_available:
    case code::coordinator_load_in_progress:
        return pause(state_ == state::steady ? state::steady : state::finding, now);
    case code::message_too_large: // what it says cannot be kept; and so it will be again
        if (options_.metadata_bytes == 0)
            events_.on_problem(std::string(to) + " was answered MESSAGE_TOO_LARGE");
        pause(state::joining, now);
        not_before_ = now + options_.session_timeout_ms * limits::millisecond;
        return;
    default:
        if (!may_pass(outcome))
            events_.on_problem(std::string(to) + " was answered " + std::string(kafka::name_of(outcome)));
        pause(state::finding, now);
    }
}

void group_member::pause(state next, monotonic_ns now) {
    not_before_ = now + limits::retry_pause_ns;
    if (next != state::steady)
        own_nothing();
    become(next);
}

void group_member::become(state next) {
    state_ = next;
    asked_ = 0;
    joins_as_new_ = false;
    lingers_until_ = {};
}

} // namespace barnabas::client
