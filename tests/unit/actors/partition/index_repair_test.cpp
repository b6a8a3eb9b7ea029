#include "actors/partition/limits.hpp"
#include "protocol/model/mark.hpp"
#include "tests/unit/actors/partition/partition_host.hpp"
#include "tests/unit/actors/replica/compaction/clean_host.hpp"
#include "tests/unit/actors/replica/transaction_batches.hpp"

#include <algorithm>
#include <chrono>

/// Indexes of closed segments that rot while the partition serves.
namespace barnabas::index_repair_test {
namespace {

using replica::make_marker;
using replica::make_transaction_part;

class index_repairs : public ::testing::Test {
protected:
    index_repairs() {
        partition.kill();
        replica::log_host log(partition.files);
        EXPECT_TRUE(log.open(false));
        const auto has_enough = [&] {
            return log.log->segments().size() >= 4 && log.log->active_segment().transaction_index_size > 0;
        };
        for (int i = 0; !has_enough(); ++i) {
            EXPECT_TRUE(log.append_unchecked(make_transaction_part({7, i})));
            EXPECT_TRUE(log.append_unchecked(make_marker(7, i % 2 == 0)));
        }
        EXPECT_TRUE(log.close());
        partition.open(false);
        base = partition.machine->log().segments()[1].base_offset;
    }

    std::string path(std::string_view suffix) const {
        return replica::segment_path(replica::test_directory, base, suffix);
    }
    /// What a bit was flipped in, as it was.
    std::vector<std::byte> harm(std::string_view suffix, std::size_t byte, std::byte mask) {
        const auto whole = partition.files.content(path(suffix));
        auto rotten = whole;
        rotten.at(byte) ^= mask;
        partition.files.put(path(suffix), rotten);
        return whole;
    }
    void ask(std::uint64_t reply, bool committed_only, log_offset from) {
        read_request request;
        request.fetch_offset = from;
        request.max_bytes = 400;
        request.at_least_one_batch = true;
        request.committed_only = committed_only;
        partition.machine->on_read(request, 1, reply);
    }
    read_response read(bool committed_only, log_offset from) {
        ask(50, committed_only, from);
        partition.settle();
        return partition.reads.at(50);
    }
    std::size_t told(std::string_view event) const {
        return static_cast<std::size_t>(
            std::count(partition.reports.begin(), partition.reports.end(), event));
    }
    /// The position of the last entry of the offset index is a batch too late.
    std::vector<std::byte> harm_offsets() {
        const auto size = partition.files.content(path(replica::offset_index_suffix)).size();
        return harm(replica::offset_index_suffix, size - 1, std::byte{0x01});
    }
    /// Who reads from `from` waits for the index of aborted transactions of the segment, some steps of whose
    /// making are done.
    std::vector<std::byte> wait_between_steps(std::uint64_t reply) {
        partition.reindex_bytes = 300;
        harm(replica::transaction_index_suffix, 9, std::byte{0x02});
        ask(reply, true, base);
        for (int jobs = 0; jobs < 3; ++jobs)
            partition.settle_one();
        EXPECT_EQ(partition.reindex_steps, 3u);
        EXPECT_FALSE(partition.reads.contains(reply));
        return partition.files.content(path(replica::transaction_index_suffix));
    }
    void delete_segments_below(log_offset offset) {
        partition.machine->on_delete_records({0, offset}, 90);
        ASSERT_TRUE(partition.keeping);
        partition.keeping.reset();
        partition.machine->on_log_start_kept({});
        partition.machine->on_check_retention();
        ASSERT_EQ(partition.machine->log().segments().front().base_offset, offset);
    }
    log_offset behind_segment() const { return partition.machine->log().segments()[2].base_offset; }
    log_offset last_of_segment() const { return partition.machine->log().segments()[2].base_offset - 1; }

