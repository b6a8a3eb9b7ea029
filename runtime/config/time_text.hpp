#pragma once

#include "protocol/model/error.hpp"

#include <cstdint>
#include <string_view>

/// Times as command lines of Kafka's tools have them.
namespace barnabas {

/// Milliseconds since 1970 of "2026-11-22T10:00:00.000", with or without fractions of a second, and with "Z"
/// or an offset such as "+02:00" or "+0200" behind; without one it is UTC.
result<std::int64_t> parse_date_time(std::string_view text);

/// Milliseconds of an ISO 8601 duration of days and smaller: "P1D", "PT2H30M", "-PT1.5S".
result<std::int64_t> parse_duration(std::string_view text);

} // namespace barnabas
