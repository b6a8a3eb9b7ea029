#pragma once

#include "actors/replica/log/segment.hpp"
#include "protocol/model/error.hpp"
#include "runtime/disk/disk.hpp"

#include <cstdint>
#include <optional>

namespace barnabas::replica {

struct segment_end {
    log_offset next; ///< behind the last batch
    /// The largest timestamp of the batches behind the last index entry that have records.
    timestamp_ms newest = no_timestamp;
    /// So much lies behind that entry that others must have been lost.
    bool lacks_entries = false;
};

/// Whoever reads behind the last entry walks no further than this, or two intervals, and two batches.
inline constexpr std::uint64_t unindexed_bytes_max = 1 << 20;

/// How a closed segment ends, by the headers behind its last index entry. Nothing where these contradict the
/// index or each other: no CRC covers an offset, and a wrong one must not look like a missing segment.
/// `dense`: batches follow one another without gaps. `interval`: bytes from one index entry to the next.
result<std::optional<segment_end>> end_of_segment(runtime::file_system& files, const segment_files& segment,
                                                  const readable_range& log, bool dense,
                                                  std::int64_t interval);

/// Whether a batch behind the last index entry has records, that largest timestamp and a right CRC.
result<bool> has_batch_of(runtime::file_system& files, const segment_files& segment,
                          const readable_range& log, timestamp_ms newest);

/// A part of a log file.
struct byte_range {
    file_position from;
    std::uint64_t upto = 0;
};

/// The largest timestamp of batches with records that begin in the range, and below the offset, as far as
/// they can be read.
result<timestamp_ms> newest_from(runtime::file_system& files, runtime::file_id log, const byte_range& range,
                                 log_offset below);

} // namespace barnabas::replica
