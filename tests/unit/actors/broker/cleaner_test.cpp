#include "actors/broker/cleaner.hpp"

#include <gtest/gtest.h>

namespace barnabas {
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
    return made;
}

void answer(cleaner& of, int index, double ratio, cleaner::effects& out) {
    of.on_state({partition(index), false, ratio}, ratio > 0, out);
}

TEST(cleaner, rests_when_nobody_wants_it) {
    auto one = with_three(1);
    cleaner::effects started;
    one.on_started(started);
    EXPECT_TRUE(started.arm_timer);
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
    cleaner::effects out;
    with_three(1, false).on_started(out);
    EXPECT_FALSE(out.arm_timer);
    with_three(0).on_started(out);
    EXPECT_FALSE(out.arm_timer);
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

TEST(cleaner, a_failed_partition_is_left_alone_and_the_others_go_on) {
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
    EXPECT_EQ(after.ask, (std::vector{partition(1), partition(2)}));
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
} // namespace barnabas
