#include "sim/clock/host_clock.hpp"
#include "sim/world/world.hpp"

#include <gtest/gtest.h>

namespace barnabas::sim::clock_test {
namespace {

TEST(host_clock, true_time_of_is_the_first_moment_that_shows_the_local_time) {
    world run(1);
    runtime::random draws(5);
    for (int count = 0; count < 20'000; ++count) {
        const auto drift = draws.between(-50'000, 50'000);
        const host_clock clock(run, {.drift_ppm = drift, .wall_skew_ms = 0, .monotonic_start_ns = 77});
        const monotonic_ns local(77 + static_cast<std::int64_t>(draws.log_between(1, 1'000'000'000'000)));
        const auto at = clock.true_time_of(local);
        EXPECT_GE(clock.monotonic_at(at), local);
        if (at > virtual_time(0)) {
            EXPECT_LT(clock.monotonic_at(at - 1), local);
        }
    }
}

TEST(host_clock, drift_and_skew_show) {
    world run(1);
    host_clock fast(run, {.drift_ppm = 1'000, .wall_skew_ms = -5'000, .monotonic_start_ns = second});
    run.run_until(virtual_time(100 * second));
    EXPECT_EQ(fast.monotonic_now(), monotonic_ns(second + 100 * second + 100 * millisecond));
    EXPECT_EQ(fast.wall_now(), timestamp_ms(host_clock::wall_epoch_ms - 5'000 + 100'100));
    fast.jump_wall(-3'600'000);
    EXPECT_EQ(fast.wall_now(), timestamp_ms(host_clock::wall_epoch_ms - 5'000 + 100'100 - 3'600'000));
    EXPECT_EQ(fast.monotonic_now(), monotonic_ns(101 * second + 100 * millisecond));
}

TEST(host_clock, a_changed_drift_never_moves_the_clock_and_holds_from_then_on) {
    world run(1);
    host_clock clock(run, {.drift_ppm = 500, .wall_skew_ms = 0, .monotonic_start_ns = second});
    runtime::random draws(9);
    auto shown = clock.monotonic_now();
    for (int turn = 0; turn < 1'000; ++turn) {
        run.run_for(draws.between(0, second));
        EXPECT_GE(clock.monotonic_now(), shown);
        shown = clock.monotonic_now();
        const auto drift = draws.between(-50'000, 50'000);
        clock.set_drift(drift);
        EXPECT_EQ(clock.monotonic_now(), shown);
        const auto local = shown + draws.between(1, 10 * second);
        const auto at = clock.true_time_of(local);
        EXPECT_GE(clock.monotonic_at(at), local);
        EXPECT_LT(clock.monotonic_at(at - 1), local);
        EXPECT_LE(clock.true_time_of(shown - 1), run.now());
    }
}

} // namespace
} // namespace barnabas::sim::clock_test
