#include "runtime/memory/chunk_pool.hpp"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace barnabas::runtime::chunk_pool_test {
namespace {

constexpr std::size_t mebibyte = 1024 * 1024;

TEST(chunk_pool, gives_the_memory_of_who_is_gone) {
    const auto pool = std::make_shared<chunk_pool>(16 * mebibyte);
    auto first = pool->take(mebibyte);
    EXPECT_GE(first->capacity(), mebibyte);
    const auto* at = first->data();
    const slice part(first, 100, 10);
    first = nullptr;
    EXPECT_NE(pool->take(mebibyte)->data(), at) << "a slice still lies in it";
    auto held = part.sub(5, 5);
    const_cast<slice&>(part) = {};
    held = {};
    EXPECT_EQ(pool->take(mebibyte - 10'000)->data(), at);
}

TEST(chunk_pool, no_two_have_the_same) {
    const auto pool = std::make_shared<chunk_pool>(16 * mebibyte);
    pool->take(mebibyte);
    const auto one = pool->take(mebibyte);
    const auto other = pool->take(mebibyte);
    EXPECT_NE(one->data(), other->data());
}

TEST(chunk_pool, keeps_no_more_than_it_may) {
    const auto pool = std::make_shared<chunk_pool>(3 * mebibyte);
    {
        std::vector<std::shared_ptr<chunk>> all;
        for (int i = 0; i < 10; ++i)
            all.push_back(pool->take(mebibyte / 2));
    }
    EXPECT_EQ(pool->kept_bytes(), 3 * mebibyte);
    pool->take(4 * mebibyte);
    EXPECT_EQ(pool->kept_bytes(), 0u) << "what alone is too much goes as well";
}

TEST(chunk_pool, small_ones_are_not_kept_and_hold_no_large_one) {
    const auto pool = std::make_shared<chunk_pool>(64 * mebibyte);
    pool->take(1000);
    EXPECT_EQ(pool->kept_bytes(), 0u);
    pool->take(32 * mebibyte);
    const auto kept = pool->kept_bytes();
    EXPECT_GE(kept, 32 * mebibyte);
    const auto one = pool->take(mebibyte);
    EXPECT_LT(one->capacity(), 3 * mebibyte);
    EXPECT_EQ(pool->kept_bytes(), kept);
}

TEST(chunk_pool, answers_of_one_mebibyte_share_their_memory) {
    const auto pool = std::make_shared<chunk_pool>(64 * mebibyte);
    const auto* at = pool->take(mebibyte + 1000)->data();
    for (const std::size_t size : {mebibyte - 1000, mebibyte, mebibyte + 5000, mebibyte * 3 / 2})
        EXPECT_EQ(pool->take(size)->data(), at);
    // Each byte can be written.
    const auto one = pool->take(5 * mebibyte);
    for (std::size_t byte = 0; byte < one->capacity(); byte += 512)
        one->data()[byte] = std::byte{1};
    one->data()[one->capacity() - 1] = std::byte{1};
}

TEST(chunk_pool, its_chunks_may_outlive_it_and_die_elsewhere) {
    auto pool = std::make_shared<chunk_pool>(16 * mebibyte);
    auto one = pool->take(mebibyte);
    auto other = pool->take(mebibyte);
    std::thread([&] { one = nullptr; }).join();
    EXPECT_GE(pool->kept_bytes(), mebibyte);
    pool = nullptr;
    other->data()[0] = std::byte{1};
    other = nullptr;
}

} // namespace
} // namespace barnabas::runtime::chunk_pool_test
