#pragma once

#include "actors/replica/log/segment.hpp"
#include "actors/replica/log_options.hpp"

#include <cstdint>
#include <span>
#include <vector>

/// What of a log is to be cleaned: pure arithmetic over its segments.
namespace barnabas::replica {

/// How far a log may be cleaned. All offsets are exclusive ends.
struct clean_bounds {
    log_offset log_start_offset;
    /// Everything below was cleaned before; -1 when nobody knows.
    log_offset cleaned_upto{-1};
    log_offset high_watermark;
    /// First offset of the oldest open transaction.
    log_offset first_unstable_offset;
    /// Below it recovery expects gaps and scans nothing.
    log_offset recovery_point;
    /// First segment that is being written, or not yet synced, or read through open files.
    log_offset first_open_segment;
    timestamp_ms now;
};

/// What a look at a log says.
struct clean_range {
    log_offset dirty_from;
    /// First offset that may not be cleaned; the base of a segment.
    log_offset upto;
    std::uint64_t clean_bytes = 0;
    std::uint64_t dirty_bytes = 0;
    /// A record waits longer than `max.compaction.lag.ms`.
    bool overdue = false;
    /// How many segments lie below `upto`.
    std::size_t segment_count = 0;

    double dirty_ratio() const {
        const auto all = clean_bytes + dirty_bytes;
        return all == 0 ? 0 : static_cast<double>(dirty_bytes) / static_cast<double>(all);
    }
};

clean_range find_clean_range(std::span<const segment_state> segments, const clean_bounds& bounds,
                             const log_options& options);

/// Something is dirty, and enough of it or for too long.
bool wants_cleaning(const clean_range& range, const log_options& options);

/// How many of `segments`, from `first` on, become one: as many as fit by bytes, by both indexes and by the
/// span of offsets that 31 bits hold; at least one. `behind` is the base of the segment behind the last.
std::size_t count_group(const std::vector<segment_state>& segments, std::size_t first, log_offset behind,
                        const log_options& options);

} // namespace barnabas::replica
