#pragma once

#include "protocol/model/ids.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>

/// Timestamps of records may be any int64, and so may durations in a configuration: sums and differences stop
/// at the ends of time.
namespace barnabas::replica {

/// 0 when `to` is not later.
inline std::int64_t distance(timestamp_ms from, timestamp_ms to) noexcept {
    if (to <= from)
        return 0;
    const auto apart = static_cast<std::uint64_t>(to.get()) - static_cast<std::uint64_t>(from.get());
    return static_cast<std::int64_t>(
        std::min<std::uint64_t>(apart, std::numeric_limits<std::int64_t>::max()));
}

/// No time in milliseconds at which something can have been made that was there at `latest`: none, one from
/// the future, or seconds, or nothing at all, where milliseconds were meant (card CLN-11; all seconds since
/// 1970 are a thousandth of the time, and that of events older than 1971 nobody can tell from them).
inline bool is_senseless(timestamp_ms time, timestamp_ms latest) noexcept {
    return time.get() < 0 || time > latest || time.get() < latest.get() / 100;
}

/// `duration_ms` is not negative.
inline timestamp_ms later_by(timestamp_ms from, std::int64_t duration_ms) noexcept {
    const auto most = std::numeric_limits<std::int64_t>::max();
    return from.get() > most - duration_ms ? timestamp_ms(most) : from + duration_ms;
}

} // namespace barnabas::replica
