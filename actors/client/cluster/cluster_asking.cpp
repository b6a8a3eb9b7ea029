#include "actors/client/cluster/cluster_client.hpp"
#include "actors/client/limits.hpp"
#include "protocol/kafka/find_coordinator.hpp"

#include <algorithm>

// Who is asked what.
namespace barnabas::client {

namespace {
/// From this version on FindCoordinator takes many keys.
constexpr std::int16_t many_keys_version = 4;
} // namespace

void cluster_client::plan(monotonic_ns now) {
    for (auto& [number, link] : links_)
        link->set_wanted(false);
    cluster_wanted_ = false;
    topics_wanted_.clear();
    groups_wanted_.clear();
    for (auto& [number, one] : calls_)
        plan_call(number, one, now);
    std::erase_if(lookups_, [this](const auto& one) {
        return !one.second.asking && !groups_wanted_.contains(one.first);
    });
    view_.keep_only(topics_wanted_, limits::view_topics_max);
    // Whoever still lacks something has it asked for again, but not at once.
    if (auto heard = std::exchange(fresh_, std::nullopt)) {
        if (cluster_wanted_)
            put_off(metadata_, std::move(*heard), now);
        else
            metadata_ = {};
    }
    ask_metadata(now);
    ask_coordinators(now);
}

void cluster_client::plan_call(call_number number, running_call& one, monotonic_ns now) {
    std::map<link_number, std::vector<std::size_t>> ready;
    for (std::size_t part = 0; part < one.parts.size(); ++part) {
        auto& state = one.parts[part];
        if (state.at != progress::waiting)
            continue;
        const auto target = one.call->target(part);
        if (target.kind == call_target::who::leader)
            topics_wanted_.insert(target.name);
        if (state.not_before > now) {
            wake_at(state.not_before);
            continue;
        }
        const auto found = route_to(one, target, now);
        state.lacks = found.lacks;
        state.link = found.link;
        if (found.lacks == lack::nothing)
            ready[found.link].push_back(part);
        else if (auto why = unreachable(one, part, found))
            fail(one, part, std::move(*why));
        else if ((why = hopeless(one, target, found.lacks, now)))
            fail(one, part, std::move(*why));
    }
    const auto most = std::max<std::size_t>(one.call->parts_per_request(), 1);
    for (const auto& [link, parts] : ready)
        for (std::size_t at = 0; at < parts.size(); at += most)
            ask_parts(number, one, link, std::span(parts).subspan(at, std::min(most, parts.size() - at)),
                      now);
}

void cluster_client::ask_parts(call_number number, running_call& one, link_number link,
                               std::span<const std::size_t> parts, monotonic_ns now) {
    auto& to = *find(link);
    // The rest waits for answers; each makes room.
    if (!may_send(to, now))
        return;
    // A little less than we wait ourselves, so that the broker can still say that it was not enough.
    const auto patience = std::min(settings_.request_timeout_ns, one.deadline - now) / ns_per_ms;
    const auto wait_ms = static_cast<std::int32_t>(std::max<std::int64_t>(patience - patience / 4, 1));
    const auto sent = one.call->send(to.connection(), parts, wait_ms, now);
    if (!sent) {
        for (const auto part : parts)
            fail(one, part, {sent.code(), to_string(to.at()) + ": " + sent.failure().detail});
        return;
    }
    to.used_at = now;
    for (const auto part : parts)
        one.parts[part].at = one.call->is_answered() ? progress::asked : progress::done;
    if (!one.call->is_answered()) {
        one.open -= parts.size();
        return;
    }
    flights_[{link, *sent}] = {flight::kind::call, number, {parts.begin(), parts.end()}, {}, now};
}

cluster_client::route cluster_client::route_to(const running_call& one, const call_target& target,
                                               monotonic_ns now) {
    using who = call_target::who;
    if (target.kind == who::any) {
        const auto link = any_link(now);
        return {link, link == 0 ? lack::cluster : lack::nothing};
    }
    // What was known before the call may be out of date: a broker that left is not waited for.
    if (!view_.is_known() || view_.asked_at() + settings_.metadata_age_ns <= one.since) {
        cluster_wanted_ = true;
        return {0, lack::cluster};
    }
    switch (target.kind) {
    case who::controller:
        if (view_.find_broker(view_.controller()) == nullptr) {
            cluster_wanted_ = true;
            return {0, lack::controller};
        }
        return route_to_broker(view_.controller(), now);
    case who::leader: return route_to_leader(target, now);
    case who::coordinator: return route_to_coordinator(target.name, now);
    default: return route_to_broker(target.number, now);
    }
}

cluster_client::route cluster_client::route_to_broker(std::int32_t id, monotonic_ns now) {
    const auto* at = view_.find_broker(id);
    if (at == nullptr) {
        cluster_wanted_ = true;
        return {0, lack::broker};
    }
    const auto number = link_to(*at);
    auto& link = *find(number);
    link.set_wanted(true);
    // It may be gone for good: somebody else leads then, or it has another address.
    cluster_wanted_ = cluster_wanted_ || is_doubtful(link, now);
    return {number, may_send(link, now) ? lack::nothing : lack::connection};
}

cluster_client::route cluster_client::route_to_coordinator(const std::string& group, monotonic_ns now) {
    const auto broker = view_.coordinator_of(group);
    if (!broker) {
        groups_wanted_.insert(group);
        return {0, lack::coordinator};
    }
    const auto found = route_to_broker(*broker, now);
    if (const auto* link = find(found.link); link != nullptr && is_doubtful(*link, now))
        groups_wanted_.insert(group);
    return found;
}

/// It cannot be connected to, as far as one can tell.
bool cluster_client::is_doubtful(const broker_link& link, monotonic_ns now) {
    if (link.session().is_open())
        return false;
    if (link.session().failures() > 0)
        return true;
    const auto patience_ends = link.connecting_since + limits::connect_patience_ns;
    if (!link.session().is_connecting() || patience_ends <= now)
        return link.session().is_connecting();
    wake_at(patience_ends);
    return false;
}

cluster_client::route cluster_client::route_to_leader(const call_target& target, monotonic_ns now) {
    const auto* topic = view_.find_topic(target.name);
    if (topic == nullptr || topic->code != kafka::error_code::none) {
        cluster_wanted_ = true;
        return {0, lack::leader};
    }
    const auto partition = topic->partitions.find(target.number);
    if (partition == topic->partitions.end() || partition->second.leader < 0) {
        cluster_wanted_ = true;
        return {0, lack::leader};
    }
    return route_to_broker(partition->second.leader, now);
}

/// Why it makes no sense to wait on: the cluster was asked, and does not know what is looked for.
std::optional<error> cluster_client::hopeless(const running_call& one, const call_target& target, lack lacks,
                                              monotonic_ns now) const {
    if (one.since + limits::unknown_wait_ns > now || view_.asked_at() < one.since)
        return std::nullopt;
    if (lacks == lack::broker && target.kind == call_target::who::broker)
        return error{errc::broker_not_available,
                     "the cluster has no broker " + std::to_string(target.number)};
    if (lacks != lack::leader)
        return std::nullopt;
    const auto* topic = view_.find_topic(target.name);
    if (topic == nullptr || topic->asked_at < one.since)
        return std::nullopt;
    if (topic->code == kafka::error_code::unknown_topic_or_partition)
        return error{errc::unknown_topic_or_partition, "the cluster has no topic '" + target.name + "'"};
    if (topic->code != kafka::error_code::none && topic->code != kafka::error_code::leader_not_available)
        return error_of(topic->code, {});
    if (topic->code == kafka::error_code::none && !topic->partitions.contains(target.number))
        return error{errc::unknown_topic_or_partition,
                     "topic '" + target.name + "' has no partition " + std::to_string(target.number)};
    return std::nullopt;
}

/// The attempt to connect has just failed, and the call does not want another one.
std::optional<error> cluster_client::unreachable(const running_call& one, std::size_t part,
                                                 const route& found) {
    if (found.lacks != lack::connection || one.call->waits_for_connection())
        return std::nullopt;
    const auto& link = *find(found.link);
    if (link.session().failures() <= link.failures_told)
        return std::nullopt;
    return error{errc::network_exception, std::string(one.call->name()) +
                                              ": it got as far as: " + reached(one, part) + ": " +
                                              link.session().last_failure()->detail};
}

bool cluster_client::may_send(const broker_link& link, monotonic_ns now) {
    if (!link.is_ready() || link.connection().broken() ||
        link.connection().in_flight() >= limits::link_in_flight_max)
        return false;
    if (link.silent_until > now) {
        wake_at(link.silent_until);
        return false;
    }
    return true;
}

/// Links that will do when any broker will: to the brokers that are known, else to the bootstrap servers;
/// these too when no broker can be reached.
std::vector<link_number> cluster_client::candidates() {
    std::vector<link_number> all;
    bool reachable = false;
    for (const auto& [id, at] : view_.brokers()) {
        all.push_back(link_to(at));
        const auto& session = find(all.back())->session();
        reachable = reachable || session.failures() == 0;
    }
    if (view_.is_known() && (reachable || !settings_.rebootstrap))
        return all;
    for (const auto& server : settings_.bootstrap)
        if (const auto number = link_to(server); std::find(all.begin(), all.end(), number) == all.end())
            all.push_back(number);
    return all;
}

/// The least busy connection that is there; without one, the best is being connected to.
link_number cluster_client::any_link(monotonic_ns now) {
    const auto all = candidates();
    link_number best = 0;
    for (const auto number : all) {
        const auto& link = *find(number);
        if (may_send(link, now) &&
            (best == 0 || link.connection().in_flight() < find(best)->connection().in_flight()))
            best = number;
    }
    if (best != 0)
        return best;
    std::vector<link_number> fresh;
    for (const auto number : all) {
        auto& link = *find(number);
        const bool busy = link.is_ready() && !link.connection().broken();
        const bool trying = link.session().is_connecting() || (link.session().is_open() && !busy);
        const bool hopeful = trying && link.connecting_since + limits::connect_patience_ns > now;
        // One that is wanted and was not tried yet is as good.
        const bool next = link.is_wanted() && !trying && link.session().failures() == 0;
        if (busy || hopeful || next) {
            link.set_wanted(true);
            if (hopeful)
                wake_at(link.connecting_since + limits::connect_patience_ns);
            return 0;
        }
        if (!trying && !link.session().is_pausing())
            fresh.push_back(number);
    }
    if (!fresh.empty())
        find(fresh[draws_.below(fresh.size())])->set_wanted(true);
    return 0;
}

bool cluster_client::needs_metadata(monotonic_ns now) const {
    if (cluster_wanted_ || stale_)
        return true;
    const bool used = !calls_.empty();
    return used && view_.is_known() && view_.asked_at() + settings_.metadata_age_ns <= now;
}

void cluster_client::ask_metadata(monotonic_ns now) {
    if (metadata_.asking || calls_.empty() || !needs_metadata(now))
        return;
    if (metadata_.not_before > now)
        return wake_at(metadata_.not_before);
    const auto number = any_link(now);
    if (number == 0)
        return;
    auto& link = *find(number);
    const auto version = link.connection().version_for<kafka::metadata_request>();
    if (!version)
        return link.connection().give_up(
            {errc::unsupported_version, "the broker has no version of Metadata that this client knows"});
    kafka::metadata_request request;
    request.topics.emplace();
    for (const auto& topic : topics_wanted_)
        request.topics->emplace_back().name = topic;
    request.allow_auto_topic_creation = false;
    const auto sent = link.connection().send(request, *version, now);
    link.used_at = now;
    flights_[{number, sent}] = {flight::kind::metadata, 0, {}, {}, now};
    metadata_.asking = true;
    stale_ = false;
}

void cluster_client::ask_coordinators(monotonic_ns now) {
    std::vector<std::string> due;
    for (const auto& group : groups_wanted_) {
        const auto& question = lookups_[group];
        if (!question.asking && question.not_before > now)
            wake_at(question.not_before);
        else if (!question.asking)
            due.push_back(group);
    }
    if (due.empty())
        return;
    const auto number = any_link(now);
    if (number != 0)
        ask_coordinators_at(number, std::move(due), now);
}

void cluster_client::ask_coordinators_at(link_number number, std::vector<std::string> groups,
                                         monotonic_ns now) {
    auto& link = *find(number);
    const auto version = link.connection().version_for<kafka::find_coordinator_request>();
    if (!version)
        return link.connection().give_up(
            {errc::unsupported_version,
             "the broker has no version of FindCoordinator that this client knows"});
    // Older versions take one group at a time; the others wait for their turn.
    if (*version < many_keys_version)
        groups.resize(1);
    kafka::find_coordinator_request request;
    if (*version < many_keys_version)
        request.key = groups.front();
    else
        request.coordinator_keys = groups;
    const auto sent = link.connection().send(request, *version, now);
    link.used_at = now;
    for (const auto& group : groups)
        lookups_[group].asking = true;
    flights_[{number, sent}] = {flight::kind::coordinators, 0, {}, std::move(groups), now};
}

} // namespace barnabas::client
