#include "sim/workloads/produce_consume_options.hpp"
#include "sim/workloads/record_content.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <set>

namespace barnabas::sim::record_content_test {
namespace {

TEST(absurd_stamp, reaches_both_ends_of_time_and_those_of_a_batch_lie_close_together) {
    const timestamp_ms now(1'700'000'000'000);
    constexpr std::int64_t day_ms = 86'400'000;
    std::set<std::int64_t> all;
    for (std::uint64_t which = 0; which < 5; ++which) {
        std::int64_t lowest = std::numeric_limits<std::int64_t>::max();
        std::int64_t highest = -1;
        for (std::uint64_t record = 100; record < 120; ++record) {
            const auto stamp = absurd_stamp(which, record, now).get();
            lowest = std::min(lowest, stamp);
            highest = std::max(highest, stamp);
            all.insert(stamp);
        }
        EXPECT_LT(highest - lowest, day_ms);
    }
    EXPECT_TRUE(all.contains(-1));
    EXPECT_TRUE(all.contains(0));
    EXPECT_TRUE(all.contains(std::numeric_limits<std::int64_t>::max()));
}

TEST(drawn_load, some_producers_have_no_acknowledgements_and_some_absurd_timestamps) {
    std::size_t unanswered = 0;
    std::size_t absurd = 0;
    for (std::uint64_t seed = 0; seed < 2'000; ++seed) {
        const auto load = drawn_load(runtime::random(seed));
        unanswered += load.producer.acks == 0;
        absurd += load.absurd_stamps_percent > 0;
        EXPECT_FALSE(load.producer.acks == 0 && load.producer.idempotent);
    }
    EXPECT_NEAR(static_cast<double>(unanswered), 125, 40);
    EXPECT_NEAR(static_cast<double>(absurd), 400, 80);
}

} // namespace
} // namespace barnabas::sim::record_content_test
