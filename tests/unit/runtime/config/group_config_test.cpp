#include "runtime/config/group_config.hpp"

#include "runtime/config/broker_config.hpp"

#include <gtest/gtest.h>

#include <string>

namespace barnabas::group_config_test {
namespace {

constexpr const char* session = "consumer.session.timeout.ms";
constexpr const char* heartbeat = "consumer.heartbeat.interval.ms";

std::string why_not(const group_config_texts& configs, const group_rules& rules = {}) {
    const auto checked = check_group_configs(rules, configs);
    if (checked)
        return "";
    EXPECT_EQ(checked.code(), errc::invalid_config);
    return checked.failure().detail;
}

TEST(group_config, values_lie_between_the_bounds_of_the_broker) {
    EXPECT_EQ(why_not({}), "");
    EXPECT_EQ(why_not({{session, "60000"}, {heartbeat, "15000"}}), "");
    EXPECT_EQ(why_not({{session, "44999"}}), "consumer.session.timeout.ms must be greater than or equal to "
                                             "group.consumer.min.session.timeout.ms");
    EXPECT_EQ(why_not({{session, "60001"}}), "consumer.session.timeout.ms must be less than or equal to "
                                             "group.consumer.max.session.timeout.ms");
    EXPECT_EQ(why_not({{heartbeat, "4999"}}),
              "consumer.heartbeat.interval.ms must be greater than or equal to "
              "group.consumer.min.heartbeat.interval.ms");
    EXPECT_EQ(why_not({{heartbeat, "15001"}}), "consumer.heartbeat.interval.ms must be less than or equal to "
                                               "group.consumer.max.heartbeat.interval.ms");
}

TEST(group_config, what_is_no_number_or_not_known_is_refused) {
    EXPECT_EQ(why_not({{session, "soon"}}),
              "Invalid value soon for configuration consumer.session.timeout.ms: Not a number of type INT");
    EXPECT_EQ(why_not({{session, "0"}}),
              "Invalid value 0 for configuration consumer.session.timeout.ms: Value must be at least 1");
    EXPECT_EQ(why_not({{"share.session.timeout.ms", "45000"}}),
              "Unknown group config name: share.session.timeout.ms");
    EXPECT_EQ(why_not({{"retention.ms", "1"}}), "Unknown group config name: retention.ms");
}

TEST(group_config, a_session_is_longer_than_the_time_between_heartbeats) {
    group_rules rules;
    rules.session_timeout_ms = {100, 60'000, 45'000};
    rules.heartbeat_interval_ms = {100, 60'000, 5'000};
    constexpr const char* why =
        "consumer.session.timeout.ms must be greater than consumer.heartbeat.interval.ms";
    EXPECT_EQ(why_not({{session, "7000"}, {heartbeat, "7000"}}, rules), why);
    EXPECT_EQ(why_not({{session, "7001"}, {heartbeat, "7000"}}, rules), "");
    // The other one is the broker's.
    EXPECT_EQ(why_not({{session, "5000"}}, rules), why);
    EXPECT_EQ(why_not({{heartbeat, "45000"}}, rules), why);
}

TEST(group_config, what_was_set_under_wider_bounds_is_brought_within_these) {
    const group_rules rules;
    auto own = own_group_config(rules, {{session, "100"}, {heartbeat, "99999"}});
    EXPECT_EQ(own.session_timeout_ms, 45'000);
    EXPECT_EQ(own.heartbeat_interval_ms, 15'000);
    own = own_group_config(rules, {{session, "50000"}});
    EXPECT_EQ(own.session_timeout_ms, 50'000);
    EXPECT_EQ(own.heartbeat_interval_ms, std::nullopt);
    EXPECT_EQ(own_group_config(rules, {{session, "x"}}).session_timeout_ms, std::nullopt);
}

TEST(group_config, what_leaves_no_time_for_heartbeats_under_these_bounds_is_the_brokers) {
    group_rules rules;
    rules.session_timeout_ms = {6'000, 12'000, 10'000};
    auto own = own_group_config(rules, {{session, "45000"}, {heartbeat, "15000"}});
    EXPECT_EQ(own.session_timeout_ms, 12'000);
    EXPECT_EQ(own.heartbeat_interval_ms, std::nullopt);
    own = own_group_config(rules, {{heartbeat, "12000"}});
    EXPECT_EQ(own.heartbeat_interval_ms, std::nullopt);
    rules.heartbeat_interval_ms = {5'000, 15'000, 7'000};
    own = own_group_config(rules, {{session, "6000"}});
    EXPECT_EQ(own.session_timeout_ms, std::nullopt);
}

TEST(group_config, is_told_as_it_is_set_and_as_it_counts) {
    broker_config broker;
    ASSERT_TRUE(broker.set("group.consumer.max.session.timeout.ms", "50000"));
    const auto rows = describe_group_configs(broker, {{session, "60000"}, {heartbeat, "x"}});
    const auto row_of = [&](std::string_view name) {
        return *std::find_if(rows.begin(), rows.end(), [&](const auto& row) { return row.name == name; });
    };
    EXPECT_EQ(row_of(session).value, "50000");
    EXPECT_EQ(row_of(session).synonyms.front().value, "60000");
    EXPECT_EQ(row_of(session).source, source_group);
    EXPECT_EQ(row_of(heartbeat).value, "5000");
    EXPECT_NE(row_of(heartbeat).source, source_group);
}

TEST(group_config, rules_are_those_of_the_broker) {
    broker_config broker;
    ASSERT_TRUE(broker.set("group.consumer.max.session.timeout.ms", "90000"));
    ASSERT_TRUE(broker.set("group.consumer.heartbeat.interval.ms", "6000"));
    const auto rules = group_rules_of(broker);
    EXPECT_EQ(rules.session_timeout_ms.min, 45'000);
    EXPECT_EQ(rules.session_timeout_ms.max, 90'000);
    EXPECT_EQ(rules.session_timeout_ms.unset, 45'000);
    EXPECT_EQ(rules.heartbeat_interval_ms.unset, 6'000);
    EXPECT_EQ(rules.heartbeat_interval_ms.max, 15'000);
}

TEST(group_config, rows_say_where_a_value_comes_from) {
    broker_config broker;
    ASSERT_TRUE(broker.set("group.consumer.heartbeat.interval.ms", "6000"));
    const auto rows = describe_group_configs(broker, {{session, "50000"}});
    ASSERT_EQ(rows.size(), 2u);
    EXPECT_EQ(rows[0].name, heartbeat);
    EXPECT_EQ(rows[0].value, "6000");
    EXPECT_EQ(rows[0].source, source_static_broker);
    EXPECT_EQ(rows[0].synonyms.at(0).name, "group.consumer.heartbeat.interval.ms");
    EXPECT_EQ(rows[1].name, session);
    EXPECT_EQ(rows[1].value, "50000");
    EXPECT_EQ(rows[1].source, source_group);
    EXPECT_EQ(rows[1].type, config_type::int32);
    ASSERT_EQ(rows[1].synonyms.size(), 2u);
    EXPECT_EQ(rows[1].synonyms[1].value, "45000");
    EXPECT_EQ(rows[1].synonyms[1].source, source_default);
    EXPECT_FALSE(rows[1].read_only);
}

} // namespace
} // namespace barnabas::group_config_test
