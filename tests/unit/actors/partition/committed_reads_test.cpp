#include "tests/unit/actors/partition/partition_host.hpp"
#include "tests/unit/actors/replica/transaction_batches.hpp"

/// What a reader of committed records gets from a partition.
namespace barnabas::committed_reads_test {
namespace {

using replica::make_marker;
using replica::make_transaction_part;

class committed_reads : public ::testing::Test {
protected:
    /// Offsets 0 and 2 of producer 7, which aborts at 4; 1 of producer 8, which commits at 5; 3 of nobody; 6
    /// of producer 9, which is open; 7 of nobody.
    committed_reads() {
        partition.kill();
        replica::log_host log(partition.files);
        EXPECT_TRUE(log.open(false));
        EXPECT_TRUE(log.append_unchecked(make_transaction_part({7, 0})));
        EXPECT_TRUE(log.append_unchecked(make_transaction_part({8, 0})));
        EXPECT_TRUE(log.append_unchecked(make_transaction_part({7, 1})));
        EXPECT_TRUE(log.append_unchecked(replica::make_batch({})));
        EXPECT_TRUE(log.append_unchecked(make_marker(7, false)));
        EXPECT_TRUE(log.append_unchecked(make_marker(8, true)));
        EXPECT_TRUE(log.append_unchecked(make_transaction_part({9, 0})));
        EXPECT_TRUE(log.append_unchecked(replica::make_batch({})));
        EXPECT_TRUE(log.close());
        partition.open(false);
    }

    read_response read(std::int64_t from, bool committed_only, bool notify = false) {
        read_request request;
        request.token = 5;
        request.fetch_offset = log_offset(from);
        request.max_bytes = 1 << 20;
        request.at_least_one_batch = true;
        request.notify = notify;
        request.committed_only = committed_only;
        partition.machine->on_read(request, 1, 50);
        partition.settle();
        return partition.reads.at(50);
    }
    static std::size_t batches_in(const read_response& answer) {
        return batch::split_batches(answer.records)->size();
    }

    partition_host partition;
};

TEST_F(committed_reads, end_before_the_first_open_transaction_and_name_the_aborted_ones) {
    const auto answer = read(0, true);
    EXPECT_EQ(answer.high_watermark, log_offset(8));
    EXPECT_EQ(answer.last_stable_offset, log_offset(6));
    EXPECT_EQ(batches_in(answer), 6u);
    EXPECT_EQ(answer.aborted, (std::vector<aborted_records>{{producer_id(7), log_offset(0)}}));
    EXPECT_TRUE(read(5, true).aborted.empty());
    const auto all = read(0, false);
    EXPECT_EQ(batches_in(all), 8u);
    EXPECT_TRUE(all.aborted.empty());
    EXPECT_EQ(all.last_stable_offset, log_offset(6));
}

TEST_F(committed_reads, wait_at_the_last_stable_offset_whatever_is_appended) {
    EXPECT_TRUE(read(6, true, true).records.empty());
    EXPECT_EQ(partition.machine->waiting_reads_count(), 1u);
    EXPECT_TRUE(partition.machine->waits(1));
    partition.append({});
    partition.settle();
    EXPECT_EQ(partition.machine->high_watermark(), log_offset(9));
    EXPECT_EQ(partition.machine->waiting_reads_count(), 1u);
    partition.machine->on_forget({1, 5});
    EXPECT_EQ(partition.machine->waiting_reads_count(), 0u);
}

TEST_F(committed_reads, that_reach_their_end_wait_there) {
    EXPECT_EQ(read(0, true, true).waits_at, log_offset(6));
    EXPECT_EQ(partition.machine->waiting_reads_count(), 1u);
}

TEST_F(committed_reads, go_on_when_the_open_transaction_is_deleted) {
    EXPECT_TRUE(read(6, true, true).records.empty());
    partition.delete_below(7, 9);
    partition.keep();
    EXPECT_EQ(partition.machine->waiting_reads_count(), 0u);
    EXPECT_EQ(partition.machine->last_stable_offset(), log_offset(7));
}

TEST_F(committed_reads, offsets_are_asked_up_to_the_last_stable_one) {
    EXPECT_EQ(partition.ask(-1, -1, true).offset, log_offset(6));
    EXPECT_EQ(partition.ask(-1).offset, log_offset(8));
    EXPECT_LT(partition.ask(-3, -1, true).offset, log_offset(6));
}

} // namespace
} // namespace barnabas::committed_reads_test
