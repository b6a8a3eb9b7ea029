#include "protocol/kafka/pool.hpp"

#include "protocol/kafka/fetch.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace barnabas::kafka::pool_test {
namespace {

TEST(message_pool, pieces_are_aligned_and_do_not_overlap) {
    message_pool pool;
    std::vector<std::pair<std::byte*, std::size_t>> taken;
    for (std::size_t size = 1; size <= message_pool::largest_piece; size = size * 3 + 1) {
        auto* piece = static_cast<std::byte*>(pool.take(size));
        EXPECT_EQ(reinterpret_cast<std::uintptr_t>(piece) % alignof(std::max_align_t), 0u);
        std::memset(piece, static_cast<int>(taken.size()), size);
        taken.emplace_back(piece, size);
    }
    ASSERT_GT(taken.size(), 5u);
    for (std::size_t i = 0; i < taken.size(); ++i)
        for (std::size_t at = 0; at < taken[i].second; ++at)
            ASSERT_EQ(taken[i].first[at], static_cast<std::byte>(i)) << i;
    EXPECT_NE(pool.take(message_pool::largest_piece), pool.take(message_pool::largest_piece));
}

TEST(pooled_vector, grows_out_of_its_pool_and_keeps_its_elements) {
    pooled_vector<std::uint64_t> numbers{pool_allocator<std::uint64_t>(new message_pool)};
    for (std::uint64_t i = 0; i < 20'000; ++i)
        numbers.push_back(i);
    for (std::uint64_t i = 0; i < 20'000; ++i)
        ASSERT_EQ(numbers[i], i);
    numbers.resize(3);
    numbers.shrink_to_fit();
    EXPECT_EQ(numbers, (pooled_vector<std::uint64_t>{0, 1, 2})) << "equal, whatever memory they lie in";
}

fetch_request decoded() {
    fetch_request made;
    for (std::int32_t topic = 0; topic < 3; ++topic)
        for (std::int32_t i = 0; i < 2; ++i) {
            made.topics.resize(3);
            made.topics[static_cast<std::size_t>(topic)].topic = slice::copy_of("t" + std::to_string(topic));
            made.topics[static_cast<std::size_t>(topic)].partitions.emplace_back().partition = 10 * topic + i;
        }
    wire_writer out;
    made.encode(out, 12);
    wire_reader in(out.finish_contiguous());
    return *fetch_request::decode(in, 12);
}

TEST(pooled_vector, what_is_moved_out_of_a_message_outlives_it) {
    pooled_vector<fetch_request::fetch_partition> partitions;
    fetch_request::fetch_topic topic;
    {
        auto message = decoded();
        partitions = std::move(message.topics.at(1).partitions);
        topic = std::move(message.topics.at(2));
        message = decoded();
    }
    ASSERT_EQ(partitions.size(), 2u);
    EXPECT_EQ(partitions[1].partition, 11);
    EXPECT_EQ(topic.topic.text(), "t2");
    EXPECT_EQ(topic.partitions.at(0).partition, 20);
    topic.partitions.emplace_back().partition = 22;
    EXPECT_EQ(topic.partitions.at(2).partition, 22);
}

TEST(pooled_vector, a_copy_lies_on_the_heap) {
    pooled_vector<int> numbers{pool_allocator<int>(new message_pool)};
    numbers.push_back(1);
    const auto copied = numbers;
    EXPECT_EQ(copied.get_allocator().pool(), nullptr);
    EXPECT_EQ(copied, numbers);
    auto moved = std::move(numbers);
    EXPECT_NE(moved.get_allocator().pool(), nullptr);
    EXPECT_EQ(moved, copied);
    std::swap(moved, numbers);
    EXPECT_EQ(numbers, copied);
}

} // namespace
} // namespace barnabas::kafka::pool_test
