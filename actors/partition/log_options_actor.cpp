#include "actors/partition/log_options_actor.hpp"

#include "actors/group/group_names.hpp"
#include "protocol/model/mark.hpp"
#include "runtime/logging/logger.hpp"

#include <algorithm>
#include <utility>

namespace barnabas {

namespace {

/// What the topic's configuration says of it. Connections hold clients to `max.message.bytes`; what a
/// coordinator decides is one batch, however large.
replica::log_options configured(const topic_config& config, const std::string& topic) {
    replica::log_options log;
    log.segment_bytes = config.segment_bytes;
    // What is to be compacted by then must not stay in the active segment.
    log.segment_ms = config.cleanup_compact ? std::min(config.segment_ms, config.max_compaction_lag_ms)
                                            : config.segment_ms;
    log.index_interval_bytes = config.index_interval_bytes;
    log.segment_jitter_ms = config.segment_jitter_ms;
    log.segment_index_bytes = config.segment_index_bytes;
    log.max_message_bytes = topic == group::offsets_topic
                                ? std::max(config.max_message_bytes, config.segment_bytes)
                                : config.max_message_bytes;
    log.retention_ms = config.retention_ms;
    log.retention_bytes = config.retention_bytes;
    log.file_delete_delay_ms = config.file_delete_delay_ms;
    log.delete_policy = config.cleanup_delete;
    log.compact_policy = config.cleanup_compact;
    log.min_cleanable_dirty_ratio = config.min_cleanable_dirty_ratio;
    log.min_compaction_lag_ms = config.min_compaction_lag_ms;
    log.max_compaction_lag_ms = config.max_compaction_lag_ms;
    log.delete_retention_ms = config.delete_retention_ms;
    log.timestamp_type =
        config.log_append_time ? batch::timestamp_type::log_append_time : batch::timestamp_type::create_time;
    log.timestamp_before_max_ms = config.timestamp_before_max_ms;
    log.timestamp_after_max_ms = config.timestamp_after_max_ms;
    return log;
}

replica::log_options log_options_of(const partition_options& options) {
    auto log = configured(options.config, options.topic_name);
    log.directory = options.directory;
    log.topic_id = options.id.topic;
    log.partition_index = options.id.partition;
    log.was_compacted = options.was_compacted;
    log.producer_id_expiration_ms = options.producer_id_expiration_ms;
    log.snapshot_interval_bytes = options.recovery_point_interval_bytes;
    log.checkpointed = options.checkpointed;
    log.planted = options.planted;
    return log;
}

} // namespace

replica::open_job open_job_of(partition_options& options) {
    replica::open_job job;
    job.options = log_options_of(options);
    job.create = options.create;
    job.journaled = std::move(options.journal.held);
    job.journal_damage = options.journal.damage;
    job.closed = std::move(options.closed);
    job.progress = std::move(options.progress);
    return job;
}

void configure(partition& machine, room_for_reads& reads, const configure_partition& wanted,
               const std::string& topic) {
    reads.configure(wanted.config);
    auto options = configured(wanted.config, topic);
    options.was_compacted = wanted.was_compacted;
    machine.on_configured(options, wanted.config.write_caching);
    machine.on_leadership(wanted.led);
}

void report_opening(logger& log, const std::string& partition, const replica::recovery_report& report) {
    if (!report.created && !report.clean)
        log.info("log_recovered", {{"partition", partition}, {"message", replica::to_string(report)}});
    if (report.segments_converted > 0)
        log.info(
            "log_converted",
            {{"partition", partition},
             {"segments", report.segments_converted},
             {"records", report.records_converted},
             {"message", "the records were in messages of magic 0 and 1, from before Kafka 0.11; they are in "
                         "batches of magic 2 now, with the same offsets"}});
    if (report.lost_from < report.lost_upto)
        log.error("records_lost", {{"partition", partition}, {"message", replica::to_string(report)}});
    for (const auto& ignored : report.ignored_checkpoints)
        log.warn("checkpoint_ignored", {{"partition", partition}, {"message", ignored}});
    for (const auto& remark : report.remarks)
        log.warn("log_strange", {{"partition", partition}, {"message", remark}});
    for (const auto& damage : report.damage)
        log.error("log_damaged", {{"partition", partition}, {"message", damage}});
}

result<void> check_room(const runtime::directory_gate& gate, const std::string& topic,
                        const planted_bugs& planted) {
    if (!gate.is_short())
        return {};
    const bool groups = group::is_internal_topic(topic) && !planted.coordinators_without_reserve;
    if (BARNABAS_MARK_IF(groups && gate.may_use_reserve(), group_records_use_reserve))
        return {};
    return error{errc::disk_full,
                 "the data directory " + gate.path() + " is short of room; try again when there is more"};
}

} // namespace barnabas
