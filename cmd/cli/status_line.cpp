#include "cmd/cli/status_line.hpp"

#include <algorithm>
#include <cstdio>
#include <unistd.h>
#include <utility>

namespace barnabas::cli {

namespace {

constexpr std::chrono::seconds silent_first{1};
constexpr std::chrono::milliseconds pause_between{200};
constexpr std::chrono::seconds pause_between_lines{10};
/// To the first column, and away with what stands there.
constexpr const char* anew = "\r\x1b[K";

} // namespace

status_line::status_line(sink put, clock::time_point now, kind told) : put_(std::move(put)), told_(told) {
    begin(now);
}

status_line::clock::duration status_line::pause() const {
    return told_ == kind::line_by_line ? clock::duration(pause_between_lines) : pause_between;
}

void status_line::begin(clock::time_point now) {
    clear();
    next_ = now + std::max<clock::duration>(silent_first, pause());
}

void status_line::tell(std::string_view text, clock::time_point now) {
    if (!put_ || now < next_)
        return;
    next_ = now + pause();
    if (told_ == kind::line_by_line) {
        put_(std::string(text) + '\n');
        return;
    }
    shown_ = true;
    put_(anew + std::string(text));
}

void status_line::clear() {
    if (shown_)
        put_(anew);
    shown_ = false;
}

status_line::sink terminal_sink() {
    return kind_of_error_stream() == status_line::kind::over_itself ? error_stream_sink()
                                                                    : status_line::sink();
}

status_line::sink error_stream_sink() {
    return [](const std::string& text) {
        std::fputs(text.c_str(), stderr);
        std::fflush(stderr);
    };
}

status_line::kind kind_of_error_stream() {
    return isatty(STDERR_FILENO) == 1 ? status_line::kind::over_itself : status_line::kind::line_by_line;
}

} // namespace barnabas::cli
