// What the machine alone needs for a broker's work on bytes: over loopback into a file, and from a file over
// loopback. Prints "wall seconds, processor seconds" of the side that stands for the broker; the other side
// is a child process.

#include "tests/bench/process/socket_calls.hpp"

#include <fcntl.h>
#include <sys/wait.h>

#include <algorithm>
#include <string_view>
#include <vector>

namespace {

using namespace barnabas::bench;

/// As large as the reads and writes of a busy broker.
constexpr std::size_t piece_bytes = 256 * 1024;

/// The child writes zeros into the socket until all are sent.
void send_zeros(std::uint16_t port, std::size_t total) {
    const std::vector<std::byte> piece(piece_bytes);
    const int stream = connect_to_loopback(port);
    for (std::size_t left = total; left > 0;) {
        const std::size_t count = std::min(left, piece.size());
        write_all(stream, piece.data(), count);
        left -= count;
    }
    ::close(stream);
}

/// The child reads from the socket until its end.
void receive_and_forget(std::uint16_t port) {
    std::vector<std::byte> piece(piece_bytes);
    const int stream = connect_to_loopback(port);
    while (checked(static_cast<int>(::read(stream, piece.data(), piece.size())), "read") > 0) {
    }
    ::close(stream);
}

void copy_until_end(int from, int to) {
    std::vector<std::byte> piece(piece_bytes);
    while (true) {
        const auto count = checked(static_cast<int>(::read(from, piece.data(), piece.size())), "read");
        if (count == 0)
            return;
        write_all(to, piece.data(), static_cast<std::size_t>(count));
    }
}

void report(std::chrono::steady_clock::time_point began, double cpu_before) {
    std::printf("%.6f %.6f\n", seconds_since(began), cpu_seconds() - cpu_before);
}

int into_file(const char* path, std::size_t total) {
    std::uint16_t port = 0;
    const int listener = listen_on_loopback(port);
    const int child = checked(::fork(), "fork");
    if (child == 0) {
        send_zeros(port, total);
        ::_exit(0);
    }
    const int file = checked(::open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600), "open");
    const auto began = std::chrono::steady_clock::now();
    const double cpu = cpu_seconds();
    copy_until_end(accept_one(listener), file);
    checked(::fdatasync(file), "fdatasync");
    report(began, cpu);
    checked(::waitpid(child, nullptr, 0), "waitpid");
    return 0;
}

int from_file(const char* path) {
    std::uint16_t port = 0;
    const int listener = listen_on_loopback(port);
    const int child = checked(::fork(), "fork");
    if (child == 0) {
        receive_and_forget(port);
        ::_exit(0);
    }
    const int file = checked(::open(path, O_RDONLY), "open");
    const auto began = std::chrono::steady_clock::now();
    const double cpu = cpu_seconds();
    const int stream = accept_one(listener);
    copy_until_end(file, stream);
    ::close(stream);
    report(began, cpu);
    checked(::waitpid(child, nullptr, 0), "waitpid");
    return 0;
}

} // namespace

int main(int count, char** arguments) {
    const std::string_view what = count > 1 ? arguments[1] : "";
    if (what == "into" && count == 4)
        return into_file(arguments[2], std::strtoull(arguments[3], nullptr, 10));
    if (what == "from" && count == 3)
        return from_file(arguments[2]);
    std::fputs("usage: loopback_copy into FILE BYTES | loopback_copy from FILE\n", stderr);
    return 2;
}
