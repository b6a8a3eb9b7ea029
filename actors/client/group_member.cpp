#include "actors/client/group_member.hpp"

#include "actors/client/limits.hpp"
#include "actors/client/retry_rules.hpp"
#include "protocol/kafka/consumer_protocol.hpp"
#include "protocol/kafka/find_coordinator.hpp"
#include "protocol/kafka/heartbeat.hpp"
#include "protocol/kafka/join_group.hpp"
#include "protocol/kafka/leave_group.hpp"
#include "protocol/kafka/offset_commit.hpp"
#include "protocol/kafka/offset_fetch.hpp"
#include "protocol/kafka/sync_group.hpp"

#include <algorithm>
#include <utility>

namespace barnabas::client {

namespace {

using code = kafka::error_code;

constexpr std::int16_t commit_version_max = 9;
constexpr std::int16_t fetch_version_max = 7;
constexpr std::int16_t find_version_max = 3;

std::optional<std::string> instance_of(const std::string& instance) {
    return instance.empty() ? std::nullopt : std::optional(instance);
}

} // namespace

// ---- asking

void group_member::on_ready(monotonic_ns now) {
    if (rude_at_ == monotonic_ns{} && options_.rude_ns > 0)
        rude_at_ = now + around(options_.rude_ns);
    if (now < not_before_)
        return;
    not_before_ = {};
    if (be_rude(now))
        return;
    if (state_ != state::steady) {
        if (asked_ == 0)
            ask(now);
        return;
    }
    if (beating_ == 0 && beat_at_ <= now)
        beat(now);
    if (committing_ == 0 && commit_at_ <= now && !owned_.empty())
        commit(now);
}

void group_member::ask(monotonic_ns now) {
    asked_at_ = now;
    switch (state_) {
    case state::finding: return find(now);
    case state::joining: return join(now);
    case state::syncing: return sync(now);
    case state::fetching: return fetch(now);
    case state::steady: return;
    }
}

void group_member::find(monotonic_ns now) {
    kafka::find_coordinator_request request;
    request.key = options_.group;
    asked_ = connection_.send(
        request, *connection_.version_for<kafka::find_coordinator_request>(find_version_max), now);
}

void group_member::join(monotonic_ns now) {
    kafka::join_group_request request;
    request.group_id = options_.group;
    request.session_timeout_ms = options_.session_timeout_ms;
    request.rebalance_timeout_ms = options_.rebalance_timeout_ms;
    request.member_id = member_id_;
    request.group_instance_id = instance_of(options_.instance);
    request.protocol_type = "consumer";
    auto& protocol = request.protocols.emplace_back();
    protocol.name = "range";
    protocol.metadata = subscription();
    joins_as_new_ = member_id_.empty();
    // The broker holds it until the others are there: those may have longer timeouts, and sessions before
    // that.
    constexpr std::int64_t others_ns = 30'000 * limits::millisecond;
    asked_ = connection_.send(request, *connection_.version_for<kafka::join_group_request>(), now,
                              options_.rebalance_timeout_ms * limits::millisecond + others_ns);
}

void group_member::sync(monotonic_ns now) {
    kafka::sync_group_request request;
    request.group_id = options_.group;
    request.generation_id = generation_;
    request.member_id = member_id_;
    request.group_instance_id = instance_of(options_.instance);
    request.protocol_type = "consumer";
    request.protocol_name = "range";
    if (leader_ == member_id_)
        for (std::size_t i = 0; i < members_.size(); ++i) {
            auto& one = request.assignments.emplace_back();
            one.member_id = members_[i];
            one.assignment = assignment_for(i, members_.size());
        }
    asked_ = connection_.send(request, *connection_.version_for<kafka::sync_group_request>(), now,
                              options_.rebalance_timeout_ms * limits::millisecond);
}

void group_member::fetch(monotonic_ns now) {
    kafka::offset_fetch_request request;
    request.group_id = options_.group;
    auto& topic = request.topics.emplace().emplace_back();
    topic.name = options_.topic;
    for (const auto& [partition, offset] : owned_)
        topic.partition_indexes.push_back(partition);
    asked_ = connection_.send(request,
                              *connection_.version_for<kafka::offset_fetch_request>(fetch_version_max), now);
}

void group_member::beat(monotonic_ns now) {
    kafka::heartbeat_request request;
    request.group_id = options_.group;
    request.generation_id = generation_;
    request.member_id = member_id_;
    request.group_instance_id = instance_of(options_.instance);
    beating_ = connection_.send(request, *connection_.version_for<kafka::heartbeat_request>(), now);
    beat_at_ = now + options_.heartbeat_ns;
}

void group_member::commit(monotonic_ns now) {
    kafka::offset_commit_request request;
    request.group_id = options_.group;
    request.generation_id_or_member_epoch = generation_;
    request.member_id = member_id_;
    request.group_instance_id = instance_of(options_.instance);
    auto& topic = request.topics.emplace_back();
    topic.name = options_.topic;
    for (auto& [partition, offset] : owned_) {
        offset += draws_.between(1, 10);
        auto& one = topic.partitions.emplace_back();
        one.partition_index = partition;
        one.committed_offset = offset;
        commits_open_[partition] = ++commits_;
        events_.on_commit({commits_, generation_, member_id_, partition, log_offset(offset)});
    }
    committing_ = connection_.send(
        request, *connection_.version_for<kafka::offset_commit_request>(commit_version_max), now);
    commit_at_ = now + around(options_.commit_ns);
}

/// True when it did something that ends this step.
bool group_member::be_rude(monotonic_ns now) {
    if (options_.rude_ns == 0 || now < rude_at_ || state_ != state::steady)
        return false;
    rude_at_ = now + around(options_.rude_ns);
    switch (draws_.below(3)) {
    case 0: // leaves in good order
        leave(now);
        pause(state::finding, now);
        member_id_.clear();
        return true;
    case 1: // a process that died, and its successor; a static one has its name still
        pause(state::finding, now);
        member_id_.clear();
        return true;
    default: // stands still, and goes on with what it believes (fault Q8)
        not_before_ = now + draws_.between(1, 2 * options_.session_timeout_ms) * limits::millisecond;
        return true;
    }
}

void group_member::leave(monotonic_ns now) {
    kafka::leave_group_request request;
    request.group_id = options_.group;
    request.member_id = member_id_;
    auto& one = request.members.emplace_back();
    one.member_id = member_id_;
    one.group_instance_id = instance_of(options_.instance);
    connection_.send(request, *connection_.version_for<kafka::leave_group_request>(), now);
}

monotonic_ns group_member::deadline() const {
    if (not_before_ != monotonic_ns{})
        return not_before_;
    if (state_ != state::steady)
        return {};
    monotonic_ns due = rude_at_;
    if (beating_ == 0)
        due = earlier(due, beat_at_);
    if (committing_ == 0 && !owned_.empty())
        due = earlier(due, commit_at_);
    return due;
}

slice group_member::subscription() const {
    kafka::consumer_protocol_subscription wanted;
    wanted.topics = {options_.topic};
    kafka::wire_writer out;
    out.int16(0);
    wanted.encode(out, 0);
    return out.finish_contiguous();
}

/// Partition p goes to member p modulo their number.
slice group_member::assignment_for(std::size_t place, std::size_t members) const {
    kafka::consumer_protocol_assignment given;
    auto& topic = given.assigned_partitions.emplace_back();
    topic.topic = options_.topic;
    for (std::int32_t partition = 0; partition < options_.partitions; ++partition)
        if (static_cast<std::size_t>(partition) % members == place)
            topic.partitions.push_back(partition);
    kafka::wire_writer out;
    out.int16(0);
    given.encode(out, 0);
    return out.finish_contiguous();
}

// ---- answers

void group_member::on_lost(monotonic_ns) {
    asked_ = beating_ = committing_ = 0;
    forget_commits();
    become(state::finding);
}

void group_member::forget_commits() {
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
    // Whoever knows its group goes on with it, from where the group is: the coordinator may be another one
    // now.
    become(owned_.empty() ? state::joining : state::fetching);
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
}

void group_member::on_synced(const answer& got, monotonic_ns now) {
    const auto response = got.decode<kafka::sync_group_response>();
    if (!response)
        return connection_.give_up(response.failure());
    if (const code outcome{response->error_code}; outcome != code::none)
        return react(outcome, "SyncGroup", now);
    owned_.clear();
    if (!response->assignment.empty()) {
        kafka::wire_reader in(response->assignment);
        in.int16("version");
        const auto given = kafka::consumer_protocol_assignment::decode(in, 0);
        if (!given)
            return events_.on_problem("an assignment that the leader did not make: " +
                                      to_string(given.failure()));
        for (const auto& topic : given->assigned_partitions)
            for (const auto partition : topic.partitions)
                owned_[partition] = 0;
    }
    std::vector<std::int32_t> partitions;
    for (const auto& [partition, offset] : owned_)
        partitions.push_back(partition);
    events_.on_assigned({generation_, member_id_, std::move(partitions)});
    events_.on_alive();
    beat_at_ = now + options_.heartbeat_ns;
    commit_at_ = now + around(options_.commit_ns);
    become(owned_.empty() ? state::steady : state::fetching);
}

void group_member::on_fetched(const answer& got, monotonic_ns now) {
    const auto response = got.decode<kafka::offset_fetch_response>();
    if (!response)
        return connection_.give_up(response.failure());
    if (const code outcome{response->error_code}; outcome != code::none)
        return react(outcome, "OffsetFetch", now);
    for (const auto& topic : response->topics)
        for (const auto& partition : topic.partitions) {
            if (const code outcome{partition.error_code}; outcome != code::none)
                return react(outcome, "OffsetFetch", now);
            events_.on_fetched(
                {partition.partition_index, log_offset(partition.committed_offset), now - asked_at_});
            owned_[partition.partition_index] = std::max<std::int64_t>(partition.committed_offset, 0);
        }
    become(state::steady);
}

void group_member::on_beat(const answer& got, monotonic_ns now) {
    const auto response = got.decode<kafka::heartbeat_response>();
    if (!response)
        return connection_.give_up(response.failure());
    if (const code outcome{response->error_code}; outcome != code::none)
        return react(outcome, "Heartbeat", now);
    events_.on_alive();
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
    // A rebalance is told by heartbeats, too; until then it keeps what it has.
    if (worst != code::none && worst != code::rebalance_in_progress)
        react(worst, "OffsetCommit", now);
}

void group_member::react(code outcome, const char* to, monotonic_ns now) {
    switch (outcome) {
    case code::rebalance_in_progress:
    case code::illegal_generation: return pause(state::joining, now);
    case code::unknown_member_id: member_id_.clear(); return pause(state::joining, now);
    case code::fenced_instance_id:
        // Another process of this name took over; this one begins again as a new one a while later.
        member_id_.clear();
        pause(state::joining, now);
        not_before_ = now + options_.session_timeout_ms * limits::millisecond;
        return;
    case code::not_coordinator:
    case code::coordinator_not_available:
    case code::coordinator_load_in_progress:
        return pause(state_ == state::steady ? state::steady : state::finding, now);
    default:
        if (!may_pass(outcome))
            events_.on_problem(std::string(to) + " was answered " + std::string(kafka::name_of(outcome)));
        pause(state::finding, now);
    }
}

void group_member::pause(state next, monotonic_ns now) {
    not_before_ = now + limits::retry_pause_ns;
    if (next != state::steady) {
        forget_commits();
        owned_.clear();
    }
    become(next);
}

void group_member::become(state next) {
    state_ = next;
    asked_ = 0;
}

} // namespace barnabas::client
