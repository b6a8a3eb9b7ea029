#include "sim/world/world.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

namespace barnabas::sim::world_test {
namespace {

TEST(world, events_run_by_time_then_by_order_of_scheduling) {
    world run(1);
    std::vector<int> order;
    run.schedule(virtual_time(20), world_owner, [&order] { order.push_back(3); });
    run.schedule(virtual_time(10), world_owner, [&order] { order.push_back(1); });
    run.schedule(virtual_time(20), world_owner, [&order] { order.push_back(4); });
    run.schedule(virtual_time(10), world_owner, [&order] { order.push_back(2); });
    EXPECT_TRUE(run.run_until(virtual_time(15)));
    EXPECT_EQ(order, (std::vector<int>{1, 2}));
    EXPECT_EQ(run.now(), virtual_time(15));
    EXPECT_TRUE(run.run_until(virtual_time(20)));
    EXPECT_EQ(order, (std::vector<int>{1, 2, 3, 4}));
    EXPECT_EQ(run.events(), 4U);
}

TEST(world, an_event_for_the_past_runs_now) {
    world run(1);
    run.run_until(virtual_time(100));
    virtual_time seen{0};
    run.schedule(virtual_time(5), world_owner, [&] { seen = run.now(); });
    run.run_until(virtual_time(200));
    EXPECT_EQ(seen, virtual_time(100));
}

TEST(world, events_of_a_closed_owner_are_destroyed_and_never_run) {
    world run(1);
    const auto owner = run.open_owner();
    auto held = std::make_shared<int>(1);
    bool ran = false;
    run.schedule(virtual_time(10), owner, [held, &ran] { ran = true; });
    EXPECT_EQ(held.use_count(), 2);
    run.close_owner(owner);
    EXPECT_EQ(held.use_count(), 1);
    run.schedule(virtual_time(10), owner, [held, &ran] { ran = true; });
    EXPECT_EQ(held.use_count(), 1);
    run.run_until(virtual_time(20));
    EXPECT_FALSE(ran);
}

TEST(world, an_event_may_close_its_own_owner) {
    world run(1);
    const auto owner = run.open_owner();
    int ran = 0;
    for (int count = 0; count < 3; ++count) {
        run.schedule(virtual_time(10), owner, [&run, &ran, owner] {
            ++ran;
            run.close_owner(owner);
        });
    }
    run.run_until(virtual_time(20));
    EXPECT_EQ(ran, 1);
}

TEST(world, nothing_runs_after_a_failure) {
    world run(1);
    bool ran = false;
    run.schedule(virtual_time(1), world_owner, [&run] { run.fail("first"); });
    run.schedule(virtual_time(2), world_owner, [&ran] { ran = true; });
    EXPECT_FALSE(run.run_until(virtual_time(10)));
    run.fail("second");
    EXPECT_FALSE(ran);
    EXPECT_EQ(run.failure(), "first");
}

TEST(world, run_until_stops_when_the_predicate_holds) {
    world run(1);
    int count = 0;
    for (int at = 1; at <= 5; ++at)
        run.schedule(virtual_time(at), world_owner, [&count] { ++count; });
    EXPECT_TRUE(run.run_until([&count] { return count == 3; }, virtual_time(100)));
    EXPECT_EQ(run.now(), virtual_time(3));
    EXPECT_FALSE(run.run_until([] { return false; }, virtual_time(100)));
    EXPECT_EQ(run.now(), virtual_time(100));
}

TEST(task, runs_small_and_large_captures_and_destroys_them) {
    auto held = std::make_shared<int>(7);
    int sum = 0;
    {
        const std::array<std::uint64_t, 16> large{1, 2, 3};
        task small([held, &sum] { sum += *held; });
        task big([held, large, &sum] { sum += static_cast<int>(large[2]); });
        task moved = std::move(big);
        small();
        moved();
        EXPECT_FALSE(static_cast<bool>(big)); // NOLINT: a moved-from task is empty.
    }
    EXPECT_EQ(sum, 10);
    EXPECT_EQ(held.use_count(), 1);
}

TEST(trace, differs_when_any_field_differs) {
    const auto hash_of = [](const trace_event& event) {
        trace one;
        one.record(event);
        return one.hash();
    };
    const trace_event base{virtual_time(1), 2, trace_kind::note, 3, 4, 5};
    auto other = base;
    other.b = 6;
    EXPECT_EQ(hash_of(base), hash_of(base));
    EXPECT_NE(hash_of(base), hash_of(other));
    other = base;
    other.node = 1;
    EXPECT_NE(hash_of(base), hash_of(other));
}

} // namespace
} // namespace barnabas::sim::world_test
