#include "tests/unit/actors/partition/partition_host.hpp"

#include <gtest/gtest.h>

/// What a partition that is to go waits for, so that its files can be removed.
namespace barnabas::removal_test {
namespace {

TEST(removal, partition_is_not_closed_while_retention_renames_its_files) {
    auto options = replica::log_host::small_options();
    options.retention_bytes = 3000;
    partition_host host(options);
    for (int i = 0; i < 20; ++i) {
        host.append({.value_size = 500});
        host.settle();
    }
    host.machine->on_check_retention();
    ASSERT_EQ(host.jobs_waiting(), 1u);
    host.machine->on_close();
    EXPECT_EQ(host.jobs_waiting(), 1u) << "no job that closes the files beside the one that renames them";
    host.settle_one();
    EXPECT_EQ(host.removals, 1u);
    EXPECT_FALSE(host.ended);
    host.settle();
    EXPECT_TRUE(host.ended);
}

} // namespace
} // namespace barnabas::removal_test
