#include "tests/unit/actors/replica/log_host.hpp"

#include "protocol/batch/patch.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <set>

/// When segments begin and end, how much of them look-ups read, and what checkpoints say of them.
namespace barnabas::replica::segments_test {
namespace {

/// Card CLN-11: whatever clients write as a timestamp, a segment lives for its retention from when it was
/// written, and no longer.
TEST(replica_log, senseless_timestamps_neither_keep_nor_end_a_segment) {
    constexpr auto lowest = std::numeric_limits<std::int64_t>::min();
    constexpr auto highest = std::numeric_limits<std::int64_t>::max();
    constexpr std::int64_t written = 1'800'000'000'000;
    constexpr std::int64_t seconds = written / 1000;
    for (const auto stamp :
         {lowest, lowest + 1, std::int64_t{-2}, std::int64_t{0}, seconds, 2 * written, highest - 1}) {
        SCOPED_TRACE(stamp);
        auto options = log_host::small_options();
        options.retention_ms = 10000;
        options.segment_ms = -1;
        memory_files files;
        log_host host(files, options);
        ASSERT_TRUE(host.open());
        for (int i = 0; i < 12; ++i)
            ASSERT_TRUE(host.append({.value_size = 400, .timestamp = stamp}, 0, 1, written));
        const auto end = host.log->stable_offset();
        // The closing time of each segment is known.
        EXPECT_FALSE(host.log->retention(timestamp_ms(written + 5000), host.monotonic, end)) << "too early";
        EXPECT_FALSE(host.log->roll_expired(timestamp_ms(written + 5000), end));
        auto job = host.log->retention(timestamp_ms(written + 10002), host.monotonic, end);
        ASSERT_TRUE(job) << "for ever";
        job->run(files);
        EXPECT_EQ(host.log->log_start_offset(), host.log->active_segment().base_offset);
    }
}

/// The roll writes the last entries of the older segment's indexes. A snapshot that was taken before left
/// that segment open until the next one, and what is open is not deleted: in a log that is idle from then on
/// never.
TEST(replica_log, a_segment_that_is_left_while_a_sync_runs_goes_when_its_retention_ends) {
    auto options = log_host::small_options();
    options.retention_bytes = 1;
    options.snapshot_interval_bytes = 1 << 20;
    memory_files files;
    log_host host(files, options);
    ASSERT_TRUE(host.open());
    while (host.log->segments().size() == 1) {
        host.write_all();
        ASSERT_TRUE(host.queue({.value_size = 400}));
    }
    auto sync = host.log->sync();
    host.write_all();
    sync.run(files);
    EXPECT_FALSE(host.log->on_synced(sync));
    ASSERT_TRUE(host.log->wants_sync());
    EXPECT_FALSE(host.sync());
    EXPECT_EQ(host.log->stable_offset(), host.log->log_end_offset());
    EXPECT_EQ(host.log->snapshot_offset(), host.log->active_segment().base_offset);
    EXPECT_TRUE(host.log->retention(timestamp_ms(5000), host.monotonic, host.log->stable_offset()));
}

TEST(replica_log, old_times_that_make_sense_end_a_segment_at_once) {
    constexpr std::int64_t written = 1'800'000'000'000;
    auto options = log_host::small_options();
    options.retention_ms = 10000;
    memory_files files;
    log_host host(files, options);
    ASSERT_TRUE(host.open());
    for (int i = 0; i < 12; ++i)
        ASSERT_TRUE(host.append({.value_size = 400, .timestamp = written / 2}, 0, 1, written));
    EXPECT_TRUE(host.log->retention(timestamp_ms(written), host.monotonic, host.log->stable_offset()));
}

/// segment.jitter.ms, so that not all partitions of a topic roll at once.
TEST(replica_log, segments_roll_by_time_up_to_the_jitter_earlier_each_at_a_time_of_its_own) {
    std::set<std::int64_t> ages;
    for (std::uint8_t topic = 0; topic < 20; ++topic) {
        auto options = log_host::small_options();
        options.segment_ms = 1000;
        options.segment_jitter_ms = 400;
        options.segment_bytes = 1 << 20;
        options.topic_id.bytes[1] = topic;
        memory_files files;
        log_host host(files, options);
        ASSERT_TRUE(host.open());
        std::int64_t age = 0;
        for (; host.log->segments().size() == 1 && age < 2000; age += 10)
            ASSERT_TRUE(host.append({.timestamp = 10'000 + age}, 0, 1, 10'000 + age));
        EXPECT_GT(age, 600);
        EXPECT_LE(age, 1020);
        ages.insert(age);
    }
    EXPECT_GT(ages.size(), 5u);
}

TEST(replica_log, timestamps_at_both_ends_of_time_are_appended_and_roll_by_time_once) {
    auto options = log_host::small_options();
    options.segment_ms = 1000;
    memory_files files;
    log_host host(files, options);
    ASSERT_TRUE(host.open());
    ASSERT_TRUE(host.append({.timestamp = std::numeric_limits<std::int64_t>::min() + 5}));
    ASSERT_TRUE(host.append({.timestamp = std::numeric_limits<std::int64_t>::max() - 5}));
    EXPECT_EQ(host.log->segments().size(), 2u);
    ASSERT_TRUE(host.append({.timestamp = 5000}));
    ASSERT_TRUE(host.append({.timestamp = std::numeric_limits<std::int64_t>::max() - 5}));
    EXPECT_EQ(host.log->segments().size(), 2u);
}

TEST(replica_log, segments_roll_before_relative_offsets_overflow) {
    // A compacted log has gaps: one batch at 0, the next one near 2^31.
    constexpr std::int64_t far = (std::int64_t{1} << 31) - 3;
    auto options = log_host::small_options();
    options.delete_policy = false;
    memory_files files;
    std::vector<std::byte> bytes;
    for (const auto base : {std::int64_t{0}, far}) {
        auto batch = make_batch({});
        batch::set_base_offset(batch, log_offset(base));
        batch::set_leader_epoch(batch, leader_epoch(1));
        bytes.insert(bytes.end(), batch.bytes.bytes().begin(), batch.bytes.bytes().end());
    }
    files.add_directory("/data");
    files.put(segment_path(test_directory, log_offset(0), log_suffix), bytes);
    log_host host(files, options);
    ASSERT_TRUE(host.open(false));
    ASSERT_EQ(host.log->log_end_offset(), log_offset(far + 1));
    ASSERT_TRUE(host.append({}));
    EXPECT_EQ(host.log->segments().size(), 1u) << "relative offset 2^31 - 2";
    ASSERT_TRUE(host.append({}));
    EXPECT_EQ(host.log->segments().size(), 1u) << "relative offset 2^31 - 1, the last that fits";
    ASSERT_TRUE(host.append({.records = 2}));
    ASSERT_EQ(host.log->segments().size(), 2u);
    EXPECT_EQ(host.log->active_segment().base_offset, log_offset(far + 3));
    ASSERT_TRUE(host.close());
    ASSERT_TRUE(host.open(false));
    EXPECT_EQ(host.log->log_end_offset(), log_offset(far + 5));
    EXPECT_TRUE(host.read(far + 3));
}

/// Counts what is read of `.log` files.
TEST(replica_log, lookups_read_no_more_than_one_index_interval) {
    constexpr std::int64_t interval = 64 << 10;
    auto options = log_host::small_options();
    options.segment_bytes = 64 << 20;
    options.segment_index_bytes = 1 << 20;
    options.index_interval_bytes = interval;
    options.snapshot_interval_bytes = 1 << 30;
    memory_files files;
    {
        log_host host(files, options);
        ASSERT_TRUE(host.open());
        for (int i = 0; i < 1500; ++i)
            ASSERT_TRUE(host.append({.value_size = 2000, .timestamp = 1000 + 10 * i}));
        ASSERT_TRUE(host.close());
    }
    log_host host(files, options);
    ASSERT_TRUE(host.open(false));
    const auto largest_batch = make_batch({.value_size = 2000}).bytes.size();
    // A walk goes by windows of 8 KiB. A search by time looks through an interval as well, but before it
    // looks through another whether its index is right, and reads each batch of its own once more, for its
    // checksum.
    const auto bound = interval + largest_batch + 2 * 8192;
    const auto bound_by_time = 3 * (interval + largest_batch) + 2 * 8192;
    for (const auto offset : {0, 1, 700, 733, 1400, 1499}) {
        files.reset_bytes_read();
        auto job = host.log->read(log_offset(offset), 1, host.log->written_offset(), true);
        ASSERT_TRUE(job);
        job->run(files);
        host.log->on_read(*job);
        ASSERT_TRUE(job->records);
        EXPECT_LE(files.bytes_read(".log"), bound) << "offset " << offset;
        files.reset_bytes_read();
        auto found = host.find(
            host.log->find_by_timestamp(timestamp_ms(1000 + 10 * offset), host.log->written_offset()));
        ASSERT_TRUE(found && *found);
        EXPECT_EQ((*found)->offset, log_offset(offset));
        EXPECT_LE(files.bytes_read(".log"), bound_by_time) << "time of offset " << offset;
    }
    files.reset_bytes_read();
    auto largest = host.find(host.log->find_max_timestamp(host.log->written_offset()));
    ASSERT_TRUE(largest && *largest);
    EXPECT_EQ((*largest)->offset, log_offset(1499));
    EXPECT_LE(files.bytes_read(".log"), bound_by_time);
}

/// Above the high watermark there may be larger ones, of which the time index tells.
TEST(replica_log, the_largest_time_below_the_high_watermark_is_found) {
    constexpr int count = 20;
    constexpr int largest = 3;
    for (int high_watermark = largest + 2; high_watermark < count; ++high_watermark) {
        memory_files files;
        log_host host(files, log_host::small_options());
        ASSERT_TRUE(host.open());
        for (int i = 0; i < count; ++i) {
            const int base = i == high_watermark ? 9000 : i == largest ? 5000 : 1000;
            ASSERT_TRUE(host.append({.records = 1, .value_size = 60, .timestamp = base + i}));
        }
        auto found = host.find(host.log->find_max_timestamp(log_offset(high_watermark)));
        ASSERT_TRUE(found && *found);
        EXPECT_EQ((*found)->offset, log_offset(largest)) << high_watermark;
        EXPECT_EQ((*found)->timestamp, timestamp_ms(5000 + largest)) << high_watermark;
    }
}

TEST(replica_log, checkpointed_values_beyond_the_end_are_ignored_with_a_sentence_each) {
    memory_files files;
    auto options = log_host::small_options();
    {
        log_host host(files, options);
        ASSERT_TRUE(host.open());
        for (int i = 0; i < 4; ++i)
            ASSERT_TRUE(host.append({}));
        ASSERT_TRUE(host.close());
    }
    options.checkpointed = {log_offset(4), log_offset(3), log_offset(4), log_offset(2)};
    {
        log_host host(files, options);
        ASSERT_TRUE(host.open(false));
        EXPECT_EQ(host.log->log_start_offset(), log_offset(3));
        EXPECT_EQ(host.log->cleaned_upto(), log_offset(3)) << "below the start there is nothing to clean";
        EXPECT_TRUE(host.report.ignored_checkpoints.empty());
        EXPECT_EQ(host.read(2).code(), errc::offset_out_of_range);
        ASSERT_TRUE(host.close());
    }
    options.checkpointed = {log_offset(5), log_offset(5), log_offset(5), log_offset(5)};
    log_host host(files, options);
    ASSERT_TRUE(host.open(false));
    EXPECT_EQ(host.log->log_start_offset(), log_offset(0));
    EXPECT_EQ(host.log->cleaned_upto(), log_offset(-1));
    EXPECT_EQ(host.report.ignored_checkpoints.size(), 4u);
}

TEST(replica_log, the_earliest_record_counts_where_it_is_known) {
    auto options = log_host::small_options();
    options.timestamp_before_max_ms = 1000;
    memory_files files;
    log_host host(files, options);
    ASSERT_TRUE(host.open());
    std::vector<write_job> jobs;
    const auto code_of = [&](std::int64_t header, std::int64_t earliest) {
        return host.log
            ->append({make_batch({.timestamp = header})},
                     {leader_epoch(1), timestamp_ms(5000), host.monotonic, true, timestamp_ms(earliest)},
                     jobs)
            .code();
    };
    EXPECT_EQ(code_of(5000, 3999), errc::invalid_timestamp);
    EXPECT_EQ(code_of(3999, -1), errc::invalid_timestamp);
    EXPECT_TRUE(jobs.empty());
    EXPECT_EQ(code_of(5000, 4000), errc::ok);
}

} // namespace
} // namespace barnabas::replica::segments_test
