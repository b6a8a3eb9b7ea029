#include "tests/unit/sim/checkers/log_story.hpp"

#include <gtest/gtest.h>

#include <limits>

/// Checkers of what lasts over lives of the broker, from the taps of a partition.
namespace barnabas::sim::durability_test {
namespace {

TEST(synced_data_survives, refuses_a_log_that_lost_what_a_sync_covered) {
    log_story told(&make_synced_data_survives);
    told.open(0);
    told.append(0, 2);
    told.written(2);
    told.synced(2);
    told.open(0);
    EXPECT_TRUE(told.broken());
}
TEST(synced_data_survives, refuses_a_failed_append_that_takes_more_with_it) {
    log_story told(&make_synced_data_survives);
    told.open(0);
    told.store(0, 2);
    told.append(2, 1);
    told.cut_back(0);
    EXPECT_TRUE(told.broken());
}
TEST(synced_data_survives, accepts_the_loss_of_what_was_only_written) {
    log_story told(&make_synced_data_survives);
    told.open(0);
    told.store(0, 2);
    told.append(2, 1);
    told.written(3);
    told.sync_begun(3);
    told.open(2);
    told.append(2, 1);
    told.cut_back(2);
    EXPECT_FALSE(told.broken());
}

TEST(damage_is_not_cut, refuses_a_log_that_lost_what_was_stable) {
    log_story told(&make_damage_is_not_cut);
    told.open(0);
    told.open(2, {0, false, false, true});
    EXPECT_TRUE(told.broken());
}
TEST(damage_is_not_cut, accepts_a_log_that_lost_what_was_not) {
    log_story told(&make_damage_is_not_cut);
    told.open(0);
    told.store(0, 2);
    told.append(2, 1);
    told.written(3);
    told.open(2);
    EXPECT_FALSE(told.broken());
}

TEST(clean_mark_is_honest, refuses_clean_with_data_that_no_sync_covered) {
    log_story told(&make_clean_mark_is_honest);
    told.open(0);
    told.store(0, 2);
    told.append(2, 1);
    told.written(3);
    told.open(3, {0, true, false, false});
    EXPECT_TRUE(told.broken());
}
TEST(clean_mark_is_honest, refuses_another_end_than_the_log_was_closed_with) {
    log_story told(&make_clean_mark_is_honest);
    told.open(0);
    told.store(0, 2);
    told.append(2, 1);
    told.written(3);
    told.close();
    told.open(2, {0, true, false, false});
    EXPECT_TRUE(told.broken());
}
TEST(clean_mark_is_honest, accepts_an_orderly_end_an_idle_log_and_a_scan) {
    log_story told(&make_clean_mark_is_honest);
    told.open(0);
    told.store(0, 2);
    told.append(2, 1);
    told.written(3);
    told.close();
    told.open(3, {0, true, false, false});
    // A sync whose completion never came: its snapshot may vouch for all that it covered.
    told.append(3, 1);
    told.written(4);
    told.sync_begun(4);
    told.open(4, {0, true, false, false});
    told.append(4, 1);
    told.written(5);
    told.open(5);
    // A recovery that was cut short may have synced what it found.
    told.append(5, 1);
    told.written(6);
    told.short_life();
    told.open(6, {0, true, false, false});
    EXPECT_FALSE(told.broken());
}

TEST(ends_never_back, refuses_an_end_below_an_acknowledged_record) {
    log_story told(&make_ends_never_back);
    told.open(0);
    told.append(0, 2);
    told.answer(-1, 0, 2);
    told.tell_end(1);
    EXPECT_TRUE(told.broken());
}
TEST(ends_never_back, refuses_a_high_watermark_below_one_told_in_another_life) {
    log_story told(&make_ends_never_back);
    told.open(0);
    told.store(0, 2);
    told.read({});
    told.open(0);
    told.read({});
    EXPECT_TRUE(told.broken());
}
TEST(ends_never_back, accepts_an_end_that_nobody_was_told_to_be_higher) {
    log_story told(&make_ends_never_back);
    told.open(0);
    told.store(0, 2);
    told.tell_end(2);
    told.append(2, 1);
    told.written(3);
    told.answer(1, 2, 3);
    told.refuse(-1, 3);
    told.tell_end(2);
    told.open(2);
    told.read({});
    EXPECT_FALSE(told.broken());
}
TEST(ends_never_back, accepts_any_end_after_a_loss_under_write_caching) {
    log_story told(&make_ends_never_back);
    told.open(0, {0, false, true});
    told.append(0, 2);
    told.written(2);
    told.shown(2);
    told.answer(-1, 0, 2);
    told.tell_end(2);
    told.open(0, {0, false, true});
    told.tell_end(0);
    EXPECT_FALSE(told.broken());
}

TEST(producer_sequences, refuses_a_gap_and_a_repetition) {
    for (const std::int32_t wrong : {1, 3}) {
        log_story told(&make_producer_sequences);
        told.open(0);
        told.append(log_story::batch_of(5, 0, 0, 0, 2));
        told.append(log_story::batch_of(5, 0, wrong, 2));
        EXPECT_TRUE(told.broken());
    }
}
TEST(producer_sequences, refuses_an_older_epoch_and_a_new_one_that_does_not_begin) {
    log_story older(&make_producer_sequences);
    older.open(0);
    older.append(log_story::batch_of(5, 1, 0, 0));
    older.append(log_story::batch_of(5, 0, 1, 1));
    EXPECT_TRUE(older.broken());
    log_story newer(&make_producer_sequences);
    newer.open(0);
    newer.append(log_story::batch_of(5, 0, 0, 0));
    newer.append(log_story::batch_of(5, 1, 1, 1));
    EXPECT_TRUE(newer.broken());
}
TEST(producer_sequences, refuses_a_repetition_of_what_survived_a_restart) {
    log_story told(&make_producer_sequences);
    told.open(0);
    told.append(log_story::batch_of(5, 0, 0, 0));
    told.append(log_story::batch_of(5, 0, 1, 1));
    told.open(1);
    told.append(log_story::batch_of(5, 0, 0, 1));
    EXPECT_TRUE(told.broken());
}
TEST(producer_sequences, accepts_a_repetition_of_what_was_lost) {
    log_story told(&make_producer_sequences);
    told.open(0);
    told.append(log_story::batch_of(5, 0, 0, 0));
    told.append(log_story::batch_of(5, 0, 1, 1));
    told.open(1);
    told.append(log_story::batch_of(5, 0, 1, 1));
    told.append(log_story::batch_of(5, 0, 2, 2));
    told.cut_back(2);
    told.append(log_story::batch_of(5, 0, 2, 2));
    EXPECT_FALSE(told.broken());
}
TEST(producer_sequences, accepts_others_in_between_a_new_epoch_and_the_wrap_at_the_largest_sequence) {
    constexpr auto largest = std::numeric_limits<std::int32_t>::max();
    log_story told(&make_producer_sequences);
    told.open(0);
    told.append(log_story::batch_of(5, 0, largest - 1, 0, 2));
    told.append(log_story::batch_of(6, 0, 0, 2));
    told.append(3, 1);
    told.append(log_story::batch_of(5, 0, 0, 4, 3));
    told.append(log_story::batch_of(5, 0, 3, 7));
    told.append(log_story::batch_of(5, 1, 0, 8));
    EXPECT_FALSE(told.broken());
}

TEST(no_leak, refuses_a_partition_that_leaves_somebody_waiting) {
    log_story append(&make_no_leak);
    append.open(0);
    append.close(1, 0);
    EXPECT_TRUE(append.broken());
    log_story read(&make_no_leak);
    read.open(0);
    read.close(0, 1);
    EXPECT_TRUE(read.broken());
}
TEST(no_leak, accepts_a_partition_that_closes_with_nobody_waiting) {
    log_story told(&make_no_leak);
    told.open(0);
    told.close();
    EXPECT_FALSE(told.broken());
}

} // namespace
} // namespace barnabas::sim::durability_test
