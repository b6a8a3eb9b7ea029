#include "runtime/network/tcp_acceptor.hpp"

#include "runtime/network/tcp_stream.hpp"
#include "runtime/scheduler/loop_scheduler.hpp"

#include <boost/asio/ip/v6_only.hpp>

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

} // namespace

tcp_acceptor::tcp_acceptor(loop_scheduler& loops, std::shared_ptr<open_sockets> open,
                           accept_function on_accept)
    : loops_(loops), first_(loops.loop(loop_index(0))), open_(std::move(open)), socket_(first_.io()),
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
    return failed;
}

tcp::endpoint tcp_acceptor::local() const {
    error_code ignored;
    return socket_->local_endpoint(ignored);
}

void tcp_acceptor::start() {
    first_.post([self = shared_from_this()] { self->accept(); });
}

void tcp_acceptor::close() {
    if (closed_.exchange(true))
        return;
    // The descriptor itself belongs to loop 0, but the end of listening must not wait for its turn.
    ::shutdown(socket_->native_handle(), SHUT_RDWR);
    first_.post([self = shared_from_this()] { self->loops_stopped(); });
}

void tcp_acceptor::loops_stopped() {
    closed_ = true;
    pause_.reset();
    socket_.reset();
}

void tcp_acceptor::accept() {
    if (closed_)
        return;
    event_loop& home = loops_.loop(loop_index(next_++ % loops_.loop_count()));
    socket_->async_accept(home.io(),
                          [self = shared_from_this(), &home](const error_code& failed, tcp_socket peer) {
                              self->on_accepted(failed, std::move(peer), home);
                          });
}

void tcp_acceptor::on_accepted(const error_code& failed, tcp_socket peer, event_loop& home) {
    if (closed_)
        return;
    if (failed)
        return failed == asio::error::connection_aborted ? accept() : pause();
    // What is posted must be copyable; a socket is not.
    auto carried = std::make_shared<tcp_socket>(std::move(peer));
    home.post([self = shared_from_this(), carried, &home] {
        if (self->closed_)
            return;
        auto connection =
            std::make_shared<tcp_connection>(std::move(*carried), home, self->open_->connections);
        (*self->on_accept_)(std::make_shared<tcp_stream>(std::move(connection)));
    });
    accept();
}

void tcp_acceptor::pause() {
    open_->accept_pauses.fetch_add(1, std::memory_order_relaxed);
    pause_.emplace(first_.io(), accept_pause);
    pause_->async_wait([self = shared_from_this()](const error_code& cancelled) {
        if (!cancelled)
            self->accept();
    });
}

} // namespace barnabas::runtime
