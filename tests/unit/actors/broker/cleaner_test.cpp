#include "actors/broker/cleaner.hpp"

#include <gtest/gtest.h>

namespace barnabas::cleaner_test {
namespace {

topic_partition partition(int index) {
    topic_partition id;
    id.partition = partition_index(index);
    return id;
}

cleaner with_three(std::size_t at_once, bool enabled = true) {
    cleaner made({enabled, at_once, std::chrono::milliseconds(100)});
    for (int i = 0; i < 3; ++i)
        made.on_opened(partition(i));
    cleaner::effects started;
    made.on_started(started);
    EXPECT_EQ(started.arm_timer, enabled && at_once > 0);
    return made;
}

void answer(cleaner& of, int index, double ratio, cleaner::effects& out) {
    of.on_state({partition(index), false, ratio}, ratio > 0, out);
}

TEST(cleaner, rests_when_nobody_wants_it) {
    auto one = with_three(1);
    cleaner::effects out;
    one.on_due(out);
    EXPECT_EQ(out.ask.size(), 3u);
    for (int i = 0; i < 3; ++i) {
        EXPECT_FALSE(out.arm_timer);
        answer(one, i, 0, out);
    }
    EXPECT_TRUE(out.arm_timer);
    EXPECT_TRUE(out.clean.empty());
}

TEST(cleaner, pass_that_runs_keeps_its_place_when_its_partition_is_paused) {
    auto one = with_three(1);
    cleaner::effects out;
    one.on_due(out);
    answer(one, 0, 0.9, out);
    answer(one, 1, 0.5, out);
    answer(one, 2, 0.4, out);
    ASSERT_EQ(out.clean, std::vector{partition(0)});
    cleaner::effects paused;
    one.on_paused(partition(0), paused);
    one.on_paused(partition(2), paused);
    EXPECT_TRUE(paused.clean.empty()) << "as many as may run do run";
    cleaner::effects next;
    one.on_cleaned(partition(0), true, false, next);
    EXPECT_EQ(next.clean, std::vector{partition(1)});
    cleaner::effects round;
    one.on_cleaned(partition(1), true, false, round);
    EXPECT_EQ(round.ask, std::vector{partition(1)});
    answer(one, 1, 0, round);
    one.on_opened(partition(0));
    cleaner::effects later;
    one.on_due(later);
    EXPECT_EQ(later.ask.size(), 2u);
}

TEST(cleaner, does_nothing_when_it_is_switched_off) {
    for (auto one : {with_three(1, false), with_three(0)}) {
        cleaner::effects out;
        one.on_gone(partition(1), out);
        EXPECT_FALSE(out.arm_timer);
        EXPECT_TRUE(out.ask.empty());
    }
}

TEST(cleaner, takes_the_overdue_one_and_then_the_dirtiest_so_many_at_once) {
    auto one = with_three(2);
    cleaner::effects out;
    one.on_due(out);
    answer(one, 0, 0.6, out);
    answer(one, 1, 0.9, out);
    EXPECT_TRUE(out.clean.empty()) << "before all have answered";
    one.on_state({partition(2), true, 0.1}, true, out);
    EXPECT_EQ(out.clean, (std::vector{partition(2), partition(1)}));
    cleaner::effects next;
    one.on_cleaned(partition(1), true, false, next);
    EXPECT_EQ(next.clean, std::vector{partition(0)});
}

TEST(cleaner, a_free_place_does_not_wait_for_the_slowest) {
    auto one = with_three(2);
    cleaner::effects out;
    one.on_due(out);
    answer(one, 0, 0.9, out);
    answer(one, 1, 0.6, out);
    answer(one, 2, 0, out);
    EXPECT_EQ(out.clean, (std::vector{partition(0), partition(1)}));
    // The first takes its time; the second is done, and the third has become dirty meanwhile.
    cleaner::effects next;
    one.on_cleaned(partition(1), true, false, next);
    EXPECT_EQ(next.ask, (std::vector{partition(1), partition(2)})) << "all but the one that is at it";
    cleaner::effects taken;
    answer(one, 1, 0, taken);
    answer(one, 2, 0.4, taken);
    EXPECT_EQ(taken.clean, std::vector{partition(2)});
    // Nobody wants it any more: the pause begins although one is still at it.
    cleaner::effects done;
    one.on_cleaned(partition(2), true, false, done);
    answer(one, 1, 0, done);
    answer(one, 2, 0, done);
    EXPECT_TRUE(done.arm_timer);
    cleaner::effects due;
    one.on_due(due);
    EXPECT_EQ(due.ask, (std::vector{partition(1), partition(2)}));
}

TEST(cleaner, a_pause_that_ends_while_all_places_are_taken_asks_nobody) {
    auto one = with_three(1);
    cleaner::effects out;
    one.on_due(out);
    for (int i = 0; i < 3; ++i)
        answer(one, i, i == 0 ? 0.5 : 0, out);
    cleaner::effects first;
    one.on_cleaned(partition(0), false, false, first);
    EXPECT_TRUE(first.arm_timer) << "nothing was cleaned";
    cleaner::effects due;
    one.on_due(due);
    for (int i = 0; i < 3; ++i)
        answer(one, i, i == 0 ? 0.5 : 0, due);
    EXPECT_EQ(due.clean, std::vector{partition(0)});
    EXPECT_FALSE(due.arm_timer);
    cleaner::effects last;
    one.on_gone(partition(0), last);
    EXPECT_TRUE(last.arm_timer) << "somebody must look again";
}

TEST(cleaner, a_round_that_cleaned_something_is_followed_by_another) {
    auto one = with_three(1);
    cleaner::effects out;
    one.on_due(out);
    answer(one, 0, 0.6, out);
    answer(one, 1, 0, out);
    answer(one, 2, 0, out);
    cleaner::effects next;
    one.on_cleaned(partition(0), true, false, next);
    EXPECT_EQ(next.ask.size(), 3u);
    EXPECT_FALSE(next.arm_timer);
}

TEST(cleaner, a_failed_partition_is_asked_again_and_the_others_go_on) {
    auto one = with_three(1);
    cleaner::effects out;
    one.on_due(out);
    answer(one, 0, 0.6, out);
    answer(one, 1, 0.5, out);
    answer(one, 2, 0, out);
    cleaner::effects next;
    one.on_cleaned(partition(0), false, true, next);
    EXPECT_EQ(next.clean, std::vector{partition(1)});
    EXPECT_EQ(one.uncleanable_count(), 1u);
    cleaner::effects after;
    one.on_cleaned(partition(1), true, false, after);
    EXPECT_EQ(after.ask, (std::vector{partition(0), partition(1), partition(2)}))
        << "it says itself when it may be tried again";
    answer(one, 0, 0.6, after);
    answer(one, 1, 0, after);
    answer(one, 2, 0, after);
    one.on_cleaned(partition(0), true, false, after);
    EXPECT_EQ(one.uncleanable_count(), 0u);
}

TEST(cleaner, partitions_that_end_are_not_waited_for) {
    auto one = with_three(1);
    cleaner::effects out;
    one.on_due(out);
    answer(one, 0, 0.6, out);
    one.on_gone(partition(1), out);
    one.on_gone(partition(2), out);
    EXPECT_EQ(out.clean, std::vector{partition(0)});
    cleaner::effects next;
    one.on_gone(partition(0), next);
    EXPECT_TRUE(next.arm_timer);
}

} // namespace
} // namespace barnabas::cleaner_test
