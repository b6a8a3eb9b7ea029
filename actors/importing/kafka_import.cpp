#include "actors/importing/kafka_import.hpp"

#include "actors/broker/checkpoint_file.hpp"
#include "actors/broker/small_files.hpp"
#include "actors/controller/metadata_log.hpp"
#include "actors/importing/directory_copy.hpp"
#include "actors/importing/import_plan.hpp"
#include "actors/replica/jobs.hpp"
#include "actors/replica/replica_log.hpp"
#include "runtime/config/data_directories.hpp"
#include "runtime/config/topic_config.hpp"

#include <algorithm>
#include <utility>

namespace barnabas::importing {

namespace {

/// Producers that have an id of Kafka's and wrote elsewhere, or nothing yet: one that goes on here with an
/// id of somebody new would have its records answered as repetitions, and lost.
constexpr std::int32_t unseen_producers = 1'000'000;
/// Kafka counts from 0. A client can write any number.
constexpr producer_id no_id_of_kafka{std::int64_t{1} << 62};

/// What the opened logs say that metadata must know.
struct log_facts {
    producer_id last_producer{-1};
    /// Of each partition, by topic and index.
    std::map<std::pair<std::string, std::size_t>, leader_epoch> epochs;
    /// By data directory.
    std::map<std::string, offsets_by_partition> checkpoints;
};

result<void> close(runtime::file_system& files, replica::replica_log& log) {
    auto job = log.close();
    job.run(files);
    return std::move(job.outcome);
}

/// The steps of an import, with what they know of each other.
class importing_job {
public:
    importing_job(runtime::file_system& files, const import_request& request, import_plan plan)
        : files_(files), request_(request), plan_(std::move(plan)),
          ids_(runtime::random(request.seed).split("directories")) {
        outcome_.cluster_id = plan_.cluster_id;
        outcome_.remarks = plan_.remarks;
    }

    result<import_outcome> run() {
        for (auto& topic : plan_.topics)
            if (auto taken = import_topic(topic); !taken)
                return taken.failure();
        for (auto step : {&importing_job::write_checkpoints, &importing_job::write_metadata,
                          &importing_job::write_identities})
            if (auto done = (this->*step)(); !done)
                return done.failure();
        return std::move(outcome_);
    }

private:
    result<void> import_topic(planned_topic& topic) {
        for (std::size_t i = 0; i < topic.partitions.size(); ++i) {
            if (request_.progress)
                request_.progress(topic.partitions[i].name);
            if (auto taken = import_partition(topic, i); !taken)
                return error{taken.code(), topic.partitions[i].name + ": " + taken.failure().detail};
        }
        outcome_.topics.push_back(topic.topic);
        return {};
    }

    result<void> import_partition(planned_topic& topic, std::size_t index) {
        const auto& one = topic.partitions[index];
        const auto directory = join_path(one.target, one.name);
        if (!one.source.empty())
            if (auto copied = copy_directory(files_, one.source, directory); !copied)
                return copied;
        auto opened = open(topic, index, directory);
        if (!opened)
            return opened.failure();
        const auto& found = *opened->outcome;
        for (const auto& [id, entry] : found.producers.entries())
            if (id < no_id_of_kafka)
                facts_.last_producer = std::max(facts_.last_producer, id);
        // Imported is led anew: the next epoch.
        const auto latest = found.epochs.latest();
        facts_.epochs[{topic.topic.name, index}] = latest ? leader_epoch(latest->get() + 1) : leader_epoch(0);
        const auto start = found.log_start_offset, end = found.log_end_offset;
        facts_.checkpoints[one.target][{topic.topic.name, opened->options.partition_index}] = {
            end, start, end, one.checkpointed.cleaned_upto};
        const bool quiet = found.report.clean || found.report.created;
        topic.topic.partitions.push_back(
            {one.name, directory, start, end, quiet ? std::string() : to_string(found.report)});
        replica::replica_log log(opened->options, std::move(*opened->outcome), monotonic_ns(0));
        if (auto closed = close(files_, log); !closed)
            return closed;
        return files_.sync_directory(one.target);
    }

    /// By Kafka's rules: the copy has no mark of ours.
    result<replica::open_job> open(const planned_topic& topic, std::size_t index,
                                   const std::string& directory) {
        const auto config = effective(request_.config, topic.topic.configs);
        replica::open_job job;
        job.create = topic.partitions[index].source.empty();
        job.options.directory = directory;
        job.options.topic_id = topic.topic.id;
        job.options.partition_index = partition_index(static_cast<std::int32_t>(index));
        job.options.segment_bytes = config.segment_bytes;
        job.options.index_interval_bytes = config.index_interval_bytes;
        job.options.segment_index_bytes = config.segment_index_bytes;
        job.options.delete_policy = config.cleanup_delete;
        job.options.compact_policy = config.cleanup_compact;
        job.options.was_compacted = topic.was_compacted;
        job.options.checkpointed = topic.partitions[index].checkpointed;
        job.run(files_);
        if (!job.outcome)
            return job.outcome.failure();
        const auto& report = job.outcome->report;
        if (!report.damage.empty())
            return error{
                errc::invalid_config,
                "its log is damaged below what Kafka's checkpoint calls stable: " + report.damage.front() +
                    ". Let Kafka repair it, or leave the topic out with --leave-out"};
        return job;
    }

