#include "tests/unit/sim/checkers/log_story.hpp"

#include <gtest/gtest.h>

/// Checkers that hear the taps of a partition: each has a history that it must refuse and a near miss that it
/// must accept.
namespace barnabas::sim::log_test {
namespace {

TEST(log_appends_contiguous, refuses_a_hole) {
    log_story told(&make_log_appends_contiguous);
    told.open(0);
    told.append(0, 2);
    told.append(3, 1);
    EXPECT_TRUE(told.broken());
}
TEST(log_appends_contiguous, refuses_an_offset_given_out_twice_in_a_life) {
    log_story told(&make_log_appends_contiguous);
    told.open(0);
    told.append(0, 2);
    told.append(1, 1);
    EXPECT_TRUE(told.broken());
}
TEST(log_appends_contiguous, refuses_a_log_that_grew_while_it_was_closed) {
    log_story told(&make_log_appends_contiguous);
    told.open(0);
    told.append(0, 2);
    told.open(3);
    EXPECT_TRUE(told.broken());
}
TEST(log_appends_contiguous, refuses_a_log_that_ends_inside_a_batch) {
    log_story told(&make_log_appends_contiguous);
    told.open(0);
    told.append(0, 3);
    told.open(2);
    EXPECT_TRUE(told.broken());
}
TEST(log_appends_contiguous, refuses_an_older_leader_epoch) {
    log_story told(&make_log_appends_contiguous);
    told.open(0);
    auto batch = log_story::batch(0, 1);
    batch.leader_epoch = leader_epoch(2);
    told.append(batch);
    told.append(1, 1);
    EXPECT_TRUE(told.broken());
}
TEST(log_appends_contiguous, accepts_an_offset_whose_batch_was_lost_or_taken_back) {
    log_story told(&make_log_appends_contiguous);
    told.open(0);
    told.append(0, 2);
    told.append(2, 3);
    told.open(2);
    told.append(2, 1);
    told.cut_back(2);
    told.append(2, 5);
    told.open(7);
    EXPECT_FALSE(told.broken());
}

TEST(shown_prefix_stays, refuses_a_log_opened_below_what_was_shown) {
    log_story told(&make_shown_prefix_stays);
    told.open(0);
    told.store(0, 2);
    told.store(2, 1);
    told.open(2);
    EXPECT_TRUE(told.broken());
}
TEST(shown_prefix_stays, refuses_a_cut_below_what_was_shown) {
    log_story told(&make_shown_prefix_stays);
    told.open(0);
    told.store(0, 2);
    told.cut_back(1);
    EXPECT_TRUE(told.broken());
}
TEST(shown_prefix_stays, refuses_a_shown_offset_given_out_again) {
    log_story told(&make_shown_prefix_stays);
    told.open(0);
    told.store(0, 2);
    told.append(1, 1);
    EXPECT_TRUE(told.broken());
}
TEST(shown_prefix_stays, accepts_the_loss_of_what_was_not_shown) {
    log_story told(&make_shown_prefix_stays);
    told.open(0);
    told.store(0, 2);
    told.append(2, 1);
    told.written(3);
    told.open(2);
    told.append(2, 4);
    EXPECT_FALSE(told.broken());
}
TEST(shown_prefix_stays, accepts_the_loss_of_what_write_caching_showed) {
    log_story told(&make_shown_prefix_stays);
    told.open(0, {0, false, true});
    told.append(0, 2);
    told.written(2);
    told.shown(2);
    told.open(0, {0, false, true});
    EXPECT_FALSE(told.broken());
}

log_marks marks(std::int64_t start, std::int64_t stable, std::int64_t written, std::int64_t end,
                std::int64_t high_watermark) {
    return {log_offset(start), log_offset(stable), log_offset(written), log_offset(end),
            log_offset(high_watermark)};
}

TEST(log_marks_in_order, refuses_every_wrong_order) {
    for (const auto& wrong : {marks(3, 2, 4, 5, 4), marks(0, 5, 4, 6, 4), marks(0, 4, 6, 5, 4),
                              marks(2, 4, 4, 4, 1), marks(0, 4, 4, 4, 5), marks(0, 2, 4, 4, 3)}) {
        log_story told(&make_log_marks_in_order);
        told.open(0);
        told.move_to(wrong);
        EXPECT_TRUE(told.broken());
    }
}
TEST(log_marks_in_order, refuses_every_mark_that_goes_back) {
    const auto before = marks(2, 4, 6, 8, 4);
    for (const auto& wrong :
         {marks(1, 4, 6, 8, 4), marks(2, 3, 6, 8, 3), marks(2, 4, 5, 8, 4), marks(2, 4, 6, 8, 3)}) {
        log_story told(&make_log_marks_in_order);
        told.open(0);
        told.move_to(before);
        EXPECT_FALSE(told.broken());
        told.move_to(wrong);
        EXPECT_TRUE(told.broken());
    }
}
TEST(log_marks_in_order, refuses_a_log_start_that_goes_back_over_lives) {
    log_story told(&make_log_marks_in_order);
    told.open(8, {4, false, false});
    told.open(8, {3, false, false});
    EXPECT_TRUE(told.broken());
}
TEST(log_marks_in_order, accepts_that_a_crash_brings_back_what_retention_took_in_that_life) {
    log_story told(&make_log_marks_in_order);
    told.open(9, {.start = 2});
    told.move_to(marks(5, 9, 9, 9, 9));
    told.open(9, {.start = 2});
    EXPECT_FALSE(told.broken());
    told.move_to(marks(5, 9, 9, 9, 9));
    told.open(9, {.start = 1});
    EXPECT_TRUE(told.broken());
}
TEST(log_marks_in_order, accepts_equal_marks_a_new_life_and_a_log_end_taken_back) {
    log_story told(&make_log_marks_in_order);
    told.open(0);
    told.move_to(marks(2, 4, 6, 8, 4));
    told.move_to(marks(2, 4, 6, 6, 4));
    told.open(4, {2, false, false});
    told.move_to(marks(4, 4, 4, 4, 4));
    EXPECT_FALSE(told.broken());
}

TEST(acks_keep_their_promise, refuses_acks_all_before_the_sync) {
    log_story told(&make_acks_keep_their_promise);
    told.open(0);
    told.append(0, 2);
    told.written(2);
    told.answer(-1, 0, 2);
    EXPECT_TRUE(told.broken());
}
TEST(acks_keep_their_promise, refuses_acks_1_before_the_write) {
    log_story told(&make_acks_keep_their_promise);
    told.open(0);
    told.append(0, 2);
    told.answer(1, 0, 2);
    EXPECT_TRUE(told.broken());
}
TEST(acks_keep_their_promise, refuses_an_offset_where_no_batch_begins) {
    log_story told(&make_acks_keep_their_promise);
    told.open(0);
    told.store(0, 2);
    told.answer(-1, 1, 2);
    EXPECT_TRUE(told.broken());
}
TEST(acks_keep_their_promise, accepts_kept_promises_refusals_and_forgotten_places) {
    log_story told(&make_acks_keep_their_promise);
    told.open(0);
    told.append(0, 2);
    told.refuse(-1, 2);
    told.written(2);
    told.answer(1, 0, 2);
    told.synced(2);
    told.answer(-1, 0, 2);
    told.answer(-1, -1, 1);
    EXPECT_FALSE(told.broken());
}
TEST(acks_keep_their_promise, accepts_acks_all_when_written_under_write_caching) {
    log_story told(&make_acks_keep_their_promise);
    told.open(0, {0, false, true});
    told.append(0, 2);
    told.written(2);
    told.answer(-1, 0, 2);
    EXPECT_FALSE(told.broken());
}

TEST(reads_show_the_log, refuses_a_batch_above_the_high_watermark) {
    log_story told(&make_reads_show_the_log);
    told.open(0);
    told.append(0, 2);
    told.written(2);
    told.read({log_story::batch(0, 2)});
    EXPECT_TRUE(told.broken());
}
TEST(reads_show_the_log, refuses_a_batch_that_is_not_what_was_appended) {
    log_story told(&make_reads_show_the_log);
    told.open(0);
    told.store(0, 2);
    told.read({log_story::batch(0, 2, 7)});
    EXPECT_TRUE(told.broken());
}
TEST(reads_show_the_log, refuses_a_batch_that_begins_inside_another_one) {
    log_story told(&make_reads_show_the_log);
    told.open(0);
    told.store(0, 2);
    told.read({log_story::batch(1, 1)});
    EXPECT_TRUE(told.broken());
}
TEST(reads_show_the_log, refuses_a_hole_between_batches) {
    log_story told(&make_reads_show_the_log);
    told.open(0);
    told.store(0, 2);
    told.store(2, 1);
    told.store(3, 1);
    told.read({log_story::batch(0, 2), log_story::batch(3, 1)});
    EXPECT_TRUE(told.broken());
}
TEST(reads_show_the_log, refuses_bytes_that_are_no_batches) {
    log_story told(&make_reads_show_the_log);
    told.open(0);
    told.read_torn();
    EXPECT_TRUE(told.broken());
}
TEST(reads_show_the_log, accepts_what_was_appended_in_a_former_life_and_nothing) {
    log_story told(&make_reads_show_the_log);
    told.open(0);
    told.store(0, 2);
    told.store(2, 1);
    told.open(3);
    told.read({log_story::batch(2, 1)});
    told.read({});
    told.read({log_story::batch(0, 2), log_story::batch(2, 1)});
    EXPECT_FALSE(told.broken());
}

} // namespace
} // namespace barnabas::sim::log_test
