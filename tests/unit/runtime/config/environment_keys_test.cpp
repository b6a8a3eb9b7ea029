#include "runtime/config/environment_keys.hpp"

#include "runtime/config/broker_config.hpp"

#include <gtest/gtest.h>

namespace barnabas::environment_keys_test {
namespace {

std::string text_of(const std::vector<std::string>& variables) {
    std::string text;
    for (const auto& one : properties_of_environment(variables))
        text += one.key + "=" + one.value + " from " + one.origin + "\n";
    return text;
}

TEST(environment_keys, underscores_stand_for_dots_underscores_and_dashes) {
    EXPECT_EQ(text_of({"KAFKA_LOG_DIRS=/data", "KAFKA_A__B=1", "KAFKA_A___B=2", "KAFKA_A____B=3"}),
              "a-.b=3 from KAFKA_A____B\n"
              "a-b=2 from KAFKA_A___B\n"
              "a_b=1 from KAFKA_A__B\n"
              "log.dirs=/data from KAFKA_LOG_DIRS\n");
}

TEST(environment_keys, all_three_prefixes_are_known) {
    EXPECT_EQ(text_of({"KAFKA_CFG_NODE_ID=7", "BARNABAS_LOG_LEVEL=debug", "PATH=/bin", "KAFKA_=", "KAFKA_X",
                       "MY_KAFKA_NODE_ID=1"}),
              "barnabas.log.level=debug from BARNABAS_LOG_LEVEL\n"
              "node.id=7 from KAFKA_CFG_NODE_ID\n");
}

TEST(environment_keys, values_stay_as_they_are) {
    EXPECT_EQ(text_of({"KAFKA_X=a=b c"}), "x=a=b c from KAFKA_X\n");
    EXPECT_EQ(text_of({"KAFKA_X="}), "x= from KAFKA_X\n");
}

TEST(environment_keys, what_sets_up_java_is_passed_over) {
    EXPECT_EQ(
        text_of({"KAFKA_HEAP_OPTS=-Xmx1G", "KAFKA_OPTS=x", "KAFKA_VERSION=4.2.0", "KAFKA_LOG4J_LOGGERS=a"}),
        "");
}

TEST(environment_keys, listeners_follow_from_advertised_ones) {
    EXPECT_EQ(
        text_of({"KAFKA_ADVERTISED_LISTENERS=PLAINTEXT://broker-1:9092,SSL://[::1]:9093"}),
        "advertised.listeners=PLAINTEXT://broker-1:9092,SSL://[::1]:9093 from KAFKA_ADVERTISED_LISTENERS\n"
        "listeners=PLAINTEXT://0.0.0.0:9092,SSL://0.0.0.0:9093 from KAFKA_ADVERTISED_LISTENERS\n");
    EXPECT_EQ(
        text_of({"KAFKA_ADVERTISED_LISTENERS=PLAINTEXT://broker-1:9092", "KAFKA_LISTENERS=PLAINTEXT://:9"}),
        "advertised.listeners=PLAINTEXT://broker-1:9092 from KAFKA_ADVERTISED_LISTENERS\n"
        "listeners=PLAINTEXT://:9 from KAFKA_LISTENERS\n");
}

TEST(environment_keys, a_wrong_value_is_named_by_its_variable) {
    const auto loaded =
        load("f", "num.partitions=1\n",
             properties_of_environment(std::vector<std::string>{"KAFKA_NUM_PARTITIONS=many"}));
    ASSERT_FALSE(loaded);
    EXPECT_NE(loaded.failure().detail.find("KAFKA_NUM_PARTITIONS"), std::string::npos)
        << loaded.failure().detail;
}

} // namespace
} // namespace barnabas::environment_keys_test
