#pragma once

#include "actors/replica/replica_log.hpp"
#include "protocol/batch/builder.hpp"
#include "tests/unit/actors/replica/memory_files.hpp"

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace barnabas::replica {

inline constexpr const char* test_directory = "/data/orders-0";

/// What a test's batch is made of.
struct batch_shape {
    int records = 1;
    std::size_t value_size = 20;
    std::int64_t timestamp = 1000;
    std::int64_t producer = -1;
    std::int16_t epoch = 0;
    std::int32_t sequence = 0;
    /// So many different ones; every seventh record is a tombstone when there are several.
    std::uint64_t keys = 1;
    bool transactional = false;
};

inline batch::batch_view make_batch(const batch_shape& shape, std::uint64_t label = 0) {
    batch::builder_options options;
    options.transactional = shape.transactional;
    if (shape.producer >= 0) {
        options.producer_id = producer_id(shape.producer);
        options.producer_epoch = producer_epoch(shape.epoch);
        options.base_sequence = shape.sequence;
    }
    batch::batch_builder builder(options);
    for (int i = 0; i < shape.records; ++i) {
        auto value = "value " + std::to_string(label) + "." + std::to_string(i);
        value.resize(std::max(value.size(), shape.value_size), '.');
        const auto number = label + static_cast<std::uint64_t>(i);
        const auto key = shape.keys == 1 ? "key" : "key " + std::to_string(number % shape.keys);
        const bool tombstone = shape.keys > 1 && number % 7 == 0;
        builder.append_text(timestamp_ms(shape.timestamp + i), key,
                            tombstone ? std::nullopt : std::optional<std::string_view>(value));
    }
    auto bytes = builder.build();
    auto header = batch::parse_header(bytes.bytes());
    return {std::move(bytes), *header};
}

/// Opens a log over a memory disk and runs its jobs at once.
class log_host {
public:
    explicit log_host(memory_files& files, log_options options = small_options())
        : log_host(static_cast<runtime::file_system&>(files), options) {
        files.add_directory("/data");
    }
    /// `/data` is there.
    explicit log_host(runtime::file_system& files, log_options options)
        : files_(files), options_(std::move(options)) {}

    static log_options small_options() {
        log_options options;
        options.directory = test_directory;
        options.segment_bytes = 2000;
        options.index_interval_bytes = 200;
        options.segment_index_bytes = 4096;
        options.snapshot_interval_bytes = 1200;
        options.timestamp_after_max_ms = -1;
        options.topic_id.bytes[0] = 7;
        return options;
    }

    /// What the data directory's checkpoints say at the next opening.
    void checkpoint(const checkpointed_offsets& said) { options_.checkpointed = said; }

    result<void> open(bool create = true) {
        open_job job;
        job.options = options_;
        job.create = create;
        job.journaled = journaled;
        const auto known = std::exchange(closed, {});
        if (std::exchange(believes_close, false))
            job.closed = known;
        job.run(files_);
        if (!job.outcome)
            return job.outcome.failure();
        report = job.outcome->report;
        log = std::make_unique<replica_log>(options_, std::move(*job.outcome), monotonic);
        return {};
    }

    result<append_result> queue(const batch_shape& shape, std::uint64_t label = 0, int epoch = 1,
                                std::int64_t now = 5000) {
        return queue_batch(make_batch(shape, label),
                           {leader_epoch(epoch), timestamp_ms(now), monotonic, true});
    }
    result<append_result> queue_batch(batch::batch_view batch, const append_context& context) {
        std::vector<write_job> jobs;
        std::vector<batch::batch_view> batches{std::move(batch)};
        auto appended = log->append(std::move(batches), context, jobs);
        for (auto& job : jobs)
            writes.push_back(std::move(job));
        return appended;
    }
    /// As a coordinator or a leader's follower does; without a sync.
    result<append_result> append_unchecked(batch::batch_view batch) {
        auto appended =
            queue_batch(std::move(batch), {leader_epoch(1), timestamp_ms(5000), monotonic, false});
        write_all();
        return appended;
    }
    std::optional<append_failure> write_one() {
        auto job = std::move(writes.front());
        writes.pop_front();
        job.run(files_);
        return log->on_written(job);
    }
    void write_all() {
        while (!writes.empty())
            if (auto failure = write_one())
                failures.push_back(*failure);
    }
    bool repair() {
        auto job = log->repair();
        job.run(files_);
        log->on_repaired(job);
        return job.outcome.has_value();
    }
    std::optional<append_failure> sync() {
        auto job = log->sync();
        job.run(files_);
        return log->on_synced(job);
    }
    result<append_result> append(const batch_shape& shape, std::uint64_t label = 0, int epoch = 1,
                                 std::int64_t now = 5000) {
        auto appended = queue(shape, label, epoch, now);
        write_all();
        if (log->wants_sync())
            sync();
        return appended;
    }
    result<slice> read(std::int64_t from, std::size_t max_bytes = 1 << 20, bool at_least_one = true) {
        auto job = log->read(log_offset(from), max_bytes, log->written_offset(), at_least_one);
        if (!job)
            return job.failure();
        job->run(files_);
        log->on_read(*job);
        return job->records;
    }
    result<std::optional<found_offset>> find(find_job job) {
        job.run(files_);
        log->on_found(job);
        return job.found;
    }
    result<void> close() {
        auto job = log->close();
        job.run(files_);
        log->on_closed(job);
        closed = job.outcome ? log->clean_state().value_or(slice()) : slice();
        log.reset();
        return job.outcome;
    }

    /// What the last close told of the log, and whether the next opening is told.
    slice closed;
    bool believes_close = false;
    /// What the commit journal holds of the log when it is opened.
    std::vector<journal::journal_part> journaled;
    /// What the monotonic clock shows to the log.
    monotonic_ns monotonic{1'000'000'000};
    std::unique_ptr<replica_log> log;
    recovery_report report;
    std::deque<write_job> writes;
    std::vector<append_failure> failures;

private:
    runtime::file_system& files_;
    log_options options_;
};

} // namespace barnabas::replica
