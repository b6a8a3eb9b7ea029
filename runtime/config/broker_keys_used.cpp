#include "runtime/config/broker_keys.hpp"

namespace barnabas {

namespace {

constexpr auto boolean = config_type::boolean;
constexpr auto string = config_type::string;
constexpr auto int32 = config_type::int32;
constexpr auto int64 = config_type::int64;
constexpr auto real = config_type::real;
constexpr auto list = config_type::list;
constexpr value_check any = {};
constexpr std::int64_t mebibyte = 1 << 20;

constexpr key_alteration read_anew(value_check check = any, bool above_min = false) {
    return {key_alteration::outcome::read_anew, check, above_min};
}

/// Lists of listeners are only checked here; `resolve` assigns them, since several keys belong together.
result<void> check_listeners(broker_config&, const config_value& value) {
    auto parsed = parse_listeners(value.text);
    if (!parsed)
        return parsed.failure();
    return {};
}

result<void> take_http_listener(broker_config& config, const config_value& value) {
    config.barnabas_http_listener.reset();
    if (value.text.empty())
        return {};
    auto parsed = parse_host_port(value.text);
    if (!parsed)
        return parsed.failure();
    parsed->name = "HTTP";
    config.barnabas_http_listener = std::move(*parsed);
    return {};
}

using config = broker_config;

const broker_key keys[] = {
    // identity and place
    {"node.id", int32, nullptr, at_least(0),
     "Number of this node, unique in its cluster. 1 when neither this nor broker.id is set."},
    {"broker.id", int32, nullptr, at_least(0), "Old name of node.id."},
    {"process.roles", list, "broker,controller", any_of_list("broker controller"),
     "What this node does. One node is broker and controller together.", &config::process_roles},
    {"broker.rack", string, nullptr, any, "Name of the place where this node stands.", &config::broker_rack},
    {"log.dirs", list, nullptr, any, "Directories for data, with commas. Wins over log.dir."},
    {"log.dir", string, "barnabas-data", not_empty(), "Directory for data when log.dirs is not set."},
    {"metadata.log.dir", string, nullptr, any,
     "Directory of the metadata log; the first data directory when not set."},
    {"num.recovery.threads.per.data.dir", int32, "2", at_least(1),
     "Logs per directory that are recovered at the same time when the node starts after it was not stopped "
     "in "
     "good order.",
     &config::num_recovery_threads_per_data_dir},
    {"cordoned.log.dirs",
     list,
     "",
     any,
     "Directories of log.dirs where no new partitions are put, with commas; * for all of them.",
     &config::cordoned_log_dirs,
     {key_alteration::outcome::of_image}},
    {"log.dir.reserve.bytes", int64, "134217728", at_least(0),
     "Room kept back on the disk of each data directory. With less than that free, records are refused with "
     "KAFKA_STORAGE_ERROR, which clients repeat, until there is more again; reading, deleting and the "
     "broker's own files go on.",
     &config::log_dir_reserve_bytes},

    // network
    {"listeners", list, "PLAINTEXT://127.0.0.1:9092", not_empty(),
     "Where the broker listens: NAME://host:port, with commas. Without a host: on all interfaces.",
     &check_listeners},
    {"advertised.listeners", list, nullptr, any,
     "What clients are told to connect to, per listener name. The same as listeners when not set.",
     &check_listeners},
    {"listener.security.protocol.map", list,
     "PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT,SASL_SSL:SASL_SSL", any,
     "Security protocol of each listener name, as NAME:PROTOCOL. Listeners with a protocol other than "
     "PLAINTEXT are "
     "refused."},
    {"controller.listener.names", list, nullptr, any,
     "Listeners for controllers. One node needs none, so they are not opened.",
     &config::controller_listener_names},
    {"socket.request.max.bytes", int32, "104857600", at_least(1),
     "Largest request. A connection that announces more is closed.", &config::socket_request_max_bytes},
    {"queued.max.request.bytes", int64, "-1", at_least(-1),
     "Memory for requests that wait or are read. -1: as barnabas.memory.request.bytes says.",
     &config::queued_max_request_bytes},
    {"connections.max.idle.ms", int64, "600000", at_least(-1),
     "A connection without requests for so long is closed. -1: never.", &config::connections_max_idle_ms},
    {"max.connections", int32, "2147483647", at_least(0), "Most connections at a time.",
     &config::max_connections},
    {"socket.listen.backlog.size", int32, "50", at_least(1), "Connections that may wait to be accepted.",
     &config::socket_listen_backlog_size},
    {"request.timeout.ms", int32, "30000", at_least(0),
     "How long a request that waits for another part of the node may take.", &config::request_timeout_ms},
    {"fetch.max.bytes", int32, "57671680", at_least(1024), "Most bytes in one answer to Fetch.",
     &config::fetch_max_bytes},
    {"max.request.partition.size.limit", int32, "2000", at_least(1),
     "Most partitions in one answer to DescribeTopicPartitions.", &config::max_request_partition_size_limit},
    {"max.incremental.fetch.session.cache.slots", int32, "1000", at_least(0),
     "Incremental fetch sessions that the node keeps.", &config::max_incremental_fetch_session_cache_slots},

    // topics
    {"num.partitions", int32, "1", at_least(1), "Partitions of a topic whose creator names no number.",
     &config::num_partitions},
    {"default.replication.factor", int32, "1", between(1, 32767),
     "Replicas of a topic whose creator names no number.", &config::default_replication_factor},
    {"auto.create.topics.enable", boolean, "true", any,
     "Whether a client that asks for a missing topic creates it.", &config::auto_create_topics_enable},
    {"delete.topic.enable", boolean, "true", any, "Whether topics can be deleted.",
     &config::delete_topic_enable},
    {"min.insync.replicas", int32, "1", at_least(1), "In-sync replicas that acks=all needs.",
     &config::min_insync_replicas},
    {"message.max.bytes", int32, "1048588", at_least(0), "Largest record batch, as it is compressed.",
     &config::message_max_bytes},

    // the log
    {"log.segment.bytes", int32, "1073741824", at_least(mebibyte),
     "A segment file of this size is followed by a new one.", &config::log_segment_bytes},
    {"barnabas.internal.segment.bytes",
     int32,
     nullptr,
     at_least(64),
     "Segment size for tests; wins over every other and may be small.",
     &config::barnabas_internal_segment_bytes,
     {},
     key_use::used,
     true},
    {"log.roll.ms", int64, nullptr, at_least(1),
     "A segment whose first record is so old is followed by a new one."},
    {"log.roll.hours", int32, "168", at_least(1), "The same in hours, when log.roll.ms is not set."},
    {"log.roll.jitter.ms", int64, nullptr, at_least(0),
     "Up to this much is taken off log.roll.ms, for each segment another part, so that they do not all roll "
     "at once."},
    {"log.roll.jitter.hours", int32, "0", at_least(0),
     "The same in hours, when log.roll.jitter.ms is not set."},
    {"log.retention.ms", int64, nullptr, at_least(-1),
     "Segments whose newest record is so old are deleted. -1: never."},
    {"log.retention.minutes", int32, nullptr, at_least(-1),
     "The same in minutes, when log.retention.ms is not set."},
    {"log.retention.hours", int32, "168", at_least(-1), "The same in hours, when neither of the two is set."},
    {"log.retention.bytes", int64, "-1", at_least(-1),
     "A partition larger than this loses its oldest segments. -1: no limit.", &config::log_retention_bytes},
    {"log.retention.check.interval.ms", int64, "300000", at_least(1), "How often retention is looked at.",
     &config::log_retention_check_interval_ms},
    {"log.flush.offset.checkpoint.interval.ms", int32, "60000", at_least(0),
     "How long records may lie behind the recovery point of their log, and a new recovery point be missing "
     "in "
     "recovery-point-offset-checkpoint. A start after a crash checks what lies behind it. With more than "
     "some "
     "hundred partitions that are written to, they take turns.",
     &config::log_flush_offset_checkpoint_interval_ms},
    {"log.flush.start.offset.checkpoint.interval.ms", int32, "60000", at_least(0),
     "How long a new log start offset may be missing in log-start-offset-checkpoint. That of DeleteRecords "
     "is "
     "there before the answer.",
     &config::log_flush_start_offset_checkpoint_interval_ms},
    {"replica.high.watermark.checkpoint.interval.ms", int64, "5000", any,
     "How long a new high watermark may be missing in replication-offset-checkpoint.",
     &config::replica_high_watermark_checkpoint_interval_ms},
    {"log.segment.delete.delay.ms", int64, "60000", at_least(0),
     "Time between dropping a segment and removing its file.", &config::log_segment_delete_delay_ms},
    {"log.index.interval.bytes", int32, "4096", at_least(0),
     "Bytes of records between two entries of an index.", &config::log_index_interval_bytes},
    {"log.index.size.max.bytes", int32, "10485760", at_least(4), "Largest index file.",
     &config::log_index_size_max_bytes},
    {"log.cleanup.policy", list, "delete", any_of_list("compact delete"),
     "What happens to old segments. Empty: nothing.", &config::log_cleanup_policy},
    {"compression.type", string, "producer", one_of("uncompressed zstd lz4 snappy gzip producer"),
     "Compression of stored batches; producer keeps what arrives.", &config::compression_type},
    {"compression.gzip.level", int32, "-1", between_or(1, 9, -1),
     "Level when the broker compresses with gzip."},
    {"compression.lz4.level", int32, "9", between(1, 17), "Level when the broker compresses with lz4."},
    {"compression.zstd.level", int32, "3", between(-131072, 22),
     "Level when the broker compresses with zstd."},
    {"log.message.downconversion.enable", boolean, "true", any,
     "Whether consumers before Kafka 0.11 are served: batches are converted for them.",
     &config::log_message_downconversion_enable},
    {"log.message.timestamp.type", string, "CreateTime", one_of("CreateTime LogAppendTime"),
     "Whether a record's timestamp is its producer's or the time of appending.",
     &config::log_message_timestamp_type},
    {"log.message.timestamp.before.max.ms", int64, "9223372036854775807", at_least(0),
     "How far a producer's timestamp may lie before the broker's clock.",
     &config::log_message_timestamp_before_max_ms},
    {"log.message.timestamp.after.max.ms", int64, "3600000", at_least(0),
     "How far a producer's timestamp may lie after the broker's clock.",
     &config::log_message_timestamp_after_max_ms},

    // compaction
    {"log.cleaner.enable", boolean, "true", any, "Whether compaction runs.", &config::log_cleaner_enable},
    {"log.cleaner.threads", int32, "1", at_least(0), "How many partitions are compacted at once. 0: none.",
     &config::log_cleaner_threads},
    {"log.cleaner.dedupe.buffer.size", int64, "134217728", at_least(1),
     "Most memory for keys while compacting, shared by all that are compacted at once; 24 bytes per key.",
     &config::log_cleaner_dedupe_buffer_size, read_anew(at_least(mebibyte))},
    {"log.cleaner.io.buffer.size", int32, "524288", at_least(0),
     "Bytes that compaction reads at a time, shared by all that are compacted at once.",
     &config::log_cleaner_io_buffer_size, read_anew()},
    {"log.cleaner.io.buffer.load.factor", real, "0.9", any,
     "How full the memory for keys may become, as a share of 1.", &config::log_cleaner_io_buffer_load_factor,
     read_anew(between(0, 1), true)},
    {"log.cleaner.io.max.bytes.per.second", real, "1.7976931348623157E308", any,
     "Most bytes that compaction reads and writes per second, on average.",
     &config::log_cleaner_io_max_bytes_per_second, read_anew(at_least(1))},
    {"replica.alter.log.dirs.io.max.bytes.per.second", int64, "9223372036854775807", at_least(1),
     "Most bytes per second that are copied for moves between directories of log.dirs, on average.",
     &config::replica_alter_log_dirs_io_max_bytes_per_second},
    {"log.cleaner.backoff.ms", int64, "15000", at_least(0), "Pause when nothing is to be compacted.",
     &config::log_cleaner_backoff_ms},
    {"log.cleaner.min.cleanable.ratio", real, "0.5", between(0, 1),
     "Share of uncleaned bytes that starts compaction."},
    {"log.cleaner.delete.retention.ms", int64, "86400000", at_least(0),
     "How long a compacted log keeps marks of deletion."},
    {"log.cleaner.min.compaction.lag.ms", int64, "0", at_least(0),
     "Records younger than this are not compacted."},
    {"log.cleaner.max.compaction.lag.ms", int64, "9223372036854775807", at_least(1),
     "Records older than this are compacted."},

    // producers and replication
    {"producer.id.expiration.ms", int32, "86400000", at_least(1),
     "A producer that was silent for so long is forgotten by its partitions; a wall clock that jumps "
     "does not shorten it.",
     &config::producer_id_expiration_ms},
    {"replica.lag.time.max.ms", int64, "30000", at_least(1),
     "A follower that was behind for so long is not in sync.", &config::replica_lag_time_max_ms},

    // groups
    {"offsets.topic.num.partitions", int32, "50", at_least(1),
     "Partitions of __consumer_offsets, when it is created: the groups are spread over them for ever.",
     &config::offsets_topic_num_partitions},
    {"offsets.topic.replication.factor", int32, "3", between(1, 32767),
     "Replicas of that topic, but not more than there are brokers when it is created.",
     &config::offsets_topic_replication_factor},
    {"offsets.topic.segment.bytes", int32, "104857600", at_least(1), "Segment size of that topic.",
     &config::offsets_topic_segment_bytes},
    {"offsets.retention.minutes", int32, "10080", at_least(1),
     "How long committed offsets are kept that no member of their group reads: from the last member's "
     "leaving "
     "on, and from the commit on for topics that a living group does not subscribe to and for groups that "
     "nobody joined.",
     &config::offsets_retention_minutes},
    {"offsets.retention.check.interval.ms", int64, "600000", at_least(1),
     "How often old offsets are looked for.", &config::offsets_retention_check_interval_ms},
    {"offset.metadata.max.bytes", int32, "4096", at_least(0),
     "Longest text beside a committed offset, counted as Kafka does, which is not in bytes: in UTF-16 units, "
     "as Java's length of a string, so that a character outside of the basic plane counts twice.",
     &config::offset_metadata_max_bytes},
    {"group.initial.rebalance.delay.ms", int32, "3000", at_least(0),
     "How long a new group waits for more members.", &config::group_initial_rebalance_delay_ms},
    {"group.min.session.timeout.ms", int32, "6000", at_least(0), "Shortest session of a group member.",
     &config::group_min_session_timeout_ms},
    {"group.max.session.timeout.ms", int32, "1800000", at_least(0), "Longest session of a group member.",
     &config::group_max_session_timeout_ms},
    {"group.max.size", int32, "2147483647", at_least(1), "Most members of a group.", &config::group_max_size},
    {"group.consumer.session.timeout.ms", int32, "45000", at_least(1),
     "A member of the consumer protocol that was silent for so long is removed.",
     &config::group_consumer_session_timeout_ms},
    {"group.consumer.min.session.timeout.ms", int32, "45000", at_least(1),
     "Shortest session of the consumer protocol.", &config::group_consumer_min_session_timeout_ms},
    {"group.consumer.max.session.timeout.ms", int32, "60000", at_least(1),
     "Longest session of the consumer protocol.", &config::group_consumer_max_session_timeout_ms},
    {"group.consumer.heartbeat.interval.ms", int32, "5000", at_least(1),
     "How often members of the consumer protocol are told to send a heartbeat.",
     &config::group_consumer_heartbeat_interval_ms},
    {"group.consumer.min.heartbeat.interval.ms", int32, "5000", at_least(1),
     "Shortest heartbeats of the consumer protocol.", &config::group_consumer_min_heartbeat_interval_ms},
    {"group.consumer.max.heartbeat.interval.ms", int32, "15000", at_least(1),
     "Longest heartbeats of the consumer protocol.", &config::group_consumer_max_heartbeat_interval_ms},
    {"group.consumer.max.size", int32, "2147483647", at_least(1),
     "Most members of a group of the consumer protocol.", &config::group_consumer_max_size},
    {"group.consumer.assignors", list, "uniform,range", any_of_list("uniform range"),
     "Assignors that groups of the consumer protocol may choose; the first one is taken where no member "
     "wants another.",
     &config::group_consumer_assignors},
    {"group.consumer.migration.policy", string, "bidirectional",
     one_of_any_case("disabled upgrade downgrade bidirectional"),
     "Whether a group that has members may go from the classic to the consumer protocol (upgrade), back "
     "(downgrade), or both.",
     &config::group_consumer_migration_policy},

    // our own
    {"barnabas.event.loops", int32, "0", between(0, 256), "Event loops. 0: one per core, at most 4.",
     &config::barnabas_event_loops},
    {"barnabas.http.listener", string, "127.0.0.1:9644", any,
     "host:port of the pages /metrics, /ready and /live. Empty: off.", &take_http_listener},
    {"barnabas.consumer.lag.partitions.max", int32, "20000", between(0, 10'000'000),
     "Committed offsets whose lag /metrics shows: each takes about three lines of it. 0: none.",
     &config::barnabas_consumer_lag_partitions_max},
    {"barnabas.write.caching", boolean, "false", any,
     "Default of the topic configuration write.caching: acks=all is answered from memory, as Kafka does.",
     &config::barnabas_write_caching},
    {"barnabas.record.validation", string, "full", one_of("full header"),
     "Default of the topic configuration record.validation: full also checks the inside of compressed "
     "batches.",
     &config::barnabas_record_validation},
    {"barnabas.memory.request.bytes", int64, "67108864", at_least(mebibyte),
     "Memory for requests that clients are sending or that wait; connections are held back at this bound.",
     &config::barnabas_memory_request_bytes},
    {"barnabas.memory.fetch.bytes", int64, "67108864", at_least(mebibyte),
     "Memory for records on their way to consumers.", &config::barnabas_memory_fetch_bytes},
    {"barnabas.memory.control.bytes", int64, "8388608", at_least(mebibyte),
     "Memory for the node's own business.", &config::barnabas_memory_control_bytes},
    {"barnabas.memory.tail.bytes", int64, "67108864", at_least(0),
     "Memory for the newest records of all partitions, so that consumers near the end need no disk. 0: none.",
     &config::barnabas_memory_tail_bytes},
    {"barnabas.recovery.point.interval.bytes", int64, "16777216", at_least(1),
     "After about so many bytes a partition notes its producers and its recovery point: a start after a "
     "crash checks no more of it than this.",
     &config::barnabas_recovery_point_interval_bytes},
    {"barnabas.disk.threads", int32, "4", between(1, 256),
     "Threads that wait for the disk. With several data directories each has its share, but two at least.",
     &config::barnabas_disk_threads},
    {"barnabas.log.dir.hang.ms", int64, "10000", at_least(0),
     "A data directory hangs when a call on it has not returned for so long; the log, the metrics and /ready "
     "say so. 0: it is not looked for.",
     &config::barnabas_log_dir_hang_ms},
    {"barnabas.log.dir.hang.offline.ms", int64, "120000", at_least(0),
     "A data directory that hangs for so long goes offline, as one that failed. 0: never.",
     &config::barnabas_log_dir_hang_offline_ms},
    {"barnabas.open.files.max", int32, "0", between(0, 10'000'000),
     "Files of the log that are open at a time; others are opened when they are used. 0: half of what the "
     "system lets the process open.",
     &config::barnabas_open_files_max},
    {"barnabas.commit.journal.syncs", int32, "4", at_least(0),
     "From so many syncs of partitions at a time on, the commit journal of the data directory makes them "
     "stable with one. 0: never.",
     &config::barnabas_commit_journal_syncs},
    {"barnabas.commit.journal.bytes", int64, "33554432", at_least(4096),
     "Size of one file of the commit journal; a data directory has up to five.",
     &config::barnabas_commit_journal_bytes},
    {"barnabas.log.level", string, "info", one_of("debug info warn error"),
     "Lowest level of events that are written.", &config::barnabas_log_level},
    {"barnabas.log.format", string, "text", one_of("text json"),
     "text: lines for people. json: one object a line, for programs that collect logs.",
     &config::barnabas_log_format},
};

} // namespace

std::span<const broker_key> used_broker_keys() {
    return keys;
}

} // namespace barnabas
