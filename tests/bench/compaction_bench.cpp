// Compaction beside a plain copy of the same bytes, in one thread and one run. Prints figures and asserts
// none.
//   compaction_bench [MiB of log] [distinct keys] [directory]
// Issue 5 asks for 1,000,000 distinct keys of 1 GiB in at most 64 MiB of memory, at no less than half the
// speed of the copy.

#include "actors/replica/compaction/compactor.hpp"
#include "protocol/batch/builder.hpp"
#include "runtime/disk/posix_files.hpp"
#include "runtime/random/random.hpp"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>

namespace barnabas::replica {
namespace {

using clock = std::chrono::steady_clock;

constexpr std::size_t value_bytes = 900;
constexpr std::size_t batch_bytes = 64 << 10;
constexpr std::int64_t written_at = 1'700'000'000'000;

[[noreturn]] void fail(const std::string& what) {
    std::fprintf(stderr, "compaction_bench: %s\n", what.c_str());
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
    bench_log(runtime::file_system& files, const std::string& directory) : files_(files) {
        options_.directory = directory;
        options_.segment_bytes = 128 << 20;
        options_.compact_policy = true;
        options_.delete_policy = false;
        options_.timestamp_after_max_ms = -1;
        open_job job;
        job.options = options_;
        job.create = true;
        job.run(files);
        if (!job.outcome)
            fail(to_string(job.outcome.failure()));
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

    std::optional<replica_log> log;
    std::uint64_t records = 0;

private:
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
        if (unsynced_ > (64 << 20) || log->active_segment().size <= size) {
            unsynced_ = 0;
            auto job = log->sync();
            job.run(files_);
            static_cast<void>(log->on_synced(job));
        }
        return size;
    }

    runtime::file_system& files_;
    log_options options_;
    std::uint64_t unsynced_ = 0;
};

/// Reads and writes the segments below `upto` and syncs the copies, 1 MiB at a time.
std::uint64_t copy_plainly(runtime::file_system& files, const std::string& directory, const replica_log& log,
                           std::size_t segments) {
    std::uint64_t bytes = 0;
    auto memory = chunk::allocate(1 << 20);
    for (std::size_t i = 0; i < segments; ++i) {
        const auto path = segment_path(directory, log.segments()[i].base_offset, log_suffix);
        auto from = files.open(path, runtime::open_mode::read_only);
        auto to = files.open(path + ".copy", runtime::open_mode::create);
        if (!from || !to)
            fail("the copy cannot be opened");
        for (std::uint64_t at = 0;;) {
            auto got = files.read(*from, file_position(at), std::span(memory->data(), memory->capacity()));
            if (!got)
                fail(to_string(got.failure()));
            if (*got == 0)
                break;
            const slice part(memory, 0, *got);
            if (auto done = files.write(*to, file_position(at), std::span(&part, 1)); !done)
                fail(to_string(done.failure()));
            at += *got;
            bytes += *got;
        }
        if (auto done = files.sync(std::span(&*to, 1)); !done)
            fail(to_string(done.failure()));
        files.close(*from);
        files.close(*to);
        static_cast<void>(files.remove(path + ".copy"));
    }
    return bytes;
}

clean_outcome compact(runtime::file_system& files, replica_log& log) {
    compactor machine{log_offset(-1)};
    const clean_settings settings{64 << 20, 0.9, 512 << 10, {11, 12}};
    auto job = machine.begin(log, settings, timestamp_ms(written_at), log.stable_offset());
    if (!job)
        fail("there is nothing to compact");
    while (job) {
        if (auto* step = std::get_if<clean_job>(&*job)) {
            step->run(files);
            job = machine.on_cleaned(*step, log);
            continue;
        }
        auto swap = std::get<swap_job>(std::move(*job));
        swap.run(files);
        log.on_swapped(swap);
        swap.removal.run(files);
        job = machine.on_swapped(swap, log);
    }
    auto outcome = machine.take_outcome();
    if (!outcome || !outcome->outcome)
        fail("the pass failed");
    return *outcome;
}

int run(std::uint64_t mebibytes, std::uint64_t keys, const std::string& parent) {
    runtime::posix_files files;
    const auto directory = parent + "/bench-0";
    static_cast<void>(files.remove_directory(directory));
    if (auto made = files.create_directory(parent); !made)
        fail(to_string(made.failure()));
    bench_log made(files, directory);
    made.fill(mebibytes << 20, keys);
    auto& log = *made.log;
    const auto segments = log.segments().size() - 3;

    const stopwatch copying;
    const auto copied = copy_plainly(files, directory, log, segments);
    const auto copy_seconds = copying.seconds();
    const auto copy_processor = copying.processor_seconds();
    const stopwatch cleaning;
    const auto outcome = compact(files, log);
    const auto clean_seconds = cleaning.seconds();
    const auto clean_processor = cleaning.processor_seconds();

    const auto& counts = outcome.counts;
    const double mib = 1 << 20;
    const auto copy_speed = static_cast<double>(copied) / mib / copy_seconds;
    const auto clean_speed = static_cast<double>(counts.bytes_before) / mib / clean_seconds;
    std::printf("log: %.0f MiB, %llu records, %llu keys\n", static_cast<double>(counts.bytes_before) / mib,
                static_cast<unsigned long long>(made.records), static_cast<unsigned long long>(keys));
    std::printf("map: %.1f MiB\n", static_cast<double>(counts.map_bytes) / mib);
    std::printf("left: %.0f MiB, cleaned up to offset %lld\n", static_cast<double>(counts.bytes_after) / mib,
                static_cast<long long>(outcome.cleaned_upto.get()));
    std::printf("plain copy: %.2f s (processor %.2f s), %.0f MiB/s\n", copy_seconds, copy_processor,
                copy_speed);
    std::printf("compaction: %.2f s (processor %.2f s), %.0f MiB/s\n", clean_seconds, clean_processor,
                clean_speed);
    std::printf("compaction / plain copy: %.2f (0.5 is asked for)\n", clean_speed / copy_speed);
    static_cast<void>(files.remove_directory(directory));
    return 0;
}

} // namespace
} // namespace barnabas::replica

int main(int count, char** arguments) {
    const auto number = [&](int at, std::uint64_t otherwise) {
        return count > at ? std::strtoull(arguments[at], nullptr, 10) : otherwise;
    };
    return barnabas::replica::run(number(1, 128), number(2, 100'000),
                                  count > 3 ? arguments[3] : "compaction_bench.data");
}
