#include "sim/network/network_fabric.hpp"

#include "protocol/model/assert.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace barnabas::sim {

/// A listening port of one incarnation; letting go of it closes the port.
class simulated_listener final : public runtime::listening_socket {
public:
    simulated_listener(network_fabric& fabric, std::pair<std::uint32_t, std::uint16_t> key,
                       std::uint64_t number, std::string host)
        : fabric_(fabric), key_(key), number_(number), host_(std::move(host)) {}
    ~simulated_listener() override { fabric_.stop_listening(key_, number_); }
    runtime::endpoint local() const override { return {host_, key_.second}; }

private:
    network_fabric& fabric_;
    std::pair<std::uint32_t, std::uint16_t> key_;
    std::uint64_t number_;
    std::string host_;
};

std::uint16_t network_fabric::host_state::take_port() {
    constexpr std::uint16_t first = 32'768;
    next_port = next_port < first ? first : next_port;
    return next_port++;
}

network_fabric::network_fabric(world& time, const network_faults& faults)
    : world_(time), faults_(faults), draws_(time.draws(draw_stream::network).split("fabric")),
      harm_draws_(draws_.split("harm")) {}

network_fabric::~network_fabric() = default;

std::uint32_t network_fabric::add_host(const std::string& name) {
    const auto number = static_cast<std::uint32_t>(hosts_.size());
    hosts_.push_back({.name = name});
    name_host(name, number);
    return number;
}

void network_fabric::name_host(const std::string& name, std::uint32_t host) {
    BARNABAS_ASSERT(host < hosts_.size());
    names_[name] = host;
}

bool network_fabric::resolve(const std::string& name, std::uint32_t own, std::uint32_t& host) const {
    if (name.empty() || name == "0.0.0.0" || name == "localhost" || name == "127.0.0.1") {
        host = own;
        return true;
    }
    const auto found = names_.find(name);
    if (found == names_.end())
        return false;
    host = found->second;
    return true;
}

// ---- node life

std::unique_ptr<node_network> network_fabric::boot(std::uint32_t host, std::uint32_t loops, owner_id owner) {
    BARNABAS_ASSERT(host < hosts_.size());
    if (!std::exchange(hosts_[host].powered, true)) {
        for (auto& [id, each] : connections_) {
            for (std::size_t side = 0; side < 2; ++side) {
                if (each->side(side).host == host)
                    each->answers_again(side);
            }
        }
    }
    return std::make_unique<node_network>(*this, host, loops, owner);
}

void network_fabric::end(node_network& of, bool power_lost) {
    of.ended_ = true;
    hosts_[of.host_].powered = !power_lost;
    for (auto at = listeners_.begin(); at != listeners_.end();)
        at = at->second.of == &of ? listeners_.erase(at) : std::next(at);
    std::vector<std::shared_ptr<connection>> mine;
    for (auto& [id, each] : connections_) {
        if (each->side(0).owner == of.owner_ || each->side(1).owner == of.owner_)
            mine.push_back(each);
    }
    for (auto& each : mine) {
        for (std::size_t side = 0; side < 2; ++side) {
            if (each->side(side).owner != of.owner_)
                continue;
            if (power_lost)
                each->power_lost(side);
            else
                each->process_died(side);
        }
    }
}

void network_fabric::forget_if_finished(const connection& candidate) {
    // Events that still carry something of it keep it alive.
    if (candidate.finished())
        connections_.erase(candidate.id());
}

// ---- listening and connecting

result<std::unique_ptr<runtime::listening_socket>>
network_fabric::listen(node_network& by, const runtime::endpoint& at,
                       std::function<void(std::shared_ptr<runtime::byte_stream>)> on_accept) {
    if (by.ended_)
        return error{errc::network_exception, "listen: the node has ended"};
    std::uint32_t host = 0;
    if (!resolve(at.host, by.host_, host) || host != by.host_)
        return error{errc::network_exception, "listen on " + at.host + ": not an address of this host"};
    auto port = at.port;
    while (port == 0 || (at.port == 0 && listeners_.count({host, port}) != 0))
        port = hosts_[host].take_port();
    const port_key key{host, port};
    if (listeners_.count(key) != 0)
        return error{errc::address_in_use, "listen on port " + std::to_string(port) + ": already in use"};
    const auto number = next_listener_++;
    listeners_.emplace(key, listener{number, &by, std::move(on_accept), {}});
    return std::unique_ptr<runtime::listening_socket>(std::make_unique<simulated_listener>(
        *this, key, number, at.host.empty() ? hosts_[host].name : at.host));
}

