#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

namespace barnabas::cli {

/// One line of a terminal that tells how far long work is, or a line of a file every ten seconds. Work that
/// is done within a second (or ten) tells nothing.
class status_line {
public:
    using clock = std::chrono::steady_clock;
    /// Writes to the terminal as it is; empty where there is none, and nothing is told.
    using sink = std::function<void(const std::string&)>;
    enum class kind { over_itself, line_by_line };

    /// The work begins now.
    status_line(sink put, clock::time_point now, kind told = kind::over_itself);
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
    clock::duration pause() const;

    sink put_;
    kind told_;
    clock::time_point next_;
    bool shown_ = false;
};

/// To standard error if it is a terminal.
status_line::sink terminal_sink();
/// To standard error, whatever it is: how it is told there is `kind_of_error_stream`.
status_line::sink error_stream_sink();
status_line::kind kind_of_error_stream();

} // namespace barnabas::cli
