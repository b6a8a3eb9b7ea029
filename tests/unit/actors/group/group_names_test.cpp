#include "actors/group/group_names.hpp"

#include <gtest/gtest.h>

namespace barnabas::group::group_names_test {

TEST(group_names, hash_is_that_of_java) {
    EXPECT_EQ(java_hash(""), 0);
    EXPECT_EQ(java_hash("a"), 97);
    EXPECT_EQ(java_hash("hello"), 99162322);
    EXPECT_EQ(java_hash("polygenelubricants"), -2147483647 - 1);
    EXPECT_EQ(java_hash("\xc3\xa4"), 0xe4);
    EXPECT_EQ(java_hash("\xf0\x9f\x98\x80"), 31 * 0xd83d + 0xde00);
    EXPECT_EQ(partition_of_group("polygenelubricants", 50), partition_index(0));
    EXPECT_EQ(partition_of_group("hello", 50), partition_index(99162322 % 50));
    // From logs of Kafka: hashes below zero, of which clearing the sign would lead elsewhere.
    EXPECT_EQ(partition_of_group("g-standalone", 4), partition_index(1));
    EXPECT_EQ(partition_of_group("g-offset-delete", 4), partition_index(1));
    EXPECT_EQ(partition_of_group("perf-1", 4), partition_index(3));
}

} // namespace barnabas::group::group_names_test
