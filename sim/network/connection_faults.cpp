// What goes wrong with a connection: resets, silence, clogs, and the deaths of its ends.

#include "sim/network/connection.hpp"
#include "sim/network/network_fabric.hpp"

#include <algorithm>
#include <utility>

namespace barnabas::sim {

void connection::process_died(std::size_t side) {
    auto& mine = sides_[side];
    let_go(side);
    if (mine.failed || mine.vanished) {
        fabric_.forget_if_finished(*this);
        return;
    }
    auto& along = ways_[side];
    // What the process still held is lost; what its kernel took travels on.
    along.unsent.clear();
    along.unsent_bytes = 0;
    along.ending = true;
    const bool unread = ways_[1 - side].arrived > 0;
    const auto at = std::max(along.last_arrival, fabric_.world_.now() + along.latency);
    if (unread || along.draws.chance(1, 2)) {
        send_reset(side, at);
        fail_side(side);
        return;
    }
    schedule_pump(side);
}

void connection::vanish(std::size_t side) {
    auto& mine = sides_[side];
    if (std::exchange(mine.vanished, true))
        return;
    note(side, connection_event::vanished);
    fail_side(side);
    fail_after_silence(1 - side);
}

void connection::power_lost(std::size_t side) {
    let_go(side);
    vanish(side);
    fabric_.forget_if_finished(*this);
}

void connection::plan_harm(const connection_harm& harm) {
    const std::size_t side = harm.direction % 2;
    auto& along = ways_[side];
    switch (harm.kind) {
    case harm_kind::reset: along.reset_after = harm.at; return;
    case harm_kind::clog: along.planned_clogs.push_back(harm); return;
    case harm_kind::half_open:
        fabric_.world_.schedule_after(static_cast<std::int64_t>(harm.at), world_owner,
                                      [self = shared_from_this(), side] {
                                          if (self->harm_planned_)
                                              self->vanish(side);
                                      });
        return;
    case harm_kind::refuse:
    case harm_kind::hang:
    case harm_kind::mute: return; // The fabric has seen to these.
    }
}

void connection::answers_again(std::size_t side) {
    const bool gone = sides_[side].vanished || sides_[side].failed;
    auto& other = sides_[1 - side];
    if (!gone || other.failed)
        return;
    auto& along = ways_[side];
    constexpr std::int64_t longest_retry = 3 * second;
    const auto after = along.draws.between(along.latency, along.latency + longest_retry);
    const auto at = std::max(along.last_arrival, fabric_.world_.now() + after);
    fabric_.world_.schedule(at, world_owner,
                            [self = shared_from_this(), side] { self->fail_side(1 - side); });
}

void connection::reset() {
    note(0, connection_event::reset);
    fail_side(0);
    fail_side(1);
}

/// A reset travels to the other side. Bytes that it overtakes are lost.
void connection::send_reset(std::size_t from, virtual_time at) {
    fabric_.world_.schedule(at, world_owner, [self = shared_from_this(), from] {
        if (self->fabric_.blocked(self->sides_[from].who.host, self->sides_[1 - from].who.host))
            self->fail_after_silence(1 - from);
        else
            self->fail_side(1 - from);
    });
}

void connection::fail_side(std::size_t side) {
    auto& mine = sides_[side];
    if (!std::exchange(mine.failed, true)) {
        note(side, connection_event::reset, 1);
        auto& along = ways_[side];
        along.unsent.clear();
        along.unsent_bytes = 0;
        // What had arrived may still be read, or not.
        auto& from_peer = ways_[1 - side];
        if (from_peer.draws.chance(1, 2))
            consume(from_peer, from_peer.arrived);
        want_delivery(side);
    }
    fabric_.forget_if_finished(*this);
}

void connection::fail_after_silence(std::size_t side) {
    const auto& faults = fabric_.faults();
    auto& draws = ways_[1 - side].draws;
    const auto after =
        draws.log_between(static_cast<std::uint64_t>(faults.silence_low),
                          static_cast<std::uint64_t>(std::max(faults.silence_low, faults.silence_high)));
    const auto releases = ways_[1 - side].releases;
    fabric_.world_.schedule_after(
        static_cast<std::int64_t>(after), world_owner, [self = shared_from_this(), side, releases] {
            const auto& from_peer = self->ways_[1 - side];
            const bool still_silent = self->sides_[1 - side].vanished || self->sides_[1 - side].failed;
            const bool still_held = !from_peer.held.empty() && from_peer.releases == releases;
            if (!still_silent && !still_held)
                return;
            self->fail_side(side);
            // The other side retries in vain as well.
            if (!still_silent)
                self->fail_side(1 - side);
        });
}

void connection::reset_after(std::size_t from, std::uint64_t more_bytes) {
    ways_[from].reset_after = ways_[from].sent_total + more_bytes;
}

void connection::clog(std::size_t from, virtual_time until) {
    ways_[from].clogged_until = std::max(ways_[from].clogged_until, until);
}

/// Of this connection, or of the link.
virtual_time connection::clogged_until(std::size_t from) const {
    return std::max(ways_[from].clogged_until,
                    fabric_.links_.clogged_until(sides_[from].who.host, sides_[1 - from].who.host));
}

/// The last segment sent may clog the direction from its arrival on.
void connection::meet_clogs(std::size_t from, virtual_time arrival) {
    auto& along = ways_[from];
    const auto& faults = fabric_.faults();
    if (faults.clog_chance != 0 && along.harm_draws.chance(faults.clog_chance, per_million)) {
        const auto lasts = along.harm_draws.between(0, faults.clog_high);
        clog(from, arrival + lasts);
        fabric_.report_harm(
            {id_, harm_kind::clog, static_cast<std::uint32_t>(from), along.sent_total, lasts});
    }
    while (!along.planned_clogs.empty() && along.planned_clogs.front().at <= along.sent_total) {
        if (harm_planned_)
            clog(from, arrival + along.planned_clogs.front().lasts_ns);
        along.planned_clogs.pop_front();
    }
}

/// The first segment is held: by a clog, which ends, or by a blocked link, which may not.
void connection::wait_for_release(std::size_t from) {
    const auto until = clogged_until(from);
    if (until > fabric_.world_.now())
        fabric_.world_.schedule(until, world_owner,
                                [self = shared_from_this(), from] { self->release_held(from); });
    else
        fail_after_silence(1 - from);
}

void connection::release_held(std::size_t from) {
    auto& along = ways_[from];
    if (along.held.empty())
        return;
    if (clogged_until(from) > fabric_.world_.now() ||
        fabric_.blocked(sides_[from].who.host, sides_[1 - from].who.host)) {
        wait_for_release(from);
        return;
    }
    ++along.releases;
    const auto held = std::exchange(along.held, {});
    for (const auto count : held)
        arrive(from, count);
}

void connection::heal() {
    harm_planned_ = false;
    for (std::size_t side = 0; side < 2; ++side) {
        ways_[side].clogged_until = virtual_time(0);
        ways_[side].reset_after = UINT64_MAX;
        release_held(side);
    }
}

bool connection::finished() const noexcept {
    const auto over = [this](std::size_t side) {
        return sides_[side].closed && (sides_[side].failed || ways_[side].end_sent);
    };
    return over(0) && over(1);
}

void connection::note(std::size_t side, connection_event what, std::uint64_t detail) {
    fabric_.world_.record(sides_[side].who.host, trace_kind::connection, id_,
                          static_cast<std::uint64_t>(what), detail);
}

} // namespace barnabas::sim
