#include "runtime/memory/zeroed_table.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

namespace barnabas::runtime::zeroed_table_test {
namespace {

TEST(zeroed_table, small_and_large_ones_are_zeros_that_can_be_written) {
    for (const std::size_t bytes : {std::size_t{1}, std::size_t{5000}, (std::size_t{5} << 20) + 24}) {
        zeroed_table table(bytes);
        ASSERT_NE(table.data(), nullptr);
        EXPECT_EQ(std::count(table.data(), table.data() + bytes, std::byte{0}),
                  static_cast<std::ptrdiff_t>(bytes));
        std::fill(table.data(), table.data() + bytes, std::byte{7});
        EXPECT_EQ(table.data()[bytes - 1], std::byte{7});
    }
}

TEST(zeroed_table, what_is_moved_away_has_nothing_left) {
    zeroed_table first(3 << 20);
    auto* const data = first.data();
    zeroed_table second(std::move(first));
    EXPECT_EQ(second.data(), data);
    EXPECT_EQ(first.data(), nullptr); // NOLINT: what is left is promised
    first = std::move(second);
    EXPECT_EQ(first.data(), data);
}

TEST(zeroed_table, without_memory_it_has_no_data) {
    EXPECT_EQ(zeroed_table(std::size_t{1} << 60).data(), nullptr);
}

} // namespace
} // namespace barnabas::runtime::zeroed_table_test
