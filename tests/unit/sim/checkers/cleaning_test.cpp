#include "tests/unit/sim/checkers/log_story.hpp"

#include <gtest/gtest.h>

namespace barnabas::sim::cleaning_test {
namespace {

cleaning_pass pass_of(std::int64_t dirty_from, std::int64_t upto) {
    cleaning_pass pass;
    pass.dirty_from = log_offset(dirty_from);
    pass.upto = log_offset(upto);
    pass.high_watermark = pass.first_unstable_offset = pass.active_segment = log_offset(100);
    return pass;
}

/// Ten batches of one record, all of them shown.
void store_ten(log_story& told) {
    told.open(0);
    for (std::int64_t base = 0; base < 10; ++base)
        told.store(base, 1);
}

TEST(cleaning_stays_below, accepts_a_pass_up_to_the_high_watermark) {
    log_story told(&make_cleaning_stays_below);
    store_ten(told);
    told.clean(pass_of(0, 10));
    EXPECT_FALSE(told.broken());
}
TEST(cleaning_stays_below, refuses_a_pass_above_what_is_shown) {
    log_story told(&make_cleaning_stays_below);
    store_ten(told);
    told.append(10, 1);
    told.written(11);
    told.clean(pass_of(0, 11));
    EXPECT_TRUE(told.broken());
}
TEST(cleaning_stays_below, refuses_the_active_segment_and_open_transactions) {
    for (auto bound : {&cleaning_pass::active_segment, &cleaning_pass::first_unstable_offset}) {
        log_story told(&make_cleaning_stays_below);
        store_ten(told);
        auto pass = pass_of(0, 9);
        pass.*bound = log_offset(8);
        told.clean(pass);
        EXPECT_TRUE(told.broken());
    }
}

TEST(cleaning_gets_on, accepts_passes_that_come_further) {
    log_story told(&make_cleaning_gets_on);
    store_ten(told);
    told.clean(pass_of(0, 4));
    told.cleaned(3);
    told.clean(pass_of(3, 8));
    told.cleaned(3, false);
    told.clean(pass_of(3, 8));
    told.cleaned(8);
    EXPECT_FALSE(told.broken());
}
TEST(cleaning_gets_on, refuses_an_end_where_the_pass_began) {
    log_story told(&make_cleaning_gets_on);
    store_ten(told);
    told.clean(pass_of(0, 4));
    told.cleaned(0);
    EXPECT_TRUE(told.broken());
}
TEST(cleaning_gets_on, refuses_a_pass_over_what_is_clean) {
    log_story told(&make_cleaning_gets_on);
    store_ten(told);
    told.clean(pass_of(0, 4));
    told.cleaned(4);
    told.clean(pass_of(2, 8));
    EXPECT_TRUE(told.broken());
}
TEST(cleaning_gets_on, a_restart_may_know_less) {
    log_story told(&make_cleaning_gets_on);
    store_ten(told);
    told.clean(pass_of(0, 4));
    told.cleaned(4);
    told.open(10);
    told.clean(pass_of(0, 4));
    told.cleaned(4);
    EXPECT_FALSE(told.broken());
}

/// Two batches of one producer and one of another, then a pass over all.
void clean_three(log_story& told) {
    told.open(0);
    told.append(log_story::batch_of(7, 0, 0, 0));
    told.append(log_story::batch_of(7, 0, 1, 1));
    told.append(log_story::batch_of(8, 0, 0, 2));
    told.written(3);
    told.sync_begun(3);
    told.synced(3);
    told.shown(3);
    auto pass = pass_of(0, 3);
    pass.producers = {{producer_id(7), producer_epoch(0), log_offset(1)},
                      {producer_id(8), producer_epoch(0), log_offset(2)}};
    told.clean(pass);
}

TEST(cleaning_keeps_producers, accepts_the_loss_of_older_batches) {
    log_story told(&make_cleaning_keeps_producers);
    clean_three(told);
    told.read_from(0, {log_story::batch_of(7, 0, 1, 1), log_story::batch_of(8, 0, 0, 2)});
    told.read_from(2, {log_story::batch_of(8, 0, 0, 2)});
    EXPECT_FALSE(told.broken());
}
TEST(cleaning_keeps_producers, refuses_the_loss_of_the_last_one) {
    log_story told(&make_cleaning_keeps_producers);
    clean_three(told);
    told.read_from(0, {log_story::batch_of(8, 0, 0, 2)});
    EXPECT_TRUE(told.broken());
}
TEST(cleaning_keeps_producers, does_not_ask_for_what_a_crash_took) {
    log_story told(&make_cleaning_keeps_producers);
    clean_three(told);
    told.open(1);
    told.store(1, 2);
    told.read_from(0, {log_story::batch_of(7, 0, 0, 0), log_story::batch(1, 2)});
    EXPECT_FALSE(told.broken());
}

TEST(reads_show_the_log, accepts_what_compaction_changed_and_dropped) {
    log_story told(&make_reads_show_the_log);
    store_ten(told);
    told.clean(pass_of(0, 5));
    told.read_from(1, {log_story::batch(3, 1, 77), log_story::batch(5, 1), log_story::batch(6, 1)});
    EXPECT_FALSE(told.broken());
}
TEST(reads_show_the_log, refuses_a_hole_behind_what_was_compacted) {
    log_story told(&make_reads_show_the_log);
    store_ten(told);
    told.clean(pass_of(0, 5));
    told.read_from(4, {log_story::batch(4, 1), log_story::batch(6, 1)});
    EXPECT_TRUE(told.broken());
}
TEST(reads_show_the_log, refuses_a_read_that_begins_too_late) {
    log_story told(&make_reads_show_the_log);
    store_ten(told);
    told.read_from(1, {log_story::batch(2, 1)});
    EXPECT_TRUE(told.broken());
}

TEST(log_appends_contiguous, accepts_a_refused_append_that_a_restart_finds) {
    log_story told(&make_log_appends_contiguous);
    store_ten(told);
    told.append(10, 2);
    told.cut_back(10);
    told.open(12);
    told.append(12, 1);
    EXPECT_FALSE(told.broken());
}
TEST(log_appends_contiguous, refuses_one_that_was_cut_from_the_files) {
    log_story told(&make_log_appends_contiguous);
    store_ten(told);
    told.append(10, 2);
    told.cut_back(10);
    told.repaired();
    told.open(12);
    EXPECT_TRUE(told.broken());
}
TEST(log_appends_contiguous, refuses_one_whose_offset_was_given_again) {
    log_story told(&make_log_appends_contiguous);
    store_ten(told);
    told.append(10, 2);
    told.cut_back(10);
    told.append(10, 1);
    told.open(12);
    EXPECT_TRUE(told.broken());
}

} // namespace
} // namespace barnabas::sim::cleaning_test
