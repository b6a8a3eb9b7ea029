#pragma once

// What the benchmarks of whole logs share: a log whose jobs run where they are made.

#include "actors/replica/replica_log.hpp"
#include "protocol/batch/builder.hpp"
#include "runtime/disk/disk.hpp"
#include "runtime/random/random.hpp"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace barnabas::replica {

using clock = std::chrono::steady_clock;

constexpr std::size_t value_bytes = 900;
constexpr std::size_t batch_bytes = 64 << 10;
constexpr std::int64_t written_at = 1'700'000'000'000;
/// What is written before a sync.
constexpr std::uint64_t unsynced_bytes_max = 64 << 20;

[[noreturn]] inline void fail(const std::string& what) {
    std::fprintf(stderr, "benchmark: %s\n", what.c_str());
    std::exit(1);
}

/// What something took: of time, and of the processor, which says more on a busy machine.
class stopwatch {
public:
    double seconds() const { return std::chrono::duration<double>(clock::now() - start_).count(); }
    double processor_seconds() const {
        return static_cast<double>(std::clock() - processor_start_) / CLOCKS_PER_SEC;
    }

private:
    clock::time_point start_ = clock::now();
    std::clock_t processor_start_ = std::clock();
};

/// A log with the given number of bytes, whose records have keys drawn evenly.
class bench_log {
public:
    bench_log(runtime::file_system& files, const std::string& directory, bool create = true) : files_(files) {
        options_.directory = directory;
        options_.segment_bytes = 128 << 20;
        options_.compact_policy = true;
        options_.delete_policy = false;
        options_.timestamp_after_max_ms = -1;
        open_job job;
        job.options = options_;
        job.create = create;
        job.run(files);
        if (!job.outcome)
            fail(to_string(job.outcome.failure()));
        report = job.outcome->report;
        log.emplace(options_, std::move(*job.outcome), monotonic_ns(0));
    }

    void fill(std::uint64_t bytes, std::uint64_t keys) {
        runtime::random draws(7);
        std::string value(value_bytes, 'v');
        std::uint64_t written = 0;
        std::uint64_t number = 0;
        while (written < bytes) {
            batch::batch_builder builder;
            while (builder.uncompressed_size() < batch_bytes) {
                // Every key comes once, then by chance.
                const auto key = number < keys ? number : draws.below(keys);
                ++number;
                builder.append_text(timestamp_ms(written_at), "key-" + std::to_string(key), value);
            }
            written += append(builder.build());
        }
        records = number;
        // A week later the segment is closed, so that all of it may be cleaned.
        constexpr std::int64_t week_and_a_day = std::int64_t{8} * 24 * 3600 * 1000;
        for (int i = 1; i <= 3; ++i) {
            batch::batch_builder builder;
            builder.append_text(timestamp_ms(written_at + i * week_and_a_day), "end", value);
            append(builder.build());
        }
    }

    /// Returns the bytes of the batch; what was written is synced now and then.
    std::uint64_t append(slice bytes) {
        const auto header = batch::parse_header(bytes.bytes());
        const auto size = bytes.size();
        std::vector<write_job> jobs;
        std::vector<batch::batch_view> batches{{std::move(bytes), *header}};
        const auto done = log->append(
            std::move(batches), {leader_epoch(0), timestamp_ms(written_at), monotonic_ns(0), false}, jobs);
        if (!done)
            fail(to_string(done.failure()));
        for (auto& job : jobs) {
            job.run(files_);
            static_cast<void>(log->on_written(job));
        }
        unsynced_ += size;
        if (unsynced_ > unsynced_bytes_max || log->active_segment().size <= size)
            sync();
        return size;
    }
    void sync() {
        unsynced_ = 0;
        auto job = log->sync();
        job.run(files_);
        if (auto failed = log->on_synced(job))
            fail(to_string(failed->error));
    }
    std::uint64_t unsynced_bytes() const { return unsynced_; }

    std::optional<replica_log> log;
    recovery_report report;
    std::uint64_t records = 0;

private:
    runtime::file_system& files_;
    log_options options_;
    std::uint64_t unsynced_ = 0;
};

} // namespace barnabas::replica
