#include "runtime/network/tcp_connection.hpp"

#include "protocol/model/assert.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <utility>

namespace barnabas::runtime {

namespace {

/// How long `close` goes on: sending what was written, then waiting for the peer's end.
constexpr std::chrono::seconds linger_time{5};
/// What a closing connection still takes from a peer that goes on sending, so that the last answer is not
/// lost to a reset; beyond it the reset is what the peer deserves.
constexpr std::size_t drained_bytes_max = 4 * 1024 * 1024;
/// Parts that one system call takes (the system's limit is 1,024).
constexpr std::size_t parts_per_call = 256;
/// The least memory that a read without target gets: a smaller block costs as much.
constexpr std::size_t read_bytes_min = 512;
/// What a read without target takes at once. Requests are small; larger ones have a target for their rest.
constexpr std::size_t unplaced_bytes_max = 16 * 1024;

/// Neither is needed for a stream to work, so a refusal is no failure.
void set_flag(const descriptor& socket, int level, int option) {
    const int on = 1;
    ::setsockopt(socket.get(), level, option, &on, sizeof on);
}

} // namespace

std::shared_ptr<tcp_connection> tcp_connection::open(connected_socket made, event_loop& loop,
                                                     std::shared_ptr<open_connections> all) {
    auto connection = std::make_shared<tcp_connection>(std::move(made), loop, std::move(all));
    (*connection->all_)[loop.index().get()].insert(connection);
    connection->start_polling();
    return connection;
}

tcp_connection::tcp_connection(connected_socket made, event_loop& loop, std::shared_ptr<open_connections> all)
    : loop_(loop), socket_(std::move(made.socket)), all_(std::move(all)), peer_(std::move(made.peer)) {
    BARNABAS_ASSERT(event_loop::current() == &loop_);
    set_flag(socket_, IPPROTO_TCP, TCP_NODELAY);
    set_flag(socket_, SOL_SOCKET, SO_KEEPALIVE);
}

tcp_connection::~tcp_connection() {
    // The stream closes or aborts it on its loop, and the loops' end does so too.
    BARNABAS_ASSERT(finished());
}

void tcp_connection::start_polling() {
    if (loop_.sockets().add(socket_.get(), *this))
        return;
    // The owner learns it as it learns of every other failure: its read ends.
    ::shutdown(socket_.get(), SHUT_RDWR);
    on_edge({true, true, true});
}

void tcp_connection::read(std::shared_ptr<chunk> into, std::size_t at, std::size_t max) {
    BARNABAS_ASSERT(event_loop::current() == &loop_);
    BARNABAS_ASSERT(!wanted_ && max > 0);
    BARNABAS_ASSERT(into == nullptr || (at <= into->capacity() && max <= into->capacity() - at));
    if (phase_ != phase::open)
        return;
    wanted_ = wanted_read{std::move(into), at, max};
    if (readable_)
        ask_turn_end();
}

void tcp_connection::on_edge(socket_edge edge) {
    const auto self = shared_from_this();
    readable_ = readable_ || edge.readable;
    peer_ended_ = peer_ended_ || edge.ended;
    if (edge.writable && std::exchange(waits_writable_, false))
        flush();
    if (phase_ == phase::draining)
        drain();
    else if (readable_ && wanted_)
        read_now();
}

void tcp_connection::ask_turn_end() {
    if (!std::exchange(turn_end_asked_, true))
        loop_.at_turn_end(shared_from_this());
}

void tcp_connection::at_turn_end() {
    turn_end_asked_ = false;
    flush();
    if (readable_ && wanted_)
        read_now();
}

/// An idle connection holds no memory: it is allocated when there is something to read.
void tcp_connection::read_now() {
    // Bytes without a target come here first: to ask the system how many there are is another call.
    thread_local std::array<std::byte, unplaced_bytes_max> unplaced;
    auto into = wanted_->into;
    const bool placed = into != nullptr;
    const std::size_t room = placed ? wanted_->max : std::min(wanted_->max, unplaced.size());
    const auto arrived = receive(placed ? into->data() + wanted_->at : unplaced.data(), room);
    // Less than there was room for is all that there was (epoll(7)), and what comes later is an edge of its
    // own; but an end that was already told comes without another one.
    readable_ = peer_ended_ || arrived == room;
    if (!arrived)
        return;
    if (!placed) {
        into = chunk::allocate(std::max(read_bytes_min, wanted_->at + *arrived));
        std::copy_n(unplaced.data(), *arrived, into->data() + wanted_->at);
    }
    finish_read(std::move(into), wanted_->at, *arrived);
}

/// Nothing while there are no bytes; 0 at the end, and after a failure.
std::optional<std::size_t> tcp_connection::receive(std::byte* into, std::size_t room) {
    for (;;) {
        const ssize_t count = ::recv(socket_.get(), into, room, MSG_DONTWAIT);
        if (count >= 0)
            return static_cast<std::size_t>(count);
        if (errno == EAGAIN || errno == EWOULDBLOCK)
            return std::nullopt;
        if (errno != EINTR)
            return 0;
    }
}

void tcp_connection::finish_read(std::shared_ptr<chunk> into, std::size_t at, std::size_t count) {
    wanted_.reset();
    if (phase_ == phase::open && events_.on_read)
        events_.on_read({std::move(into), at, count});
}

void tcp_connection::write(std::vector<slice> parts) {
    BARNABAS_ASSERT(event_loop::current() == &loop_);
    if (phase_ != phase::open)
        return;
    for (auto& part : parts) {
        unsent_ += part.size();
        if (!part.empty())
            parts_.push_back(std::move(part));
    }
    drain_owed_ = drain_owed_ || unsent_ > events_.drained_above;
    if (!waits_writable_ && !parts_.empty())
        ask_turn_end();
}

void tcp_connection::flush() {
    if (phase_ == phase::draining || phase_ == phase::closed || waits_writable_)
        return;
    while (!parts_.empty() && send_some()) {
    }
    waits_writable_ = !parts_.empty();
    if (!waits_writable_)
        all_sent();
}

/// False when the socket takes no more now.
bool tcp_connection::send_some() {
    std::array<iovec, parts_per_call> vectors;
    std::size_t count = 0;
    for (auto part = parts_.begin(); part != parts_.end() && count < vectors.size(); ++part, ++count) {
        const std::size_t skipped = count == 0 ? first_part_sent_ : 0;
        vectors[count] = {const_cast<std::byte*>(part->data()) + skipped, part->size() - skipped};
    }
    msghdr message{};
    message.msg_iov = vectors.data();
    message.msg_iovlen = count;
    const ssize_t sent = ::sendmsg(socket_.get(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent >= 0) {
        take_sent(static_cast<std::size_t>(sent));
        return true;
    }
    if (errno == EINTR)
        return true;
    if (errno == EAGAIN || errno == EWOULDBLOCK)
        return false;
    fail_writes();
    return true;
}

void tcp_connection::take_sent(std::size_t count) {
    BARNABAS_ASSERT(count <= unsent_);
    unsent_ -= count;
    while (count > 0) {
        const std::size_t left = parts_.front().size() - first_part_sent_;
        if (count < left) {
            first_part_sent_ += count;
            return;
        }
        count -= left;
        first_part_sent_ = 0;
        parts_.pop_front();
    }
}

/// The peer is gone. The owner learns it from its read, which fails as well; `on_drained` is still called,
/// because an owner that holds back until it comes would not read any more.
void tcp_connection::fail_writes() {
    parts_.clear();
    unsent_ = 0;
    first_part_sent_ = 0;
    ::shutdown(socket_.get(), SHUT_RDWR);
}

void tcp_connection::all_sent() {
    if (phase_ == phase::open) {
        if (std::exchange(drain_owed_, false) && events_.on_drained)
            events_.on_drained();
        return;
    }
    // Bytes that nobody reads would make the system reset the connection and drop what is still on its way.
    phase_ = phase::draining;
    if (::shutdown(socket_.get(), SHUT_WR) < 0)
        close_socket();
    else
        drain();
}

void tcp_connection::drain() {
    std::array<std::byte, 16 * 1024> scratch;
    for (;;) {
        const ssize_t count = ::recv(socket_.get(), scratch.data(), scratch.size(), MSG_DONTWAIT);
        if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return;
        if (count < 0 && errno == EINTR)
            continue;
        drained_bytes_ += static_cast<std::size_t>(std::max<ssize_t>(count, 0));
        if (count <= 0 || drained_bytes_ > drained_bytes_max)
            return close_socket();
    }
}

void tcp_connection::close() {
    BARNABAS_ASSERT(event_loop::current() == &loop_);
    if (phase_ != phase::open)
        return;
    phase_ = phase::sending;
    events_ = {};
    wanted_.reset();
    loop_.call_at(std::chrono::steady_clock::now() + linger_time, [connection = weak_from_this()] {
        if (const auto self = connection.lock())
            self->abort();
    });
    if (!waits_writable_)
        ask_turn_end();
}

void tcp_connection::abort() {
    if (phase_ == phase::closed)
        return;
    const linger at_once{1, 0};
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close_socket();
}

void tcp_connection::close_socket() {
    if (phase_ == phase::closed)
        return;
    phase_ = phase::closed;
    // What the events hold may be the last reference to the owner, and the owner's to this.
    const auto self = shared_from_this();
    const auto dying = std::exchange(events_, {});
    wanted_.reset();
    parts_.clear();
    unsent_ = 0;
    loop_.sockets().remove(socket_.get(), *this);
    socket_.reset();
    (*all_)[loop_.index().get()].erase(self);
    finished_.store(true, std::memory_order_release);
}

} // namespace barnabas::runtime
