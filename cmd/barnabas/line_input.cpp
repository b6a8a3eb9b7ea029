#include "cmd/barnabas/line_input.hpp"

#include <cerrno>
#include <poll.h>
#include <unistd.h>

namespace barnabas {

bool line_input::is_console() {
    return isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1;
}

bool line_input::fill() {
    constexpr std::size_t bytes_at_once = 64 * 1024;
    if (ended_)
        return false;
    buffer_.erase(0, at_);
    at_ = 0;
    const auto before = buffer_.size();
    buffer_.resize(before + bytes_at_once);
    ssize_t got = 0;
    do
        got = ::read(STDIN_FILENO, buffer_.data() + before, bytes_at_once);
    while (got < 0 && errno == EINTR);
    buffer_.resize(before + static_cast<std::size_t>(got > 0 ? got : 0));
    ended_ = got <= 0;
    return !ended_;
}

bool line_input::next(std::string& line) {
    auto end = buffer_.find('\n', at_);
    while (end == std::string::npos) {
        const auto seen = buffer_.size() - at_;
        if (!fill())
            break;
        end = buffer_.find('\n', at_ + seen);
    }
    if (end == std::string::npos && at_ == buffer_.size())
        return false;
    const auto stop = end == std::string::npos ? buffer_.size() : end;
    line.assign(buffer_, at_, stop - at_);
    at_ = end == std::string::npos ? stop : stop + 1;
    if (!line.empty() && line.back() == '\r')
        line.pop_back();
    return true;
}

bool line_input::is_idle() const {
    if (buffer_.find('\n', at_) != std::string::npos || ended_)
        return false;
    pollfd waiting{STDIN_FILENO, POLLIN, 0};
    return ::poll(&waiting, 1, 0) == 0;
}

} // namespace barnabas
