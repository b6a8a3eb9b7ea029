#include "tests/unit/sim/checkers/story.hpp"

#include <gtest/gtest.h>

/// Checkers named after the anomalies of reliability table 3.8.
namespace barnabas::sim::anomalies_test {
namespace {

TEST(inconsistent_offsets, refuses_another_record_at_an_offset) {
    story told(&make_inconsistent_offsets);
    told.send(2);
    told.read(0, 0, 0);
    told.read(0, 1, 1);
    EXPECT_TRUE(told.broken());
}
TEST(inconsistent_offsets, refuses_another_content_at_an_offset) {
    story told(&make_inconsistent_offsets);
    told.send(1);
    told.read(0, 0);
    told.read_raw({1, false, here, log_offset(0), 0, 999, {}});
    EXPECT_TRUE(told.broken());
}
TEST(inconsistent_offsets, refuses_two_acknowledgements_of_an_offset) {
    story told(&make_inconsistent_offsets);
    told.result(told.send(2), delivery::acked, 0);
    told.result(told.send(1), delivery::acked, 1);
    EXPECT_TRUE(told.broken());
}
TEST(inconsistent_offsets, refuses_a_read_that_contradicts_an_acknowledgement) {
    story told(&make_inconsistent_offsets);
    told.acked(0);
    told.send(1);
    told.read(0, 1);
    EXPECT_TRUE(told.broken());
}
TEST(inconsistent_offsets, refuses_an_offset_that_no_log_can_have) {
    story told(&make_inconsistent_offsets);
    told.send(1);
    told.read(INT64_MAX, 0);
    EXPECT_TRUE(told.broken());
}
TEST(inconsistent_offsets, accepts_an_offset_of_acks_1_given_out_again) {
    story told(&make_inconsistent_offsets);
    told.acked(0, 1);
    told.acked(0);
    told.read(0, 1, 0);
    told.read(0, 1, 1);
    EXPECT_FALSE(told.broken());
}

TEST(no_duplicates, refuses_a_record_that_two_readers_find_at_two_offsets) {
    story told(&make_no_duplicates);
    told.send(1);
    told.read(0, 0, 0);
    told.read(1, 0, 1);
    EXPECT_TRUE(told.broken());
}
TEST(no_duplicates, accepts_what_a_producer_without_idempotence_sent_twice) {
    story told(&make_no_duplicates);
    told.send(1, -1, false);
    told.send(1);
    told.read(0, 0);
    told.read(1, 0);
    told.read(2, 1, 0);
    told.read(2, 1, 1);
    EXPECT_FALSE(told.broken());
}

TEST(sends_monotonic, refuses_a_later_send_at_a_lower_offset) {
    story told(&make_sends_monotonic);
    told.acked(5);
    told.acked(4);
    EXPECT_TRUE(told.broken());
}
TEST(sends_monotonic, refuses_a_send_without_idempotence_before_one_that_was_answered) {
    story told(&make_sends_monotonic);
    told.result(told.send(2, -1, false), delivery::acked, 3);
    told.pass(1);
    told.result(told.send(1, -1, false), delivery::acked, 4);
    EXPECT_TRUE(told.broken());
}
TEST(sends_monotonic, accepts_sends_without_idempotence_that_overtook_each_other) {
    story told(&make_sends_monotonic);
    const auto first = told.send(1, -1, false);
    const auto second = told.send(1, -1, false);
    told.pass(1);
    told.result(first, delivery::acked, 7);
    told.result(second, delivery::acked, 6);
    EXPECT_FALSE(told.broken());
}
TEST(sends_monotonic, accepts_another_producer_in_between) {
    story told(&make_sends_monotonic);
    told.acked(7);
    told.result(told.send(1, -1, true, 1), delivery::acked, 6);
    told.result(told.send(1), delivery::unknown);
    told.acked(8);
    EXPECT_FALSE(told.broken());
}

TEST(nothing_unseen, refuses_an_acknowledged_record_that_nobody_read) {
    story told(&make_nothing_unseen);
    told.acked(0);
    told.end();
    ASSERT_TRUE(told.broken());
    EXPECT_EQ(told.what().find("unseen"), 0U);
}
TEST(nothing_unseen, names_a_lost_write) {
    story told(&make_nothing_unseen);
    told.acked(0);
    told.acked(1);
    told.read(1, 1);
    told.end();
    ASSERT_TRUE(told.broken());
    EXPECT_EQ(told.what().find("lost-write"), 0U);
}
TEST(nothing_unseen, accepts_what_any_reader_saw_what_was_not_promised_and_what_retention_took) {
    story told(&make_nothing_unseen);
    told.acked(0);
    told.acked(1);
    told.read(1, 1, 3);
    told.acked(2, 1);
    told.result(told.send(1), delivery::unknown);
    told.start(1, 2);
    told.end();
    EXPECT_FALSE(told.broken());
}

} // namespace
} // namespace barnabas::sim::anomalies_test
