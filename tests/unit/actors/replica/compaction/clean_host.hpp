#pragma once

#include "actors/replica/compaction/compactor.hpp"
#include "protocol/batch/builder.hpp"
#include "protocol/batch/patch.hpp"
#include "protocol/batch/record_reader.hpp"
#include "runtime/disk/disk.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace barnabas::replica {

/// A record as a reader sees it.
struct seen_record {
    std::int64_t offset = 0;
    std::string key;
    std::optional<std::string> value;
    std::int64_t timestamp = 0;

    friend bool operator==(const seen_record&, const seen_record&) = default;
};

inline std::string text_of(std::span<const std::byte> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

using record_text = std::pair<std::optional<std::string>, std::optional<std::string>>;

/// How a batch is made, apart from its records.
struct batch_kind {
    batch::codec compression = batch::codec::none;
    std::int64_t timestamp = 1000;
    std::int64_t producer = -1;
    std::int32_t sequence = 0;
    bool transactional = false;
};

inline batch::batch_view batch_of(const std::vector<record_text>& records, const batch_kind& kind = {}) {
    batch::builder_options options;
    options.compression = kind.compression;
    options.transactional = kind.transactional;
    if (kind.producer >= 0) {
        options.producer_id = producer_id(kind.producer);
        options.producer_epoch = producer_epoch(0);
        options.base_sequence = kind.sequence;
    }
    batch::batch_builder builder(options);
    std::int64_t index = 0;
    for (const auto& [key, value] : records)
        builder.append_text(timestamp_ms(kind.timestamp + index++), key, value);
    auto bytes = builder.build();
    const auto header = batch::parse_header(bytes.bytes());
    return {std::move(bytes), *header};
}

/// A transaction's marker.
inline batch::batch_view marker_of(std::int64_t producer, bool commit) {
    batch::builder_options options;
    options.control = options.transactional = true;
    options.producer_id = producer_id(producer);
    options.producer_epoch = producer_epoch(0);
    batch::batch_builder builder(options);
    const std::byte key[] = {std::byte{0}, std::byte{0}, std::byte{0}, std::byte(commit ? 1 : 0)};
    const std::byte value[6] = {};
    builder.append(timestamp_ms(1000), std::span(key), std::span(value));
    auto bytes = builder.build();
    const auto header = batch::parse_header(bytes.bytes());
    return {std::move(bytes), *header};
}

/// Opens a compacted log, appends to it and cleans it; every job runs at once.
class clean_host {
public:
    explicit clean_host(runtime::file_system& files, log_options options = small_options())
        : files_(files), options_(std::move(options)) {}

    static log_options small_options() {
        log_options options;
        options.directory = "/data/orders-0";
        options.segment_bytes = 600;
        options.index_interval_bytes = 100;
        options.segment_index_bytes = 4096;
        options.timestamp_after_max_ms = -1;
        options.delete_policy = false;
        options.compact_policy = true;
        options.min_cleanable_dirty_ratio = 0;
        options.delete_retention_ms = 1000;
        return options;
    }

    result<void> open() {
        static_cast<void>(files_.create_directory("/data"));
        static_cast<void>(files_.sync_directory("/"));
        open_job job;
        job.options = options_;
        job.create = true;
        job.run(files_);
        if (!job.outcome)
            return job.outcome.failure();
        report = job.outcome->report;
        log = std::make_unique<replica_log>(options_, std::move(*job.outcome), monotonic_ns(0));
        cleaner = std::make_unique<compactor>(log->cleaned_upto());
        return {};
    }

    /// The base offset, -1 when it failed.
    std::int64_t append(batch::batch_view batch, bool from_client = true) {
        std::vector<write_job> jobs;
        std::vector<batch::batch_view> batches;
        batches.push_back(std::move(batch));
        const auto appended = log->append(
            std::move(batches), {leader_epoch(1), timestamp_ms(now), monotonic_ns(0), from_client}, jobs);
        for (auto& job : jobs) {
            job.run(files_);
            static_cast<void>(log->on_written(job));
        }
        if (log->wants_sync()) {
            auto job = log->sync();
            job.run(files_);
            static_cast<void>(log->on_synced(job));
        }
        return appended ? appended->base_offset.get() : -1;
    }
    std::int64_t put(const std::string& key, const std::optional<std::string>& value,
                     const batch_kind& kind = {}) {
        return append(batch_of({{key, value}}, kind));
    }
    /// Records that end the segment, so that all before them can be cleaned.
    void roll() {
        const auto before = log->segments().size();
        for (int i = 0; log->segments().size() == before && i < 100; ++i)
            put("filler", std::string(200, 'f'));
        // Two more snapshots: what is cleaned lies below the newest one, and its files are closed.
        put("filler", "last");
    }

    /// A decided swap that found something scarce is run again, as a partition does.
    bool swaps_go_on = false;
    std::optional<compactor::job> begin_cleaning() {
        return cleaner->begin(*log, settings, timestamp_ms(now), log->stable_offset());
    }
    std::optional<compactor::job> run(compactor::job job) {
        if (auto* step = std::get_if<clean_job>(&job)) {
            step->run(files_);
            return cleaner->on_cleaned(*step, *log);
        }
        auto& swap = std::get<swap_job>(job);
        swap.run(files_);
        while (swaps_go_on && swap.may_go_on())
            swap.run(files_);
        log->on_swapped(swap);
        swap.removal.run(files_);
        return cleaner->on_swapped(swap, *log);
    }
    /// One whole pass; nothing when there is nothing to do.
    std::optional<clean_outcome> clean() {
        for (auto job = begin_cleaning(); job;)
            job = run(std::move(*job));
        return cleaner->take_outcome();
    }

    result<slice> read_bytes(std::int64_t from) {
        auto job = log->read(log_offset(from), 1 << 16, log->written_offset(), true);
        if (!job)
            return job.failure();
        job->run(files_);
        log->on_read(*job);
        return job->records;
    }
    /// All batches, as a reader meets them; fails the reader's way (an error or no progress end it).
    result<std::vector<batch::batch_view>> batches(std::int64_t from = -1) {
        std::vector<batch::batch_view> all;
        auto next = from < 0 ? log->log_start_offset().get() : from;
        while (next < log->written_offset().get()) {
            auto bytes = read_bytes(next);
            if (!bytes)
                return bytes.failure();
            auto some = batch::split_batches(*bytes);
            if (!some)
                return some.failure();
            if (some->empty() || some->back().header.next_offset().get() <= next)
                return error{errc::internal, "no progress at offset " + std::to_string(next)};
            next = some->back().header.next_offset().get();
            all.insert(all.end(), some->begin(), some->end());
        }
        return all;
    }
    /// All records but those of markers.
    result<std::vector<seen_record>> records(std::int64_t from = -1) {
        auto all = batches(from);
        if (!all)
            return all.failure();
        std::vector<seen_record> seen;
        for (const auto& batch : *all) {
            if (batch.header.is_control())
                continue;
            const auto visited =
                batch::for_each_record(batch, [&](const batch::record_view& record) -> result<void> {
                    seen.push_back({record.offset.get(), record.key ? text_of(*record.key) : "",
                                    record.value ? std::optional(text_of(*record.value)) : std::nullopt,
                                    record.timestamp.get()});
                    return {};
                });
            if (!visited)
                return visited.failure();
        }
        return seen;
    }
    /// Of one key, in order.
    std::vector<std::optional<std::string>> values_of(const std::string& key) {
        std::vector<std::optional<std::string>> values;
        const auto all = records();
        for (const auto& record : all ? *all : std::vector<seen_record>{})
            if (record.key == key)
                values.push_back(record.value);
        return values;
    }

    std::int64_t now = 5000;
    clean_settings settings{1 << 20, 0.9, 64, {1, 2}};
    std::unique_ptr<replica_log> log;
    std::unique_ptr<compactor> cleaner;
    recovery_report report;

private:
    runtime::file_system& files_;
    log_options options_;
};

} // namespace barnabas::replica
