#pragma once

#include "protocol/model/error.hpp"
#include "runtime/config/config_value.hpp"
#include "runtime/config/listener.hpp"
#include "runtime/config/properties.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace barnabas {

/// The broker's configuration: one typed field per key that is used, named like the key. Read-only once
/// loaded. Default-constructed it holds Kafka's defaults; `set` changes a key as a file would.
struct broker_config {
    broker_config();

    // identity and place
    std::int32_t node_id = 1; ///< `node.id`, else `broker.id`
    std::vector<std::string> process_roles;
    std::string broker_rack;
    std::vector<std::string> log_dirs; ///< `log.dirs`, else `log.dir`
    std::string metadata_log_dir;      ///< `metadata.log.dir`, else the first of `log_dirs`
    std::int32_t num_recovery_threads_per_data_dir = 0;
    std::vector<std::string> cordoned_log_dirs;
    std::int64_t log_dir_reserve_bytes = 0;
    std::int64_t barnabas_log_dir_hang_ms = 0;         ///< 0 = not looked for
    std::int64_t barnabas_log_dir_hang_offline_ms = 0; ///< 0 = never

    // network
    std::vector<listener_endpoint> listeners;
    /// As configured, else equal to `listeners`; a host may be empty (the caller puts the machine's name
    /// there).
    std::vector<listener_endpoint> advertised_listeners;
    std::vector<std::string> controller_listener_names;
    std::int32_t socket_request_max_bytes = 0;
    std::int64_t queued_max_request_bytes = 0; ///< -1: as `barnabas_memory_request_bytes` says
    std::int64_t connections_max_idle_ms = 0;
    std::int32_t max_connections = 0;
    std::int32_t socket_listen_backlog_size = 0;
    std::int32_t request_timeout_ms = 0;
    std::int32_t fetch_max_bytes = 0;
    std::int32_t max_request_partition_size_limit = 0;
    std::int32_t max_incremental_fetch_session_cache_slots = 0;

    // topics
    std::int32_t num_partitions = 0;
    std::int32_t default_replication_factor = 0;
    bool auto_create_topics_enable = false;
    bool delete_topic_enable = false;
    std::int32_t min_insync_replicas = 0;
    std::int32_t message_max_bytes = 0;

    // the log
    std::int32_t log_segment_bytes = 0;
    std::int64_t log_roll_ms = 0;         ///< `log.roll.ms`, else `log.roll.hours`
    std::int64_t log_retention_ms = 0;    ///< `log.retention.ms`, else minutes, else hours; -1 = for ever
    std::int64_t log_retention_bytes = 0; ///< -1 = no limit
    std::int64_t log_retention_check_interval_ms = 0;
    std::int64_t log_segment_delete_delay_ms = 0;
    std::int32_t log_flush_offset_checkpoint_interval_ms = 0;
    std::int32_t log_flush_start_offset_checkpoint_interval_ms = 0;
    std::int32_t log_index_interval_bytes = 0;
    std::int32_t log_index_size_max_bytes = 0;
    std::vector<std::string> log_cleanup_policy;
    std::string compression_type;
    std::string log_message_timestamp_type;
    std::int64_t log_message_timestamp_before_max_ms = 0;
    std::int64_t log_message_timestamp_after_max_ms = 0;
    bool log_message_downconversion_enable = true;

    // compaction
    bool log_cleaner_enable = true;
    std::int32_t log_cleaner_threads = 0;
    std::int64_t log_cleaner_dedupe_buffer_size = 0;
    std::int32_t log_cleaner_io_buffer_size = 0;
    double log_cleaner_io_buffer_load_factor = 0;
    double log_cleaner_io_max_bytes_per_second = 0;
    std::int64_t log_cleaner_backoff_ms = 0;

    // producers and replication
    std::int32_t producer_id_expiration_ms = 0;
    std::int64_t replica_lag_time_max_ms = 0;
    std::int64_t replica_high_watermark_checkpoint_interval_ms = 0;
    std::int64_t replica_alter_log_dirs_io_max_bytes_per_second = 0;

