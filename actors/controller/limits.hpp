#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

/// Bounds of the controller role (style rule S18).
namespace barnabas::controller_limits {

/// One request is one atomic batch of records; more partitions would make it larger than a batch should be.
inline constexpr std::int64_t partitions_per_request_max = 10'000;
/// Producer ids that a broker gets at once: a log record per thousand new producers.
inline constexpr std::int32_t producer_ids_per_block = 1'000;
/// Bytes of one batch of the metadata log that a reader accepts.
inline constexpr std::size_t batch_bytes_max = std::size_t{64} << 20;

/// Bytes of the metadata log read at once on replay.
inline constexpr std::size_t replay_bytes = std::size_t{4} << 20;

/// How long after the metadata log found no room it is written again.
inline constexpr std::chrono::milliseconds retry_interval{1000};

} // namespace barnabas::controller_limits
