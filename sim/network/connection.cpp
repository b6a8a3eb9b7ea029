#include "sim/network/connection.hpp"

#include "protocol/model/assert.hpp"
#include "sim/network/network_fabric.hpp"

#include <algorithm>
#include <cstring>
#include <span>
#include <utility>

namespace barnabas::sim {

namespace {
/// The largest piece that travels at once, as with segmentation offload.
constexpr std::size_t largest_segment = 64 * 1'024;
/// How long a closed stream may take to send what was written.
constexpr std::int64_t linger_ns = 5 * second;
/// Read bytes are cut off the front of the window's memory beyond this.
constexpr std::size_t compact_beyond = 64 * 1'024;
/// On a slow link a segment is what leaves in this part of a second.
constexpr std::uint64_t slow_segments_per_second = 50;
} // namespace

connection::connection(network_fabric& fabric, std::uint64_t id, const party& connecting,
                       const party& accepting, runtime::random draws)
    : fabric_(fabric), id_(id) {
    sides_[0].who = connecting;
    sides_[1].who = accepting;
    for (std::size_t from = 0; from < ways_.size(); ++from) {
        ways_[from].draws = draws.split(from);
        ways_[from].harm_draws = ways_[from].draws.split("harm");
        draw_properties(from, fabric.faults());
    }
}

void connection::draw_properties(std::size_t from, const network_faults& faults) {
    auto& to_make = ways_[from];
    auto& draws = to_make.draws;
    to_make.latency = static_cast<std::int64_t>(draws.log_between(
        static_cast<std::uint64_t>(faults.latency_low), static_cast<std::uint64_t>(faults.latency_high)));
    to_make.window = static_cast<std::uint32_t>(draws.log_between(faults.window_low, faults.window_high));
    auto& harm = to_make.harm_draws;
    if (harm.chance(faults.reset_chance, per_million)) {
        to_make.reset_after = harm.log_between(1, faults.reset_after_bytes_high);
        fabric_.report_harm(
            {id_, harm_kind::reset, static_cast<std::uint32_t>(from), to_make.reset_after, 0});
    }
}

// ---- calls of the application

void connection::attach(std::size_t side, runtime::stream_events events) {
    auto& mine = sides_[side];
    if (mine.closed)
        return;
    BARNABAS_ASSERT(!mine.events.on_read);
    mine.events = std::move(events);
}

void connection::read(std::size_t side, std::shared_ptr<chunk> into, std::size_t at, std::size_t max) {
    auto& mine = sides_[side];
    if (mine.closed)
        return;
    BARNABAS_ASSERT(max > 0);
    BARNABAS_ASSERT(!mine.reading.wanted);
    BARNABAS_ASSERT(into == nullptr || at + max <= into->capacity());
    mine.reading = {std::move(into), at, max, true};
    want_delivery(side);
}

void connection::write(std::size_t side, std::vector<slice> parts) {
    auto& mine = sides_[side];
    auto& along = ways_[side];
    if (mine.closed || mine.failed)
        return;
    for (auto& part : parts) {
        if (part.empty())
            continue;
        along.unsent_bytes += part.size();
        along.unsent.push_back(std::move(part));
    }
    mine.drain_owed =
        mine.drain_owed || (mine.events.on_drained && along.unsent_bytes > mine.events.drained_above);
    schedule_pump(side);
}

void connection::close(std::size_t side) {
    auto& mine = sides_[side];
    if (mine.closed)
        return;
    note(side, connection_event::closed);
    let_go(side);
    if (mine.failed) {
        fabric_.forget_if_finished(*this);
        return;
    }
    // What nobody will read must not hold back the rest.
    consume(ways_[1 - side], ways_[1 - side].arrived);
    schedule_pump(1 - side);
    ways_[side].ending = true;
    schedule_pump(side);
    fabric_.world_.schedule_after(linger_ns, world_owner, [self = shared_from_this(), side] {
        if (!self->ways_[side].end_sent && !self->sides_[side].failed) {
            self->fail_side(side);
            self->send_reset(side, self->fabric_.world_.now() + self->ways_[side].latency);
        }
    });
}

void connection::abort(std::size_t side) {
    auto& mine = sides_[side];
    if (mine.closed)
        return;
    note(side, connection_event::aborted);
    let_go(side);
    if (!mine.failed)
        send_reset(side, fabric_.world_.now() + ways_[side].latency);
    fail_side(side);
}

/// No callback from here on; what the callbacks held is released.
void connection::let_go(std::size_t side) {
    auto& mine = sides_[side];
    mine.closed = true;
    const auto released = std::exchange(mine.events, {});
    mine.reading = {};
}

// ---- from writer to reader

void connection::schedule_pump(std::size_t from) {
    if (std::exchange(ways_[from].pump_scheduled, true))
        return;
    fabric_.world_.schedule_after(0, world_owner, [self = shared_from_this(), from] { self->pump(from); });
}

void connection::pump(std::size_t from) {
    auto& along = ways_[from];
    auto& mine = sides_[from];
    along.pump_scheduled = false;
    if (mine.failed || mine.vanished)
        return;
    while (along.unsent_bytes > 0) {
        const auto count = link_is_busy(from) ? 0 : next_segment(from);
        if (count == 0)
            return;
        take_bytes(along, count);
        fabric_.world_.record(mine.who.host, trace_kind::bytes_sent, id_, count);
        const auto at = arrival_time(from, count);
        schedule_arrival(from, at, count);
        if (along.sent_total >= along.reset_after) {
            fabric_.world_.schedule(at, world_owner, [self = shared_from_this()] {
                if (self->harm_planned_)
                    self->reset();
            });
        }
    }
    finish_sending(from);
}

/// A slow link takes a little at a time, so that it is fast again as soon as it is healed: nothing more is
/// sent while earlier bytes still leave.
bool connection::link_is_busy(std::size_t from) {
    auto& along = ways_[from];
    const auto* slow = fabric_.slow_link(sides_[from].who.host, sides_[1 - from].who.host);
    if (slow == nullptr || along.link_free <= fabric_.world_.now())
        return false;
    if (!std::exchange(along.pump_scheduled, true))
        fabric_.world_.schedule(along.link_free, world_owner,
                                [self = shared_from_this(), from] { self->pump(from); });
    return true;
}

/// How many bytes travel next; zero if the window is full.
std::size_t connection::next_segment(std::size_t from) {
    auto& along = ways_[from];
    const auto in_window = along.arrived + along.in_flight;
    const auto* slow = fabric_.slow_link(sides_[from].who.host, sides_[1 - from].who.host);
    const std::size_t window = slow != nullptr ? std::min(along.window, slow->window_bytes) : along.window;
    if (in_window >= window)
        return 0;
    auto count = std::min({window - in_window, along.unsent_bytes, largest_segment});
    if (slow != nullptr)
        count =
            std::min(count, 1 + static_cast<std::size_t>(slow->bytes_per_second / slow_segments_per_second));
    if (harm_planned_ && along.sent_total < along.reset_after)
        count =
            static_cast<std::size_t>(std::min<std::uint64_t>(count, along.reset_after - along.sent_total));
    if (count > 1 && along.draws.chance(fabric_.faults().split_chance, per_million))
        count = 1 + quick_below(along.draws, static_cast<std::uint32_t>(count - 1));
    return count;
}

void connection::take_bytes(way& along, std::size_t count) {
    if (along.head > compact_beyond && along.head > along.bytes.size() / 2) {
        along.bytes.erase(along.bytes.begin(), along.bytes.begin() + static_cast<std::ptrdiff_t>(along.head));
        along.head = 0;
    }
    along.sent_total += count;
    along.unsent_bytes -= count;
    along.in_flight += count;
    while (count > 0) {
        auto& front = along.unsent.front();
        const auto taken = std::min(count, front.size());
        along.bytes.insert(along.bytes.end(), front.data(), front.data() + taken);
        count -= taken;
        if (taken == front.size())
            along.unsent.pop_front();
        else
            front = front.from(taken);
    }
}

virtual_time connection::arrival_time(std::size_t from, std::size_t count) {
    auto& along = ways_[from];
    const auto& faults = fabric_.faults();
    const auto* slow = fabric_.slow_link(sides_[from].who.host, sides_[1 - from].who.host);
    const auto rate = slow != nullptr ? slow->bytes_per_second : faults.bytes_per_second;
    const auto sending = static_cast<std::int64_t>(count * static_cast<std::uint64_t>(second) /
                                                   std::max<std::uint64_t>(1, rate));
    along.link_free = std::max(along.link_free, fabric_.world_.now()) + sending;
    auto at = along.link_free + along.latency;
    if (along.draws.chance(faults.tail_chance, per_million))
        at = at + along.draws.between(0, faults.tail_high);
    meet_clogs(from, at);
    along.last_arrival = std::max({along.last_arrival, at, along.clogged_until});
    return along.last_arrival;
}

void connection::schedule_arrival(std::size_t from, virtual_time at, std::size_t count) {
    fabric_.world_.schedule(at, world_owner,
                            [self = shared_from_this(), from, count] { self->arrive(from, count); });
}

/// A segment reaches the other host; `count` zero is the end of the stream.
void connection::arrive(std::size_t from, std::size_t count) {
    const auto to = 1 - from;
    auto& along = ways_[from];
    auto& target = sides_[to];
    if (target.failed || target.vanished)
        return;
    const bool clogged = clogged_until(from) > fabric_.world_.now();
    if (clogged || !along.held.empty() || fabric_.blocked(sides_[from].who.host, target.who.host)) {
        along.held.push_back(count);
        if (along.held.size() > 1)
            return;
        wait_for_release(from);
        return;
    }
    if (count == 0) {
        along.end_arrived = true;
        want_delivery(to);
        fabric_.forget_if_finished(*this);
        return;
    }
    along.in_flight -= count;
    along.arrived += count;
    if (target.closed)
        arrived_at_closed(from, count);
    else
        want_delivery(to);
}

/// Nobody reads here any more: the bytes are thrown away, and once all was sent the writer is told by a
/// reset.
void connection::arrived_at_closed(std::size_t from, std::size_t count) {
    const auto to = 1 - from;
    consume(ways_[from], count);
    if (ways_[from].unsent_bytes > 0)
        schedule_pump(from);
    if (ways_[to].end_sent)
        send_reset(to, std::max(ways_[to].last_arrival, fabric_.world_.now() + ways_[to].latency));
}

/// All bytes are in the window: tell the writer, or, if it closed, send the end.
void connection::finish_sending(std::size_t from) {
    auto& along = ways_[from];
    auto& mine = sides_[from];
    if (along.ending && !std::exchange(along.end_sent, true)) {
        along.last_arrival = std::max(along.last_arrival, fabric_.world_.now() + along.latency);
        schedule_arrival(from, along.last_arrival, 0);
        fabric_.forget_if_finished(*this);
        return;
    }
    if (mine.closed || !std::exchange(mine.drain_owed, false))
        return;
    fabric_.world_.schedule_after(0, world_owner, [self = shared_from_this(), from] {
        auto& writer = self->sides_[from];
        if (!writer.closed && !writer.failed && !writer.drain_owed && writer.events.on_drained)
            writer.events.on_drained();
    });
}

void connection::want_delivery(std::size_t side) {
    auto& mine = sides_[side];
    const auto& from_peer = ways_[1 - side];
    const bool something = from_peer.arrived > 0 || from_peer.end_arrived || mine.failed;
    if (!mine.reading.wanted || !something || std::exchange(mine.delivery_scheduled, true))
        return;
    fabric_.world_.schedule_after(0, world_owner, [self = shared_from_this(), side] { self->deliver(side); });
}

void connection::deliver(std::size_t side) {
    auto& mine = sides_[side];
    auto& from_peer = ways_[1 - side];
    mine.delivery_scheduled = false;
    if (mine.closed || !mine.reading.wanted)
        return;
    auto count = std::min(mine.reading.max, from_peer.arrived);
    if (count > 1 && from_peer.draws.chance(fabric_.faults().partial_read_chance, per_million)) {
        const bool single = quick_below(from_peer.draws, 4) == 0;
        count = single ? 1 : 1 + quick_below(from_peer.draws, static_cast<std::uint32_t>(count));
    }
    runtime::read_completion done{std::move(mine.reading.into), mine.reading.at, count};
    mine.reading = {};
    if (count > 0) {
        if (done.into == nullptr) {
            done.into = chunk::allocate(count);
            done.at = 0;
        }
        const std::span<const std::byte> bytes(from_peer.bytes.data() + from_peer.head, count);
        std::memcpy(done.into->data() + done.at, bytes.data(), count);
        fabric_.world_.record(mine.who.host, trace_kind::bytes_read, id_, count, trace_checksum(bytes));
        fabric_.count_delivered(count);
        consume(from_peer, count);
        if (from_peer.unsent_bytes > 0)
            schedule_pump(1 - side);
    } else {
        note(side, connection_event::end_of_stream);
    }
    if (mine.events.on_read)
        mine.events.on_read(std::move(done));
}

void connection::consume(way& along, std::size_t count) {
    BARNABAS_ASSERT(count <= along.arrived);
    along.arrived -= count;
    along.head += count;
    if (along.head == along.bytes.size()) {
        along.bytes.clear();
        along.head = 0;
    }
}

} // namespace barnabas::sim
