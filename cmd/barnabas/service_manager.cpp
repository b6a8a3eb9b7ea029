#include "cmd/barnabas/service_manager.hpp"

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace barnabas {

namespace {

/// Progress is told many times within this.
constexpr const char* more_time = "EXTEND_TIMEOUT_USEC=300000000";

} // namespace

service_manager::service_manager() {
    const char* named = std::getenv("NOTIFY_SOCKET");
    // A path, or a name in the abstract space, for which `@` stands in front.
    if (named == nullptr || (named[0] != '/' && named[0] != '@') ||
        std::strlen(named) >= sizeof(sockaddr_un::sun_path))
        return;
    address_ = named;
    if (address_[0] == '@')
        address_[0] = '\0';
    socket_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
}

service_manager::~service_manager() {
    if (socket_ >= 0)
        ::close(socket_);
}

void service_manager::ready(std::string_view status) {
    tell("READY=1\nSTATUS=" + std::string(status));
}

void service_manager::busy(std::string_view status) {
    tell(std::string(more_time) + "\nSTATUS=" + std::string(status));
}

void service_manager::stopping() {
    tell("STOPPING=1\nSTATUS=stopping");
}

void service_manager::tell(const std::string& lines) {
    if (socket_ < 0)
        return;
    sockaddr_un to{};
    to.sun_family = AF_UNIX;
    std::memcpy(to.sun_path, address_.data(), address_.size());
    const auto length = offsetof(sockaddr_un, sun_path) + address_.size();
    // Whoever does not listen any more misses it; the broker goes on.
    (void)::sendto(socket_, lines.data(), lines.size(), MSG_NOSIGNAL | MSG_DONTWAIT,
                   reinterpret_cast<const sockaddr*>(&to), static_cast<socklen_t>(length));
}

} // namespace barnabas
