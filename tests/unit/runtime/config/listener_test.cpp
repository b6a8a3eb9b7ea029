#include "runtime/config/listener.hpp"

#include "runtime/config/closest.hpp"

#include <gtest/gtest.h>

namespace barnabas::listener_test {

namespace {

std::vector<listener_endpoint> parsed(std::string_view text) {
    auto all = parse_listeners(text);
    EXPECT_TRUE(all.has_value()) << text;
    return all ? *all : std::vector<listener_endpoint>{};
}

std::optional<std::string> warning(std::string_view listeners, std::string_view advertised) {
    return advertised_warning(parsed(listeners), parsed(advertised));
}

} // namespace

TEST(listener, name_host_and_port_are_read) {
    const auto all = parsed("PLAINTEXT://:9092, inside://[::1]:9093,OUTSIDE://host-1.example:0");
    ASSERT_EQ(all.size(), 3U);
    EXPECT_EQ(all[0], (listener_endpoint{"PLAINTEXT", "", 9092}));
    EXPECT_EQ(all[1], (listener_endpoint{"INSIDE", "::1", 9093}));
    EXPECT_EQ(to_string(all[1]), "INSIDE://[::1]:9093");
    EXPECT_EQ(all[2].port, 0);
}

TEST(listener, broken_entries_are_refused_with_a_reason) {
    for (const auto* text : {"localhost:9092", "A://host", "A://host:port", "A://host:65536", "A://:-1",
                             "://h:1", "A://::1:9092", "A://a b:1", "A://h:1,A://h:2", "A://h:1,B://h:1"}) {
        const auto all = parse_listeners(text);
        ASSERT_FALSE(all.has_value()) << text;
        EXPECT_FALSE(all.failure().detail.empty());
    }
}

TEST(listener, advertised_address_that_clients_can_use_is_not_warned_of) {
    EXPECT_FALSE(warning("P://127.0.0.1:9092", "P://127.0.0.1:9092"));
    EXPECT_FALSE(warning("P://0.0.0.0:9092", "P://broker.example:9092"));
}

TEST(listener, advertised_address_that_clients_cannot_use_is_warned_of) {
    EXPECT_NE(warning("P://:9092", "P://:9092")->find("names no host"), std::string::npos);
    EXPECT_NE(warning("P://0.0.0.0:9092", "P://0.0.0.0:9092")->find("address of no machine"),
              std::string::npos);
    EXPECT_NE(warning("P://:9092", "P://localhost:9092")->find("only works on this machine"),
              std::string::npos);
    EXPECT_NE(warning("P://h:9092", "Q://h:9092")->find("no listener is named Q"), std::string::npos);
}

TEST(closest, finds_slips_and_leaves_strangers) {
    const std::string_view names[] = {"num.partitions", "log.dirs", "log.dir"};
    EXPECT_EQ(closest("num.partition", names), "num.partitions");
    EXPECT_EQ(closest("num.paritions", names), "num.partitions");
    EXPECT_EQ(closest("log.dri", names), "log.dir");
    EXPECT_EQ(closest("zebra", names), std::nullopt);
}

TEST(closest, distance_counts_single_changes) {
    EXPECT_EQ(edit_distance("", "abc"), 3U);
    EXPECT_EQ(edit_distance("abc", "abc"), 0U);
    EXPECT_EQ(edit_distance("abc", "acb"), 1U);
    EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
}

} // namespace barnabas::listener_test
