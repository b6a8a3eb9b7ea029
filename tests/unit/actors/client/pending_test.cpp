#include "actors/client/pending.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace barnabas::client::pending_test {
namespace {

TEST(pending, what_a_call_throws_is_said_and_costs_no_other_call) {
    const pending<int> later;
    int seen = 0;
    later.on_done([](int) { throw std::runtime_error("a mistake"); });
    later.on_done([&](int value) { seen = value; });
    testing::internal::CaptureStderr();
    later.give(3);
    later.on_done([](int) { throw 7; });
    EXPECT_EQ(testing::internal::GetCapturedStderr(),
              "barnabas: a callback of on_done of the program threw an exception: a mistake\n"
              "barnabas: a callback of on_done of the program threw an exception: of a type that is no "
              "std::exception\n");
    EXPECT_EQ(seen, 3);
}

} // namespace
} // namespace barnabas::client::pending_test
