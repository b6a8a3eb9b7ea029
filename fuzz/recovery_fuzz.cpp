#include "fuzz/disk_files.hpp"
#include "fuzz/fuzz.hpp"

#include "actors/replica/replica_log.hpp"
#include "protocol/batch/builder.hpp"
#include "runtime/random/random.hpp"

#include <memory>

/// A partition's directory with any content: the log opens or says why not. What opened can be read, takes an
/// append, and is the same after a power cut that loses all that was not synced.
namespace barnabas::replica {
namespace {

log_options options_of(std::uint8_t choice) {
    log_options options;
    options.directory = fuzz::log_directory;
    options.segment_bytes = (choice & 1) != 0 ? 300 : 1 << 20;
    options.index_interval_bytes = (choice & 2) != 0 ? 60 : 4096;
    options.segment_index_bytes = 4096;
    options.snapshot_interval_bytes = 200;
    options.timestamp_after_max_ms = -1;
    options.delete_policy = (choice & 4) == 0;
    if ((choice & 8) != 0)
        options.topic_id.bytes[0] = 7;
    if ((choice & 16) != 0)
        options.checkpointed.log_start = log_offset(1);
    return options;
}

result<std::unique_ptr<replica_log>> open(runtime::file_system& files, const log_options& options) {
    open_job job;
    job.options = options;
    job.create = true;
    job.run(files);
    if (!job.outcome)
        return job.outcome.failure();
    const auto& got = *job.outcome;
    fuzz::require(!got.segments.empty(), "a log without a segment");
    fuzz::require(got.log_start_offset <= got.log_end_offset, "a log that ends before it begins");
    fuzz::require(to_string(got.report).size() < 100'000, "a report that nobody reads");
    return std::make_unique<replica_log>(options, std::move(*job.outcome), monotonic_ns(1));
}

/// Reads from the start to the end; the offsets only grow, and nothing lies behind the end.
void read_through(runtime::file_system& files, replica_log& log) {
    auto next = log.log_start_offset();
    while (next < log.written_offset()) {
        auto job = log.read(next, 1 << 20, log.written_offset(), true);
        fuzz::require(job.has_value(), "an offset inside of the log cannot be asked for");
        job->run(files);
        log.on_read(*job);
        if (!job->records)
            return;
        const auto batches = batch::split_batches(*job->records);
        fuzz::require(batches.has_value(), "a read gave something else than batches");
        if (batches->empty())
            return;
        for (const auto& one : *batches) {
            fuzz::require(one.header.next_offset() > next, "a read went back or stood still");
            fuzz::require(one.header.next_offset() <= log.written_offset(), "a batch behind the end");
            next = one.header.next_offset();
        }
    }
}

void look_up(runtime::file_system& files, replica_log& log) {
    for (auto job : {log.find_by_timestamp(timestamp_ms(1001), log.written_offset()),
                     log.find_max_timestamp(log.written_offset())}) {
        job.run(files);
        log.on_found(job);
        if (!job.found || !*job.found)
            continue;
        fuzz::require((*job.found)->offset < log.log_end_offset(), "a record found behind the end");
        fuzz::require((*job.found)->offset >= log.log_start_offset(), "a record found before the start");
    }
}

/// Appends one batch and makes it stable. Not every log takes one: offsets may have come to their end.
void append(runtime::file_system& files, replica_log& log) {
    batch::batch_builder builder;
    builder.append_text(timestamp_ms(2000), "key", "value");
    auto bytes = builder.build();
    const auto header = batch::parse_header(bytes.bytes());
    std::vector<write_job> writes;
    std::vector<batch::batch_view> batches{{std::move(bytes), *header}};
    const auto appended = log.append(
        std::move(batches), {leader_epoch(INT32_MAX), timestamp_ms(3000), monotonic_ns(2), true}, writes);
    fuzz::require(appended.has_value(), "a recovered log takes no append");
    for (auto& job : writes) {
        job.run(files);
        fuzz::require(!log.on_written(job).has_value(), "a write failed on a sound disk");
    }
    while (log.wants_sync()) {
        auto job = log.sync();
        job.run(files);
        fuzz::require(!log.on_synced(job).has_value(), "a sync failed on a sound disk");
    }
}

} // namespace
} // namespace barnabas::replica

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace barnabas;
    fuzz::input given(data, size);
    const auto options = replica::options_of(given.byte());
    sim::memory_disk disk(1);
    fuzz::put_log_directory(disk, given);
    auto log = replica::open(disk.files(), options);
    if (!log)
        return 0;
    auto end = (*log)->log_end_offset();
    runtime::random draws(1);
    for (int life = 0; life < 3; ++life) {
        replica::read_through(disk.files(), **log);
        replica::look_up(disk.files(), **log);
        if (life == 1 && end < log_offset(INT32_MAX)) {
            replica::append(disk.files(), **log);
            fuzz::require((*log)->log_end_offset() == log_offset(end.get() + 1), "an append of one record");
            end = (*log)->log_end_offset();
        }
        disk.power_cut(draws, sim::power_cut_faults::lose_all());
        log = replica::open(disk.files(), options);
        fuzz::require(log.has_value(), "what opened once does not open again");
        fuzz::require((*log)->log_end_offset() == end, "a power cut moved the end of a stable log");
    }
    return 0;
}