    partition_host partition;
    log_offset base;
};

TEST_F(index_repairs, a_reader_of_committed_records_waits_for_the_index_that_he_needs) {
    const auto right = read(true, base);
    ASSERT_FALSE(right.aborted.empty());
    // The producer of the first entry.
    const auto whole = harm(replica::transaction_index_suffix, 9, std::byte{0x02});
    const auto answer = read(true, base);
    EXPECT_EQ(answer.code, errc::ok);
    EXPECT_EQ(answer.aborted, right.aborted);
    EXPECT_EQ(answer.records, right.records);
    EXPECT_EQ(partition.files.content(path(replica::transaction_index_suffix)), whole);
    EXPECT_EQ(told("indexes_rebuilt"), 1u);
}

TEST_F(index_repairs, an_index_that_rots_again_at_once_is_an_error_of_storage) {
    harm(replica::transaction_index_suffix, 9, std::byte{0x02});
    EXPECT_EQ(read(true, base).code, errc::ok);
    const auto whole = harm(replica::transaction_index_suffix, 9, std::byte{0x02});
    EXPECT_EQ(read(true, base).code, errc::storage_error);
    EXPECT_EQ(read(false, base).code, errc::ok) << "of all records nothing is unknown";
    partition.monotonic =
        partition.monotonic + std::chrono::nanoseconds(partition_limits::reindex_rest).count();
    EXPECT_EQ(read(true, base).code, errc::ok);
    EXPECT_EQ(partition.files.content(path(replica::transaction_index_suffix)), whole);
}

TEST_F(index_repairs, a_read_that_is_led_astray_has_the_index_made_anew_and_does_not_wait) {
    const auto right = read(false, last_of_segment());
    const auto whole = harm_offsets();
    ask(51, false, last_of_segment());
    partition.settle_one();
    ASSERT_TRUE(partition.reads.contains(51)) << "it is answered before the index is made";
    EXPECT_EQ(partition.reads.at(51).records, right.records);
    EXPECT_EQ(partition.jobs_waiting(), 1u);
    ask(52, false, last_of_segment());
    EXPECT_EQ(partition.jobs_waiting(), 2u);
    partition.settle();
    EXPECT_EQ(partition.reads.at(52).records, right.records);
    EXPECT_EQ(partition.files.content(path(replica::offset_index_suffix)), whole);
    EXPECT_EQ(told("indexes_rebuilt"), 1u) << "once for both";
}

TEST_F(index_repairs, an_index_is_left_while_its_log_is_damaged) {
    harm_offsets();
    harm(replica::log_suffix, 100, std::byte{0x04});
    const auto rotten = partition.files.content(path(replica::offset_index_suffix));
    EXPECT_EQ(read(false, last_of_segment()).code, errc::ok);
    EXPECT_EQ(partition.files.content(path(replica::offset_index_suffix)), rotten);
    EXPECT_EQ(told("indexes_not_rebuilt"), 1u);
    read(false, last_of_segment());
    EXPECT_EQ(told("indexes_not_rebuilt"), 1u) << "it is not tried with each read";
}

/// The last batch of the segment, so that what is in front of it is read.
TEST_F(index_repairs, which_were_aborted_nobody_guesses_from_a_damaged_log) {
    for (const bool gone : {false, true}) {
        harm(replica::transaction_index_suffix, 9, std::byte{0x02});
        const auto rotten = partition.files.content(path(replica::transaction_index_suffix));
        const auto log = partition.files.content(path(replica::log_suffix));
        harm(replica::log_suffix, log.size() - 1, std::byte{0x04});
        EXPECT_EQ(read(true, base).code, errc::storage_error);
        EXPECT_EQ(read(false, base).code, errc::ok);
        EXPECT_EQ(partition.files.content(path(replica::transaction_index_suffix)), rotten);
        partition.kill();
        EXPECT_TRUE(!gone || partition.files.remove(path(replica::transaction_index_suffix)));
        partition.open(false);
        EXPECT_EQ(read(true, base).code, errc::storage_error) << "nor at a start";
        EXPECT_EQ(read(false, base).code, errc::ok);
        partition.kill();
        partition.files.put(path(replica::log_suffix), log);
        partition.open(false);
        EXPECT_FALSE(read(true, base).aborted.empty()) << "the log says it again";
    }
}

TEST_F(index_repairs, a_disk_that_refuses_leaves_an_index_as_it_was) {
    const auto whole = partition.files.content(path(replica::offset_index_suffix));
    bool failed = true;
    for (std::uint64_t n = 0; failed && n < 200; ++n) {
        harm_offsets();
        const auto rotten = partition.files.content(path(replica::offset_index_suffix));
        ask(50, false, last_of_segment());
        partition.settle_one();
        partition.files.fail_after(n, errc::disk_full);
        partition.settle();
        failed = partition.files.has_failed();
        partition.files.never_fail();
        const auto left = partition.files.content(path(replica::offset_index_suffix));
        EXPECT_TRUE(left == whole || (failed && left == rotten)) << n;
        partition.monotonic =
            partition.monotonic + std::chrono::nanoseconds(partition_limits::repair_interval).count();
        read(false, last_of_segment());
        EXPECT_EQ(partition.files.content(path(replica::offset_index_suffix)), whole) << n;
        partition.monotonic =
            partition.monotonic + std::chrono::nanoseconds(partition_limits::reindex_rest).count();
    }
    EXPECT_FALSE(failed);
    EXPECT_GT(told("indexes_not_rebuilt"), 2u);
}

TEST_F(index_repairs, a_close_waits_for_the_index_and_for_who_waits_for_it) {
    const auto whole = harm(replica::transaction_index_suffix, 9, std::byte{0x02});
    ask(51, true, base);
    partition.settle_one();
    EXPECT_FALSE(partition.reads.contains(51));
    partition.machine->on_close();
    partition.settle();
    EXPECT_TRUE(partition.reads.contains(51));
    EXPECT_TRUE(partition.ended);
    EXPECT_EQ(partition.files.content(path(replica::transaction_index_suffix)), whole);
}

TEST_F(index_repairs, other_work_of_the_lane_goes_between_two_steps) {
    const auto right = read(true, base);
    const auto rotten = wait_between_steps(51);
    partition.machine->on_offset_query({0, timestamp_ms(0), leader_epoch(-1), false}, 77);
    while (!partition.offsets.contains(77))
        partition.settle_one();
    EXPECT_EQ(partition.reindex_steps, 4u) << "the lookup is the next but one";
    EXPECT_EQ(partition.files.content(path(replica::transaction_index_suffix)), rotten);
    partition.settle();
    EXPECT_GT(partition.reindex_steps, 5u);
    EXPECT_EQ(partition.reads.at(51).records, right.records);
    EXPECT_EQ(partition.reads.at(51).aborted, right.aborted);
    EXPECT_EQ(told("indexes_rebuilt"), 1u);
    EXPECT_EQ(partition.files.open_count(), 3u) << "the active segment's";
}

TEST_F(index_repairs, a_close_between_two_steps_ends_the_making_and_who_waits_hears_of_it) {
    const auto rotten = wait_between_steps(51);
    partition.machine->on_close();
    partition.settle();
    EXPECT_EQ(partition.reindex_steps, 3u);
    EXPECT_TRUE(partition.ended);
    EXPECT_EQ(partition.reads.at(51).code, errc::not_leader_or_follower);
    EXPECT_EQ(partition.files.content(path(replica::transaction_index_suffix)), rotten);
    EXPECT_EQ(partition.files.open_count(), 0u);
}

TEST_F(index_repairs, a_directory_that_fails_between_two_steps_ends_the_making) {
    const auto rotten = wait_between_steps(51);
    partition.machine->on_directory_failed({errc::storage_error, "the disk is gone"});
    partition.settle();
    EXPECT_EQ(partition.reindex_steps, 3u);
    EXPECT_EQ(partition.reads.at(51).code, errc::storage_error);
    EXPECT_EQ(partition.files.content(path(replica::transaction_index_suffix)), rotten);
    EXPECT_EQ(partition.files.open_count(), 0u);
}

TEST_F(index_repairs, a_segment_that_is_deleted_between_two_steps_gets_no_index) {
    wait_between_steps(51);
    delete_segments_below(behind_segment());
    partition.settle();
    EXPECT_EQ(partition.reads.at(51).code, errc::offset_out_of_range);
    EXPECT_EQ(told("indexes_rebuilt") + told("indexes_not_rebuilt"), 0u);
    for (const auto suffix : {replica::log_suffix, replica::offset_index_suffix, replica::time_index_suffix,
                              replica::transaction_index_suffix})
        EXPECT_FALSE(partition.files.has(path(suffix))) << suffix;
}

/// What its producers had begun before is looked for in what is left.
TEST_F(index_repairs, one_before_it_that_is_deleted_between_two_steps_has_the_making_begin_again) {
    const auto marks = mark_hits("reindex_begun_again");
    ASSERT_FALSE(partition.files.has(path(replica::snapshot_suffix)));
    wait_between_steps(51);
    delete_segments_below(base);
    partition.settle();
    EXPECT_GT(mark_hits("reindex_begun_again"), marks);
    EXPECT_EQ(partition.reads.at(51).code, errc::ok);
    EXPECT_EQ(told("indexes_rebuilt"), 1u);
}

TEST_F(index_repairs, a_log_that_is_shorter_between_two_steps_leaves_its_index) {
    const auto rotten = wait_between_steps(51);
    auto log = partition.files.content(path(replica::log_suffix));
    log.pop_back();
    partition.files.put(path(replica::log_suffix), log);
    partition.settle();
    EXPECT_EQ(partition.reads.at(51).code, errc::storage_error);
    EXPECT_EQ(told("indexes_rebuilt"), 0u);
    EXPECT_EQ(partition.files.content(path(replica::transaction_index_suffix)), rotten);
}

/// Of the reader that had waited nothing stays behind: another one gets its number.
TEST_F(index_repairs, a_number_that_is_used_again_waits_again) {
    wait_between_steps(51);
    delete_segments_below(behind_segment());
    partition.settle();
    ASSERT_EQ(partition.reads.at(51).code, errc::offset_out_of_range);
    partition.reads.clear();
    for (const auto& segment : partition.machine->log().segments())
        if (segment.transaction_index_size > 0) {
            base = segment.base_offset;
            break;
        }
    harm(replica::transaction_index_suffix, 9, std::byte{0x02});
    ask(51, true, base);
    partition.settle();
    EXPECT_EQ(partition.reads.at(51).code, errc::ok);
}

/// A log of keys that is compacted while an index of it is made anew.
TEST(index_repairs_and_compaction,
     segments_that_are_exchanged_between_two_steps_have_the_making_begin_again) {
    auto options = replica::log_host::small_options();
    options.delete_policy = false;
    options.compact_policy = true;
    options.min_cleanable_dirty_ratio = 0;
    partition_host host(options);
    for (int i = 0; i < 60; ++i) {
        append_request request;
        request.batches.push_back(
            replica::batch_of({{"key " + std::to_string(i % 3 + i / 12 * 3), std::string(100, 'v')}}));
        host.machine->on_append(request, 0);
        host.settle();
    }
    const auto base = host.machine->log().segments()[1].base_offset;
    const auto last = host.machine->log().segments()[2].base_offset - 1;
    const auto path = replica::segment_path(replica::test_directory, base, replica::offset_index_suffix);
    auto rotten = host.files.content(path);
    ASSERT_FALSE(rotten.empty());
    rotten.back() ^= std::byte{0x01};
    host.files.put(path, rotten);
    host.reindex_bytes = 100;
    read_request request;
    request.fetch_offset = last;
    request.max_bytes = 400;
    host.machine->on_read(request, 1, 51);
    host.settle_one();
    ASSERT_EQ(host.reindex_steps, 1u);
    const auto marks = mark_hits("reindex_begun_again");
    clean_partition order;
    order.settings.map_bytes = 100'000;
    order.settings.window_bytes = 64 << 10;
    host.machine->on_clean(order);
    host.settle();
    EXPECT_GT(mark_hits("reindex_begun_again"), marks);
    ASSERT_FALSE(host.cleaned.empty());
    EXPECT_EQ(host.cleaned.back().code, errc::ok);
    EXPECT_EQ(std::count(host.reports.begin(), host.reports.end(), "indexes_not_rebuilt"), 0);
    EXPECT_TRUE(host.reads.contains(51));
    host.machine->on_read(request, 1, 52);
    host.settle();
    EXPECT_EQ(host.reads.at(52).code, errc::ok);
}

TEST_F(index_repairs, an_index_of_the_active_segment_is_left_alone) {
    base = partition.machine->log().active_segment().base_offset;
    ASSERT_TRUE(partition.files.has(path(replica::transaction_index_suffix)));
    harm(replica::transaction_index_suffix, 9, std::byte{0x02});
    EXPECT_EQ(read(true, base).code, errc::storage_error);
    EXPECT_EQ(told("indexes_rebuilt"), 0u);
}

} // namespace
} // namespace barnabas::index_repair_test
