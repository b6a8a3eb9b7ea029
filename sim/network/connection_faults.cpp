// What goes wrong with a connection: resets, silence, clogs, and the deaths of its ends.

#include "sim/network/connection.hpp"
#include "sim/network/network_fabric.hpp"

#include <algorithm>
#include <utility>

namespace barnabas::sim {

void connection::process_died(std::size_t side) {
    auto& mine = sides_[side];
    let_go(side);
    if (mine.failed || mine.vanished)
        return;
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

void connection::plan_vanishing(runtime::random& draws, const network_faults& faults) {
    const auto which = draws.below(2);
    const auto after = draws.between(0, faults.half_open_after_high);
    fabric_.world_.schedule_after(after, world_owner, [self = shared_from_this(), which] {
        if (self->harm_planned_)
            self->vanish(which);
    });
}

void connection::host_returned(std::size_t side) {
    auto& other = sides_[1 - side];
    if (!sides_[side].vanished || other.failed)
        return;
    auto& along = ways_[side];
    constexpr std::int64_t longest_retry = 3 * second;
    const auto after = along.draws.between(along.latency, along.latency + longest_retry);
    fabric_.world_.schedule_after(after, world_owner,
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
    fabric_.world_.schedule_after(
        static_cast<std::int64_t>(after), world_owner, [self = shared_from_this(), side] {
            const bool still_silent = self->sides_[1 - side].vanished || self->sides_[1 - side].failed;
            if (!still_silent && self->ways_[1 - side].held.empty())
                return;
            self->fail_side(side);
            // The other side retries in vain as well.
            if (!still_silent)
                self->fail_side(1 - side);
        });
}

void connection::clog(std::size_t from, virtual_time until) {
    ways_[from].clogged_until = std::max(ways_[from].clogged_until, until);
}

/// The first segment is held: by a clog, which ends, or by a blocked link, which may not.
void connection::wait_for_release(std::size_t from) {
    const auto until = ways_[from].clogged_until;
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
    if (along.clogged_until > fabric_.world_.now() ||
        fabric_.blocked(sides_[from].who.host, sides_[1 - from].who.host)) {
        wait_for_release(from);
        return;
    }
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
