#include "tests/unit/sim/checkers/log_story.hpp"

#include <gtest/gtest.h>

namespace barnabas::sim::deletion_test {
namespace {

/// Ten records, of which DeleteRecords took five.
void delete_to_five(log_story& told) {
    told.open(0);
    told.store(0, 10);
    told.deletion_begun(5);
    told.begins_at(5);
    told.deletion_answered(5);
}

TEST(deleted_records_stay_deleted, accepts_a_deletion_that_every_life_knows) {
    log_story told(&make_deleted_records_stay_deleted);
    delete_to_five(told);
    told.open(10, {.start = 5});
    told.short_life();
    told.open(10, {.start = 5});
    EXPECT_FALSE(told.broken());
}

TEST(deleted_records_stay_deleted, refuses_records_that_came_back_with_a_restart) {
    log_story told(&make_deleted_records_stay_deleted);
    delete_to_five(told);
    told.open(10, {.start = 4});
    EXPECT_TRUE(told.broken());
}

TEST(deleted_records_stay_deleted, refuses_an_answer_before_the_deletion_is_in_effect) {
    log_story told(&make_deleted_records_stay_deleted);
    told.open(0);
    told.store(0, 10);
    told.deletion_begun(5);
    told.deletion_answered(5);
    told.begins_at(3);
    EXPECT_TRUE(told.broken());
}

TEST(deleted_records_stay_deleted, accepts_either_outcome_of_a_deletion_without_answer) {
    for (const auto start : {0, 5}) {
        log_story told(&make_deleted_records_stay_deleted);
        told.open(0);
        told.store(0, 10);
        told.deletion_begun(5);
        told.open(10, {.start = start});
        EXPECT_FALSE(told.broken()) << start;
    }
}

TEST(deleted_records_stay_deleted, refuses_more_than_was_asked_for) {
    log_story told(&make_deleted_records_stay_deleted);
    delete_to_five(told);
    told.open(10, {.start = 6});
    EXPECT_TRUE(told.broken());
}

TEST(deleted_records_stay_deleted, accepts_what_retention_was_seen_to_take) {
    log_story told(&make_deleted_records_stay_deleted);
    delete_to_five(told);
    told.begins_at(8);
    told.open(10, {.start = 8});
    EXPECT_FALSE(told.broken());
}

TEST(deleted_records_stay_deleted, holds_disks_that_lie_to_nothing) {
    log_story told(&make_deleted_records_stay_deleted);
    told.disks_lie();
    told.open(0);
    told.store(0, 10);
    told.deletion_begun(5);
    told.begins_at(5);
    told.deletion_answered(5);
    told.open(3, {.start = 0});
    EXPECT_FALSE(told.broken());
}

} // namespace
} // namespace barnabas::sim::deletion_test
