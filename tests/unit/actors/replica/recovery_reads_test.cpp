#include "tests/unit/actors/replica/log_host.hpp"

#include "actors/replica/log/batch_walk.hpp"

#include <gtest/gtest.h>

/// How much of a log an opening reads.
namespace barnabas::replica::recovery_reads_test {
namespace {

constexpr batch_shape large{.records = 2, .value_size = 4000};
/// Looks at single headers (first of the active segment, where the index leads to, end of the segment before
/// the recovery point, and for their epochs the first of the log and the last before the recovery point) read
/// a window each.
constexpr std::uint64_t looks = 7 * 8192;

log_options large_options(std::int64_t segment_bytes) {
    auto options = log_host::small_options();
    options.segment_bytes = segment_bytes;
    options.snapshot_interval_bytes = 100'000;
    options.index_interval_bytes = 4096;
    return options;
}

/// Bytes of the log's files that lie behind the newest snapshot.
std::uint64_t bytes_behind_snapshot(memory_files& files, const replica_log& log) {
    std::uint64_t behind = 0;
    for (const auto& segment : log.segments()) {
        const auto path = segment_path(test_directory, segment.base_offset, log_suffix);
        const auto file = files.open(path, runtime::open_mode::read_only);
        batch_walk walk(files, *file, file_position(0), segment.size);
        for (auto next = walk.next(); next && *next; next = walk.next())
            if ((*next)->header.base_offset >= log.snapshot_offset())
                behind += (*next)->header.total_size();
        files.close(*file);
    }
    return behind;
}

std::uint64_t read_by_opening(memory_files& files, log_host& host) {
    files.kill();
    files.reset_bytes_read();
    EXPECT_TRUE(host.open(false));
    return files.bytes_read(".log");
}

TEST(recovery_reads, after_a_kill_only_what_lies_behind_the_newest_snapshot) {
    memory_files files;
    log_host host(files, large_options(300'000));
    ASSERT_TRUE(host.open());
    const std::uint64_t batch_bytes = make_batch(large).bytes.size();
    for (int i = 0; i < 150; ++i) {
        ASSERT_TRUE(host.append(large, static_cast<std::uint64_t>(i)));
        if (i % 7 != 0)
            continue;
        const auto unproven = bytes_behind_snapshot(files, *host.log);
        const auto end = host.log->log_end_offset();
        // One more for each segment: whether its newest time is that of a batch.
        const auto all_looks = looks + host.log->segments().size() * 8192;
        // Each byte is read until two reads agree, from the index entry before the first on.
        EXPECT_LE(read_by_opening(files, host), 2 * (unproven + 2 * batch_bytes) + all_looks)
            << "batch " << i;
        EXPECT_EQ(host.log->log_end_offset(), end);
        // What one opening has read needs no second look.
        EXPECT_LE(read_by_opening(files, host), 4 * batch_bytes + all_looks) << "batch " << i;
    }
    EXPECT_GT(host.log->total_bytes(), 1'000'000u);
    EXPECT_GT(host.log->segments().size(), 3u);
}

TEST(recovery_reads, unsynced_appends_are_read_and_little_else) {
    memory_files files;
    log_host host(files, large_options(10 << 20));
    ASSERT_TRUE(host.open());
    for (int i = 0; i < 150; ++i)
        ASSERT_TRUE(host.append(large, static_cast<std::uint64_t>(i)));
    ASSERT_TRUE(host.close());
    ASSERT_TRUE(host.open(false));
    const auto closed_size = host.log->total_bytes();
    for (int i = 0; i < 3; ++i)
        ASSERT_TRUE(host.queue(large, 7));
    host.write_all();
    const auto unsynced = host.log->total_bytes() - closed_size;
    EXPECT_LE(read_by_opening(files, host), 4 * unsynced + looks);
    EXPECT_GE(host.report.bytes_scanned, unsynced);
    EXPECT_LE(host.report.bytes_scanned, 2 * unsynced);
    EXPECT_GT(closed_size, 1'000'000u);
}

TEST(recovery_reads, a_wanted_recovery_point_leaves_nothing_to_check) {
    memory_files files;
    log_host host(files, large_options(10 << 20));
    ASSERT_TRUE(host.open());
    for (int i = 0; i < 20; ++i)
        ASSERT_TRUE(host.append(large, static_cast<std::uint64_t>(i)));
    ASSERT_LT(host.log->snapshot_offset(), host.log->log_end_offset());
    ASSERT_FALSE(host.log->wants_sync());
    host.log->want_snapshot();
    ASSERT_TRUE(host.log->wants_sync()) << "though everything is stable";
    EXPECT_FALSE(host.sync());
    EXPECT_EQ(host.log->snapshot_offset(), host.log->log_end_offset());
    EXPECT_FALSE(host.log->wants_sync());
    host.log->want_snapshot();
    EXPECT_FALSE(host.log->wants_sync()) << "it is there already";
    const std::uint64_t batch_bytes = make_batch(large).bytes.size();
    EXPECT_LE(read_by_opening(files, host), 4 * batch_bytes + looks);
    EXPECT_LE(host.report.bytes_scanned, 4 * batch_bytes) << "from the last index entry on";
}

TEST(recovery_reads, a_wanted_recovery_point_waits_for_what_is_being_written) {
    memory_files files;
    log_host host(files, large_options(10 << 20));
    ASSERT_TRUE(host.open());
    ASSERT_TRUE(host.append(large, 1));
    ASSERT_TRUE(host.queue(large, 2));
    host.log->want_snapshot();
    EXPECT_FALSE(host.log->wants_sync());
    host.write_all();
    EXPECT_TRUE(host.log->wants_sync());
    EXPECT_FALSE(host.sync());
    EXPECT_EQ(host.log->snapshot_offset(), host.log->log_end_offset());
}

} // namespace
} // namespace barnabas::replica::recovery_reads_test
