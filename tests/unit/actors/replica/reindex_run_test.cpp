#include "actors/replica/log/segment_scan.hpp"
#include "actors/replica/log/small_file.hpp"
#include "actors/replica/reindex_run.hpp"
#include "protocol/batch/crc32c.hpp"
#include "protocol/model/mark.hpp"
#include "tests/unit/actors/replica/log_host.hpp"
#include "tests/unit/actors/replica/transaction_batches.hpp"

#include <gtest/gtest.h>

/// Indexes that are made anew step by step.
namespace barnabas::replica::reindex_run_test {
namespace {

class reindex_runs : public ::testing::Test {
protected:
    reindex_runs() {
        EXPECT_TRUE(host.open());
        for (int i = 0; host.log->segments().size() < 4; ++i) {
            EXPECT_TRUE(host.append_unchecked(make_transaction_part({7, i})));
            EXPECT_TRUE(host.append_unchecked(make_marker(7, i % 2 == 0)));
        }
        EXPECT_FALSE(host.sync());
    }
    reindex_task task(bool of_transactions) const {
        const auto& segments = host.log->segments();
        reindex_task task;
        task.options = host.log->options();
        for (const auto& segment : segments)
            task.bases.push_back(segment.base_offset);
        task.segment = segments[2];
        task.next_base = segments[3].base_offset;
        task.of_transactions = of_transactions;
        return task;
    }
    std::string path(std::string_view suffix) const {
        return segment_path(test_directory, host.log->segments()[2].base_offset, suffix);
    }

