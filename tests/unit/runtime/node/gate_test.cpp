#include "runtime/node/gate.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace barnabas::runtime::gate_test {
namespace {

using std::chrono::milliseconds;

TEST(gate, opens_once_for_all_that_wait_and_ask) {
    gate one;
    const gate same = one;
    int calls = 0;
    one.on_open([&] { ++calls; });
    EXPECT_FALSE(same.is_open());
    EXPECT_FALSE(same.wait_for(milliseconds(1)));
    EXPECT_EQ(calls, 0);
    std::thread opener([&] { one.open(); });
    same.wait();
    opener.join();
    EXPECT_TRUE(same.is_open());
    EXPECT_TRUE(same.wait_for(milliseconds(0)));
    EXPECT_EQ(calls, 1);
    one.open();
    EXPECT_EQ(calls, 1);
    same.on_open([&] { ++calls; });
    EXPECT_EQ(calls, 2);
}

/// What programs say for "however long it takes" fits no clock when it is added to now.
TEST(gate, waits_without_end_for_times_beyond_the_clock) {
    for (const auto most : {milliseconds::max(), milliseconds(9'223'372'036'854)}) {
        gate one;
        std::thread opener([&] { one.open(); });
        EXPECT_TRUE(one.wait_for(most));
        opener.join();
    }
}

TEST(gate, a_call_may_wait_for_the_gate_itself) {
    gate one;
    bool seen = false;
    one.on_open([&] {
        one.wait();
        seen = one.is_open();
    });
    one.open();
    EXPECT_TRUE(seen);
}

} // namespace
} // namespace barnabas::runtime::gate_test
