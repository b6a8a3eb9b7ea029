#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace barnabas::partition_limits {

/// Under write caching nobody waits for syncs; one after so many bytes bounds what a restart has to check.
inline constexpr std::uint64_t cached_bytes_max = 16ull << 20;
/// How long after a failed repair (a full disk) the next one is tried.
inline constexpr std::chrono::milliseconds repair_interval{1000};

/// How long after a pass of compaction that failed the next one is tried: twice as long each time, since what
/// ails a disk or a shortage may pass soon, and a pass that meets damage reads all that lies before it.
inline constexpr std::chrono::milliseconds cleaning_rest_min{10'000};
inline constexpr std::chrono::milliseconds cleaning_rest_max{30 * 60'000};

/// How long an index that was made anew is left alone: in a log that is strange in itself lookups find it
/// astray each time, and each time the whole segment is read.
inline constexpr std::chrono::minutes reindex_rest{10};
/// Segments that wait for it; more of them are noticed again.
inline constexpr std::size_t reindexed_at_once_max = 16;

/// DeleteRecords that may wait for the checkpoint at once. Clients that asked may have given up long ago
/// while a disk hangs; they ask again, and those before them still wait.
inline constexpr std::size_t waiting_deletions_max = 1000;

} // namespace barnabas::partition_limits
