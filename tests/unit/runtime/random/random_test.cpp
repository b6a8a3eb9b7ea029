#include "runtime/random/random.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <array>

namespace barnabas::runtime::random_test {
namespace {

TEST(random, same_seed_gives_the_same_numbers_everywhere) {
    random draws(42);
    EXPECT_EQ(draws.next(), 0xd0764d4f4476689fu);
    EXPECT_EQ(draws.next(), 0x519e4174576f3791u);
    EXPECT_EQ(draws.next(), 0xfbe07cfb0c24ed8cu);
    EXPECT_EQ(stable_hash("partition"), stable_hash("partition"));
    EXPECT_NE(stable_hash("partition"), stable_hash("partition", 1));
}

TEST(random, draws_from_one_stream_leave_the_others_as_they_were) {
    random parent(7);
    const auto first = parent.split("network").next();
    parent.next();
    parent.split("disk").next();
    EXPECT_EQ(parent.split("network").next(), first);
    EXPECT_NE(parent.split("disk").next(), first);
    EXPECT_NE(parent.split(1).next(), parent.split(2).next());
}

TEST(random, draws_stay_within_their_bounds) {
    EXPECT_TRUE(rc::check([](std::uint64_t seed, std::uint64_t bound) {
        RC_PRE(bound > 0u);
        random draws(seed);
        for (int i = 0; i < 20; ++i)
            RC_ASSERT(draws.below(bound) < bound);
    }));
    EXPECT_TRUE(rc::check([](std::uint64_t seed, std::int64_t one, std::int64_t other) {
        random draws(seed);
        const auto low = std::min(one, other), high = std::max(one, other);
        const auto drawn = draws.between(low, high);
        RC_ASSERT(low <= drawn && drawn <= high);
    }));
    EXPECT_TRUE(rc::check([](std::uint64_t seed, std::uint32_t one, std::uint32_t other) {
        random draws(seed);
        const std::uint64_t low = std::min(one, other) + 1ull, high = std::max(one, other) + 1ull;
        const auto drawn = draws.log_between(low, high);
        RC_ASSERT(low <= drawn && drawn <= high);
    }));
}

TEST(random, small_bounds_are_drawn_evenly) {
    random draws(3);
    std::array<int, 6> seen{};
    for (int i = 0; i < 60'000; ++i)
        ++seen[draws.below(6)];
    for (int count : seen)
        EXPECT_NEAR(count, 10'000, 500);
}

TEST(random, chance_is_what_it_says) {
    random draws(5);
    int hits = 0;
    for (int i = 0; i < 100'000; ++i)
        hits += draws.chance(1, 4) ? 1 : 0;
    EXPECT_NEAR(hits, 25'000, 1'000);
    EXPECT_FALSE(draws.chance(0, 10));
    EXPECT_TRUE(draws.chance(10, 10));
}

} // namespace
} // namespace barnabas::runtime::random_test
