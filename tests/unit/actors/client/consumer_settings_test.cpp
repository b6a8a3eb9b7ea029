#include "actors/client/consumer/consumer_settings.hpp"

#include "tests/unit/actors/client/consumer_world.hpp"

#include <gtest/gtest.h>

namespace barnabas::client::consumer_settings_test {
namespace {

using test::consumer_world;
using test::second;

TEST(consumer_settings, connections_rest_as_long_as_those_of_kafkas_consumers) {
    EXPECT_EQ(consumer_world::settings_of({}).client.idle_ns, 540 * second);
    EXPECT_EQ(consumer_world::settings_of({{"connections.max.idle.ms", "7000"}}).client.idle_ns, 7 * second);
    EXPECT_TRUE(consumer_world::settings_of({}).client.rebootstrap);
    EXPECT_FALSE(consumer_world::settings_of({{"metadata.recovery.strategy", "none"}}).client.rebootstrap);
}

TEST(consumer_settings, names_that_no_broker_takes_are_refused) {
    const auto refusal = [](const std::string& key, const std::string& value) {
        const auto read = read_consumer_settings({{"bootstrap.servers", "one:9092"}, {key, value}});
        return read ? "" : to_string(read.failure());
    };
    for (const auto* bad : {"", "a b", ".", "..", "é", "a/b"})
        EXPECT_NE(refusal("group.instance.id", bad).find("group.instance.id='" + std::string(bad) + "'"),
                  std::string::npos)
            << bad;
    EXPECT_NE(refusal("group.instance.id", std::string(250, 'a')), "");
    EXPECT_EQ(refusal("group.instance.id", std::string(249, 'a')), "");
    EXPECT_EQ(refusal("group.instance.id", "host-1.rack_2"), "");
    EXPECT_NE(refusal("group.id", "").find("group.id is empty"), std::string::npos);
    EXPECT_EQ(refusal("group.id", "any name"), "");
}

TEST(consumer_settings, wrong_keys_and_values_are_named) {
    const auto refusal = [](std::map<std::string, std::string> more) {
        more["bootstrap.servers"] = "one:9092";
        const auto read = read_consumer_settings(more);
        return read ? "" : read.failure().detail;
    };
    EXPECT_EQ(refusal({{"group.idd", "x"}}), "no consumer key is named group.idd; did you mean group.id?");
    EXPECT_EQ(refusal({{"clinet.id", "x"}}), "no client key is named clinet.id; did you mean client.id?");
    EXPECT_EQ(refusal({{"acks", "1"}, {"metric.reporters", "x"}, {"sasl.mechanism", "PLAIN"}}), "");
    EXPECT_NE(refusal({{"security.protocol", "SASL_SSL"}, {"sasl.mechanism", "PLAIN"}}), "");
    EXPECT_NE(refusal({{"auto.offset.reset", "soon"}}).find("auto.offset.reset=soon"), std::string::npos);
    EXPECT_EQ(refusal({{"auto.offset.reset", "by_duration:P2DT1H"}}), "");
    for (const auto* bad :
         {"by_duration", "by_duration:", "by_duration:1h", "by_duration:-PT1S", "Earliest", ""})
        EXPECT_NE(refusal({{"auto.offset.reset", bad}}).find("auto.offset.reset"), std::string::npos) << bad;
    EXPECT_NE(refusal({{"heartbeat.interval.ms", "50000"}}), "");
    EXPECT_NE(refusal({{"partition.assignment.strategy", "fair"}}).find("'fair'"), std::string::npos);
    EXPECT_EQ(refusal({{"partition.assignment.strategy",
                        "org.apache.kafka.clients.consumer.CooperativeStickyAssignor"}}),
              "");
}

} // namespace
} // namespace barnabas::client::consumer_settings_test
