#include "tests/unit/actors/partition/partition_host.hpp"
#include "tests/unit/actors/replica/compaction/clean_host.hpp"

#include <gtest/gtest.h>

/// What a partition does when its data directory fails.
namespace barnabas::lost_directory_test {
namespace {

replica::log_options compacted() {
    auto options = replica::log_host::small_options();
    options.delete_policy = false;
    options.compact_policy = true;
    options.min_cleanable_dirty_ratio = 0;
    return options;
}

/// A few keys again and again, in several segments.
void append_keys(partition_host& host) {
    for (int i = 0; i < 40; ++i) {
        append_request request;
        request.batches.push_back(
            replica::batch_of({{"key " + std::to_string(i % 3), std::string(300, 'v')}}));
        host.machine->on_append(request, 0);
        host.settle();
    }
    host.machine->on_check_cleaning();
    ASSERT_TRUE(host.cleaning_wanted);
}

clean_partition order(double bytes_per_second) {
    clean_partition wanted;
    wanted.settings.map_bytes = 100'000;
    wanted.settings.map_load_factor = 0.9;
    wanted.settings.window_bytes = 64 << 10;
    wanted.bytes_per_second = bytes_per_second;
    return wanted;
}

void lose(partition_host& host) {
    host.machine->on_directory_failed({errc::storage_error, "the disk is gone"});
}

TEST(lost_directory, the_journal_hears_that_the_log_cannot_settle) {
    partition_host host;
    host.machine->on_settle(log_offset(5));
    EXPECT_EQ(host.not_settled, 0u);
    lose(host);
    host.machine->on_settle(log_offset(5));
    EXPECT_EQ(host.not_settled, 1u);
    EXPECT_EQ(host.settled_upto, log_offset(-1));
}

TEST(lost_directory, compaction_comes_to_its_end_before_the_files_are_closed) {
    for (int steps = 0; steps < 6; ++steps) {
        partition_host host(compacted());
        append_keys(host);
        host.machine->on_clean(order(0));
        for (int i = 0; i < steps && host.jobs_waiting() > 0; ++i)
            host.settle_one();
        lose(host);
        host.settle();
        EXPECT_EQ(host.cleaned.size(), 1u) << "the cleaner hears once, after " << steps << " jobs";
        host.machine->on_check_cleaning();
        EXPECT_FALSE(host.cleaning_wanted);
        EXPECT_FALSE(host.ended) << "the broker closes it";
        host.machine->on_close();
        EXPECT_TRUE(host.ended);
    }
}

TEST(lost_directory, compaction_that_waits_for_its_speed_holds_nothing_up) {
    partition_host host(compacted());
    append_keys(host);
    host.machine->on_clean(order(1));
    while (host.pauses == 0 && host.jobs_waiting() > 0)
        host.settle_one();
    ASSERT_EQ(host.pauses, 1u);
    ASSERT_EQ(host.jobs_waiting(), 0u);
    lose(host);
    host.settle();
    EXPECT_EQ(host.cleaned.size(), 1u);
    host.machine->on_clean_step_due();
    host.machine->on_close();
    EXPECT_TRUE(host.ended);
}

/// Several segments, of which the last is not synced.
void roll_unsynced(partition_host& host) {
    host.hold_syncs = true;
    for (int i = 0; host.machine->log().segments().size() < 2; ++i) {
        host.append({.value_size = 500}, static_cast<std::uint64_t>(i) + 1);
        host.settle();
    }
    // The first sync holds up all others.
    ASSERT_EQ(host.held_syncs.size(), 1u);
    host.hold_syncs = false;
}

void finish_sync(partition_host& host) {
    auto job = std::move(host.held_syncs.front());
    host.held_syncs.clear();
    job.run(host.files);
    host.machine->on_synced(job);
}

/// The sync lacks a descriptor for its first operation, a file, or for the next, the directory.
void expect_sync_made_again(std::uint64_t operation) {
    partition_host host;
    roll_unsynced(host);
    finish_sync(host);
    ASSERT_EQ(host.jobs_waiting(), 1u) << "the sync that makes the new segment's name stable";
    host.files.fail_after(operation, errc::too_many_open_files);
    host.settle();
    EXPECT_FALSE(host.machine->log().offline());
    EXPECT_EQ(host.retries, 1u) << "and not at once";
    const auto unanswered = host.machine->waiting_appends_count();
    EXPECT_GT(unanswered, 0u);
    host.machine->on_repair_due();
    host.settle();
    EXPECT_EQ(host.machine->waiting_appends_count(), 0u);
    for (const auto& [reply, answer] : host.appended)
        EXPECT_EQ(answer.code, errc::ok);
}

TEST(scarce_descriptors, sync_of_names_waits_and_is_made_again) {
    expect_sync_made_again(1);
}

TEST(scarce_descriptors, sync_of_files_waits_and_is_made_again) {
    expect_sync_made_again(0);
}

TEST(log_offline, by_a_failed_write_answers_all_that_is_not_stable_and_tells_the_broker_once) {
    partition_host host;
    host.hold_syncs = true;
    host.append({}, 1);
    host.settle();
    ASSERT_EQ(host.held_syncs.size(), 1u);
    host.append({}, 2);
    host.settle();
    host.append({}, 3);
    host.files.fail_after(0, errc::storage_error);
    host.settle();
    EXPECT_TRUE(host.machine->log().offline());
    for (const std::uint64_t reply : {1, 2, 3})
        EXPECT_EQ(host.appended[reply].code, errc::storage_error) << reply;
    EXPECT_EQ(host.offline_told, 1u);
    finish_sync(host);
    EXPECT_EQ(host.offline_told, 1u);
    EXPECT_EQ(host.machine->waiting_appends_count(), 0u);
}

TEST(log_offline, by_a_swap_answers_deletions_that_wait) {
    partition_host host(compacted());
    append_keys(host);
    host.machine->on_clean(order(0));
    while (host.jobs_waiting() > 0 && host.machine->log().swap_in_flight() == false)
        host.settle_one();
    ASSERT_TRUE(host.machine->log().swap_in_flight());
    // Behind the point of no return: the first rename of an old segment.
    host.files.fail_after(5, errc::storage_error);
    host.settle();
    EXPECT_TRUE(host.machine->log().offline());
    EXPECT_EQ(host.offline_told, 1u);
}

TEST(scarce_descriptors, decided_swap_is_made_again_and_reads_wait_for_it) {
    partition_host host(compacted());
    append_keys(host);
    host.machine->on_clean(order(0));
    while (host.jobs_waiting() > 0 && host.machine->log().swap_in_flight() == false)
        host.settle_one();
    host.files.fail_after(5, errc::too_many_open_files);
    host.settle();
    EXPECT_FALSE(host.machine->log().offline());
    EXPECT_TRUE(host.machine->log().swap_in_flight());
    EXPECT_EQ(host.pauses, 1u);
    host.machine->on_clean_step_due();
    host.settle();
    EXPECT_FALSE(host.machine->log().swap_in_flight());
    EXPECT_EQ(host.cleaned.size(), 1u);
    EXPECT_FALSE(host.cleaned[0].uncleanable);
}

} // namespace
} // namespace barnabas::lost_directory_test
