#pragma once

#include "protocol/model/ids.hpp"

#include <concepts>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace barnabas {

/// debug, info; warn: odd but handled; error: fails a simulation.
enum class log_level : std::uint8_t { debug, info, warn, error };
std::string_view name_of(log_level level) noexcept;
std::optional<log_level> parse_log_level(std::string_view text) noexcept;

/// text: for people; json: one object a line, for programs that collect logs.
enum class log_format : std::uint8_t { text, json };
std::optional<log_format> parse_log_format(std::string_view text) noexcept;

/// One fact of an event.
struct log_field {
    log_field(std::string_view name, std::string_view text) : key(name), value(text) {}
    log_field(std::string_view name, const char* text) : key(name), value(text) {}
    log_field(std::string_view name, const std::string& text) : key(name), value(text) {}
    log_field(std::string_view name, bool flag)
        : key(name), value(flag ? "true" : "false"), is_literal(true) {}
    template <std::integral Number>
    requires(!std::same_as<Number, bool>) log_field(std::string_view name, Number number)
        : key(name), value(std::to_string(number)), is_literal(true) {}
    /// Ids, offsets and epochs.
    template <class Strong>
    requires std::integral<typename Strong::rep> log_field(std::string_view name, Strong number)
        : log_field(name, number.get()) {}
    log_field(std::string_view name, const uuid& id) : key(name), value(to_string(id)) {}

    std::string key;
    std::string value;
    /// A number or true or false, which JSON writes without quotes.
    bool is_literal = false;
};

/// Facts in the order in which they are written. `message` is the one for a sentence that a person reads.
class log_fields {
public:
    log_fields() = default;
    log_fields(std::initializer_list<log_field> fields) : fields_(fields) {}

    template <class Value>
    log_fields& add(std::string_view key, const Value& value) {
        fields_.emplace_back(key, value);
        return *this;
    }
    log_fields& message(std::string_view sentence) { return add("message", sentence); }

    auto begin() const noexcept { return fields_.begin(); }
    auto end() const noexcept { return fields_.end(); }
    bool empty() const noexcept { return fields_.empty(); }
    /// The value of `key`, empty when there is none.
    std::string_view value_of(std::string_view key) const noexcept;

private:
    std::vector<log_field> fields_;
};

/// Takes events: a stable snake_case name plus facts. Called from every loop. Not for the data path: an event
/// per record or per request is a defect.
class logger {
public:
    virtual ~logger() = default;

    virtual void write(log_level level, std::string_view event, const log_fields& fields) = 0;

    void debug(std::string_view event, const log_fields& fields = {}) {
        write(log_level::debug, event, fields);
    }
    void info(std::string_view event, const log_fields& fields = {}) {
        write(log_level::info, event, fields);
    }
    void warn(std::string_view event, const log_fields& fields = {}) {
        write(log_level::warn, event, fields);
    }
    void error(std::string_view event, const log_fields& fields = {}) {
        write(log_level::error, event, fields);
    }
};

/// Takes nothing.
class null_logger final : public logger {
public:
    void write(log_level, std::string_view, const log_fields&) override {}
};

/// Keeps events, for tests and simulations of one thread.
class memory_logger final : public logger {
public:
    struct entry {
        log_level level;
        std::string event;
        log_fields fields;
    };

    void write(log_level level, std::string_view event, const log_fields& fields) override;

    const std::vector<entry>& entries() const noexcept { return entries_; }
    std::size_t count(std::string_view event) const noexcept;
    /// The newest event of that name, or null.
    const entry* find(std::string_view event) const noexcept;

private:
    std::vector<entry> entries_;
};

/// Writes lines, one per event.
class line_logger final : public logger {
public:
    using now_function = std::function<timestamp_ms()>;
    /// Gets one whole line with its newline, possibly from several threads at once.
    using line_writer = std::function<void(std::string_view)>;

    line_logger(now_function now, line_writer writer, log_level lowest = log_level::info,
                log_format format = log_format::text);
    void write(log_level level, std::string_view event, const log_fields& fields) override;

private:
    now_function now_;
    line_writer writer_;
    log_level lowest_;
    log_format format_;
};

/// Time in UTC, level, event, key=value with quotes where needed:
/// "2026-11-21T02:03:04.567Z INFO  listening host=127.0.0.1 port=9092".
std::string format_line(timestamp_ms at, log_level level, std::string_view event, const log_fields& fields);
/// The same as an object: `{"time":"...","level":"info","event":"listening","host":"127.0.0.1","port":9092}`.
std::string format_json(timestamp_ms at, log_level level, std::string_view event, const log_fields& fields);
/// ISO 8601 in UTC with milliseconds.
std::string format_time(timestamp_ms at);

/// Lines on the standard error stream; one system call per line, so lines of several threads stay whole.
std::unique_ptr<logger> make_stderr_logger(line_logger::now_function now, log_level lowest = log_level::info,
                                           log_format format = log_format::text);

} // namespace barnabas
