#include "runtime/logging/logger.hpp"

#include "protocol/model/utf8_text.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <span>
#include <unistd.h>

namespace barnabas {

namespace {

/// A civil date from days since 1970-01-01, after Howard Hinnant's `civil_from_days`: eras of 400 years that
/// start on 1 March, so that the leap day is the last of its year.
struct civil_date {
    std::int64_t year;
    unsigned month;
    unsigned day;
};

civil_date date_of(std::int64_t days) {
    constexpr std::int64_t days_per_era = 146'097;
    days += 719'468;
    const std::int64_t era = (days >= 0 ? days : days - (days_per_era - 1)) / days_per_era;
    const auto day_of_era = static_cast<unsigned>(days - era * days_per_era);
    const unsigned year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    const unsigned day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const unsigned shifted_month = (5 * day_of_year + 2) / 153;
    const unsigned month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
    const std::int64_t year = static_cast<std::int64_t>(year_of_era) + era * 400 + (month <= 2 ? 1 : 0);
    return {year, month, day_of_year - (153 * shifted_month + 2) / 5 + 1};
}

bool needs_quotes(std::string_view text) {
    return text.empty() || std::any_of(text.begin(), text.end(), [](unsigned char c) {
               return c <= ' ' || c == '"' || c == '=' || c == '\\' || c == 0x7f;
           });
}

/// Whatever a client sent must stay on its line and must not steer a terminal.
void append_quoted(std::string& line, std::string_view text) {
    line += '"';
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            line += '\\';
            line += c;
        } else if (c == '\n') {
            line += "\\n";
        } else if (byte < 0x20 || byte == 0x7f) {
            char escape[5];
            std::snprintf(escape, sizeof escape, "\\x%02x", byte);
            line += escape;
        } else {
            line += c;
        }
    }
    line += '"';
}

void append_json_text(std::string& line, std::string_view text) {
    // Whatever a client sent: a line that is no UTF-8 would be no JSON.
    std::string valid;
    append_utf8(valid, std::as_bytes(std::span(text)));
    line += '"';
    for (const char c : valid) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            line += '\\';
            line += c;
        } else if (byte < 0x20 || byte == 0x7f) {
            char escape[7];
            std::snprintf(escape, sizeof escape, "\\u%04x", byte);
            line += escape;
        } else {
            line += c;
        }
    }
    line += '"';
}

/// Longest value in a line: a client's text may be as large as a request.
constexpr std::size_t value_bytes_max = 4096;

void write_to_stderr(std::string_view line) {
    while (!line.empty()) {
        const auto written = ::write(STDERR_FILENO, line.data(), line.size());
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return; // Nobody is left who could be told.
        line.remove_prefix(static_cast<std::size_t>(written));
    }
}

} // namespace

std::string_view name_of(log_level level) noexcept {
    switch (level) {
    case log_level::debug: return "debug";
    case log_level::info: return "info";
    case log_level::warn: return "warn";
    case log_level::error: return "error";
    }
    return "unknown";
}

std::optional<log_level> parse_log_level(std::string_view text) noexcept {
    for (const auto level : {log_level::debug, log_level::info, log_level::warn, log_level::error})
        if (name_of(level) == text)
            return level;
    return std::nullopt;
}

std::optional<log_format> parse_log_format(std::string_view text) noexcept {
    if (text == "text")
        return log_format::text;
    if (text == "json")
        return log_format::json;
    return std::nullopt;
}

std::string_view log_fields::value_of(std::string_view key) const noexcept {
    for (const auto& field : fields_)
        if (field.key == key)
            return field.value;
    return {};
}

void memory_logger::write(log_level level, std::string_view event, const log_fields& fields) {
    entries_.push_back({level, std::string(event), fields});
}

std::size_t memory_logger::count(std::string_view event) const noexcept {
    return static_cast<std::size_t>(std::count_if(entries_.begin(), entries_.end(),
                                                  [&](const entry& one) { return one.event == event; }));
}

const memory_logger::entry* memory_logger::find(std::string_view event) const noexcept {
    const auto found = std::find_if(entries_.rbegin(), entries_.rend(),
                                    [&](const entry& one) { return one.event == event; });
    return found == entries_.rend() ? nullptr : &*found;
}

line_logger::line_logger(now_function now, line_writer writer, log_level lowest, log_format format)
    : now_(std::move(now)), writer_(std::move(writer)), lowest_(lowest), format_(format) {}

void line_logger::write(log_level level, std::string_view event, const log_fields& fields) {
    if (level < lowest_)
        return;
    const auto format = format_ == log_format::json ? format_json : format_line;
    writer_(format(now_(), level, event, fields) + "\n");
}

std::string format_line(timestamp_ms at, log_level level, std::string_view event, const log_fields& fields) {
    static constexpr std::string_view names[] = {"DEBUG", "INFO ", "WARN ", "ERROR"};
    std::string line = format_time(at);
    line += ' ';
    line += names[static_cast<std::size_t>(level)];
    line += ' ';
    line += event;
    for (const auto& field : fields) {
        line += ' ';
        line += field.key;
        line += '=';
        const bool cut = field.value.size() > value_bytes_max;
        const auto value = std::string_view(field.value).substr(0, value_bytes_max);
        if (needs_quotes(value))
            append_quoted(line, value);
        else
            line += value;
        if (cut)
            line += "...";
    }
    return line;
}

std::string format_json(timestamp_ms at, log_level level, std::string_view event, const log_fields& fields) {
    std::string line = R"({"time":")" + format_time(at) + R"(","level":")";
    line += name_of(level);
    line += R"(","event":)";
    append_json_text(line, event);
    for (const auto& field : fields) {
        line += ',';
        append_json_text(line, field.key);
        line += ':';
        if (field.is_literal)
            line += field.value;
        else if (field.value.size() > value_bytes_max)
            append_json_text(line, field.value.substr(0, value_bytes_max) + "...");
        else
            append_json_text(line, field.value);
    }
    return line + "}";
}

std::string format_time(timestamp_ms at) {
    constexpr std::int64_t ms_per_day = 86'400'000;
    std::int64_t days = at.get() / ms_per_day, rest = at.get() % ms_per_day;
    if (rest < 0) {
        --days;
        rest += ms_per_day;
    }
    const auto date = date_of(days);
    const auto ms = static_cast<unsigned>(rest);
    char text[64];
    std::snprintf(text, sizeof text, "%04lld-%02u-%02uT%02u:%02u:%02u.%03uZ",
                  static_cast<long long>(date.year), date.month, date.day, ms / 3'600'000, ms / 60'000 % 60,
                  ms / 1000 % 60, ms % 1000);
    return text;
}

std::unique_ptr<logger> make_stderr_logger(line_logger::now_function now, log_level lowest,
                                           log_format format) {
    return std::make_unique<line_logger>(std::move(now), write_to_stderr, lowest, format);
}

} // namespace barnabas
