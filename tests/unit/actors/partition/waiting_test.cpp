#include "actors/partition/waiting_appends.hpp"
#include "actors/partition/waiting_reads.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace barnabas::waiting_test {
namespace {

std::vector<std::uint64_t> replies(const std::vector<waiting_appends::waiter>& waiters) {
    std::vector<std::uint64_t> numbers;
    for (const auto& one : waiters)
        numbers.push_back(one.reply);
    return numbers;
}

TEST(waiting_appends, each_promise_waits_for_its_own_mark) {
    waiting_appends waiting;
    waiting.add(append_promise::written, {log_offset(5), 1, {}});
    waiting.add(append_promise::stable, {log_offset(6), 2, {}});
    waiting.add(append_promise::written, {log_offset(7), 3, {}});
    EXPECT_TRUE(waiting.wants_stable());
    EXPECT_EQ(replies(waiting.reached(log_offset(4), log_offset(0))), std::vector<std::uint64_t>{});
    EXPECT_EQ(replies(waiting.reached(log_offset(6), log_offset(5))), std::vector<std::uint64_t>{1});
    EXPECT_EQ(replies(waiting.reached(log_offset(7), log_offset(6))), (std::vector<std::uint64_t>{3, 2}));
    EXPECT_EQ(waiting.size(), 0u);
}

TEST(waiting_appends, a_repeated_batch_is_answered_with_its_first_offset) {
    waiting_appends waiting;
    waiting.add(append_promise::stable, {log_offset(10), 1, {}});
    waiting.add(append_promise::stable, {log_offset(5), 2, {}});
    EXPECT_EQ(replies(waiting.reached(log_offset(10), log_offset(5))), std::vector<std::uint64_t>{2});
    EXPECT_EQ(replies(waiting.reached(log_offset(10), log_offset(10))), std::vector<std::uint64_t>{1});
}

TEST(waiting_appends, a_failure_takes_what_lies_behind_it_and_keeps_the_rest) {
    waiting_appends waiting;
    waiting.add(append_promise::stable, {log_offset(5), 1, {}});
    waiting.add(append_promise::stable, {log_offset(6), 2, {}});
    waiting.add(append_promise::written, {log_offset(7), 3, {}});
    EXPECT_EQ(replies(waiting.failed_from(log_offset(5))), (std::vector<std::uint64_t>{3, 2}));
    EXPECT_EQ(replies(waiting.reached(log_offset(5), log_offset(5))), std::vector<std::uint64_t>{1});
}

TEST(waiting_reads, readers_are_told_once_when_the_high_watermark_passes_their_offset) {
    waiting_reads waiting;
    waiting.add({1, 10}, log_offset(5));
    waiting.add({2, 20}, log_offset(7));
    EXPECT_TRUE(waiting.readable(log_offset(5)).empty());
    EXPECT_EQ(waiting.readable(log_offset(6)), (std::vector<waiting_reads::reader>{{1, 10}}));
    EXPECT_TRUE(waiting.readable(log_offset(6)).empty());
    EXPECT_EQ(waiting.size(), 1u);
}

TEST(waiting_reads, a_reader_that_asks_again_waits_once_and_one_that_left_is_not_told) {
    waiting_reads waiting;
    waiting.add({1, 10}, log_offset(5));
    waiting.add({1, 10}, log_offset(8));
    waiting.add({1, 11}, log_offset(8));
    waiting.forget({1, 11});
    waiting.forget({9, 9});
    EXPECT_TRUE(waiting.readable(log_offset(6)).empty());
    EXPECT_EQ(waiting.readable(log_offset(9)).size(), 1u);
}

} // namespace
} // namespace barnabas::waiting_test
