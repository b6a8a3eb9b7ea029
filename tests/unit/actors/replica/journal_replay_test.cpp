#include "tests/unit/actors/replica/log_host.hpp"

#include "actors/replica/log/small_file.hpp"

#include <gtest/gtest.h>

/// What the commit journal holds of a log, and what it says of the log's own files.
namespace barnabas::replica::journal_replay_test {
namespace {

std::string path_of(std::int64_t base, std::string_view suffix = log_suffix) {
    return segment_path(test_directory, log_offset(base), suffix);
}

log_options journaled_options() {
    auto options = log_host::small_options();
    options.keeps_for_journal = true;
    options.segment_bytes = 1 << 20;
    options.snapshot_interval_bytes = 1 << 20;
    return options;
}

class journal_replay : public ::testing::Test {
protected:
    /// Batches of 2 records each; the first three are synced, the next three are stable in the journal.
    journal_replay() : host(files, journaled_options()) {
        EXPECT_TRUE(host.open());
        for (int i = 0; i < 3; ++i)
            EXPECT_TRUE(host.append(batch, label++));
        commit(3);
        files.kill();
    }
    void commit(int batches) {
        for (int i = 0; i < batches; ++i)
            EXPECT_TRUE(host.queue(batch, label++));
        host.write_all();
        auto job = host.log->commit();
        journal::journal_part part;
        part.log.topic = journaled_options().topic_id;
        part.entries = job.entries;
        host.journaled.push_back(std::move(part));
        job.taken = true;
        job.outcome = result<void>();
        host.log->on_committed(job);
    }
    void flip(const std::string& path, std::size_t position) {
        auto bytes = files.content(path);
        bytes.at(position) ^= std::byte{1};
        files.put(path, bytes);
    }
    void allow_cut() { files.put(allowed, {}); }
    /// Behind the CRC field of the batch that begins at an offset divisible by 2.
    std::size_t inside_of_batch(std::int64_t offset) const {
        return batch_bytes * static_cast<std::size_t>(offset / 2) + 70;
    }

    const batch_shape batch{.records = 2, .value_size = 40};
    const std::size_t batch_bytes = make_batch(batch).bytes.size();
    const std::string allowed = test_directory + ("/" + std::string(cut_allowed_name));
    memory_files files;
    log_host host;
    std::uint64_t label = 0;
};

TEST_F(journal_replay, what_is_missing_comes_from_the_journal) {
    auto bytes = files.content(path_of(0));
    bytes.resize(3 * batch_bytes + 10);
    files.put(path_of(0), bytes);
    ASSERT_TRUE(host.open(false));
    EXPECT_EQ(host.log->log_end_offset(), log_offset(12));
    EXPECT_EQ(host.report.cut_at, log_offset(-1));
}

TEST_F(journal_replay, damage_below_what_the_journal_holds_is_no_torn_tail) {
    flip(path_of(0), inside_of_batch(2));
    const auto damaged = files.content(path_of(0));
    const auto opened = host.open(false);
    ASSERT_EQ(opened.code(), errc::corrupt_message);
    EXPECT_NE(opened.failure().detail.find("below offset 12"), std::string::npos) << opened.failure().detail;
    EXPECT_NE(opened.failure().detail.find(cut_allowed_name), std::string::npos) << opened.failure().detail;
    EXPECT_EQ(files.content(path_of(0)), damaged);
}

TEST_F(journal_replay, a_log_that_ends_below_what_the_journal_holds_is_damaged) {
    // Retention would have left the segment behind it.
    ASSERT_TRUE(files.remove(path_of(0)));
    host.journaled.front().entries.resize(1);
    EXPECT_EQ(host.open(false).code(), errc::corrupt_message);
}

TEST_F(journal_replay, an_allowed_cut_goes_on_behind_the_journal_and_leaves_its_entries_below) {
    flip(path_of(0), inside_of_batch(2));
    allow_cut();
    ASSERT_TRUE(host.open(false));
    EXPECT_EQ(host.report.cut_at, log_offset(2));
    EXPECT_EQ(host.report.lost_from, log_offset(2));
    EXPECT_EQ(host.report.lost_upto, log_offset(12));
    EXPECT_EQ(host.log->log_end_offset(), log_offset(12));
    EXPECT_FALSE(files.has(allowed));
    for (int i = 0; i < 3; ++i)
        ASSERT_TRUE(host.append(batch, 100 + label++));
    const auto first = files.content(path_of(0));
    const auto second = files.content(path_of(12));
    files.kill();
    ASSERT_TRUE(host.open(false));
    EXPECT_EQ(host.log->log_end_offset(), log_offset(18));
    EXPECT_EQ(files.content(path_of(0)), first) << "the journal still holds its entries";
    EXPECT_EQ(files.content(path_of(12)), second);
    EXPECT_TRUE(host.read(0));
}

TEST_F(journal_replay, records_behind_an_allowed_cut_survive_the_loss_of_its_snapshot) {
    flip(path_of(0), inside_of_batch(2));
    allow_cut();
    ASSERT_TRUE(host.open(false));
    ASSERT_TRUE(host.append(batch, 100));
    files.kill();
    flip(path_of(12, snapshot_suffix), 4);
    ASSERT_TRUE(host.open(false));
    EXPECT_EQ(host.log->log_end_offset(), log_offset(14));
}

TEST_F(journal_replay, entries_below_a_snapshot_that_cannot_be_read_are_not_written) {
    ASSERT_TRUE(host.open(false));
    ASSERT_TRUE(host.close());
    // As after a compaction: the place belongs to other batches now.
    host.journaled.front().entries.front().position = file_position(batch_bytes);
    const auto whole = files.content(path_of(0));
    flip(path_of(12, snapshot_suffix), 4);
    ASSERT_TRUE(host.open(false));
    EXPECT_EQ(host.report.bytes_replayed, 0u);
    EXPECT_EQ(host.log->log_end_offset(), log_offset(12));
    EXPECT_EQ(files.content(path_of(0)), whole);
}

TEST_F(journal_replay, entries_below_the_recovery_point_of_the_checkpoint_are_not_written) {
    ASSERT_TRUE(host.open(false));
    ASSERT_TRUE(host.close());
    ASSERT_TRUE(files.remove(path_of(12, snapshot_suffix)));
    const auto whole = files.content(path_of(0));
    auto options = journaled_options();
    options.checkpointed.recovery_point = log_offset(12);
    log_host later(files, options);
    later.journaled = host.journaled;
    later.journaled.front().entries.front().position = file_position(batch_bytes);
    ASSERT_TRUE(later.open(false));
    EXPECT_EQ(later.report.bytes_replayed, 0u);
    EXPECT_EQ(files.content(path_of(0)), whole);
}

TEST_F(journal_replay, what_was_left_out_by_a_wrong_recovery_point_is_missed) {
    auto bytes = files.content(path_of(0));
    bytes.resize(3 * batch_bytes);
    files.put(path_of(0), bytes);
    auto options = journaled_options();
    options.checkpointed.recovery_point = log_offset(900);
    log_host later(files, options);
    later.journaled = host.journaled;
    EXPECT_EQ(later.open(false).code(), errc::corrupt_message);
}

} // namespace
} // namespace barnabas::replica::journal_replay_test
