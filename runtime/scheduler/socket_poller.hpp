#pragma once

// Private to runtime/scheduler and runtime/network.

#include "runtime/scheduler/descriptor.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <optional>
#include <sys/epoll.h>

namespace barnabas::runtime {

/// What the system says of a socket. An edge: it is said once, and again only after the socket had nothing to
/// read, or took nothing more.
struct socket_edge {
    bool readable = false;
    bool writable = false;
    /// The peer has sent all that it ever will, or the stream failed: reads bring the rest, then an end.
    bool ended = false;
};

/// A socket that hears of its edges, on its home loop.
class polled_socket {
public:
    virtual void on_edge(socket_edge edge) = 0;

protected:
    ~polled_socket() = default;
};

/// Where a loop sleeps and hears of its sockets: epoll, edge-triggered. A socket is added once, for all that
/// it may ever wait for; after that a request costs one `recv` and one `sendmsg`, and waiting for the next
/// one nothing. (Asio arms a socket anew for every wait, and looks once more for each sleep: 3.5 system calls
/// for a heartbeat instead of 2.2, which is why only what is rare is left to it: accepting, connecting,
/// resolving.) All but `wake` belongs to the loop's thread.
class socket_poller {
public:
    using time_point = std::chrono::steady_clock::time_point;

    /// Throws `std::system_error` when the process has no descriptor left: an error of the start.
    socket_poller();

    /// False when the system has no room for one more (ENOSPC, ENOMEM).
    bool add(int socket, polled_socket& listener);
    /// Nothing is said of it any more, neither what is on its way.
    void remove(int socket, const polled_socket& listener);

    /// Sleeps until a socket has an edge, `wake` was called, or it is `until` (for ever without one). Does
    /// not sleep while there are edges left to tell.
    void wait(std::optional<time_point> until);
    /// Only looks.
    void look();
    /// Tells up to `most` sockets their edges.
    void tell(std::size_t most);
    /// From any thread: ends a `wait`, or the next one.
    void wake();

private:
    /// Edges that one call brings: with more, the later ones would wait for the former ones' work anyway.
    static constexpr std::size_t edges_per_call = 64;

    void ask_system(int milliseconds);

    descriptor epoll_;
    descriptor wake_up_;
    std::array<epoll_event, edges_per_call> edges_;
    std::size_t next_ = 0;
    std::size_t count_ = 0;
};

} // namespace barnabas::runtime
