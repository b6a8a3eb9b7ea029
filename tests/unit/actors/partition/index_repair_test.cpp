#include "actors/partition/limits.hpp"
#include "tests/unit/actors/partition/partition_host.hpp"
#include "tests/unit/actors/replica/transaction_batches.hpp"

#include <algorithm>
#include <chrono>

/// Indexes of closed segments that rot while the partition serves.
namespace barnabas {
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

TEST_F(index_repairs, an_index_of_the_active_segment_is_left_alone) {
    base = partition.machine->log().active_segment().base_offset;
    ASSERT_TRUE(partition.files.has(path(replica::transaction_index_suffix)));
    harm(replica::transaction_index_suffix, 9, std::byte{0x02});
    EXPECT_EQ(read(true, base).code, errc::storage_error);
    EXPECT_EQ(told("indexes_rebuilt"), 0u);
}

} // namespace
} // namespace barnabas
