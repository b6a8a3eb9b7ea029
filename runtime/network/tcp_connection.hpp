#pragma once

// Private to runtime/network.

#include "protocol/model/lean_deque.hpp"
#include "runtime/network/network.hpp"
#include "runtime/scheduler/event_loop.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>
#include <set>
#include <vector>

namespace barnabas::runtime {

class tcp_connection;

/// Of the loop's own executor: the general one asks at run time what each step is.
using tcp_socket =
    boost::asio::basic_stream_socket<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;

/// The connections that are open, one set per loop, each touched by that loop only (and by whoever stops the
/// loops).
using open_connections = std::vector<std::set<tcp_connection*>>;

/// The socket behind a `tcp_stream`. Its pending operations keep it alive, its owner only holds the stream.
/// Everything happens on the home loop's thread, so there is no lock.
///
///     open ──close──▶ sending ──all sent──▶ draining ──peer's end──▶ closed
///       └──abort, failure of a later step, time is up, or the loops stop──▶ closed
class tcp_connection final : public turn_end_task, public std::enable_shared_from_this<tcp_connection> {
public:
    tcp_connection(tcp_socket socket, event_loop& loop, std::shared_ptr<open_connections> open);
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

private:
    enum class phase { open, sending, draining, closed };
    struct wanted_read {
        std::shared_ptr<chunk> into;
        std::size_t at = 0;
        std::size_t max = 0;
    };

    void wait_readable();
    void read_now();
    void finish_read(std::shared_ptr<chunk> into, std::size_t at, std::size_t count);
    std::optional<std::size_t> receive(std::byte* into, std::size_t room);
    void flush();
    bool send_some();
    void take_sent(std::size_t count);
    void wait_writable();
    void fail_writes();
    void all_sent();
    void drain();
    void close_socket();

    event_loop& loop_;
    std::optional<tcp_socket> socket_;
    std::shared_ptr<open_connections> open_;
    endpoint peer_;
    stream_events events_;
    std::optional<wanted_read> wanted_;
    /// The last read filled all that was asked for, so there probably is more.
    bool more_likely_ = false;
    lean_deque<slice> parts_;
    std::size_t first_part_sent_ = 0;
    std::size_t unsent_ = 0;
    phase phase_ = phase::open;
    bool flush_asked_ = false;
    bool drain_owed_ = false;
    bool waits_writable_ = false;
    std::size_t drained_bytes_ = 0;
    std::optional<boost::asio::steady_timer> linger_;
    std::atomic<bool> finished_{false};
};

} // namespace barnabas::runtime
