#include "runtime/scheduler/socket_poller.hpp"

#include "protocol/model/assert.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <limits>
#include <sys/eventfd.h>
#include <system_error>

namespace barnabas::runtime {

namespace {

descriptor checked(int number, const char* call) {
    if (number < 0)
        throw std::system_error(errno, std::generic_category(), call);
    return descriptor(number);
}

/// Rounded up: who sleeps to a moment must not wake before it and spin.
int milliseconds_until(socket_poller::time_point moment) {
    const auto left = moment - std::chrono::steady_clock::now();
    if (left <= left.zero())
        return 0;
    const auto rounded = std::chrono::ceil<std::chrono::milliseconds>(left).count();
    return static_cast<int>(std::min<std::int64_t>(rounded, std::numeric_limits<int>::max()));
}

socket_edge edge_of(std::uint32_t events) {
    const bool failed = (events & (EPOLLERR | EPOLLHUP)) != 0;
    const bool ended = failed || (events & EPOLLRDHUP) != 0;
    return {ended || (events & EPOLLIN) != 0, failed || (events & EPOLLOUT) != 0, ended};
}

} // namespace

socket_poller::socket_poller()
    : epoll_(checked(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1")),
      wake_up_(checked(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd")) {
    // An edge for every write, so that nobody has to read it.
    epoll_event wanted{EPOLLIN | EPOLLET, {.ptr = nullptr}};
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, wake_up_.get(), &wanted) < 0)
        throw std::system_error(errno, std::generic_category(), "epoll_ctl");
}

bool socket_poller::add(int socket, polled_socket& listener) {
    epoll_event wanted{EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, {.ptr = &listener}};
    return ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, socket, &wanted) == 0;
}

void socket_poller::remove(int socket, const polled_socket& listener) {
    // Closing it would not do where a child process still holds it.
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, socket, nullptr);
    for (std::size_t i = next_; i < count_; ++i)
        if (edges_[i].data.ptr == &listener)
            edges_[i].data.ptr = nullptr;
}

void socket_poller::wait(std::optional<time_point> until) {
    if (next_ == count_)
        ask_system(until ? milliseconds_until(*until) : -1);
}

void socket_poller::look() {
    if (next_ == count_)
        ask_system(0);
}

void socket_poller::ask_system(int milliseconds) {
    const int seen = ::epoll_wait(epoll_.get(), edges_.data(), static_cast<int>(edges_.size()), milliseconds);
    // A signal ends the sleep; the loop looks around and comes again. Nothing else can fail here.
    BARNABAS_ASSERT(seen >= 0 || errno == EINTR);
    next_ = 0;
    count_ = static_cast<std::size_t>(std::max(seen, 0));
}

void socket_poller::tell(std::size_t most) {
    for (std::size_t told = 0; told < most && next_ < count_; ++told) {
        const auto& edge = edges_[next_++];
        if (edge.data.ptr != nullptr)
            static_cast<polled_socket*>(edge.data.ptr)->on_edge(edge_of(edge.events));
    }
}

void socket_poller::wake() {
    const std::uint64_t one = 1;
    // It only fails when the counter is full, and then the edge is there.
    [[maybe_unused]] const auto ignored = ::write(wake_up_.get(), &one, sizeof one);
}

} // namespace barnabas::runtime
