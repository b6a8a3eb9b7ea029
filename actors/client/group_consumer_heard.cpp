#include "actors/client/group_consumer.hpp"

#include "actors/client/limits.hpp"
#include "actors/client/retry_rules.hpp"
#include "protocol/kafka/consumer_group_heartbeat.hpp"
#include "protocol/kafka/find_coordinator.hpp"
#include "protocol/kafka/offset_fetch.hpp"

#include <algorithm>
#include <utility>

// What a member is answered, and what it makes of that.
namespace barnabas::client {

using code = kafka::error_code;

/// It goes on with its epoch and what it owns; the coordinator may have answered what it did not hear.
void group_consumer::on_lost(monotonic_ns) {
    asked_ = beating_ = old_beating_ = fetching_ = committing_ = 0;
    names_.on_lost();
    state_ = state::finding;
    tells_all_ = true;
    for (const auto& [request, numbers] : std::exchange(commits_open_, {}))
        for (const auto& [partition, number] : numbers)
            events_.on_commit_result(number, std::nullopt);
}

void group_consumer::on_answer(const answer& got, monotonic_ns now) {
    if (commits_open_.contains(got.request))
        return on_committed(got, now);
    if (got.request == asked_)
        return on_found(got, now);
    if (got.request == beating_)
        return on_beat(got, now);
    if (got.request == old_beating_)
        return on_old_beat(got, now);
    if (got.request == fetching_)
        return on_fetched(got, now);
    if (!names_.on_answer(got, connection_))
        return; // of somebody that it was before
    const bool all = std::all_of(options_.topics.begin(), options_.topics.end(),
                                 [this](const auto& topic) { return names_.find(topic.name) != nullptr; });
    // Nobody has created them yet, perhaps; or they are being made again.
    if (!all)
        not_before_ = now + limits::retry_pause_ns;
}

void group_consumer::on_found(const answer& got, monotonic_ns now) {
    asked_ = 0;
    const auto response = got.decode<kafka::find_coordinator_response>();
    if (!response)
        return connection_.give_up(response.failure());
    if (code{response->error_code} != code::none)
        return react(code{response->error_code}, "FindCoordinator", now);
    state_ = state::naming;
}

void group_consumer::on_beat(const answer& got, monotonic_ns now) {
    beating_ = 0;
    const auto response = got.decode<kafka::consumer_group_heartbeat_response>();
    if (!response)
        return connection_.give_up(response.failure());
    if (const code outcome{response->error_code}; outcome != code::none)
        return react(outcome, "ConsumerGroupHeartbeat", now);
    if (response->member_id)
        member_id_ = *response->member_id;
    const bool joined = beaten_.epoch == 0;
    const auto told = response->member_epoch;
    is_new_ = false;
    const auto ago = now - beaten_.at;
    if (joined) {
        events_.on_joined({told, member_id_, beaten_.as_new, ago});
        tell_wanted();
    }
    if (response->assignment && !take_assignment(*response->assignment))
        return ask_names_again(now);
    events_.on_alive(
        {joined ? -1 : beaten_.epoch, member_id_, ago, beaten_.owned, response->heartbeat_interval_ms});
    if (response->assignment || told != epoch_)
        events_.on_assigned({told, member_id_, {assigned_.begin(), assigned_.end()}, -1, ago});
    take_epoch(told);
    beat_at_ = now + response->heartbeat_interval_ms * limits::millisecond;
    follow(now);
}

/// It was assigned a topic that was made since it asked for names. As if the answer had been lost: what it
/// owns may be of the older ones, so it lets go, asks what the topics are called now, and then for all again.
void group_consumer::ask_names_again(monotonic_ns now) {
    give_all_up();
    for (const auto& topic : options_.topics)
        names_.forget(topic.name);
    state_ = state::naming;
    tells_all_ = true;
    // Metadata may be behind the coordinator.
    not_before_ = now + limits::retry_pause_ns;
}

void group_consumer::take_epoch(std::int32_t told) {
    if (epoch_ != 0 && told != epoch_)
        older_epochs_.push_back(epoch_);
    epoch_ = told;
}

template <class Assignment>
bool group_consumer::take_assignment(const Assignment& told) {
    std::set<std::int32_t> numbers;
    for (const auto& entry : told.topic_partitions) {
        const auto* name = names_.name_of(entry.topic_id);
        const auto* topic = name == nullptr ? nullptr : topic_called(*name);
        if (topic == nullptr)
            return false;
        for (const auto partition : entry.partitions)
            numbers.insert(topic->first_number + partition);
    }
    assigned_ = std::move(numbers);
    return true;
}

void group_consumer::follow(monotonic_ns now) {
    const bool must_let_go = std::any_of(owned_.begin(), owned_.end(),
                                         [this](const auto& one) { return !assigned_.contains(one.first); });
    if (must_let_go) {
        if (let_go_at_ == monotonic_ns{})
            let_go_at_ = now + around(options_.revoke_ns);
        return;
    }
    let_go_at_ = {};
    bool gained = false;
    for (const auto number : assigned_)
        gained = owned_.try_emplace(number).second || gained;
    if (!gained)
        return;
    owned_changed_ = true;
    beat_at_ = fetch_at_ = now;
    commit_at_ = now + around(options_.commit_ns);
    tell_owned();
}

void group_consumer::let_go(monotonic_ns now) {
    std::erase_if(owned_, [this](const auto& one) { return !assigned_.contains(one.first); });
    let_go_at_ = {};
    owned_changed_ = true;
    beat_at_ = now;
    tell_owned();
    follow(now);
}

/// What it said under an epoch of before is not to be taken; the checkers judge that.
void group_consumer::on_old_beat(const answer& got, monotonic_ns now) {
    old_beating_ = 0;
    const auto response = got.decode<kafka::consumer_group_heartbeat_response>();
    if (!response)
        return connection_.give_up(response.failure());
    if (code{response->error_code} == code::none)
        events_.on_alive({old_beaten_.epoch, old_beaten_.id, now - old_beaten_.at});
}

void group_consumer::on_fetched(const answer& got, monotonic_ns now) {
    fetching_ = 0;
    const auto response = got.decode<kafka::offset_fetch_response>();
    if (!response)
        return connection_.give_up(response.failure());
    // Both forms of the answer tell the same of a partition.
    const auto told = [&](const auto& topics, std::int16_t whole) {
        bool all = code{whole} == code::none;
        for (const auto& topic : topics)
            for (const auto& partition : topic.partitions) {
                all = all && code{partition.error_code} == code::none;
                const auto* of = topic_called(topic.name);
                if (!all || of == nullptr)
                    continue;
                const auto number = of->first_number + partition.partition_index;
                events_.on_fetched({number, log_offset(partition.committed_offset), now - fetch_asked_at_});
                if (const auto owned = owned_.find(number); owned != owned_.end() && !owned->second)
                    owned->second = std::max<std::int64_t>(partition.committed_offset, 0);
            }
        return all;
    };
    bool all = told(response->topics, response->error_code);
    for (const auto& group : response->groups)
        all = told(group.topics, group.error_code) && all;
    // Heartbeats tell what is wrong.
    if (!all)
        fetch_at_ = now + limits::retry_pause_ns;
}

void group_consumer::on_committed(const answer& got, monotonic_ns) {
    if (got.request == committing_)
        committing_ = 0;
    const auto response = got.decode<kafka::offset_commit_response>();
    if (!response)
        return connection_.give_up(response.failure());
    const auto numbers = commits_open_.extract(got.request).mapped();
    for (const auto& topic : response->topics) {
        const auto* of = topic_called(topic.name);
        for (const auto& partition : topic.partitions) {
            const auto open =
                of == nullptr ? numbers.end() : numbers.find(of->first_number + partition.partition_index);
            if (open == numbers.end())
                events_.on_problem("an answer for a partition that was not committed");
            else
                events_.on_commit_result(open->second, code{partition.error_code});
        }
    }
}

void group_consumer::react(code outcome, const char* to, monotonic_ns now) {
    switch (outcome) {
    case code::unknown_member_id:
    case code::fenced_member_epoch:
    case code::group_id_not_found: // it was deleted when nobody was left in it, or is a classic group
        return begin_again(now + limits::retry_pause_ns);
    case code::fenced_instance_id: draw_id(); [[fallthrough]];
    case code::unreleased_instance_id:
    case code::group_max_size_reached:
        // Others have its name, or its place.
        return begin_again(now + options_.session_timeout_ms * limits::millisecond / 2);
    case code::not_coordinator:
    case code::coordinator_not_available:
    case code::coordinator_load_in_progress: return pause(now);
    default:
        if (!may_pass(outcome))
            events_.on_problem(std::string(to) + " was answered " + std::string(kafka::name_of(outcome)));
        pause(now);
    }
}

void group_consumer::pause(monotonic_ns now) {
    not_before_ = now + limits::retry_pause_ns;
    tells_all_ = true;
    state_ = state::finding;
}

void group_consumer::give_all_up() {
    owned_.clear();
    assigned_.clear();
    let_go_at_ = {};
    tell_owned();
}

/// It joins at that time, as nobody's successor.
void group_consumer::begin_again(monotonic_ns at) {
    give_all_up();
    // Others may have its place.
    events_.on_wanted({});
    epoch_ = 0;
    older_epochs_.clear();
    tells_all_ = true;
    beating_ = fetching_ = 0;
    beat_at_ = at;
}

} // namespace barnabas::client
