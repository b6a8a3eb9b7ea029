#pragma once

#include "protocol/model/error.hpp"
#include "runtime/config/broker_config.hpp"
#include "runtime/config/config_value.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace barnabas {

/// What one topic's partitions go by: the topic's own configuration over the broker's over the defaults.
struct topic_config {
    bool cleanup_delete = false;
    bool cleanup_compact = false;
    std::int64_t retention_ms = 0;    ///< -1 = for ever
    std::int64_t retention_bytes = 0; ///< negative = no limit
    std::int32_t segment_bytes = 0;
    std::int64_t segment_ms = 0;
    std::int64_t segment_jitter_ms = 0;
    std::int32_t segment_index_bytes = 0;
    std::int32_t index_interval_bytes = 0;
    std::int64_t file_delete_delay_ms = 0;
    std::int32_t max_message_bytes = 0;
    /// Timestamps are the time of appending; otherwise the producer's.
    bool log_append_time = false;
    std::int64_t timestamp_before_max_ms = 0;
    std::int64_t timestamp_after_max_ms = 0;
    /// "producer" keeps what arrives; else uncompressed, gzip, snappy, lz4, zstd.
    std::string compression_type;
    std::int32_t compression_gzip_level = 0;
    std::int32_t compression_lz4_level = 0;
    std::int32_t compression_zstd_level = 0;
    std::int32_t min_insync_replicas = 0;
    std::int64_t delete_retention_ms = 0;
    std::int64_t min_compaction_lag_ms = 0;
    std::int64_t max_compaction_lag_ms = 0;
    double min_cleanable_dirty_ratio = 0;
    /// Batches are converted for consumers before Kafka 0.11; else their fetch is refused.
    bool message_downconversion_enable = true;
    /// Acknowledge from memory, as Kafka does, instead of from stable storage.
    bool write_caching = false;
    /// `record.validation=full`: the inside of compressed batches is checked too.
    bool validate_inside = true;
};

/// Checks what a client wants to set on a topic; a null value is refused, as by Kafka. Errors have code
/// invalid_config and Kafka's words.
result<void> check_topic_configs(const std::map<std::string, std::optional<std::string>>& configs);

/// How a client may change a value in part.
enum class config_operation : std::int8_t { set = 0, remove = 1, append = 2, subtract = 3 };

/// `text` with the elements of `change` added at its end, or taken out, where `type` is a list. Elements are
/// there once.
result<std::string> changed_list(const std::string& key, config_type type, config_operation what,
                                 std::string_view text, std::string_view change);

/// `overrides` have passed `check_topic_configs`.
topic_config effective(const broker_config& broker, const std::map<std::string, std::string>& overrides);

/// Rows of DescribeConfigs for a topic, sorted by name.
std::vector<config_row> describe_topic_configs(const broker_config& broker,
                                               const std::map<std::string, std::string>& overrides);

} // namespace barnabas
