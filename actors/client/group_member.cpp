#include "actors/client/group_member.hpp"

#include "actors/client/group_versions.hpp"
#include "actors/client/limits.hpp"
#include "protocol/kafka/consumer_protocol.hpp"
#include "protocol/kafka/find_coordinator.hpp"
#include "protocol/kafka/heartbeat.hpp"
#include "protocol/kafka/join_group.hpp"
#include "protocol/kafka/leave_group.hpp"
#include "protocol/kafka/offset_commit.hpp"
#include "protocol/kafka/offset_fetch.hpp"
#include "protocol/kafka/sync_group.hpp"

#include <algorithm>
#include <span>
#include <utility>

namespace barnabas::client {

namespace {

constexpr std::int16_t commit_version_max = 9;

std::optional<std::string> instance_of(const std::string& instance) {
    return instance.empty() ? std::nullopt : std::optional(instance);
}

} // namespace

void group_member::on_ready(monotonic_ns now) {
    // Timers go on while the connection is gone.
    if (!connection_.is_ready())
        return;
    if (rude_at_ == monotonic_ns{} && options_.rude_ns > 0)
        rude_at_ = now + around(options_.rude_ns);
    if (now < not_before_)
        return;
    not_before_ = {};
    if (be_rude(now))
        return;
    const bool at_work = state_ == state::steady || lingers(now);
    if (at_work && !options_.without_generation && beating_ == 0 && beat_at_ <= now)
        beat(now);
    if (lingers(now))
        return;
    if (state_ != state::steady) {
        if (asked_ == 0)
            ask(now);
        return;
    }
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
    if (member_id_.empty())
        joins_as_new_ = true;
    // The broker holds it until the others are there: those may have longer timeouts, and sessions before
    // that.
    constexpr std::int64_t others_ns = 30'000 * limits::millisecond;
    asked_ = connection_.send(request,
                              *connection_.version_for<kafka::join_group_request>(options_.join_version_max),
                              now, options_.rebalance_timeout_ms * limits::millisecond + others_ns);
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
    std::vector<std::int32_t> partitions;
    for (const auto& [partition, offset] : owned_)
        partitions.push_back(partition);
    const auto version = *connection_.version_for<kafka::offset_fetch_request>(options_.fetch_version_max);
    kafka::offset_fetch_request request;
    if (version < fetch_version_of_groups) {
        request.group_id = options_.group;
        auto& topic = request.topics.emplace().emplace_back();
        topic.name = options_.topic.name;
        topic.partition_indexes = std::move(partitions);
    } else {
        auto& group = request.groups.emplace_back();
        group.group_id = options_.group;
        auto& topic = group.topics.emplace().emplace_back();
        topic.name = options_.topic.name;
        topic.partition_indexes = std::move(partitions);
    }
    asked_ = connection_.send(request, version, now);
}

void group_member::beat(monotonic_ns now) {
    kafka::heartbeat_request request;
    request.group_id = options_.group;
    request.generation_id = generation_;
    request.member_id = member_id_;
    request.group_instance_id = instance_of(options_.instance);
    beating_ = connection_.send(request, *connection_.version_for<kafka::heartbeat_request>(), now);
    beaten_as_ = {generation_, member_id_, now, owned_partitions()};
    beat_at_ = now + options_.heartbeat_ns;
}

void group_member::commit(monotonic_ns now) {
    kafka::offset_commit_request request;
    request.group_id = options_.group;
    request.generation_id_or_member_epoch = generation_;
    request.member_id = member_id_;
    request.group_instance_id = instance_of(options_.instance);
    auto& topic = request.topics.emplace_back();
    topic.name = options_.topic.name;
    for (auto& [partition, offset] : owned_) {
        offset += draws_.between(1, 10);
        auto& one = topic.partitions.emplace_back();
        one.partition_index = partition;
        one.committed_offset = offset;
        commits_open_[partition] = ++commits_;
        events_.on_commit({commits_, generation_, member_id_, number_of(partition), log_offset(offset)});
    }
    committing_ = connection_.send(
        request, *connection_.version_for<kafka::offset_commit_request>(commit_version_max), now);
    committed_as_ = {generation_, member_id_, now};
    commit_at_ = now + around(options_.commit_ns);
}

/// True when it did something that ends this step.
bool group_member::be_rude(monotonic_ns now) {
    if (options_.rude_until != monotonic_ns{} && now >= options_.rude_until) {
        options_.rude_ns = 0;
        rude_at_ = {};
    }
    const bool may_be = state_ == state::steady || (state_ == state::syncing && asked_ == 0);
    if (options_.rude_ns == 0 || now < rude_at_ || !may_be)
        return false;
    rude_at_ = now + around(options_.rude_ns);
    switch (draws_.below(4)) {
    case 0: // leaves in good order, and comes back a while later: the group may be empty meanwhile
        leave(now);
        pause(state::finding, now);
        member_id_.clear();
        not_before_ = now + draws_.between(100, 2 * options_.session_timeout_ms) * limits::millisecond;
        return true;
    case 1: // a process that died, and its successor; a static one has its name still
        pause(state::finding, now);
        member_id_.clear();
        return true;
    case 2: stand_still(now); return true;
    default: break;
    }
    if (state_ == state::syncing) { // lives, and does not ask what it is to do (card GRP-04)
        lingers_until_ = now + draws_.between(1, 2 * options_.rebalance_timeout_ms) * limits::millisecond;
        beat_at_ = now;
        return false;
    }
    ++changes_;
    pause(state::joining, now);
    return true;
}

/// And goes on with what it believes (fault Q8), before it is rude again.
void group_member::stand_still(monotonic_ns now) {
    not_before_ = now + draws_.between(1, 2 * options_.session_timeout_ms) * limits::millisecond;
    if (options_.rude_until != monotonic_ns{})
        not_before_ = std::min(not_before_, options_.rude_until);
    rude_at_ = not_before_ + around(options_.rude_ns);
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
    if (!connection_.is_ready())
        return {};
    if (not_before_ != monotonic_ns{})
        return not_before_;
    const bool lingering = state_ == state::syncing && asked_ == 0 && lingers_until_ != monotonic_ns{};
    if (state_ != state::steady && !lingering)
        return {};
    monotonic_ns due = lingering ? lingers_until_ : rude_at_;
    if (beating_ == 0 && !options_.without_generation)
        due = earlier(due, beat_at_);
    if (lingering)
        return due;
    if (committing_ == 0 && !owned_.empty())
        due = earlier(due, commit_at_);
    return due;
}

slice group_member::subscription() const {
    kafka::consumer_protocol_subscription wanted;
    wanted.topics = {options_.topic.name};
    auto changes = std::to_string(changes_);
    changes.resize(std::max<std::size_t>(changes.size(), options_.metadata_bytes), ' ');
    wanted.user_data = slice::copy_of(changes);
    kafka::wire_writer out;
    out.int16(0);
    wanted.encode(out, 0);
    return out.finish_contiguous();
}

/// Partition p goes to member p modulo their number.
slice group_member::assignment_for(std::size_t place, std::size_t members) const {
    kafka::consumer_protocol_assignment given;
    auto& topic = given.assigned_partitions.emplace_back();
    topic.topic = options_.topic.name;
    for (std::int32_t partition = 0; partition < options_.topic.partitions; ++partition)
        if (static_cast<std::size_t>(partition) % members == place)
            topic.partitions.push_back(partition);
    kafka::wire_writer out;
    out.int16(0);
    given.encode(out, 0);
    // Behind it, where consumers do not look: with user data, which assignors of their own add, a group does
    // not go over to the consumer protocol.
    const auto generation = std::to_string(generation_);
    out.raw(std::as_bytes(std::span(generation)));
    return out.finish_contiguous();
}

} // namespace barnabas::client
