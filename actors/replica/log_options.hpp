#pragma once

#include "protocol/batch/record_batch.hpp"
#include "protocol/model/checkpointed_offsets.hpp"
#include "protocol/model/ids.hpp"
#include "protocol/model/planted_bugs.hpp"

#include <cstdint>
#include <limits>
#include <string>

namespace barnabas::replica {

/// What one partition's log is told at its opening; names as in Kafka's topic configuration. -1 = no bound.
struct log_options {
    /// `<log dir>/<topic>-<partition>`; its parent exists.
    std::string directory;
    /// Written to and compared with `partition.metadata`; all zero = neither.
    barnabas::topic_id topic_id;
    barnabas::partition_index partition_index;

    std::int64_t segment_bytes = std::int64_t{1} << 30;
    /// Up to so much earlier a segment is rolled by time, each by a part of its own.
    std::int64_t segment_jitter_ms = 0;
    std::int64_t segment_ms = std::int64_t{7} * 24 * 3600 * 1000;
    std::int64_t index_interval_bytes = 4096;
    std::int64_t segment_index_bytes = 10 << 20;
    std::int64_t max_message_bytes = 1048588;

    std::int64_t retention_ms = std::int64_t{7} * 24 * 3600 * 1000;
    std::int64_t retention_bytes = -1;
    std::int64_t file_delete_delay_ms = 60000;
    /// cleanup.policy has `delete`.
    bool delete_policy = true;
    /// cleanup.policy has `compact`: offsets may have gaps.
    bool compact_policy = false;
    /// It had at some time, so offsets may have gaps all the same.
    bool was_compacted = false;
    double min_cleanable_dirty_ratio = 0.5;
    std::int64_t min_compaction_lag_ms = 0;
    std::int64_t max_compaction_lag_ms = std::numeric_limits<std::int64_t>::max();
    std::int64_t delete_retention_ms = std::int64_t{24} * 3600 * 1000;

    batch::timestamp_type timestamp_type = batch::timestamp_type::create_time;
    std::int64_t timestamp_before_max_ms = -1;
    std::int64_t timestamp_after_max_ms = 3600000;
    std::int64_t producer_id_expiration_ms = 86400000;

    /// A producer snapshot, which is also the recovery point, is written after about so many bytes, so that a
    /// start after a crash reads and checks no more than this and what was in flight.
    std::int64_t snapshot_interval_bytes = 16 << 20;
    /// What the checkpoints of the data directory say of this log.
    checkpointed_offsets checkpointed;

    /// What is written is kept in memory until it is stable, so that the commit journal may take it.
    bool keeps_for_journal = false;

    planted_bugs planted;

    bool may_have_gaps() const noexcept { return compact_policy || was_compacted; }
};

} // namespace barnabas::replica
