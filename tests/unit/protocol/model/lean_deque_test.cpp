#include "protocol/model/lean_deque.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <random>

namespace barnabas::lean_deque_test {
namespace {

using queue = lean_deque<std::shared_ptr<int>>;

template <class Queue>
std::vector<int> values_of(const Queue& from) {
    std::vector<int> values;
    for (const auto& one : from)
        values.push_back(*one);
    return values;
}

TEST(lean_deque, does_what_a_deque_does) {
    std::mt19937_64 draws(1);
    queue lean;
    std::deque<std::shared_ptr<int>> plain;
    for (int step = 0; step < 20'000; ++step) {
        const auto choice = draws() % 100;
        const auto value = std::make_shared<int>(step);
        if (choice < 48 || plain.empty()) {
            lean.push_back(value);
            plain.push_back(value);
        } else if (choice < 80) {
            lean.pop_front();
            plain.pop_front();
        } else if (choice < 90) {
            lean.pop_back();
            plain.pop_back();
        } else if (choice < 94) {
            const auto at = static_cast<std::ptrdiff_t>(draws() % (plain.size() + 1));
            lean.insert(lean.begin() + at, value);
            plain.insert(plain.begin() + at, value);
        } else if (choice < 96) {
            const auto at = static_cast<std::ptrdiff_t>(draws() % plain.size());
            lean.erase(lean.begin() + at, lean.end());
            plain.erase(plain.begin() + at, plain.end());
        } else if (choice < 98) {
            const auto odd = [](const std::shared_ptr<int>& one) { return *one % 2 == 1; };
            erase_if(lean, odd);
            std::erase_if(plain, odd);
        } else if (choice < 99) {
            queue moved = std::move(lean);
            lean = std::move(moved);
        } else if (draws() % 10 == 0) {
            lean.clear();
            plain.clear();
        }
        ASSERT_EQ(lean.size(), plain.size());
        ASSERT_EQ(values_of(lean), values_of(plain)) << step;
    }
}

TEST(lean_deque, what_left_is_gone_at_once) {
    const auto value = std::make_shared<int>(1);
    queue lean;
    for (int i = 0; i < 10; ++i)
        lean.push_back(value);
    lean.pop_front();
    lean.pop_back();
    EXPECT_EQ(value.use_count(), 9);
    lean.clear();
    EXPECT_EQ(value.use_count(), 1);
}

TEST(lean_deque, one_that_was_moved_from_is_empty) {
    queue lean;
    for (int i = 0; i < 4; ++i)
        lean.push_back(std::make_shared<int>(i));
    lean.pop_front();
    const queue moved = std::move(lean);
    EXPECT_EQ(moved.size(), 3U);
    EXPECT_TRUE(lean.empty());
    lean.push_back(std::make_shared<int>(7));
    EXPECT_EQ(*lean.front(), 7);
}

} // namespace
} // namespace barnabas::lean_deque_test
