#include "actors/client/consumer/group_membership.hpp"

#include "actors/client/consumer/limits.hpp"
#include "actors/client/consumer/subscription_bytes.hpp"
#include "protocol/kafka/leave_group.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

// What a member does of itself.
namespace barnabas::client {

using kafka::error_code;

namespace {

/// From this version on LeaveGroup names members, with a reason from version 5 on.
constexpr std::int16_t many_members_version = 3;

std::int32_t ms_of(std::int64_t ns) {
    return static_cast<std::int32_t>(ns / ns_per_ms);
}

} // namespace

void group_membership::subscribe(std::set<std::string> topics) {
    if (topics == topics_)
        return;
    topics_ = std::move(topics);
    wants_join_ = !topics_.empty();
}

result<void> group_membership::subscribe_regex(std::string) {
    return error{errc::invalid_request, "a pattern that the coordinator reads needs group.protocol=consumer"};
}

std::set<std::string> group_membership::topics_wanted() const {
    auto wanted = topics_;
    for (const auto& one : members_)
        wanted.insert(one.topics.begin(), one.topics.end());
    return wanted;
}

bool group_membership::is_cooperative() const {
    return std::all_of(settings_.assignors.begin(), settings_.assignors.end(),
                       [](const auto& one) { return one == "cooperative-sticky"; });
}

void group_membership::step(monotonic_ns now, bool in_poll) {
    wake_ = {};
    if (state_ == state::outside && topics_.empty())
        return;
    if (in_poll)
        polled_at_ = now;
    watch_polls(now);
    if (state_ == state::planning)
        plan();
    const bool idle = state_ == state::outside || state_ == state::steady;
    if (wants_join_ && in_poll && idle && !has_changes())
        let_go();
    if (state_ == state::letting_go && !has_changes())
        join(now);
    beat(now);
}

/// Before it joins again an eager member gives up all that it has; a cooperative one keeps it.
void group_membership::let_go() {
    state_ = state::letting_go;
    wants_join_ = false;
    previous_ = owned_;
    if (!is_cooperative() && !owned_.empty())
        tell(rebalance_event::kind::revoked, {owned_.begin(), owned_.end()});
}

void group_membership::join(monotonic_ns now) {
    if (not_before_ > now)
        return wake_at(not_before_);
    state_ = state::joining;
    members_.clear();
    leads_ = false;
    question_rules rules;
    rules.target = call_target::coordinator(*settings_.group);
    rules.extra_wait_ns = settings_.poll_interval_ns;
    ports_.ask<kafka::join_group_request, kafka::join_group_response>(
        consumer_ports::lane::questions, std::move(rules),
        settings_.poll_interval_ns + settings_.client.request_timeout_ns,
        [request = join_request()](std::int16_t) { return request; },
        [this, turn = ++turn_](result<kafka::join_group_response> said, monotonic_ns then) {
            if (turn == turn_)
                hear_join(std::move(said), then);
        });
}

kafka::join_group_request group_membership::join_request() const {
    kafka::join_group_request request;
    request.group_id = *settings_.group;
    request.session_timeout_ms = ms_of(settings_.session_timeout_ns);
    request.rebalance_timeout_ms = ms_of(settings_.poll_interval_ns);
    request.member_id = member_id_;
    request.group_instance_id = settings_.instance;
    request.protocol_type = "consumer";
    // What an eager member has given up it had: "sticky" keeps it there if it can. Cooperative leaders would
    // wait for it to let go of that once more.
    for (const auto& assignor : settings_.assignors)
        request.protocols.push_back(
            {assignor,
             write_subscription(assignor, topics_, assignor == "sticky" ? previous_ : owned_, generation_),
             {}});
    return request;
}

partition_counts group_membership::counts_of(const std::set<std::string>& topics) const {
    partition_counts counts;
    for (const auto& name : topics) {
        const auto* topic = view_.find_topic(name);
        if (topic != nullptr && topic->code == error_code::none)
            counts[name] = static_cast<std::int32_t>(topic->partitions.size());
    }
    return counts;
}

/// The leader waits until it was told of all topics, or that they are not there.
void group_membership::plan() {
    const auto wanted = topics_wanted();
    const bool unasked = std::any_of(wanted.begin(), wanted.end(),
                                     [&](const auto& name) { return view_.find_topic(name) == nullptr; });
    if (unasked)
        return;
    planned_for_ = counts_of(wanted);
    auto made = assign_by(assignor_, members_, planned_for_);
    if (!made) {
        failure_ = error{errc::unsupported_assignor,
                         "the group uses the assignor '" + assignor_ + "', which this client has not"};
        return lose_all();
    }
    sync(std::move(made));
}

void group_membership::on_view() {
    if (state_ != state::steady)
        return;
    if (leads_ && counts_of(topics_wanted()) != planned_for_)
        wants_join_ = true;
}

void group_membership::sync(std::optional<group_plan> plan) {
    state_ = state::syncing;
    kafka::sync_group_request request;
    request.group_id = *settings_.group;
    request.generation_id = generation_;
    request.member_id = member_id_;
    request.group_instance_id = settings_.instance;
    request.protocol_type = "consumer";
    request.protocol_name = assignor_;
    if (plan)
        for (const auto& [member, given] : *plan) {
            auto& one = request.assignments.emplace_back();
            one.member_id = member;
            one.assignment = write_assignment(given);
        }
    question_rules rules;
    rules.target = call_target::coordinator(*settings_.group);
    rules.extra_wait_ns = settings_.poll_interval_ns;
    ports_.ask<kafka::sync_group_request, kafka::sync_group_response>(
        consumer_ports::lane::questions, std::move(rules),
        settings_.poll_interval_ns + settings_.client.request_timeout_ns,
        [request = std::move(request)](std::int16_t) { return request; },
        [this, turn = ++turn_](result<kafka::sync_group_response> said, monotonic_ns then) {
            if (turn == turn_)
                hear_sync(std::move(said), then);
        });
}

void group_membership::beat(monotonic_ns now) {
    const bool counts = state_ == state::steady || (state_ == state::letting_go && generation_ >= 0);
    if (!counts || beating_)
        return;
    if (beat_at_ > now)
        return wake_at(beat_at_);
    beating_ = true;
    kafka::heartbeat_request request;
    request.group_id = *settings_.group;
    request.generation_id = generation_;
    request.member_id = member_id_;
    request.group_instance_id = settings_.instance;
    question_rules rules;
    rules.target = call_target::coordinator(*settings_.group);
    ports_.ask<kafka::heartbeat_request, kafka::heartbeat_response>(
        consumer_ports::lane::questions, std::move(rules), settings_.session_timeout_ns,
        [request = std::move(request)](std::int16_t) { return request; },
        [this, sent = sign_of_life{identity(), now, {}}](result<kafka::heartbeat_response> said,
                                                         monotonic_ns then) mutable {
            beating_ = false;
            sent.heard = then;
            hear_beat(std::move(said), sent);
        });
}

/// A member that does not poll may hang: others get its partitions.
void group_membership::watch_polls(monotonic_ns now) {
    if (state_ == state::outside || polled_at_ == monotonic_ns{})
        return;
    const auto due = polled_at_ + settings_.poll_interval_ns;
    if (due > now)
        return wake_at(due);
    if (!settings_.instance)
        leave("the program has not polled for max.poll.interval.ms", nullptr);
    lose_all();
    wants_join_ = true;
}

void group_membership::forget_all() {
    membership::forget_all();
    previous_.clear();
    members_.clear();
}

void group_membership::leave(const std::string& reason, std::function<void(monotonic_ns)> done) {
    const auto id = std::exchange(member_id_, {});
    ++turn_;
    state_ = state::outside;
    wants_join_ = false;
    generation_ = -1;
    if (id.empty() || settings_.instance) {
        if (done)
            ports_.later(std::move(done));
        return;
    }
    question_rules rules;
    rules.target = call_target::coordinator(*settings_.group);
    ports_.ask<kafka::leave_group_request, kafka::leave_group_response>(
        consumer_ports::lane::questions, std::move(rules), settings_.client.request_timeout_ns,
        [group = *settings_.group, id, reason](std::int16_t version) {
            kafka::leave_group_request request;
            request.group_id = group;
            request.member_id = id;
            if (version >= many_members_version) {
                auto& one = request.members.emplace_back();
                one.member_id = id;
                one.reason = reason;
            }
            return request;
        },
        [done = std::move(done)](const result<kafka::leave_group_response>&, monotonic_ns now) {
            if (done)
                done(now);
        });
}

} // namespace barnabas::client
