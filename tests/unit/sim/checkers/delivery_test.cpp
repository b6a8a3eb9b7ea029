#include "tests/unit/sim/checkers/story.hpp"

#include <gtest/gtest.h>

/// Each checker has a history that it must refuse and a near miss that it must accept. Here those that judge
/// what readers find.
namespace barnabas::sim::delivery_test {
namespace {

TEST(acked_records_survive, refuses_a_record_that_is_gone) {
    story told(&make_acked_records_survive);
    told.result(told.send(2), delivery::acked, 0);
    told.audit(0, 0);
    told.end();
    EXPECT_TRUE(told.broken());
}
TEST(acked_records_survive, refuses_another_offset) {
    story told(&make_acked_records_survive);
    told.result(told.send(1), delivery::acked, 3);
    told.audit(4, 0);
    told.end();
    EXPECT_TRUE(told.broken());
}
TEST(acked_records_survive, refuses_a_record_that_came_twice) {
    story told(&make_acked_records_survive);
    told.result(told.send(1), delivery::acked, 0);
    told.audit(0, 0);
    told.audit(1, 0);
    EXPECT_TRUE(told.broken());
}
TEST(acked_records_survive, refuses_the_loss_of_acks_1_without_a_power_cut) {
    story told(&make_acked_records_survive);
    told.result(told.send(1, 1), delivery::acked, 0);
    told.end();
    EXPECT_TRUE(told.broken());
}
TEST(acked_records_survive, accepts_the_loss_of_what_was_not_promised) {
    story told(&make_acked_records_survive);
    told.result(told.send(1, 1), delivery::acked, 0);
    told.result(told.send(1), delivery::unknown);
    told.result(told.send(1), delivery::acked, 0);
    told.audit(0, 2);
    end_facts facts;
    facts.written_may_be_lost = true;
    told.end(facts);
    EXPECT_FALSE(told.broken());
}
TEST(acked_records_survive, refuses_the_loss_of_what_a_connection_that_held_carried_under_acks_0) {
    for (const bool held : {true, false}) {
        story told(&make_acked_records_survive);
        told.result(told.send(1, 0, false), delivery::unknown);
        told.pass(9);
        told.result(told.send(1, 0, false), delivery::unknown);
        end_facts facts;
        if (held)
            facts.heard_until[0] = virtual_time(5 * second);
        told.end(facts);
        EXPECT_EQ(told.broken(), held);
    }
}
TEST(acked_records_survive, accepts_that_the_last_of_acks_0_is_not_there_yet) {
    story told(&make_acked_records_survive);
    told.result(told.send(1, 0, false), delivery::unknown);
    told.audit(0, 0);
    told.pass(9);
    told.result(told.send(1, 0, false), delivery::unknown);
    end_facts facts;
    facts.heard_until[0] = virtual_time(5 * second);
    told.end(facts);
    EXPECT_FALSE(told.broken());
}
TEST(acked_records_survive, accepts_a_repetition_without_known_offset) {
    story told(&make_acked_records_survive);
    told.result(told.send(1), delivery::acked, -1);
    told.audit(5, 0);
    told.end();
    EXPECT_FALSE(told.broken());
}

TEST(nothing_invented, refuses_a_record_that_nobody_sent) {
    story told(&make_nothing_invented);
    told.send(1);
    told.read(0, 1);
    EXPECT_TRUE(told.broken());
}
TEST(nothing_invented, refuses_a_key_that_is_none_of_ours) {
    story told(&make_nothing_invented);
    told.send(1);
    told.read_raw({0, false, here, log_offset(0), std::nullopt, 1'000, {}});
    EXPECT_TRUE(told.broken());
}
TEST(nothing_invented, refuses_another_content) {
    story told(&make_nothing_invented);
    told.send(1);
    told.read_raw({0, false, here, log_offset(0), 0, 1'001, {}});
    EXPECT_TRUE(told.broken());
}
TEST(nothing_invented, refuses_another_partition) {
    story told(&make_nothing_invented);
    told.send(1);
    told.read_raw({0, false, {0, 1}, log_offset(0), 0, 1'000, {}});
    EXPECT_TRUE(told.broken());
}
TEST(nothing_invented, refuses_a_record_that_was_refused) {
    story told(&make_nothing_invented);
    told.result(told.send(1), delivery::failed);
    told.read(0, 0);
    EXPECT_TRUE(told.broken());
}
TEST(nothing_invented, accepts_a_record_whose_fate_was_unknown) {
    story told(&make_nothing_invented);
    told.result(told.send(1), delivery::unknown);
    told.read(0, 0);
    EXPECT_FALSE(told.broken());
}

TEST(offsets_contiguous, refuses_a_gap) {
    story told(&make_offsets_contiguous);
    told.send(2);
    told.read(0, 0);
    told.read(2, 1);
    EXPECT_TRUE(told.broken());
}
TEST(offsets_contiguous, refuses_an_offset_read_again) {
    story told(&make_offsets_contiguous);
    told.send(2);
    told.read(0, 0);
    told.read(0, 0);
    EXPECT_TRUE(told.broken());
}
TEST(offsets_contiguous, accepts_two_readers_of_the_same) {
    story told(&make_offsets_contiguous);
    told.send(3);
    for (const std::uint32_t reader : {0U, 1U}) {
        for (const std::int64_t offset : {0, 1, 2})
            told.read(offset, static_cast<std::uint64_t>(offset), reader);
    }
    EXPECT_FALSE(told.broken());
}

TEST(offsets_contiguous, names_a_poll_that_began_at_zero_again) {
    story told(&make_offsets_contiguous);
    told.send(2);
    told.read(0, 0);
    told.read(1, 1);
    told.read(0, 0);
    ASSERT_TRUE(told.broken());
    EXPECT_NE(told.what().find("spurious zero offset"), std::string::npos);
}
TEST(offsets_contiguous, accepts_a_gap_that_retention_made) {
    story told(&make_offsets_contiguous);
    told.send(3);
    told.read(0, 0);
    told.start(2, 3);
    told.read(2, 2);
    EXPECT_FALSE(told.broken());
}

TEST(offsets_contiguous, refuses_a_gap_beyond_what_retention_took) {
    story told(&make_offsets_contiguous);
    told.send(9);
    told.start(4, 9);
    told.read(5, 5);
    EXPECT_TRUE(told.broken());
}
TEST(offsets_contiguous, accepts_a_read_from_before_the_start_that_comes_with_it) {
    story told(&make_offsets_contiguous);
    told.send(9);
    told.start(4, 9);
    told.read(2, 2);
    told.read(3, 3);
    EXPECT_FALSE(told.broken());
}

TEST(producer_order, refuses_records_that_changed_places) {
    story told(&make_producer_order);
    told.send(2);
    told.read(0, 1);
    told.read(1, 0);
    EXPECT_TRUE(told.broken());
}
TEST(producer_order, refuses_what_was_given_up_behind_later_records_of_the_next_epoch) {
    story told(&make_producer_order);
    told.result(told.send(1), delivery::unknown);
    told.send(1);
    told.read(0, 1);
    told.read(1, 0);
    EXPECT_TRUE(told.broken());
}
TEST(producer_order, accepts_what_was_given_up_behind_later_records_of_a_new_id) {
    story told(&make_producer_order);
    told.next_epoch = false;
    told.result(told.send(1), delivery::unknown);
    told.send(1);
    told.read(0, 1);
    told.read(1, 0);
    EXPECT_FALSE(told.broken());
}
TEST(producer_order, refuses_a_record_twice) {
    story told(&make_producer_order);
    told.send(1);
    told.read(0, 0);
    told.read(1, 0);
    EXPECT_TRUE(told.broken());
}
TEST(producer_order, refuses_a_forgotten_sequence_under_acks_all) {
    story told(&make_producer_order);
    told.sequence_lost(-1);
    EXPECT_TRUE(told.broken());
}
TEST(producer_order, refuses_a_forgotten_sequence_that_no_failed_batch_explains) {
    story later(&make_producer_order);
    later.result(later.send(1), delivery::failed);
    later.send(1);
    later.sequence_lost(-1);
    EXPECT_TRUE(later.broken()) << "it was sent under the next epoch";
    story before(&make_producer_order);
    before.send(1);
    before.result(before.send(1), delivery::failed);
    before.sequence_lost(-1);
    EXPECT_TRUE(before.broken()) << "the failed one stood behind it";
}
TEST(producer_order, accepts_that_what_was_under_way_behind_a_failed_batch_is_refused) {
    story told(&make_producer_order);
    const auto too_large = told.send(1);
    told.send(1);
    told.result(too_large, delivery::failed);
    told.sequence_lost(-1);
    EXPECT_FALSE(told.broken());
}
TEST(producer_order, accepts_any_order_between_producers_and_without_idempotence) {
    story told(&make_producer_order);
    told.send(1, -1, true, 0);
    told.send(1, -1, true, 1);
    told.send(2, -1, false, 2);
    told.sequence_lost(1);
    for (const std::uint64_t record : {3, 1, 2, 0})
        told.read(0, record);
    EXPECT_FALSE(told.broken());
}

TEST(high_watermark_never_back, refuses_a_step_back) {
    story told(&make_high_watermark_never_back);
    told.watermark(5);
    told.watermark(4);
    EXPECT_TRUE(told.broken());
}
TEST(high_watermark_never_back, takes_a_start_alone_for_no_step_back) {
    story told(&make_high_watermark_never_back);
    told.watermark(5);
    told.start(7, -1);
    EXPECT_FALSE(told.broken());
    told.watermark(4);
    EXPECT_TRUE(told.broken());
}
TEST(high_watermark_never_back, refuses_a_record_above_it) {
    story told(&make_high_watermark_never_back);
    told.send(1);
    told.watermark(0);
    told.read(0, 0);
    EXPECT_TRUE(told.broken());
}
TEST(high_watermark_never_back, refuses_an_end_below_what_was_read) {
    story told(&make_high_watermark_never_back);
    told.send(1);
    told.watermark(1);
    told.read(0, 0);
    end_facts facts;
    facts.audit_ends[here] = log_offset(0);
    told.end(facts);
    EXPECT_TRUE(told.broken());
}
TEST(high_watermark_never_back, refuses_out_of_range_behind_the_end_and_inside_the_log) {
    for (const std::int64_t position : {9, 6, 3}) {
        story told(&make_high_watermark_never_back);
        told.out_of_range(position, 3, 8);
        EXPECT_TRUE(told.broken());
    }
}
TEST(high_watermark_never_back, accepts_out_of_range_where_retention_overtook_the_reader) {
    story told(&make_high_watermark_never_back);
    told.out_of_range(2, 3, 8);
    EXPECT_FALSE(told.broken());
}
TEST(high_watermark_never_back, accepts_a_reader_that_is_behind_another) {
    story told(&make_high_watermark_never_back);
    told.send(1);
    told.watermark(5, 0);
    told.watermark(4, 1);
    told.watermark(5, 1);
    told.read(0, 0);
    end_facts facts;
    facts.audit_ends[here] = log_offset(1);
    told.end(facts);
    EXPECT_FALSE(told.broken());
}

} // namespace
} // namespace barnabas::sim::delivery_test
