#include "tests/unit/sim/checkers/log_story.hpp"

#include <gtest/gtest.h>

namespace barnabas::sim::retention_test {
namespace {

/// Batches of one record and 100 bytes each; segments have 200 bytes, which nobody tells.
class retention_story : public log_story {
public:
    explicit retention_story(const retention_policy& policy) : log_story(&make_retention_keeps_its_policy) {
        retains(policy);
        open(0);
    }

    /// So many batches, appended at this time, with this timestamp.
    void batches(std::int64_t count, std::int64_t now, std::int64_t stamp) {
        for (std::int64_t i = 0; i < count; ++i, ++end_)
            append_timed(end_, 100, stamp, now);
        written(end_);
        synced(end_);
        shown(end_);
    }
    /// A pass that leaves the log with this start.
    void pass(std::int64_t now, std::int64_t start) {
        retention_begun(now, at_ += second);
        begins_at(start);
    }

private:
    std::int64_t end_ = 0;
    std::int64_t at_ = 0;
};

constexpr retention_policy by_time{true, 1000, -1, 200};
constexpr retention_policy by_size{true, -1, 500, 200};

TEST(retention_keeps_its_policy, accepts_what_is_old_enough_and_nothing_younger) {
    for (const bool early : {false, true}) {
        retention_story told(by_time);
        told.batches(4, 5000, 5000);
        told.batches(4, 5500, 5500);
        told.pass(early ? 6000 : 6001, 4);
        EXPECT_EQ(told.broken(), early);
    }
}

TEST(retention_keeps_its_policy, refuses_one_young_batch_among_old_ones) {
    retention_story told(by_time);
    told.batches(4, 5000, 5000);
    told.batches(4, 5500, 5500);
    told.pass(6200, 5);
    EXPECT_TRUE(told.broken());
}

TEST(retention_keeps_its_policy, counts_the_age_of_what_has_an_absurd_time_from_the_brokers_clock) {
    for (const std::int64_t stamp : {std::int64_t{-1}, std::int64_t{1} << 62}) {
        retention_story early(by_time);
        early.batches(8, 5000, stamp);
        early.pass(5900, 4);
        EXPECT_TRUE(early.broken()) << stamp;
        retention_story due(by_time);
        due.batches(8, 5000, stamp);
        due.pass(6001, 4);
        EXPECT_FALSE(due.broken()) << stamp;
    }
}

/// The newest timestamp of a segment is its age, and nobody tells where segments begin.
TEST(retention_keeps_its_policy, accepts_a_batch_without_time_beside_an_old_one) {
    retention_story told(by_time);
    told.batches(1, 5000, 1000);
    told.batches(1, 5000, -1);
    told.batches(4, 5000, 5000);
    told.pass(5100, 2);
    EXPECT_FALSE(told.broken());
}

TEST(retention_keeps_its_policy, accepts_that_a_segment_was_closed_while_the_clock_was_back) {
    retention_story told(by_time);
    told.batches(4, 5000, 5000);
    told.batches(1, 3000, 3000);
    told.batches(4, 5000, 5000);
    told.pass(4001, 4);
    EXPECT_FALSE(told.broken());
}

TEST(retention_keeps_its_policy, leaves_as_much_as_the_log_may_have) {
    for (const std::int64_t start : {3, 4}) {
        retention_story told(by_size);
        told.batches(8, 5000, 5000);
        told.pass(9000, start);
        EXPECT_EQ(told.broken(), start == 4) << "400 bytes are less than it may have";
    }
}

TEST(retention_keeps_its_policy,
     takes_nothing_from_a_topic_without_the_policy_and_nothing_that_is_not_shown) {
    retention_story never({false, 1000, 100, 200});
    never.batches(8, 5000, 5000);
    never.pass(90000, 2);
    EXPECT_TRUE(never.broken());
    retention_story unseen(by_time);
    unseen.batches(4, 5000, 5000);
    unseen.append_timed(4, 100, 5000, 5000);
    unseen.written(5);
    unseen.pass(90000, 5);
    EXPECT_TRUE(unseen.broken());
}

TEST(retention_keeps_its_policy, does_not_judge_what_clients_deleted) {
    retention_story told(by_size);
    told.batches(8, 5000, 5000);
    told.deletion_begun(7);
    told.begins_at(7);
    EXPECT_FALSE(told.broken());
}

TEST(retention_keeps_its_policy, refuses_what_stays_longer_than_it_may) {
    for (const auto& policy : {by_time, by_size}) {
        for (const int passes : {5, 9}) {
            retention_story told(policy);
            told.batches(30, 5000, std::int64_t{1} << 62);
            told.healed();
            for (int i = 0; i < passes; ++i)
                told.pass(7000 + 1100 * i, 0);
            EXPECT_EQ(told.broken(), passes == 9) << policy.ms;
        }
    }
}

TEST(retention_keeps_its_policy, has_patience_while_there_are_faults_and_with_the_newest_segments) {
    retention_story faulty(by_time);
    faulty.batches(30, 5000, 5000);
    for (int i = 0; i < 20; ++i)
        faulty.pass(7000 + 1100 * i, 0);
    EXPECT_FALSE(faulty.broken());
    retention_story newest(by_time);
    newest.batches(4, 5000, 5000);
    newest.healed();
    for (int i = 0; i < 20; ++i)
        newest.pass(7000 + 1100 * i, 0);
    EXPECT_FALSE(newest.broken());
}

/// A file shows when it was changed last, unless it may be a copy.
TEST(retention_keeps_its_policy, a_crash_makes_nothing_young_that_an_opening_has_made_sure_of) {
    for (const bool tells : {false, true}) {
        retention_story told({true, 1000, -1, 200, tells});
        told.batches(30, 5000, std::int64_t{1} << 62);
        told.open(30);
        told.pass(5500, 0);
        told.open(30);
        told.healed();
        for (int i = 0; i < 9; ++i)
            told.pass(7000 + 50 * i, 0);
        EXPECT_EQ(told.broken(), tells);
    }
}

TEST(retention_keeps_its_policy, what_recovery_may_have_written_again_is_young_once_more) {
    retention_story told({true, 1000, -1, 200, true});
    told.batches(30, 5000, std::int64_t{1} << 62);
    told.pass(5500, 0);
    told.open(30);
    told.healed();
    for (int i = 0; i < 9; ++i)
        told.pass(7000 + 50 * i, 0);
    EXPECT_FALSE(told.broken());
}

/// No segment ended before the records in it and in those before it were made.
TEST(retention_keeps_its_policy, times_that_make_sense_by_now_keep_what_came_behind_them) {
    retention_story told({true, 1000, 2000, 200, true});
    told.batches(1, 5000, 6800);
    told.batches(29, 5000, std::int64_t{1} << 62);
    told.open(30);
    told.pass(5500, 0);
    told.open(30);
    told.healed();
    for (int i = 0; i < 9; ++i)
        told.pass(7000 + 50 * i, 8);
    EXPECT_FALSE(told.broken());
}

TEST(retention_keeps_its_policy, does_not_know_the_size_of_what_came_back_with_a_restart) {
    retention_story told(by_size);
    told.batches(4, 5000, 5000);
    told.open(9);
    told.pass(9000, 4);
    EXPECT_FALSE(told.broken());
}

} // namespace
} // namespace barnabas::sim::retention_test
