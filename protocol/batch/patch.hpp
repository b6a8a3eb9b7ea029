#pragma once

#include "protocol/batch/record_batch.hpp"

#include <cstddef>
#include <span>

namespace barnabas::batch {

// The broker's changes to a client's batch. They write into the bytes, so they come before the slice is first
// shared (slice::patch_before_sharing). The forms that take a batch_view keep its header in step; the bytes
// of the others hold at least one whole batch header, and a whole batch where the CRC is recomputed.

/// Outside the CRC.
void set_base_offset(std::span<std::byte> batch, log_offset base_offset);
void set_base_offset(batch_view& batch, log_offset base_offset);

/// Outside the CRC.
void set_leader_epoch(std::span<std::byte> batch, leader_epoch epoch);
void set_leader_epoch(batch_view& batch, leader_epoch epoch);

/// Marks the batch with log-append time: every record then counts as written at `now`, which stands in
/// the maximum timestamp. Recomputes the CRC.
void set_log_append_time(batch_view& batch, timestamp_ms now);

/// Corrects the maximum timestamp of a create-time batch. Recomputes the CRC.
void set_max_timestamp(batch_view& batch, timestamp_ms max_timestamp);

/// Writes the CRC that belongs to the bytes; for tests that damage a batch on purpose, too.
void recompute_crc(batch_view& batch);

} // namespace barnabas::batch