    result<void> write_checkpoints() {
        for (const auto& [directory, offsets] : facts_.checkpoints) {
            checkpoint_job job;
            job.directory = directory;
            for (const auto kind : all_checkpoints)
                job.texts.emplace_back(kind, encode_checkpoint(offsets, kind));
            job.run(files_);
            if (!job.outcome)
                return job.outcome;
        }
        return {};
    }

    std::vector<metadata_record> records_of(const planned_topic& topic) const {
        const auto& configs = topic.topic.configs;
        std::vector<metadata_record> records{topic_created_record{topic.topic.name, topic.topic.id}};
        for (const auto& [key, value] : configs)
            records.emplace_back(config_changed_record{topic.topic.id, key, value});
        for (std::size_t i = 0; i < topic.partitions.size(); ++i) {
            partition_record one;
            one.topic = topic.topic.id;
            one.index = partition_index(static_cast<std::int32_t>(i));
            one.leader = node_id(request_.config.node_id);
            one.leader_epoch = facts_.epochs.at({topic.topic.name, i});
            one.replicas = one.isr = {one.leader};
            records.emplace_back(std::move(one));
        }
        // A policy that is set behind the partitions counts as altered: gaps are then no damage.
        if (topic.was_compacted && !effective(request_.config, configs).cleanup_compact)
            records.emplace_back(config_changed_record{topic.topic.id, "cleanup.policy", "delete"});
        return records;
    }

    result<void> write_metadata() {
        const auto& home = request_.config.metadata_log_dir;
        replica::open_job opening;
        opening.options = metadata_log_options(join_path(home, metadata_log_directory));
        opening.create = true;
        opening.run(files_);
        if (!opening.outcome)
            return opening.outcome.failure();
        replica::replica_log log(opening.options, std::move(*opening.outcome), monotonic_ns(0));
        std::vector<metadata_record> first{feature_level_record{supported_feature_level}};
        first.emplace_back(producer_ids_allocated_record{
            node_id(request_.config.node_id), producer_id(facts_.last_producer.get() + 1), unseen_producers});
        auto written = append(log, first);
        for (const auto& topic : plan_.topics)
            if (written)
                written = append(log, records_of(topic));
        const auto end = log.log_end_offset();
        if (written)
            written = close(files_, log);
        if (!written)
            return written;
        if (auto synced = files_.sync_directory(home); !synced)
            return synced;
        return record_created(files_, home, end);
    }

    result<void> append(replica::replica_log& log, const std::vector<metadata_record>& records) {
        auto batches = batch::split_batches(encode_decision(request_.now, records));
        if (!batches)
            return batches.failure();
        std::vector<replica::write_job> writes;
        auto appended =
            log.append(std::move(*batches), {metadata_epoch, request_.now, monotonic_ns(0), false}, writes);
        if (!appended)
            return appended.failure();
        for (auto& write : writes) {
            write.run(files_);
            if (auto failed = log.on_written(write))
                return failed->error;
        }
        auto sync = log.sync();
        sync.run(files_);
        if (auto failed = log.on_synced(sync))
            return failed->error;
        return sync.names_outcome;
    }

    /// Last: from then on they are a broker's.
    result<void> write_identities() {
        for (const auto& directory : data_directories_of(request_.config))
            if (auto written = write_identity(
                    files_, directory, {plan_.cluster_id, node_id(request_.config.node_id), draw_uuid(ids_)});
                !written)
                return written;
        return {};
    }

    runtime::file_system& files_;
    const import_request& request_;
    import_plan plan_;
    runtime::random ids_;
    log_facts facts_;
    import_outcome outcome_;
};

/// Locks of directories, until the import has ended.
class held_locks {
public:
    explicit held_locks(runtime::file_system& files) : files_(files) {}
    held_locks(const held_locks&) = delete;
    held_locks& operator=(const held_locks&) = delete;
    ~held_locks() {
        for (const auto lock : locks_)
            files_.close(lock);
    }
    void hold(runtime::file_id lock) { locks_.push_back(lock); }

private:
    runtime::file_system& files_;
    std::vector<runtime::file_id> locks_;
};

result<void> take_target(runtime::file_system& files, const std::string& path, held_locks& locks) {
    if (auto unused = check_unused(files, path); !unused)
        return unused;
    if (auto made = make_durably(files, path); !made)
        return made;
    auto lock = files.lock(join_path(path, lock_file));
    if (!lock)
        return lock.failure();
    locks.hold(*lock);
    return {};
}

} // namespace

result<import_outcome> import_from_kafka(runtime::file_system& files, const import_request& request) {
    held_locks locks(files);
    std::vector<kafka_source> sources;
    for (const auto& path : request.sources) {
        auto source = read_kafka_source(files, path);
        if (!source)
            return source.failure();
        locks.hold(source->lock);
        sources.push_back(std::move(*source));
    }
    auto plan = plan_import(files, sources, request);
    if (!plan)
        return plan.failure();
    for (const auto& path : data_directories_of(request.config))
        if (auto taken = take_target(files, path, locks); !taken)
            return taken.failure();
    return importing_job(files, request, std::move(*plan)).run();
}

} // namespace barnabas::importing
