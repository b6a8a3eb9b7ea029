#include "runtime/memory/tail_cache.hpp"

#include <gtest/gtest.h>

#include <string>

namespace barnabas::runtime::tail_cache_test {
namespace {

struct tail_cache_test : testing::Test {
    tail_cache cache{16 << 10};
    tail_cache::log_key log = cache.add_log();

    static std::string text_of(std::int64_t base, std::size_t size = 100) {
        auto text = std::to_string(base);
        text.resize(size, '.');
        return text;
    }
    /// Batches of ten records.
    void put(tail_cache::log_key to, std::int64_t base, std::size_t size = 100) {
        const auto text = text_of(base, size);
        cache.put(to, log_offset(base), log_offset(base + 10), std::as_bytes(std::span(text)));
    }
    tail_cache::found read(tail_cache::log_key of, std::int64_t from, std::int64_t upto = 1'000'000,
                           std::size_t max_bytes = 1 << 20, bool at_least_one = true) {
        return cache.read(of, {log_offset(from), log_offset(upto), max_bytes, at_least_one});
    }
};

TEST_F(tail_cache_test, batches_are_read_from_the_one_that_holds_the_offset) {
    for (int i = 0; i < 4; ++i)
        put(log, i * 10);
    const auto all = read(log, 0);
    EXPECT_EQ(all.batches.text(), text_of(0) + text_of(10) + text_of(20) + text_of(30));
    EXPECT_EQ(all.end, log_offset(40));
    EXPECT_EQ(read(log, 15).batches.text().substr(0, 100), text_of(10));
    EXPECT_TRUE(read(log, 40).batches.empty());
    EXPECT_EQ(cache.now().hits, 2U);
    EXPECT_EQ(cache.now().misses, 1U);
}

TEST_F(tail_cache_test, read_ends_at_its_bounds) {
    for (int i = 0; i < 4; ++i)
        put(log, i * 10);
    EXPECT_EQ(read(log, 0, 29).end, log_offset(20)) << "whole batches below the bound";
    EXPECT_TRUE(read(log, 0, 9).batches.empty());
    EXPECT_EQ(read(log, 0, 100, 250).end, log_offset(20));
    EXPECT_EQ(read(log, 0, 100, 50).end, log_offset(10)) << "at least one";
    EXPECT_TRUE(read(log, 0, 100, 50, false).batches.empty());
}

TEST_F(tail_cache_test, what_was_not_kept_is_a_miss) {
    put(log, 100);
    EXPECT_TRUE(read(log, 99).batches.empty());
    EXPECT_TRUE(read(cache.add_log(), 0).batches.empty());
}

TEST_F(tail_cache_test, gap_drops_what_lies_before_it) {
    put(log, 0);
    put(log, 20);
    EXPECT_TRUE(read(log, 0).batches.empty());
    EXPECT_EQ(read(log, 20).batches.text(), text_of(20));
}

TEST_F(tail_cache_test, oldest_batches_of_the_node_make_room) {
    const auto busy = cache.add_log();
    put(log, 0);
    for (int i = 0; i < 1000; ++i)
        put(busy, i * 10);
    EXPECT_TRUE(read(log, 0).batches.empty());
    EXPECT_TRUE(read(busy, 0).batches.empty());
    EXPECT_FALSE(read(busy, 9990).batches.empty());
    EXPECT_LE(cache.now().bytes, cache.now().capacity);
    // What is left is whole.
    std::int64_t first = 9990;
    while (!read(busy, first - 10).batches.empty())
        first -= 10;
    for (auto at = first; at < 10'000;) {
        const auto found = read(busy, at);
        EXPECT_EQ(found.batches.text().substr(0, 100), text_of(at));
        at = found.end.get();
    }
}

TEST_F(tail_cache_test, what_readers_hold_stays_and_counts) {
    put(log, 0, 8000);
    const auto held = read(log, 0);
    ASSERT_FALSE(held.batches.empty());
    const auto other = cache.add_log();
    for (int i = 0; i < 100; ++i)
        put(other, i * 10, 1000);
    EXPECT_TRUE(read(log, 0).batches.empty());
    EXPECT_EQ(held.batches.text(), text_of(0, 8000));
    EXPECT_GE(cache.now().bytes, 8000U);
    EXPECT_LE(cache.now().bytes, cache.now().capacity);
}

TEST_F(tail_cache_test, batch_that_is_larger_than_the_cache_is_not_kept) {
    put(log, 0);
    put(log, 10, 100'000);
    EXPECT_TRUE(read(log, 0).batches.empty()) << "there would be a gap";
    put(log, 20);
    EXPECT_EQ(read(log, 20).batches.text(), text_of(20));
}

TEST_F(tail_cache_test, dropped_log_is_gone_with_its_memory) {
    for (int i = 0; i < 50; ++i)
        put(log, i * 10);
    cache.drop(log);
    EXPECT_TRUE(read(log, 490).batches.empty());
    EXPECT_EQ(cache.now().pieces, 0U);
    EXPECT_EQ(cache.now().bytes, 0U);
    put(log, 490);
    EXPECT_FALSE(read(log, 490).batches.empty());
}

TEST_F(tail_cache_test, logs_that_come_and_go_leave_nothing) {
    for (int i = 0; i < 20'000; ++i) {
        put(log, i * 10);
        if (i % 3 == 0)
            cache.drop(log);
    }
    EXPECT_LE(cache.now().bytes, cache.now().capacity);
}

TEST_F(tail_cache_test, cache_without_room_keeps_nothing) {
    tail_cache none;
    const auto key = none.add_log();
    const auto text = text_of(0);
    none.put(key, log_offset(0), log_offset(10), std::as_bytes(std::span(text)));
    EXPECT_TRUE(none.read(key, {log_offset(0), log_offset(10), 1000, true}).batches.empty());
    EXPECT_EQ(none.now().bytes, 0U);
}

} // namespace
} // namespace barnabas::runtime::tail_cache_test
