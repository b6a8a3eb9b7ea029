#include "actors/broker/recovery_points.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

namespace barnabas::recovery_points_test {
namespace {

partition_name numbered(int number) {
    return {"t", partition_index(number)};
}

monotonic_ns at_s(std::int64_t seconds) {
    return monotonic_ns(seconds * 1'000'000'000);
}

TEST(recovery_points, who_is_behind_is_due_an_interval_later_and_again_until_it_is_not) {
    recovery_points behind(std::chrono::seconds(60));
    EXPECT_EQ(behind.next(), std::nullopt);
    behind.note(numbered(1), true, at_s(5));
    behind.note(numbered(1), true, at_s(50)); // it goes on growing
    EXPECT_EQ(behind.next(), at_s(65));
    EXPECT_TRUE(behind.take_due(at_s(64)).empty());
    EXPECT_EQ(behind.take_due(at_s(65)), std::vector{numbered(1)});
    EXPECT_EQ(behind.next(), at_s(125));
    EXPECT_EQ(behind.take_due(at_s(125)), std::vector{numbered(1)});
    behind.note(numbered(1), false, at_s(126));
    EXPECT_EQ(behind.next(), std::nullopt);
    EXPECT_FALSE(behind.is_behind(numbered(1)));
}

TEST(recovery_points, many_take_turns_and_nobody_is_passed_over) {
    constexpr int many = 95;
    recovery_points behind(std::chrono::seconds(10));
    for (int i = 0; i < many; ++i)
        behind.note(numbered(i), true, at_s(0));
    std::map<partition_name, int> turns;
    std::size_t most = 0;
    for (std::int64_t second = 10; second < 30; ++second) {
        const auto taken = behind.take_due(at_s(second));
        EXPECT_TRUE(behind.take_due(at_s(second)).empty()) << "a pause follows";
        EXPECT_EQ(behind.next(), at_s(second + 1));
        most = std::max(most, taken.size());
        for (const auto& where : taken)
            ++turns[where];
    }
    EXPECT_EQ(most, recovery_points::at_once_max);
    EXPECT_EQ(turns.size(), static_cast<std::size_t>(many));
    for (const auto& [where, count] : turns)
        EXPECT_GE(count, 2);
}

TEST(recovery_points, who_is_gone_is_not_asked) {
    recovery_points behind(std::chrono::seconds(1));
    behind.note(numbered(1), true, at_s(0));
    behind.forget(numbered(1));
    EXPECT_TRUE(behind.take_due(at_s(9)).empty());
}

} // namespace
} // namespace barnabas::recovery_points_test
