#include "actors/client/producer/partitioner.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>

namespace barnabas::client::partitioner_test {
namespace {

/// Of the golden vectors of Kafka's own clients: the partition among 1 to 17.
TEST(partitioner, keys_go_where_java_clients_send_them) {
    struct vector {
        std::string key;
        std::int32_t partitions[17];
    };
    const vector vectors[] = {
        {"", {0, 1, 0, 1, 1, 3, 2, 1, 0, 1, 2, 9, 11, 9, 6, 9, 11}},
        {"\xa9", {0, 1, 0, 1, 1, 3, 6, 1, 3, 1, 8, 9, 8, 13, 6, 9, 1}},
        {"\x41\x25", {0, 0, 2, 0, 4, 2, 0, 4, 8, 4, 1, 8, 3, 0, 14, 4, 9}},
        {"\xe6\x34\x39", {0, 1, 2, 1, 2, 5, 2, 5, 5, 7, 8, 5, 6, 9, 2, 5, 7}},
        {"\x91\xb7\x41\x29", {0, 1, 0, 3, 3, 3, 3, 3, 6, 3, 10, 3, 1, 3, 3, 11, 11}},
    };
    for (const auto& one : vectors)
        for (std::int32_t count = 1; count <= 17; ++count)
            EXPECT_EQ(partition_of_key(one.key, count), one.partitions[count - 1]) << count;
}

std::map<std::int32_t, int> draw(const std::vector<partition_load>& loads, bool adaptive, int times) {
    runtime::random draws(7);
    std::map<std::int32_t, int> drawn;
    for (int i = 0; i < times; ++i)
        ++drawn[drawn_partition(loads, adaptive, draws)];
    return drawn;
}

TEST(partitioner, those_without_a_leader_are_passed_by) {
    const auto drawn = draw({{false, 0}, {true, 0}, {false, 0}, {true, 0}}, true, 200);
    EXPECT_EQ(drawn.size(), 2u);
    EXPECT_TRUE(drawn.contains(1) && drawn.contains(3));
    EXPECT_EQ(draw({{false, 0}, {false, 0}, {false, 0}}, true, 200).size(), 3u);
}

TEST(partitioner, a_long_queue_gets_less_if_it_adapts) {
    const std::vector<partition_load> loads{{true, 0}, {true, 9}};
    const auto adaptive = draw(loads, true, 2200);
    EXPECT_LT(adaptive.at(1), 300);
    EXPECT_GT(adaptive.at(1), 100);
    const auto uniform = draw(loads, false, 2200);
    EXPECT_GT(uniform.at(1), 900);
}

TEST(partitioner, sticks_until_a_batch_is_full) {
    sticky_choice choice(1000);
    EXPECT_FALSE(choice.current());
    choice.settle(3);
    choice.on_appended(900, false);
    EXPECT_EQ(choice.current(), 3);
    // The batch was sent before it was full: what comes next still belongs to this turn.
    choice.on_appended(50, true);
    EXPECT_EQ(choice.current(), 3);
    choice.on_appended(100, true);
    EXPECT_FALSE(choice.current());
    choice.settle(4);
    choice.on_appended(1999, false);
    EXPECT_EQ(choice.current(), 4);
    choice.on_appended(1, false);
    EXPECT_FALSE(choice.current());
    choice.settle(5);
    choice.on_full();
    EXPECT_FALSE(choice.current());
}

} // namespace
} // namespace barnabas::client::partitioner_test