void network_fabric::stop_listening(const port_key& key, std::uint64_t number) {
    const auto found = listeners_.find(key);
    if (found == listeners_.end() || found->second.number != number)
        return;
    const auto untaken = std::move(found->second.backlog);
    listeners_.erase(found);
    for (const auto& each : untaken) {
        each->reset();
        each->process_died(1);
    }
}

void network_fabric::connect(node_network& by, const runtime::endpoint& to, loop_index home,
                             std::function<void(result<std::shared_ptr<runtime::byte_stream>>)> done) {
    if (by.ended_)
        return;
    auto trying = std::make_shared<attempt>();
    trying->number = next_connection_++;
    ++hosts_[by.host_].connects;
    trying->source = {by.host_, by.owner_, home, {hosts_[by.host_].name, hosts_[by.host_].take_port()}};
    trying->to = to;
    trying->done = std::move(done);
    trying->latency = static_cast<std::int64_t>(draws_.log_between(
        static_cast<std::uint64_t>(faults_.latency_low), static_cast<std::uint64_t>(faults_.latency_high)));
    if (!resolve(to.host, by.host_, trying->target)) {
        answer_later(trying, trying->latency, errc::network_exception, "no such host");
        return;
    }
    auto harm = harm_draws_.split(trying->number);
    const auto mode = links_.connects(by.host_, trying->target, world_.now());
    const bool refused = harmed(trying->number, harm_kind::refuse, faults_.refuse_chance, harm);
    const bool hanging = harmed(trying->number, harm_kind::hang, faults_.hang_chance, harm);
    if (hanging || mode == connect_mode::hanging)
        answer_later(trying, faults_.connect_timeout, errc::request_timed_out, "no answer");
    else if (refused || mode == connect_mode::refused)
        answer_later(trying, trying->latency * 2, errc::connection_refused, "connection refused");
    else
        world_.schedule_after(trying->latency, by.owner_, [this, trying] { reach(trying); });
}

/// Whether chance or the plan does this to the connection with this number.
bool network_fabric::harmed(std::uint64_t number, harm_kind kind, std::uint32_t chance,
                            runtime::random& draws) {
    if (draws.chance(chance, per_million)) {
        report_harm({number, kind, 0, 0, 0});
        return true;
    }
    const auto planned = planned_harm_.find(number);
    return planned != planned_harm_.end() &&
           std::any_of(planned->second.begin(), planned->second.end(),
                       [&](const connection_harm& each) { return each.kind == kind; });
}

void network_fabric::answer_later(std::shared_ptr<attempt> trying, std::int64_t delay, errc code,
                                  const char* why) {
    const auto what =
        code == errc::connection_refused ? connection_event::refused : connection_event::timed_out;
    world_.record(trying->source.host, trace_kind::connection, trying->number,
                  static_cast<std::uint64_t>(what), trying->to.port);
    const auto owner = trying->source.owner;
    world_.schedule_after(delay, owner, [trying = std::move(trying), code, why] {
        trying->done(error{code, "connect to " + trying->to.host + ":" + std::to_string(trying->to.port) +
                                     ": " + why});
    });
}

/// The request to connect reaches the other host.
void network_fabric::reach(std::shared_ptr<attempt> trying) {
    const auto left = std::max<std::int64_t>(0, faults_.connect_timeout - trying->latency - trying->waited);
    const bool no_way =
        blocked(trying->source.host, trying->target) || blocked(trying->target, trying->source.host);
    if (no_way || !hosts_[trying->target].powered) {
        answer_later(std::move(trying), left, errc::request_timed_out, "no answer");
        return;
    }
    const auto clogged = links_.clogged_until(trying->source.host, trying->target);
    if (clogged > world_.now()) {
        wait_and_reach(std::move(trying), clogged - world_.now(), left);
        return;
    }
    const auto found = listeners_.find({trying->target, trying->to.port});
    if (found == listeners_.end()) {
        const auto back = trying->latency;
        answer_later(std::move(trying), back, errc::connection_refused, "connection refused");
        return;
    }
    if (found->second.backlog.size() > listen_backlog) {
        const auto wait = trying->retry_after;
        trying->retry_after *= 2;
        wait_and_reach(std::move(trying), wait, left);
        return;
    }
    establish(*trying, found->first, found->second);
}

