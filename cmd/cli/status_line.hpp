#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

namespace barnabas::cli {

/// One line of a terminal that tells how far long work is. Work that is done within a second tells nothing.
class status_line {
public:
    using clock = std::chrono::steady_clock;
    /// Writes to the terminal as it is; empty where there is none, and nothing is told.
    using sink = std::function<void(const std::string&)>;

    /// The work begins now.
    status_line(sink put, clock::time_point now);
    ~status_line() { clear(); }
    status_line(const status_line&) = delete;
    status_line& operator=(const status_line&) = delete;

    /// Other work begins now.
    void begin(clock::time_point now);
    /// In place of what was told before.
    void tell(std::string_view text, clock::time_point now);
    /// Takes the line away.
    void clear();

private:
    sink put_;
    clock::time_point next_;
    bool shown_ = false;
};

/// To standard error if it is a terminal.
status_line::sink terminal_sink();

} // namespace barnabas::cli
