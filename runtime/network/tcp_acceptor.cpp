#include "runtime/network/tcp_acceptor.hpp"

#include "runtime/network/tcp_stream.hpp"
#include "runtime/scheduler/event_loop.hpp"
#include "runtime/scheduler/loop_scheduler.hpp"

#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>

#include <cerrno>
#include <sys/socket.h>
#include <utility>

namespace barnabas::runtime {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

/// Out of descriptors: the next attempt to accept comes after this time. At once it would fail again, and
/// spin.
constexpr std::chrono::milliseconds accept_pause{100};
/// Connections that are accepted before the thread looks at other ports.
constexpr int accepted_at_once = 64;

} // namespace

tcp_acceptor::tcp_acceptor(loop_scheduler& loops, std::shared_ptr<open_sockets> open,
                           accept_function on_accept)
    : loops_(loops), open_(std::move(open)), socket_(open_->asio.io()),
      on_accept_(std::make_shared<const accept_function>(std::move(on_accept))) {
    std::lock_guard guard(open_->acceptors_mutex);
    open_->acceptors.insert(this);
}

tcp_acceptor::~tcp_acceptor() {
    std::lock_guard guard(open_->acceptors_mutex);
    open_->acceptors.erase(this);
}

error_code tcp_acceptor::open(const tcp::endpoint& at) {
    error_code failed;
    socket_->open(at.protocol(), failed);
    // A port whose last connections still linger in the system is free nevertheless.
    if (!failed)
        socket_->set_option(tcp::acceptor::reuse_address(true), failed);
    // "All addresses" of IPv6 covers IPv4 as well, whatever the machine's default is.
    if (!failed && at.address().is_v6() && at.address().is_unspecified())
        socket_->set_option(asio::ip::v6_only(false), failed);
    if (!failed)
        socket_->bind(at, failed);
    if (!failed)
        socket_->listen(tcp::acceptor::max_listen_connections, failed);
    if (!failed)
        socket_->non_blocking(true, failed);
    return failed;
}

tcp::endpoint tcp_acceptor::local() const {
    error_code ignored;
    return socket_->local_endpoint(ignored);
}

void tcp_acceptor::start() {
    asio::post(open_->asio.io(), [self = shared_from_this()] { self->wait(); });
}

void tcp_acceptor::close() {
    if (closed_.exchange(true))
        return;
    // The descriptor itself belongs to Asio's thread, but the end of listening must not wait for its turn.
    ::shutdown(socket_->native_handle(), SHUT_RDWR);
    asio::post(open_->asio.io(), [self = shared_from_this()] { self->loops_stopped(); });
}

void tcp_acceptor::loops_stopped() {
    closed_ = true;
    pause_.reset();
    socket_.reset();
}

void tcp_acceptor::wait() {
    if (closed_)
        return;
    socket_->async_wait(tcp::acceptor::wait_read, [self = shared_from_this()](const error_code&) {
        // Whatever there is to say about a failure, accepting says.
        self->accept();
    });
}

void tcp_acceptor::accept() {
    for (int count = 0; count < accepted_at_once; ++count)
        if (closed_ || !accept_one())
            return;
    wait();
}

/// Taken without Asio, which would put each into its own poller only to take it out again. False when the
/// next one has to be waited for, which is arranged.
bool tcp_acceptor::accept_one() {
    tcp::endpoint from;
    auto size = static_cast<socklen_t>(from.capacity());
    const int taken = ::accept4(socket_->native_handle(), from.data(), &size, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (taken >= 0) {
        from.resize(size);
        hand_over({descriptor(taken), {from.address().to_string(), from.port()}});
        return true;
    }
    switch (errno) {
    case EINTR:
    case ECONNABORTED: return true;
    case EAGAIN: wait(); return false;
    default: pause(); return false;
    }
}

void tcp_acceptor::hand_over(connected_socket made) {
    event_loop& home = loops_.loop(loop_index(next_++ % loops_.loop_count()));
    // What is posted must be copyable; a socket is not.
    auto carried = std::make_shared<connected_socket>(std::move(made));
    home.post([self = shared_from_this(), carried, &home] {
        if (self->closed_)
            return;
        auto connection = tcp_connection::open(std::move(*carried), home, self->open_->connections);
        (*self->on_accept_)(std::make_shared<tcp_stream>(std::move(connection)));
    });
}

void tcp_acceptor::pause() {
    if (closed_)
        return;
    open_->accept_pauses.fetch_add(1, std::memory_order_relaxed);
    pause_.emplace(open_->asio.io(), accept_pause);
    pause_->async_wait([self = shared_from_this()](const error_code& cancelled) {
        if (!cancelled)
            self->accept();
    });
}

} // namespace barnabas::runtime