    memory_files files;
    log_host host{files};
};

TEST_F(reindex_runs, a_step_reads_about_what_it_is_told_and_leaves_nothing_open) {
    for (const auto suffix : {offset_index_suffix, time_index_suffix, transaction_index_suffix}) {
        const auto whole = files.content(path(suffix));
        ASSERT_FALSE(whole.empty());
        files.put(path(suffix), std::vector<std::byte>(whole.size(), std::byte{0x11}));
        reindex_run run(task(suffix == transaction_index_suffix));
        const auto open = files.open_count();
        std::uint64_t steps = 0;
        for (; !run.made(); ++steps) {
            ASSERT_TRUE(run.step(files, 400));
            EXPECT_EQ(files.open_count(), open);
        }
        EXPECT_GE(steps, run.task().segment.size / 600) << "a batch has less than 200 bytes";
        EXPECT_LE(steps, 3 * run.task().segment.size / 400 + 6) << "two are in front of it";
        EXPECT_FALSE(run.made()->were_right);
        EXPECT_EQ(files.content(path(suffix)), whole) << suffix;
        reindex_run again(task(suffix == transaction_index_suffix));
        ASSERT_TRUE(again.step(files, 1 << 20));
        ASSERT_TRUE(again.made()) << "one step is enough for all";
        EXPECT_TRUE(again.made()->were_right);
    }
}

TEST_F(reindex_runs, without_a_snapshot_the_segments_before_are_walked_in_steps) {
    const auto whole = files.content(path(transaction_index_suffix));
    ASSERT_TRUE(files.remove(path(transaction_index_suffix)));
    ASSERT_FALSE(files.has(path(snapshot_suffix)));
    const auto marks = mark_hits("earlier_segments_walked_in_steps");
    reindex_run run(task(true));
    while (!run.made())
        ASSERT_TRUE(run.step(files, 400));
    EXPECT_GT(mark_hits("earlier_segments_walked_in_steps"), marks + 4);
    EXPECT_EQ(files.content(path(transaction_index_suffix)), whole);
}

TEST_F(reindex_runs, what_goes_away_between_two_steps_ends_it) {
    ASSERT_FALSE(files.has(path(snapshot_suffix)));
    for (const std::size_t gone : {2u, 0u}) {
        const auto name = segment_path(test_directory, host.log->segments()[gone].base_offset, log_suffix);
        const auto log = files.content(name);
        reindex_run run(task(true));
        ASSERT_TRUE(run.step(files, 100));
        ASSERT_TRUE(files.remove(name));
        EXPECT_EQ(run.step(files, 100).code(), errc::offset_out_of_range);
        EXPECT_FALSE(run.made());
        files.put(name, log);
    }
}

/// The last step is the first that writes.
TEST_F(reindex_runs, a_segment_that_goes_away_before_the_last_step_gets_no_index) {
    reindex_run run(task(false));
    std::uint64_t steps = 0;
    for (reindex_run look(task(false)); !look.made(); ++steps)
        ASSERT_TRUE(look.step(files, 400));
    for (; steps > 1; --steps)
        ASSERT_TRUE(run.step(files, 400));
    for (const auto suffix : {log_suffix, offset_index_suffix, time_index_suffix})
        ASSERT_TRUE(files.remove(path(suffix)));
    EXPECT_EQ(run.step(files, 400).code(), errc::offset_out_of_range);
    EXPECT_FALSE(files.has(path(offset_index_suffix)) || files.has(path(time_index_suffix)));
}

/// A producer's transaction began where nobody can read.
TEST_F(reindex_runs, damage_in_front_of_the_segment_leaves_the_index_of_aborted_ones) {
    const auto whole = files.content(path(transaction_index_suffix));
    ASSERT_FALSE(files.has(path(snapshot_suffix)));
    const auto first = segment_path(test_directory, log_offset(0), log_suffix);
    auto damaged = files.content(first);
    damaged[16] ^= std::byte{0xff}; // the magic
    files.put(first, damaged);
    reindex_run run(task(true));
    auto step = run.step(files, 400);
    while (step && !run.made())
        step = run.step(files, 400);
    EXPECT_FALSE(step);
    EXPECT_EQ(files.content(path(transaction_index_suffix)), whole);
}

/// What a step of the scan is told is carried from one to the next.
TEST_F(reindex_runs, a_scan_in_steps_finds_what_one_finds_that_does_not_pause) {
    const auto all = task(false);
    auto log = *open_scoped(files, path(log_suffix), runtime::open_mode::read_only);
    const readable_range range{all.segment.base_offset, all.segment.size};
    scan_options options;
    options.next_offset = range.base_offset;
    options.unproven_from = all.next_base;
    int at_once = 0;
    const auto whole = segment_scan(files, log.id(), range).run(options, [&](const auto&) { ++at_once; });
    ASSERT_TRUE(whole);
    EXPECT_FALSE(whole->paused);
    int in_steps = 0;
    options.pause_after = 1;
    for (bool goes_on = true; goes_on;) {
        const auto part = segment_scan(files, log.id(), range).run(options, [&](const auto&) { ++in_steps; });
        ASSERT_TRUE(part && !part->bad);
        options.from = file_position(part->sound_size);
        options.next_offset = part->next_offset;
        options.epoch = part->epoch;
        goes_on = part->paused;
    }
    EXPECT_EQ(in_steps, at_once);
    EXPECT_EQ(options.from.get(), whole->sound_size);
    EXPECT_EQ(options.next_offset, whole->next_offset);
    EXPECT_EQ(options.epoch, whole->epoch);
}

/// Largest read at once.
class watched_files final : public memory_files {
public:
    result<std::size_t> read(runtime::file_id file, file_position position,
                             std::span<std::byte> into) override {
        largest = std::max(largest, into.size());
        return memory_files::read(file, position, into);
    }
    std::size_t largest = 0;
};

/// No CRC covers the length of a batch.
TEST(reindex_scan, a_batch_that_only_says_that_it_is_long_gets_no_memory) {
    constexpr std::size_t batch_bytes = 6 << 20;
    watched_files files;
    files.add_directory("/data");
    auto made = make_transaction_part({7, 0, 1, batch_bytes});
    std::vector<std::byte> log(made.bytes.bytes().begin(), made.bytes.bytes().end());
    for (const bool damaged : {false, true}) {
        if (damaged)
            log.back() ^= std::byte{1};
        files.put("/data/log", log);
        files.largest = 0;
        auto file = *open_scoped(files, "/data/log", runtime::open_mode::read_only);
        scan_options options;
        options.unproven_batch_max = 1 << 20;
        const auto scanned =
            segment_scan(files, file.id(), {log_offset(0), log.size()}).run(options, [](const auto&) {});
        ASSERT_TRUE(scanned);
        EXPECT_EQ(scanned->bad.has_value(), damaged);
        EXPECT_EQ(files.largest > 2 << 20, !damaged) << files.largest;
    }
}

} // namespace
} // namespace barnabas::replica::reindex_run_test
