#include "actors/broker/clean_stop.hpp"

#include "actors/broker/data_directories.hpp"
#include "actors/broker/small_files.hpp"
#include "sim/disk/memory_disk.hpp"

#include <gtest/gtest.h>

namespace barnabas::clean_stop_test {

namespace {

struct clean_stop_test : testing::Test {
    sim::memory_disk disk{1};
    runtime::file_system& files = disk.files();
    const closed_logs logs{{"orders-0", slice::copy_of(std::string(40, 'a'))},
                           {"orders-1", slice::copy_of(std::string(50, 'b'))}};

    void SetUp() override {
        ASSERT_TRUE(files.create_directory("/d"));
        ASSERT_TRUE(files.sync_directory("/"));
        ASSERT_TRUE(leave_clean_stop(files, "/d", logs));
    }
    bool is_left(std::string_view name) { return *files.exists(join_path("/d", name)); }
};

} // namespace

TEST_F(clean_stop_test, logs_are_told_once) {
    const auto found = take_clean_stop(files, "/d");
    ASSERT_TRUE(found.has_value());
    EXPECT_TRUE(found->marked);
    EXPECT_EQ(found->logs, logs);
    const auto again = take_clean_stop(files, "/d");
    ASSERT_TRUE(again.has_value());
    EXPECT_FALSE(again->marked);
    EXPECT_TRUE(again->logs.empty());
}

TEST_F(clean_stop_test, logs_without_their_marker_count_for_nothing) {
    ASSERT_TRUE(files.remove("/d/.kafka_cleanshutdown"));
    const auto found = take_clean_stop(files, "/d");
    ASSERT_TRUE(found.has_value());
    EXPECT_FALSE(found->marked);
    EXPECT_TRUE(found->logs.empty());
    EXPECT_FALSE(is_left(closed_logs_file));
}

TEST_F(clean_stop_test, marker_of_another_stop_vouches_for_nothing) {
    ASSERT_TRUE(write_small_file(files, "/d", std::string(clean_stop_marker), "{\"version\":0}\n"));
    const auto kafka = take_clean_stop(files, "/d");
    ASSERT_TRUE(kafka.has_value());
    EXPECT_TRUE(kafka->marked);
    EXPECT_TRUE(kafka->logs.empty());
    EXPECT_FALSE(is_left(closed_logs_file));
}

TEST_F(clean_stop_test, damaged_logs_count_for_nothing) {
    for (const std::uint64_t at : {0, 10, 20, 60, 100}) {
        ASSERT_TRUE(leave_clean_stop(files, "/d", logs));
        ASSERT_TRUE(disk.flip_bit(join_path("/d", closed_logs_file), at, 3));
        const auto found = take_clean_stop(files, "/d");
        ASSERT_TRUE(found.has_value());
        EXPECT_TRUE(found->marked);
        EXPECT_TRUE(found->logs.empty()) << at;
    }
}

TEST_F(clean_stop_test, nothing_vouches_for_logs_any_more_whatever_a_power_cut_keeps) {
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        ASSERT_TRUE(leave_clean_stop(files, "/d", logs));
        ASSERT_TRUE(take_clean_stop(files, "/d").has_value());
        runtime::random draws(seed);
        disk.power_cut(draws, sim::power_cut_faults::drawn(draws));
        const auto after = take_clean_stop(files, "/d");
        ASSERT_TRUE(after.has_value());
        EXPECT_TRUE(after->logs.empty());
    }
}

TEST_F(clean_stop_test, stop_cut_short_vouches_for_all_or_nothing) {
    for (std::uint64_t cut = 0; cut < 12; ++cut) {
        ASSERT_TRUE(take_clean_stop(files, "/d").has_value());
        disk.crash_after_operations(cut);
        (void)leave_clean_stop(files, "/d", logs);
        runtime::random draws(cut);
        disk.power_cut(draws, sim::power_cut_faults::drawn(draws));
        const auto found = take_clean_stop(files, "/d");
        ASSERT_TRUE(found.has_value());
        EXPECT_TRUE(found->logs.empty() || (found->marked && found->logs == logs)) << cut;
    }
}

TEST_F(clean_stop_test, partition_that_is_told_of_is_not_looked_at) {
    topic_id topic;
    topic.bytes[3] = 9;
    ASSERT_TRUE(files.create_directory("/d/orders-0"));
    const auto* id = reinterpret_cast<const char*>(topic.bytes.data());
    const closed_logs closed{{"orders-0", slice::copy_of(std::string_view(id, topic.bytes.size()))}};
    const auto before = disk.operations();
    const auto found = list_partitions(files, "/d", true, closed);
    ASSERT_TRUE(found.has_value());
    ASSERT_EQ(found->size(), 1U);
    EXPECT_EQ(found->front().id, topic);
    EXPECT_EQ(disk.operations(), before + 1) << "one listing";
}

} // namespace barnabas::clean_stop_test
