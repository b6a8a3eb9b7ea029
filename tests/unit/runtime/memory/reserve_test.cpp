#include "runtime/memory/reserve.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <vector>

namespace barnabas::runtime::reserve_test {
namespace {

TEST(memory_reserve, gives_permits_up_to_its_capacity) {
    memory_reserve reserve("input", 100);
    auto one = reserve.try_acquire(60);
    ASSERT_NE(one, nullptr);
    EXPECT_EQ(reserve.try_acquire(41), nullptr);
    auto other = reserve.try_acquire(40);
    ASSERT_NE(other, nullptr);
    EXPECT_EQ(reserve.in_use(), 100u);
    one.reset();
    EXPECT_EQ(reserve.in_use(), 40u);
}

TEST(memory_reserve, request_larger_than_any_number_is_refused) {
    memory_reserve reserve("input", 100);
    auto one = reserve.try_acquire(60);
    EXPECT_EQ(reserve.try_acquire(SIZE_MAX), nullptr);
}

TEST(memory_reserve, one_holder_at_a_time_may_overdraw) {
    memory_reserve reserve("input", 100);
    auto full = reserve.try_acquire(100);
    auto first = reserve.try_acquire(500, true);
    ASSERT_NE(first, nullptr);
    EXPECT_EQ(reserve.try_acquire(1, true), nullptr);
    first.reset();
    EXPECT_NE(reserve.try_acquire(1, true), nullptr);
}

TEST(memory_reserve, excess_that_is_kept_lets_nobody_exceed_it_further) {
    memory_reserve reserve("output", 100);
    std::vector<std::shared_ptr<void>> held;
    for (int i = 0; i < 1'000; ++i) {
        if (auto permit = reserve.try_acquire(50, true)) {
            memory_reserve::shrink(permit, 40);
            held.push_back(std::move(permit));
        }
        EXPECT_LE(reserve.in_use(), 150u);
    }
    EXPECT_EQ(held.size(), 3u);
    held.pop_back();
    EXPECT_NE(reserve.try_acquire(50, true), nullptr) << "below the capacity again";
}

TEST(memory_reserve, permit_keeps_what_is_used_and_gives_back_the_rest) {
    memory_reserve reserve("output", 100);
    auto held = reserve.try_acquire(100);
    bool called = false;
    ASSERT_EQ(reserve.try_acquire(50), nullptr);
    reserve.notify_when_room([&] { called = true; });
    memory_reserve::shrink(held, 30);
    EXPECT_TRUE(called);
    EXPECT_EQ(reserve.in_use(), 30u);
    memory_reserve::shrink(held, 60);
    EXPECT_EQ(reserve.in_use(), 30u);
    memory_reserve::shrink(nullptr, 0);
    held.reset();
    EXPECT_EQ(reserve.in_use(), 0u);
}

TEST(memory_reserve, returned_permit_calls_all_who_wait_in_order_and_once) {
    memory_reserve reserve("input", 100);
    auto full = reserve.try_acquire(50);
    auto more = reserve.try_acquire(50);
    std::string calls;
    ASSERT_EQ(reserve.try_acquire(1), nullptr);
    reserve.notify_when_room([&] { calls += 'a'; });
    reserve.notify_when_room([&] { calls += 'b'; });
    EXPECT_EQ(calls, "");
    full.reset();
    EXPECT_EQ(calls, "ab");
    more.reset();
    EXPECT_EQ(calls, "ab");
}

TEST(memory_reserve, permit_that_returned_before_the_wish_to_be_called_is_not_missed) {
    memory_reserve reserve("input", 100);
    auto long_held = reserve.try_acquire(50);
    auto other = reserve.try_acquire(50);
    ASSERT_EQ(reserve.try_acquire(10), nullptr);
    other.reset();
    bool called = false;
    reserve.notify_when_room([&] { called = true; });
    EXPECT_TRUE(called);
}

TEST(memory_reserve, wish_to_be_called_of_an_unused_reserve_is_granted_at_once) {
    memory_reserve reserve("input", 100);
    ASSERT_EQ(reserve.try_acquire(101), nullptr);
    bool called = false;
    reserve.notify_when_room([&] { called = true; });
    EXPECT_TRUE(called);
}

TEST(memory_reserve, permit_may_outlive_the_reserve) {
    std::optional<memory_reserve> reserve(std::in_place, "input", 100);
    auto permit = reserve->try_acquire(10);
    reserve.reset();
    permit.reset();
}

} // namespace
} // namespace barnabas::runtime::reserve_test
