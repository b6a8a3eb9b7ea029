#include "cmd/cli/status_line.hpp"

#include <cstdio>
#include <unistd.h>
#include <utility>

namespace barnabas::cli {

namespace {

constexpr std::chrono::seconds silent_first{1};
constexpr std::chrono::milliseconds pause_between{200};
/// To the first column, and away with what stands there.
constexpr const char* anew = "\r\x1b[K";

} // namespace

status_line::status_line(sink put, clock::time_point now) : put_(std::move(put)), next_(now + silent_first) {}

void status_line::begin(clock::time_point now) {
    clear();
    next_ = now + silent_first;
}

void status_line::tell(std::string_view text, clock::time_point now) {
    if (!put_ || now < next_)
        return;
    next_ = now + pause_between;
    shown_ = true;
    put_(anew + std::string(text));
}

void status_line::clear() {
    if (shown_)
        put_(anew);
    shown_ = false;
}

status_line::sink terminal_sink() {
    if (isatty(STDERR_FILENO) != 1)
        return {};
    return [](const std::string& text) {
        std::fputs(text.c_str(), stderr);
        std::fflush(stderr);
    };
}

} // namespace barnabas::cli
