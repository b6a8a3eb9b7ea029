#include "actors/client/cluster/cluster_client.hpp"

#include "actors/client/drawn_pause.hpp"
#include "actors/client/limits.hpp"

#include <algorithm>
#include <utility>

namespace barnabas::client {

namespace {

/// Adds what one step of a link wants to what it wanted before.
void add(session_effects& to, session_effects more) {
    if (more.abort)
        to.writes.clear();
    to.abort = to.abort || more.abort;
    to.connect = more.connect || (to.connect && !more.abort);
    for (auto& part : more.writes)
        to.writes.push_back(std::move(part));
    if (more.nonsense)
        to.nonsense = std::move(more.nonsense);
}

/// Numbers in it count attempts and bytes; the cause is the same.
std::string cause_of(const error& nonsense) {
    auto text = nonsense.detail;
    std::erase_if(text, [](char c) { return c >= '0' && c <= '9'; });
    return text;
}

/// A peer that speaks no Kafka is connected to again and again, and says the same each time.
session_effects new_to_hear(broker_link& link, session_effects step) {
    if (link.session().failures() == 0)
        link.nonsense_told.clear();
    if (!step.nonsense)
        return step;
    auto cause = cause_of(*step.nonsense);
    if (cause == link.nonsense_told)
        step.nonsense.reset();
    link.nonsense_told = std::move(cause);
    return step;
}

/// Some TLS servers hang up on who speaks plaintext, without an alert. A broker that was ever known there is
/// none.
error with_suspicion(const broker_link& link, error why) {
    const bool is_unheard = link.session().is_open() && !link.is_ready() && link.ready_at == monotonic_ns{};
    if (is_unheard && why.code == errc::network_exception)
        why.detail +=
            " before it told its versions, as TLS servers do; name a PLAINTEXT listener of the broker";
    return why;
}

/// Its last attempt, begun since then, reached what is no broker.
bool is_stranger(const broker_link& link, monotonic_ns since) {
    const auto& session = link.session();
    return session.is_pausing() && session.failures() > 0 && link.connecting_since >= since &&
           session.last_failure()->code == errc::invalid_config;
}

} // namespace

cluster_client::cluster_client(client_settings settings, const runtime::random& draws)
    : settings_(std::move(settings)), draws_(draws) {
    for (const auto& server : settings_.bootstrap)
        link_to(server);
}

void cluster_client::submit(std::unique_ptr<cluster_call> call, std::optional<std::int64_t> timeout_ns,
                            monotonic_ns now, cluster_effects& out) {
    running_call one;
    one.parts.resize(call->parts());
    one.open = one.parts.size();
    one.call = std::move(call);
    one.since = now;
    one.deadline = now + timeout_ns.value_or(settings_.api_timeout_ns);
    const bool full = calls_.size() >= limits::calls_max;
    const error refusal =
        closed_ ? error{errc::closed, "the client is closed"}
                : error{errc::throttled, "the client carries " + std::to_string(limits::calls_max) +
                                             " calls already; wait for answers"};
    if (closed_ || full)
        for (std::size_t part = 0; part < one.parts.size(); ++part)
            fail(one, part, refusal);
    calls_.emplace(next_call_++, std::move(one));
    settle(now, out);
}

void cluster_client::on_connected(link_number number, monotonic_ns now, cluster_effects& out) {
    auto* link = find(number);
    if (link == nullptr)
        return;
    session_effects step;
    link->session().on_connected(now, step);
    add(out.links[number], new_to_hear(*link, std::move(step)));
    settle(now, out);
}

void cluster_client::on_disconnected(link_number number, error why, monotonic_ns now, cluster_effects& out) {
    auto* link = find(number);
    if (link == nullptr)
        return;
    session_effects step;
    link->session().on_disconnected(now, step, with_suspicion(*link, std::move(why)));
    add(out.links[number], new_to_hear(*link, std::move(step)));
    settle(now, out);
}

void cluster_client::on_bytes(link_number number, std::span<const std::byte> bytes, monotonic_ns now,
                              cluster_effects& out) {
    auto* link = find(number);
    if (link == nullptr)
        return;
    session_effects step;
    link->session().on_bytes(bytes, now, step);
    add(out.links[number], new_to_hear(*link, std::move(step)));
    settle(now, out);
}

void cluster_client::on_timer(monotonic_ns now, cluster_effects& out) {
    for (auto& [number, link] : links_) {
        session_effects step;
        const bool connecting = link->session().is_connecting();
        link->session().on_timer(now, step);
        if (!connecting && link->session().is_connecting())
            link->connecting_since = now;
        add(out.links[number], new_to_hear(*link, std::move(step)));
    }
    settle(now, out);
}

void cluster_client::on_close(monotonic_ns now, cluster_effects& out) {
    closed_ = true;
    for (auto& [number, link] : links_) {
        session_effects step;
        link->session().on_close(now, step);
        add(out.links[number], new_to_hear(*link, std::move(step)));
        out.ended.push_back(number);
    }
    flights_.clear();
    links_.clear();
    links_by_address_.clear();
    for (auto& [number, one] : calls_)
        for (std::size_t part = 0; part < one.parts.size(); ++part)
            fail(one, part,
                 {errc::closed, std::string(one.call->name()) + " was cut off: the client was closed"});
    finish(out);
    wake_ = {};
}

/// What follows from an event: a link that breaks while it is used makes parts wait again, which may want
/// other links.
void cluster_client::settle(monotonic_ns now, cluster_effects& out) {
    bool again = true;
    while (again) {
        hear(now);
        expire(now);
        wake_ = {};
        if (!closed_)
            plan(now);
        watch_for_nobody(now);
        flush(now, out);
        finish(out);
        again =
            std::any_of(links_.begin(), links_.end(), [](const auto& one) { return one.second->is_lost(); });
    }
}

/// Carries to the links what was planned.
void cluster_client::flush(monotonic_ns now, cluster_effects& out) {
    for (auto& [number, link] : links_) {
        session_effects step;
        const bool connecting = link->session().is_connecting();
        link->session().on_work(now, step);
        if (!connecting && link->session().is_connecting())
            link->connecting_since = now;
        if (link->session().is_open())
            link->open_at = now;
        if (link->is_ready())
            link->ready_at = now;
        add(out.links[number], new_to_hear(*link, std::move(step)));
        tell_trouble(*link, out);
    }
    rest_links(now, out);
    std::erase_if(out.links, [](const auto& one) {
        const auto& step = one.second;
        return !step.abort && !step.connect && step.writes.empty() && !step.nonsense;
    });
}

void cluster_client::tell_trouble(broker_link& link, cluster_effects& out) {
    const auto failures = link.session().failures();
    // What ended the calls is in their errors.
    const bool is_said =
        is_stranger(link, {}) && !calls_.empty() &&
        std::all_of(calls_.begin(), calls_.end(), [](const auto& one) { return one.second.open == 0; });
    if (failures != 0 && link.failures_told == 0 && !is_said)
        out.troubles.push_back(to_string(link.at()) + ": " + link.session().last_failure()->detail);
    link.failures_told = failures;
}

bool cluster_client::has_flights(link_number link) const {
    const auto first = flights_.lower_bound({link, 0});
    return first != flights_.end() && first->first.first == link;
}

bool cluster_client::is_needed(const broker_link& link) const {
    const auto& servers = settings_.bootstrap;
    if (link.is_wanted() || std::find(servers.begin(), servers.end(), link.at()) != servers.end())
        return true;
    return std::any_of(view_.brokers().begin(), view_.brokers().end(),
                       [&](const auto& one) { return one.second == link.at(); });
}

/// Hangs up what was not used for long, and drops the links to addresses that brokers have left.
void cluster_client::rest_links(monotonic_ns now, cluster_effects& out) {
    for (auto at = links_.begin(); at != links_.end();) {
        const auto number = at->first;
        auto& link = *at->second;
        if (link.is_wanted() || has_flights(number))
            link.used_at = now;
        session_effects step;
        const bool drop = !is_needed(link) && !has_flights(number);
        if (drop)
            link.session().on_close(now, step);
        else if (link.session().is_open() && link.used_at + settings_.idle_ns <= now)
            link.session().hang_up(now, step);
        if (!drop && link.session().is_open())
            wake_at(link.used_at + settings_.idle_ns);
        add(out.links[number], std::move(step));
        if (drop) {
            out.ended.push_back(number);
            links_by_address_.erase(link.at());
        }
        at = drop ? links_.erase(at) : std::next(at);
    }
}

void cluster_client::fail(running_call& one, std::size_t part, error why) {
    auto& state = one.parts[part];
    if (state.at == progress::done)
        return;
    state.at = progress::done;
    --one.open;
    if (state.cut_off && one.call->changes_something())
        why.detail += " (an earlier attempt was cut off and may have taken effect)";
    one.call->on_failed(part, why);
}

/// No server that one begins with has ever told its versions, and each attempt failed or takes too long.
bool cluster_client::is_nobody_there(monotonic_ns now) const {
    const auto patience = *settings_.unreached_ns;
    return !view_.is_known() && std::all_of(links_.begin(), links_.end(), [&](const auto& one) {
        const auto& link = *one.second;
        const bool silent = patience > 0 && link.connecting_since != monotonic_ns{} &&
                            link.connecting_since + patience <= now;
        return link.ready_at == monotonic_ns{} && (link.session().failures() > 0 || silent);
    });
}

/// What answers at the servers that one begins with, when none of them is a broker. Who waits for a broker to
/// start waits in vain then.
std::optional<error> cluster_client::strangers_since(monotonic_ns since) const {
    if (!settings_.unreached_ns || view_.is_known() || links_.empty())
        return std::nullopt;
    std::string text;
    for (const auto& [number, link] : links_) {
        if (link->ready_at != monotonic_ns{} || !is_stranger(*link, since))
            return std::nullopt;
        text += (text.empty() ? "" : "; ") + to_string(link->at()) + ": " +
                link->session().last_failure()->detail;
    }
    return error{errc::invalid_config, text};
}

void cluster_client::watch_for_nobody(monotonic_ns now) {
    if (!settings_.unreached_ns || view_.is_known())
        return;
    for (const auto& [number, one] : calls_)
        if (const auto due = one.since + *settings_.unreached_ns; due > now)
            wake_at(due);
    for (const auto& [number, link] : links_)
        if (const auto silent = link->connecting_since + *settings_.unreached_ns; silent > now)
            wake_at(silent);
}

void cluster_client::expire(monotonic_ns now) {
    const bool nobody = settings_.unreached_ns && is_nobody_there(now);
    for (auto& [number, one] : calls_) {
        const bool given_up = nobody && one.since + *settings_.unreached_ns <= now;
        const auto strangers = strangers_since(one.since);
        if (one.deadline > now && !given_up && !strangers)
            continue;
        for (std::size_t part = 0; part < one.parts.size(); ++part)
            if (one.parts[part].at != progress::done)
                fail(one, part, strangers ? *strangers : timed_out(one, part, now));
    }
}

void cluster_client::finish(cluster_effects& out) {
    for (auto at = calls_.begin(); at != calls_.end();) {
        if (at->second.open != 0) {
            ++at;
            continue;
        }
        out.finished.push_back(std::move(at->second.call));
        at = calls_.erase(at);
    }
}

link_number cluster_client::link_to(const broker_address& at) {
    const auto [found, is_new] = links_by_address_.try_emplace(at, next_link_);
    if (is_new) {
        links_.emplace(next_link_,
                       std::make_unique<broker_link>(at, settings_, frames_, draws_.split(next_link_)));
        ++next_link_;
    }
    return found->second;
}

broker_link* cluster_client::find(link_number link) {
    const auto found = links_.find(link);
    return found == links_.end() ? nullptr : found->second.get();
}

const broker_address* cluster_client::address_of(link_number link) const {
    const auto found = links_.find(link);
    return found == links_.end() ? nullptr : &found->second->at();
}

std::int64_t cluster_client::pause_after(std::uint32_t attempts) {
    return drawn_pause(settings_.retry_backoff_ns, settings_.retry_backoff_max_ns, attempts, draws_);
}

monotonic_ns cluster_client::deadline() const {
    auto due = wake_;
    for (const auto& [number, link] : links_)
        due = earlier(due, link->session().deadline());
    for (const auto& [number, one] : calls_)
        due = earlier(due, one.deadline);
    return due;
}

} // namespace barnabas::client
