#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

/// Blocking sockets on 127.0.0.1 for benchmarks. Whatever fails ends the program with the name of the call.
namespace barnabas::bench {

inline int checked(int outcome, const char* call) {
    if (outcome < 0) {
        std::perror(call);
        std::exit(1);
    }
    return outcome;
}

inline sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

/// Listens on a free port, which it returns in `port`.
inline int listen_on_loopback(std::uint16_t& port) {
    const int listener = checked(::socket(AF_INET, SOCK_STREAM, 0), "socket");
    sockaddr_in address = loopback(0);
    checked(::bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address), "bind");
    checked(::listen(listener, 1), "listen");
    socklen_t size = sizeof address;
    checked(::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size), "getsockname");
    port = ntohs(address.sin_port);
    return listener;
}

inline void without_delay(int stream) {
    const int on = 1;
    checked(::setsockopt(stream, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), "setsockopt");
}

inline int accept_one(int listener) {
    const int stream = checked(::accept(listener, nullptr, nullptr), "accept");
    without_delay(stream);
    return stream;
}

inline int connect_to_loopback(std::uint16_t port) {
    const int stream = checked(::socket(AF_INET, SOCK_STREAM, 0), "socket");
    const sockaddr_in address = loopback(port);
    checked(::connect(stream, reinterpret_cast<const sockaddr*>(&address), sizeof address), "connect");
    without_delay(stream);
    return stream;
}

/// Writes all bytes to a socket or file.
inline void write_all(int to, const std::byte* bytes, std::size_t count) {
    while (count > 0) {
        const auto written = ::write(to, bytes, count);
        checked(static_cast<int>(written), "write");
        bytes += written;
        count -= static_cast<std::size_t>(written);
    }
}

/// Reads exactly that many bytes; false when the other side closed first.
inline bool read_all(int from, std::byte* bytes, std::size_t count) {
    while (count > 0) {
        const auto got = ::read(from, bytes, count);
        checked(static_cast<int>(got), "read");
        if (got == 0)
            return false;
        bytes += got;
        count -= static_cast<std::size_t>(got);
    }
    return true;
}

inline double seconds_since(std::chrono::steady_clock::time_point began) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
}

/// Processor time of this process, in user and in system mode.
inline double cpu_seconds() {
    rusage used{};
    checked(::getrusage(RUSAGE_SELF, &used), "getrusage");
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
    };
    return seconds(used.ru_utime) + seconds(used.ru_stime);
}

} // namespace barnabas::bench
