#include "actors/client/cluster/cluster_client.hpp"
#include "actors/client/limits.hpp"
#include "protocol/kafka/api_key.hpp"

#include <algorithm>

// What people read when a call ran out of time: how far it got, and what each broker's last failure was.
namespace barnabas::client {

namespace {}

error cluster_client::timed_out(const running_call& one, std::size_t part, monotonic_ns now) const {
    const auto& state = one.parts[part];
    std::string text = std::string(one.call->name()) + " for " + to_string(one.call->target(part)) +
                       " has no answer after " + std::to_string((now - one.since) / ns_per_ms) +
                       " ms; it got as far as: " + reached(one, part);
    if (state.last)
        text += "; its last error: " + state.last->detail;
    return {errc::request_timed_out, text + failures_of_links()};
}

/// The furthest point of the whole call: a connection that was lost meanwhile does not take it back.
std::string cluster_client::reached(const running_call& one, std::size_t part) const {
    const auto& state = one.parts[part];
    const auto target = one.call->target(part);
    if (state.at == progress::asked || state.cut_off)
        return asked_of(one, state.at == progress::asked ? state.link : state.cut_off_at);
    switch (state.lacks) {
    case lack::nothing: return "ack (to be asked again)";
    case lack::cluster: return reached_by_links(one.since);
    case lack::controller: return "metadata (no controller is known)";
    case lack::leader:
        return "leader (none is known for " + target.name + "-" + std::to_string(target.number) + ")";
    case lack::broker: return "metadata (no broker " + std::to_string(target.number) + " is known)";
    case lack::connection: return reached_by_link(state.link, one.since);
    case lack::coordinator: break;
    }
    const auto question = lookups_.find(target.name);
    const bool told = question != lookups_.end() && question->second.last;
    return "coordinator (none is known for '" + target.name + "'" +
           (told ? ": " + question->second.last->detail : "") + ")";
}

std::string cluster_client::asked_of(const running_call& one, link_number link) const {
    const auto found = links_.find(link);
    const auto broker = found == links_.end() ? "a broker" : to_string(found->second->at());
    // A call may itself be the question for the metadata.
    const auto* stage = one.call->name() == kafka::name_of(kafka::api_key::metadata) ? "metadata" : "ack";
    return std::string(stage) + " (asked of " + broker + ")";
}

/// The furthest that any link got since then.
std::string cluster_client::reached_by_links(monotonic_ns since) const {
    bool resolved = false;
    bool connected = false;
    for (const auto& [number, link] : links_) {
        if (link->is_ready() || link->ready_at >= since)
            return "metadata";
        const auto& failure = link->session().last_failure();
        connected = connected || link->session().is_open() || link->open_at >= since;
        resolved = resolved || !failure || failure->code != errc::not_found;
    }
    if (connected)
        return "authenticate (the versions of the protocol were asked for)";
    return resolved ? "connect" : "resolve";
}

std::string cluster_client::reached_by_link(link_number number, monotonic_ns since) const {
    const auto found = links_.find(number);
    if (found == links_.end())
        return "connect";
    const auto& link = *found->second;
    const auto name = " (" + to_string(link.at()) + ")";
    if (link.is_ready() || link.ready_at >= since)
        return "ack" + name;
    if (link.session().is_open() || link.open_at >= since)
        return "authenticate" + name;
    const auto& failure = link.session().last_failure();
    return (failure && failure->code == errc::not_found ? "resolve" : "connect") + name;
}

std::string cluster_client::failures_of_links() const {
    std::string text;
    std::size_t listed = 0;
    for (const auto& [number, link] : links_) {
        const auto& session = link->session();
        if (!session.last_failure() || session.failures() == 0)
            continue;
        if (++listed > limits::failures_listed_max)
            return text + "; and more";
        text += "; " + to_string(link->at()) + ": " + session.last_failure()->detail + " (" +
                std::to_string(session.failures()) + (session.failures() == 1 ? " time)" : " times)");
    }
    return text;
}

} // namespace barnabas::client
