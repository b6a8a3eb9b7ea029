#pragma once

// Private to runtime/network.

#include <boost/asio/io_context.hpp>

#include <optional>
#include <thread>

namespace barnabas::runtime {

/// Where Asio accepts, connects and resolves: on a thread of its own, which hands what it has made to the
/// loops and never touches it again. Streams that are connected are the loops' own (`socket_poller`).
class asio_thread {
public:
    asio_thread();
    ~asio_thread() { stop(); }

    boost::asio::io_context& io() noexcept { return *io_; }
    /// Nothing runs on the thread any more when it returns. What holds a socket or a timer of it must let go
    /// of that before `drop_pending`.
    void stop();
    /// After `stop`: what still waited for something is destroyed, and `io` is gone.
    void drop_pending() { io_.reset(); }

private:
    /// A concurrency hint of one: a single thread runs it, others only post.
    std::optional<boost::asio::io_context> io_{1};
    std::thread thread_;
};

} // namespace barnabas::runtime