void network_fabric::wait_and_reach(std::shared_ptr<attempt> trying, std::int64_t wait, std::int64_t left) {
    trying->waited += std::min(wait, left);
    if (wait >= left)
        answer_later(std::move(trying), left, errc::request_timed_out, "no answer");
    else
        world_.schedule_after(wait, trying->source.owner, [this, trying] { reach(trying); });
}

void network_fabric::establish(attempt& trying, const port_key& key, listener& at) {
    const auto id = trying.number;
    ++connections_made_;
    auto draws = world_.draws(draw_stream::network).split(id);
    auto harm = draws.split("harm");
    const bool mute = harmed(id, harm_kind::mute, faults_.mute_chance, harm);
    const auto& target = *at.of;
    const connection::party accepting{target.host_, target.owner_,
                                      loop_index(quick_below(draws, target.loops_)), trying.to};
    auto made = std::make_shared<connection>(*this, id, trying.source, accepting, draws);
    connections_.emplace(id, made);
    world_.record(trying.source.host, trace_kind::connection, id,
                  static_cast<std::uint64_t>(connection_event::opened), target.host_);
    if (mute)
        made->power_lost(1);
    else
        offer(key, at, made);
    harm_made(*made, harm);
    // If the source dies before it learns of the connection, `end` closes it like any other.
    auto opened = std::make_shared<simulated_stream>(made, 0);
    world_.schedule_after(trying.latency, trying.source.owner,
                          [done = std::move(trying.done), opened = std::move(opened)]() mutable {
                              done(std::shared_ptr<runtime::byte_stream>(std::move(opened)));
                          });
}

/// A process that runs takes a connection at once; for one that stands still its kernel keeps it.
void network_fabric::offer(const port_key& key, listener& to, const std::shared_ptr<connection>& made) {
    const auto paused_until = to.of->paused_until();
    to.backlog.push_back(made);
    if (to.backlog.size() > 1)
        return;
    world_.schedule(std::max(paused_until, world_.now()), to.of->owner_,
                    [this, key, number = to.number] { take_backlog(key, number); });
}

void network_fabric::take_backlog(const port_key& key, std::uint64_t number) {
    const auto found = listeners_.find(key);
    if (found == listeners_.end() || found->second.number != number)
        return;
    auto& at = found->second;
    if (const auto paused_until = at.of->paused_until(); paused_until > world_.now()) {
        world_.schedule(paused_until, at.of->owner_, [this, key, number] { take_backlog(key, number); });
        return;
    }
    const auto accept = at.on_accept;
    for (auto& each : std::exchange(at.backlog, {}))
        accept(std::make_shared<simulated_stream>(each, 1));
}

/// What chance, the plan and the links between the two hosts do to a new connection.
void network_fabric::harm_made(connection& made, runtime::random& draws) {
    if (draws.chance(faults_.half_open_chance, per_million)) {
        const auto side = static_cast<std::uint32_t>(draws.below(2));
        const auto after = static_cast<std::uint64_t>(draws.between(0, faults_.half_open_after_high));
        const connection_harm harm{made.id(), harm_kind::half_open, side, after, 0};
        made.plan_harm(harm);
        report_harm(harm);
    }
    if (const auto planned = planned_harm_.find(made.id()); planned != planned_harm_.end()) {
        for (const auto& harm : planned->second)
            made.plan_harm(harm);
    }
    const auto connecting = made.side(0).host;
    const auto accepting = made.side(1).host;
    if (links_.connects(connecting, accepting, world_.now()) == connect_mode::silent) {
        made.clog(0, links_.connects_until(connecting, accepting));
        made.clog(1, links_.connects_until(connecting, accepting));
    }
    if (const auto bytes = links_.take_reset(connecting, accepting); bytes != 0)
        made.reset_after(0, bytes);
    if (const auto bytes = links_.take_reset(accepting, connecting); bytes != 0)
        made.reset_after(1, bytes);
}

