#include "actors/replica/moving/move_jobs.hpp"
#include "sim/disk/memory_disk.hpp"
#include "tests/unit/actors/replica/log_host.hpp"
#include "tests/unit/actors/replica/transaction_batches.hpp"

#include <gtest/gtest.h>

/// What a log must bring along when it moves: its aborted transactions, and the proof that journals of places
/// where it was before have nothing newer.
namespace barnabas::replica::moved_logs_test {
namespace {

log_options options_in(const std::string& data_directory) {
    auto options = log_host::small_options();
    options.directory = data_directory + "/orders-0";
    return options;
}

class moved_logs : public ::testing::Test {
protected:
    moved_logs() : disk(1), files(disk.files()) {
        EXPECT_TRUE(files.create_directory("/a"));
        EXPECT_TRUE(files.create_directory("/b"));
        EXPECT_TRUE(files.sync_directory("/"));
    }

    /// The whole move of a closed log.
    void move(const std::string& from, const std::string& to, char id) {
        const auto name = "/orders-0." + std::string(32, id);
        log_copy::options wanted;
        wanted.source = from + "/orders-0";
        wanted.target = to + name + "-future";
        wanted.topic = options_in(from).topic_id;
        wanted.index_interval_bytes = options_in(from).index_interval_bytes;
        const auto copy = std::make_shared<log_copy>(wanted);
        for (const auto step :
             {move_step::begin, move_step::finish, move_step::exchange, move_step::discard}) {
            move_job job;
            job.step = step;
            job.copy = copy;
            job.discarded_directory = from + name + "-delete";
            job.new_directory = to + "/orders-0";
            job.run({files, files});
            ASSERT_TRUE(job.outcome) << to_string(job.outcome.failure());
        }
    }

    sim::memory_disk disk;
    runtime::file_system& files;
};

TEST_F(moved_logs, aborted_transactions_are_known_in_the_new_place) {
    log_host host(files, options_in("/a"));
    ASSERT_TRUE(host.open());
    const auto first = host.append_unchecked(make_transaction_part({8, 0}))->base_offset;
    const auto marker = host.append_unchecked(make_marker(8, false))->base_offset;
    // Its segment is neither the last one nor the only one with an index of transactions.
    for (std::int32_t i = 0; host.log->segments().size() < 3; ++i)
        ASSERT_TRUE(host.append_unchecked(make_transaction_part({9, i, 1, 300})));
    ASSERT_TRUE(host.append_unchecked(make_marker(9, false)));
    const auto end = host.log->log_end_offset();
    ASSERT_FALSE(host.sync());
    ASSERT_TRUE(host.close());
    move("/a", "/b", 'a');

    log_host moved(files, options_in("/b"));
    const auto opened = moved.open(false);
    ASSERT_TRUE(opened) << to_string(opened.failure());
    EXPECT_TRUE(moved.report.clean);
    EXPECT_EQ(moved.log->log_end_offset(), end);
    EXPECT_EQ(moved.log->segments().front().transaction_index_size, transaction_entry_size);
    EXPECT_EQ(moved.log->active_segment().transaction_index_size, transaction_entry_size);
    auto job = moved.log->read(first, 1 << 20, end, true, true);
    ASSERT_TRUE(job);
    job->run(files);
    moved.log->on_read(*job);
    ASSERT_TRUE(job->records && job->aborted);
    ASSERT_FALSE(job->aborted->empty());
    EXPECT_EQ(job->aborted->front().producer, producer_id(8));
    EXPECT_EQ(job->aborted->front().last_offset, marker);
}

TEST_F(moved_logs, what_the_journal_has_of_an_earlier_stay_is_not_written_over_a_log_that_came_back) {
    const batch_shape batch{.records = 2, .value_size = 40};
    log_host host(files, options_in("/a"));
    ASSERT_TRUE(host.open());
    for (std::uint64_t label = 0; label < 3; ++label)
        ASSERT_TRUE(host.append(batch, label));
    const auto before = host.read(0);
    ASSERT_TRUE(before);
    // The same offsets with other bytes, so that it is seen when they are written.
    journal::journal_part stale;
    stale.log = {"orders-0", options_in("/a").topic_id};
    stale.entries.push_back(
        {log_offset(0), file_position(0), log_offset(0), log_offset(6), {make_batch(batch, 77).bytes}});
    ASSERT_TRUE(host.close());
    move("/a", "/b", 'a');

    log_host there(files, options_in("/b"));
    ASSERT_TRUE(there.open(false));
    for (std::uint64_t label = 3; label < 7; ++label)
        ASSERT_TRUE(there.append(batch, label));
    const auto end = there.log->log_end_offset();
    ASSERT_TRUE(there.close());
    move("/b", "/a", 'b');
    // Nothing has been opened here yet when the power goes.
    runtime::random draws(1);
    disk.power_cut(draws, {});

    log_host back(disk.files(), options_in("/a"));
    back.journaled.push_back(stale);
    const auto opened = back.open(false);
    ASSERT_TRUE(opened) << to_string(opened.failure());
    EXPECT_EQ(back.report.bytes_replayed, 0u);
    EXPECT_EQ(back.log->log_end_offset(), end);
    const auto after = back.read(0, before->size());
    ASSERT_TRUE(after);
    EXPECT_EQ(after->text(), before->text());
}

} // namespace
} // namespace barnabas::replica::moved_logs_test
