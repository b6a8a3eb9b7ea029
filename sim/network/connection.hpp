#pragma once

#include "protocol/model/slice.hpp"
#include "runtime/network/network.hpp"
#include "runtime/random/random.hpp"
#include "sim/faults/connection_harm.hpp"
#include "sim/world/virtual_time.hpp"

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

namespace barnabas::sim {

class network_fabric;
struct network_faults;

/// What `trace_kind::connection` reports in `a`. Append only.
enum class connection_event : std::uint8_t {
    opened = 1,
    closed = 2,
    aborted = 3,
    reset = 4,
    end_of_stream = 5,
    vanished = 6,
    refused = 7,
    timed_out = 8,
};

/// One TCP connection between two simulated hosts. Side 0 connected, side 1 accepted; direction d carries the
/// bytes that side d writes. Per direction, in order, nothing invented:
///
///     write -> unsent (the application's) -> [window: in flight, then arrived] -> read
///
/// Bytes are copied when they enter the window, as into a kernel's socket buffer, so that no memory of one
/// node is held by another. Resets, silence and clogs only cut or delay the sequence.
class connection : public std::enable_shared_from_this<connection> {
public:
    struct party {
        std::uint32_t host = 0;
        owner_id owner;
        loop_index home;
        runtime::endpoint at;
    };

    connection(network_fabric& fabric, std::uint64_t id, const party& connecting, const party& accepting,
               runtime::random draws);

    std::uint64_t id() const noexcept { return id_; }
    const party& side(std::size_t index) const noexcept { return sides_[index].who; }

    // Calls of the application on its side; see byte_stream.
    void attach(std::size_t side, runtime::stream_events events);
    void read(std::size_t side, std::shared_ptr<chunk> into, std::size_t at, std::size_t max);
    void write(std::size_t side, std::vector<slice> parts);
    std::size_t unsent_bytes(std::size_t side) const noexcept { return ways_[side].unsent_bytes; }
    void close(std::size_t side);
    void abort(std::size_t side);

    // What happens to the connection.

    /// The process of this side died; its kernel lives and closes the connection.
    void process_died(std::size_t side);
    /// This side is gone without a word; the other side learns of it after a drawn silence. The application
    /// here, if it lives, sees a reset.
    void vanish(std::size_t side);
    /// The process of this side is gone with its host's power.
    void power_lost(std::size_t side);
    /// The host of this side is back, or the network is whole. If this side is gone by now, the other one,
    /// which may not know, is told by a reset as soon as it sends or retries.
    void answers_again(std::size_t side);
    /// What chance or a plan decided when it was made, or before.
    void plan_harm(const connection_harm& harm);
    /// Both sides are reset now.
    void reset();
    /// ... once so many more bytes were sent in direction `from`.
    void reset_after(std::size_t from, std::uint64_t more_bytes);
    /// Direction `from` holds its bytes until then.
    void clog(std::size_t from, virtual_time until);
    /// The link of direction `from` is open again.
    void release_held(std::size_t from);
    /// No planned reset or vanishing happens any more, and clogs end.
    void heal();
    /// Neither side will do anything any more.
    bool finished() const noexcept;

private:
    struct pending_read {
        std::shared_ptr<chunk> into;
        std::size_t at = 0;
        std::size_t max = 0;
        bool wanted = false;
    };
    struct side_state {
        party who;
        runtime::stream_events events;
        pending_read reading;
        bool delivery_scheduled = false;
        /// `on_drained` is called when all is in the window.
        bool drain_owed = false;
        /// The application closed it, or its process is gone: no callbacks.
        bool closed = false;
        /// Reset or timed out: reads end.
        bool failed = false;
        /// Gone without a word: what arrives here is lost.
        bool vanished = false;
    };
    struct way {
        runtime::random draws{0};
        /// Of its own, so that harm leaves all else as it was.
        runtime::random harm_draws{0};
        /// By the position of the byte that meets them, rising.
        std::deque<connection_harm> planned_clogs;
        std::int64_t latency = 0;
        std::uint32_t window = 0;
        std::uint64_t reset_after = UINT64_MAX;
        std::deque<slice> unsent;
        std::size_t unsent_bytes = 0;
        /// Bytes in the window: first those that arrived, then those in flight.
        std::vector<std::byte> bytes;
        std::size_t head = 0;
        std::size_t arrived = 0;
        std::size_t in_flight = 0;
        std::uint64_t sent_total = 0;
        virtual_time link_free{0};
        virtual_time last_arrival{0};
        virtual_time clogged_until{0};
        /// Segments that came to a blocked link, in order; zero is the end of the stream.
        std::deque<std::size_t> held;
        /// How often what was held was let go.
        std::uint64_t releases = 0;
        bool pump_scheduled = false;
        bool ending = false;
        bool end_sent = false;
        bool end_arrived = false;
    };

    void draw_properties(std::size_t from, const network_faults& faults);
    void schedule_pump(std::size_t from);
    void pump(std::size_t from);
    bool link_is_busy(std::size_t from);
    std::size_t next_segment(std::size_t from);
    void take_bytes(way& along, std::size_t count);
    virtual_time arrival_time(std::size_t from, std::size_t count);
    virtual_time clogged_until(std::size_t from) const;
    void meet_clogs(std::size_t from, virtual_time arrival);
    void schedule_arrival(std::size_t from, virtual_time at, std::size_t count);
    void arrive(std::size_t from, std::size_t count);
    void arrived_at_closed(std::size_t from, std::size_t count);
    void finish_sending(std::size_t from);
    void send_reset(std::size_t from, virtual_time at);
    void fail_side(std::size_t side);
    void wait_for_release(std::size_t from);
    void fail_after_silence(std::size_t side);
    void want_delivery(std::size_t side);
    void deliver(std::size_t side);
    void consume(way& along, std::size_t count);
    void let_go(std::size_t side);
    void note(std::size_t side, connection_event what, std::uint64_t detail = 0);

    network_fabric& fabric_;
    std::uint64_t id_;
    std::array<side_state, 2> sides_;
    std::array<way, 2> ways_;
    bool harm_planned_ = true;
};

/// One side of a connection as its node sees it. Letting go of it without `close` closes it.
class simulated_stream final : public runtime::byte_stream {
public:
    simulated_stream(std::shared_ptr<connection> of, std::size_t side) : of_(std::move(of)), side_(side) {}
    ~simulated_stream() override { of_->close(side_); }

    void attach(runtime::stream_events events) override { of_->attach(side_, std::move(events)); }
    void read(std::shared_ptr<chunk> into, std::size_t at, std::size_t max) override {
        of_->read(side_, std::move(into), at, max);
    }
    void write(std::vector<slice> parts) override { of_->write(side_, std::move(parts)); }
    std::size_t unsent_bytes() const override { return of_->unsent_bytes(side_); }
    void close() override { of_->close(side_); }
    void abort() override { of_->abort(side_); }
    runtime::endpoint peer() const override { return of_->side(1 - side_).at; }
    loop_index home() const override { return of_->side(side_).home; }

private:
    std::shared_ptr<connection> of_;
    std::size_t side_;
};

} // namespace barnabas::sim
