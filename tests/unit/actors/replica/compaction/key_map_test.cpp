#include "actors/replica/compaction/key_map.hpp"

#include "actors/replica/compaction/newest_offsets.hpp"
#include "protocol/batch/builder.hpp"
#include "runtime/random/random.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>

namespace barnabas::replica::key_map_test {
namespace {

using batch::bytes_of;

hash_128 hash_of_count(std::size_t count) {
    std::string bytes;
    for (std::size_t i = 0; i < count; ++i)
        bytes += static_cast<char>(i);
    return siphash(bytes_of(bytes), {0x0706050403020100, 0x0f0e0d0c0b0a0908});
}

TEST(siphash, gives_the_vectors_of_its_authors) {
    EXPECT_EQ(hash_of_count(0), (hash_128{0xe6a825ba047f81a3, 0x930255c71472f66d}));
    EXPECT_EQ(hash_of_count(1), (hash_128{0x44af996bd8c187da, 0x45fc229b11597634}));
}

TEST(siphash, every_byte_and_the_key_count) {
    EXPECT_NE(siphash(bytes_of("12345678"), {1, 2}), siphash(bytes_of("12345678"), {1, 3}));
    EXPECT_NE(siphash(bytes_of("12345678"), {1, 2}), siphash(bytes_of("1234567"), {1, 2}));
    EXPECT_NE(siphash(bytes_of("123456789"), {1, 2}), siphash(bytes_of("123456788"), {1, 2}));
}

TEST(key_map, keeps_the_newest_offset_of_each_key) {
    key_map map({1 << 16, 0.9, 1000, {1, 2}});
    for (int i = 0; i < 1000; ++i)
        ASSERT_TRUE(map.put(bytes_of("key " + std::to_string(i % 100)), log_offset(i)));
    EXPECT_EQ(map.size(), 100u);
    EXPECT_EQ(map.find(bytes_of("key 7")), log_offset(907));
    EXPECT_EQ(map.find(bytes_of("key 100")), log_offset(-1));
    ASSERT_TRUE(map.put(bytes_of("key 7"), log_offset(3)));
    EXPECT_EQ(map.find(bytes_of("key 7")), log_offset(907));
}

TEST(key_map, is_full_when_its_memory_is) {
    key_map map({24 * 100, 0.5, ~std::uint64_t{0}, {1, 2}});
    EXPECT_EQ(map.bytes(), 2400u);
    EXPECT_EQ(map.capacity(), 50u);
    for (int i = 0; i < 50; ++i)
        ASSERT_TRUE(map.put(bytes_of(std::to_string(i)), log_offset(i)));
    EXPECT_FALSE(map.put(bytes_of("one more"), log_offset(50)));
    EXPECT_TRUE(map.put(bytes_of("7"), log_offset(51)));
    EXPECT_EQ(map.find(bytes_of("one more")), log_offset(-1));
    EXPECT_EQ(map.find(bytes_of("7")), log_offset(51));
}

TEST(key_map, takes_no_more_memory_than_keys_can_need) {
    key_map map({128 << 20, 0.9, 90, {1, 2}});
    EXPECT_LE(map.bytes(), 24u * 182);
    EXPECT_GE(map.capacity(), 90u);
}

TEST(key_map, an_empty_key_and_offset_zero_are_as_good_as_any) {
    key_map map({1 << 10, 0.9, 10, {1, 2}});
    ASSERT_TRUE(map.put(bytes_of(""), log_offset(0)));
    EXPECT_EQ(map.find(bytes_of("")), log_offset(0));
}

TEST(newest_offsets, say_of_each_mapped_offset_what_the_map_says) {
    constexpr std::int64_t from = 5000;
    constexpr std::int64_t count = 3000;
    key_map map({128 << 20, 0.9, count, {1, 2}});
    runtime::random draws(11);
    std::map<std::int64_t, std::string> keys;
    for (auto offset = from; offset < from + count; ++offset) {
        // Offsets have gaps, and some records no key.
        if (draws.below(4) == 0)
            continue;
        keys[offset] = std::to_string(draws.below(700));
        ASSERT_TRUE(map.put(bytes_of(keys[offset]), log_offset(offset)));
    }
    const newest_offsets newest(map, log_offset(from), log_offset(from + count));
    EXPECT_FALSE(newest.covers(log_offset(from - 1)));
    EXPECT_FALSE(newest.covers(log_offset(from + count)));
    for (auto offset = from; offset < from + count; ++offset) {
        ASSERT_TRUE(newest.covers(log_offset(offset)));
        const auto key = keys.find(offset);
        const bool is_newest = key != keys.end() && map.find(bytes_of(key->second)) == log_offset(offset);
        ASSERT_EQ(newest.has(log_offset(offset)), is_newest) << offset;
    }
}

TEST(newest_offsets, leave_to_the_map_what_would_take_much_memory) {
    key_map map({24 * 1000, 0.9, ~std::uint64_t{0}, {1, 2}});
    ASSERT_TRUE(map.put(bytes_of("key"), log_offset(7)));
    constexpr std::int64_t covered_max = 24 * 1000 / 64 * 8;
    EXPECT_TRUE(newest_offsets(map, log_offset(0), log_offset(covered_max)).has(log_offset(7)));
    EXPECT_FALSE(newest_offsets(map, log_offset(0), log_offset(covered_max + 1)).covers(log_offset(7)));
    EXPECT_FALSE(newest_offsets(map, log_offset(7), log_offset(7)).covers(log_offset(7)));
}

} // namespace
} // namespace barnabas::replica::key_map_test