    // groups
    std::int32_t offsets_topic_num_partitions = 0;
    std::int32_t offsets_topic_replication_factor = 0;
    std::int32_t offsets_topic_segment_bytes = 0;
    std::int32_t offsets_retention_minutes = 0;
    std::int64_t offsets_retention_check_interval_ms = 0;
    std::int32_t offset_metadata_max_bytes = 0;
    std::int32_t group_initial_rebalance_delay_ms = 0;
    std::int32_t group_min_session_timeout_ms = 0;
    std::int32_t group_max_session_timeout_ms = 0;
    std::int32_t group_max_size = 0;
    std::int32_t group_consumer_session_timeout_ms = 0;
    std::int32_t group_consumer_min_session_timeout_ms = 0;
    std::int32_t group_consumer_max_session_timeout_ms = 0;
    std::int32_t group_consumer_heartbeat_interval_ms = 0;
    std::int32_t group_consumer_min_heartbeat_interval_ms = 0;
    std::int32_t group_consumer_max_heartbeat_interval_ms = 0;
    std::int32_t group_consumer_max_size = 0;
    std::vector<std::string> group_consumer_assignors;
    std::string group_consumer_migration_policy;

    // our own keys
    std::int32_t barnabas_event_loops = 0; ///< 0 = one per core, at most 4
    std::optional<listener_endpoint> barnabas_http_listener;
    std::int32_t barnabas_consumer_lag_partitions_max = 0;
    bool barnabas_write_caching = false;
    std::string barnabas_record_validation;
    std::int64_t barnabas_memory_request_bytes = 0;
    std::int64_t barnabas_memory_fetch_bytes = 0;
    std::int64_t barnabas_memory_control_bytes = 0;
    std::int64_t barnabas_memory_tail_bytes = 0;
    std::int64_t barnabas_recovery_point_interval_bytes = 0;
    std::int32_t barnabas_disk_threads = 0;
    std::int32_t barnabas_open_files_max = 0; ///< 0 = half of what the process may open
    std::int32_t barnabas_commit_journal_syncs = 0;
    std::int64_t barnabas_commit_journal_bytes = 0;
    std::string barnabas_log_level;
    std::string barnabas_log_format;
    std::int32_t barnabas_internal_segment_bytes = 0; ///< 0 = not set; for tests

    /// Every key that was set, used or not, with its text: what DescribeConfigs shows and topics inherit.
    std::map<std::string, std::string> set_values;
    /// What clients have altered while the cluster runs, for all its brokers and for this one; the second
    /// wins over the first, both over the file. Only keys that `is_dynamic_broker_key` knows: fields stay as
    /// they are, and topics follow (topic_config.hpp).
    std::map<std::string, std::string> altered_for_all{};
    std::map<std::string, std::string> altered_here{};

    /// Sets one key as a file would. The detail of an error names the key, the value and the allowed values.
    result<void> set(std::string_view key, std::string_view value);
    /// The text set for this key, else its default; nothing when it has none or is not known.
    std::optional<std::string> text_of(std::string_view key) const;
};

struct loaded_config {
    broker_config config;
    /// Sentences, in the order of the file: unknown keys, removed keys, keys without effect yet.
    std::vector<std::string> warnings;
};

/// Reads a properties file's text, then `on_top`, of which the last one wins. An invalid value is an error
/// that names file and line (or the origin of what is on top), key, value and allowed values.
result<loaded_config> load(std::string_view file_name, std::string_view text,
                           const std::vector<property>& on_top = {});

/// Names every directory by its whole path: what clients and people are told does not depend on where the
/// broker was started. Those of `cordoned.log.dirs` must be among `log.dirs`.
result<void> make_directories_absolute(broker_config& config, const std::string& working_directory);

/// Splits `key=value` of `--override`.
result<property> parse_override(std::string_view text);

/// Rows of DescribeConfigs for the broker, sorted by name.
std::vector<config_row> describe_broker_configs(const broker_config& config);
/// What clients have altered for all brokers.
std::vector<config_row> describe_altered_for_all(const broker_config& config);

/// Clients may alter it without a restart: the broker key that gives a topic key its default.
bool is_dynamic_broker_key(std::string_view name);
/// Checks what a client wants to set for a broker or for all. Errors have code invalid_request (not known, or
/// only read at start) or invalid_config, and Kafka's words.
result<void> check_altered_broker_config(const std::string& name, const std::string& value);

/// The page docs/configuration.md, made from the tables.
std::string configuration_markdown();

} // namespace barnabas
