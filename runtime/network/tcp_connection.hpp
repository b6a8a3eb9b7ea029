#pragma once

// Private to runtime/network.

#include "protocol/model/lean_deque.hpp"
#include "runtime/network/network.hpp"
#include "runtime/scheduler/event_loop.hpp"

#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>
#include <set>
#include <vector>

namespace barnabas::runtime {

class tcp_connection;

/// A socket that is connected, before it has a loop.
struct connected_socket {
    descriptor socket;
    endpoint peer;
};

/// The connections that are open, one set per loop, each touched by that loop only (and by whoever stops the
/// loops). They live here; the owner of a stream may be gone while its last bytes are still sent.
using open_connections = std::vector<std::set<std::shared_ptr<tcp_connection>>>;

/// The socket behind a `tcp_stream`. Everything happens on the home loop's thread, so there is no lock.
///
///     open ──close──▶ sending ──all sent──▶ draining ──peer's end──▶ closed
///       └──abort, failure of a later step, time is up, or the loops stop──▶ closed
class tcp_connection final : public turn_end_task,
                             public polled_socket,
                             public std::enable_shared_from_this<tcp_connection> {
public:
    /// On `loop`.
    static std::shared_ptr<tcp_connection> open(connected_socket made, event_loop& loop,
                                                std::shared_ptr<open_connections> all);
    tcp_connection(connected_socket made, event_loop& loop, std::shared_ptr<open_connections> all);
    ~tcp_connection() override;

    event_loop& loop() const noexcept { return loop_; }
    const endpoint& peer() const noexcept { return peer_; }
    /// From any thread.
    bool finished() const noexcept { return finished_.load(std::memory_order_acquire); }

    void attach(stream_events events) { events_ = std::move(events); }
    void read(std::shared_ptr<chunk> into, std::size_t at, std::size_t max);
    void write(std::vector<slice> parts);
    std::size_t unsent_bytes() const noexcept { return unsent_; }
    void close();
    void abort();
    /// The loops stand still: lets go of the socket before their poller goes.
    void loops_stopped() { close_socket(); }

    void at_turn_end() override;
    void on_edge(socket_edge edge) override;

private:
    enum class phase { open, sending, draining, closed };
    struct wanted_read {
        std::shared_ptr<chunk> into;
        std::size_t at = 0;
        std::size_t max = 0;
    };

    void start_polling();
    void ask_turn_end();
    void read_now();
    void finish_read(std::shared_ptr<chunk> into, std::size_t at, std::size_t count);
    std::optional<std::size_t> receive(std::byte* into, std::size_t room);
    void flush();
    bool send_some();
    void take_sent(std::size_t count);
    void fail_writes();
    void all_sent();
    void drain();
    void close_socket();

    event_loop& loop_;
    descriptor socket_;
    std::shared_ptr<open_connections> all_;
    endpoint peer_;
    stream_events events_;
    std::optional<wanted_read> wanted_;
    /// An edge said that there is something to read, and no read has found the end of it yet.
    bool readable_ = false;
    bool peer_ended_ = false;
    lean_deque<slice> parts_;
    std::size_t first_part_sent_ = 0;
    std::size_t unsent_ = 0;
    phase phase_ = phase::open;
    bool turn_end_asked_ = false;
    bool drain_owed_ = false;
    bool waits_writable_ = false;
    std::size_t drained_bytes_ = 0;
    std::atomic<bool> finished_{false};
};

} // namespace barnabas::runtime
