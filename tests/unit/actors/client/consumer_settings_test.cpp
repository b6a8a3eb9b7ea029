#include "actors/client/consumer/consumer_settings.hpp"

#include "tests/unit/actors/client/consumer_world.hpp"

#include <gtest/gtest.h>

namespace barnabas::client {
namespace {

using test::consumer_world;
using test::second;

TEST(consumer_settings, connections_rest_as_long_as_those_of_kafkas_consumers) {
    EXPECT_EQ(consumer_world::settings_of({}).client.idle_ns, 540 * second);
    EXPECT_EQ(consumer_world::settings_of({{"connections.max.idle.ms", "7000"}}).client.idle_ns, 7 * second);
    EXPECT_TRUE(consumer_world::settings_of({}).client.rebootstrap);
    EXPECT_FALSE(consumer_world::settings_of({{"metadata.recovery.strategy", "none"}}).client.rebootstrap);
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
} // namespace barnabas::client
