#include "tests/unit/actors/partition/partition_host.hpp"
#include "tests/unit/actors/replica/compaction/clean_host.hpp"

#include <gtest/gtest.h>

/// What a partition does when its data directory fails.
namespace barnabas {
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

} // namespace
} // namespace barnabas