// ---- faults

void network_fabric::set_planned_harm(std::vector<connection_harm> harms) {
    planned_harm_.clear();
    std::stable_sort(harms.begin(), harms.end(),
                     [](const auto& left, const auto& right) { return left.at < right.at; });
    for (const auto& each : harms)
        planned_harm_[each.connection].push_back(each);
}

void network_fabric::heal() {
    faults_ = {};
    links_.clear();
    planned_harm_.clear();
    const auto all = connections_;
    for (auto& [id, each] : all) {
        each->heal();
        for (std::size_t side = 0; side < 2; ++side) {
            if (hosts_[each->side(side).host].powered)
                each->answers_again(side);
        }
    }
}

template <class Act>
void network_fabric::for_each_end(std::uint32_t from, std::uint32_t to, const Act& act) {
    // A copy: what is done to one may make the fabric forget it.
    const auto all = connections_;
    for (auto& [id, each] : all) {
        for (std::size_t side = 0; side < 2; ++side) {
            if (each->side(side).host == from && each->side(1 - side).host == to)
                act(*each, side);
        }
    }
}

void network_fabric::block(std::uint32_t from, std::uint32_t to) {
    if (from != to)
        links_.block(from, to);
}

void network_fabric::unblock(std::uint32_t from, std::uint32_t to) {
    links_.unblock(from, to);
    for_each_end(from, to, [](connection& each, std::size_t side) { each.release_held(side); });
}

void network_fabric::clog(std::uint32_t from, std::uint32_t to, std::int64_t duration_ns) {
    if (from != to)
        links_.clog(from, to, world_.now() + duration_ns);
}

void network_fabric::unclog(std::uint32_t from, std::uint32_t to) {
    links_.unclog(from, to);
    for_each_end(from, to, [](connection& each, std::size_t side) { each.release_held(side); });
}

void network_fabric::slow_down(std::uint32_t from, std::uint32_t to, const link_speed& speed,
                               std::int64_t duration_ns) {
    BARNABAS_ASSERT(speed.bytes_per_second > 0);
    BARNABAS_ASSERT(speed.window_bytes > 0);
    links_.slow(from, to, speed, world_.now() + duration_ns);
}

void network_fabric::set_connects(std::uint32_t from, std::uint32_t to, connect_mode mode,
                                  std::int64_t duration_ns) {
    links_.set_connects(from, to, mode, world_.now() + duration_ns);
}

void network_fabric::vanish(std::uint32_t gone, std::uint32_t peer) {
    for_each_end(gone, peer, [](connection& each, std::size_t side) { each.vanish(side); });
}

void network_fabric::reset_after(std::uint32_t from, std::uint32_t to, std::uint64_t more_bytes) {
    BARNABAS_ASSERT(more_bytes > 0);
    bool any = false;
    for_each_end(from, to, [&](connection& each, std::size_t side) {
        each.reset_after(side, more_bytes);
        any = true;
    });
    if (!any)
        links_.reset_next(from, to, more_bytes);
}

void network_fabric::isolate(std::uint32_t host) {
    for (std::uint32_t other = 0; other < hosts_.size(); ++other) {
        block(host, other);
        block(other, host);
    }
}

void network_fabric::rejoin(std::uint32_t host) {
    for (std::uint32_t other = 0; other < hosts_.size(); ++other) {
        unblock(host, other);
        unblock(other, host);
    }
}

std::size_t network_fabric::reset_connections(std::uint32_t host) {
    std::vector<std::shared_ptr<connection>> theirs;
    for (auto& [id, each] : connections_) {
        if (each->side(0).host == host || each->side(1).host == host)
            theirs.push_back(each);
    }
    for (auto& each : theirs)
        each->reset();
    return theirs.size();
}

bool network_fabric::reset_one(runtime::random& draws) {
    if (connections_.empty())
        return false;
    auto at = connections_.begin();
    std::advance(at, static_cast<std::ptrdiff_t>(draws.below(connections_.size())));
    const auto chosen = at->second;
    chosen->reset();
    return true;
}

} // namespace barnabas::sim
