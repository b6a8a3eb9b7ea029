#include "actors/client/producer/producer_settings.hpp"

#include <gtest/gtest.h>

namespace barnabas::client::producer_settings_test {
namespace {

using keys = std::map<std::string, std::string>;

result<producer_settings> read(keys given) {
    given.try_emplace("bootstrap.servers", "one:9092");
    return read_producer_settings(given);
}

std::string refusal(keys given) {
    const auto made = read(std::move(given));
    return made ? "" : made.failure().detail;
}

TEST(producer_settings, defaults_are_kafkas) {
    const auto made = read({});
    ASSERT_TRUE(made.has_value());
    EXPECT_EQ(made->acks, -1);
    EXPECT_TRUE(made->idempotent);
    EXPECT_EQ(made->in_flight_max, 5u);
    EXPECT_EQ(made->batch_bytes, 16384u);
    EXPECT_EQ(made->linger_ns, 5'000'000);
    EXPECT_EQ(made->buffer_bytes, 33554432u);
    EXPECT_EQ(made->delivery_timeout_ns, 120'000'000'000);
    EXPECT_EQ(made->compression, batch::codec::none);
    EXPECT_EQ(made->cluster.retries, 0);
    EXPECT_EQ(made->cluster.idle_ns, 540'000'000'000);
    EXPECT_TRUE(made->cluster.rebootstrap);
    EXPECT_EQ(made->cluster.client_id, "barnabas-producer");
}

TEST(producer_settings, keys_of_clients_are_taken_too) {
    const auto made = read({{"client.id", "shop"}, {"request.timeout.ms", "500"}, {"retries", "7"}});
    ASSERT_TRUE(made.has_value());
    EXPECT_EQ(made->cluster.client_id, "shop");
    EXPECT_EQ(made->cluster.request_timeout_ns, 500'000'000);
    EXPECT_EQ(made->retries, 7);
    EXPECT_EQ(made->cluster.retries, 0);
}

TEST(producer_settings, an_unknown_key_names_the_nearest) {
    EXPECT_EQ(refusal({{"lingr.ms", "5"}}), "no producer key is named lingr.ms; did you mean linger.ms?");
    EXPECT_EQ(refusal({{"bootstrap.severs", "x:1"}}),
              "no producer key is named bootstrap.severs; did you mean bootstrap.servers?");
    EXPECT_EQ(refusal({{"queue.buffering.max.ms", "5"}}),
              "no producer key is named queue.buffering.max.ms; here it is linger.ms");
    EXPECT_EQ(refusal({{"transactional.id", "t"}}),
              "transactional.id: this producer has no transactions yet");
}

TEST(producer_settings, keys_of_kafkas_other_clients_are_passed_over) {
    for (const auto* key : {"group.id", "default.api.timeout.ms", "sasl.mechanism", "client.rack",
                            "metric.reporters", "interceptor.classes", "transaction.timeout.ms",
                            "socket.connection.setup.timeout.max.ms", "enable.auto.commit"})
        EXPECT_EQ(refusal({{key, "1"}}), "") << key;
    EXPECT_NE(refusal({{"security.protocol", "SASL_SSL"}, {"sasl.mechanism", "PLAIN"}}), "");
    EXPECT_NE(refusal({{"ssl.truststore.location", "store"}}), "");
    EXPECT_EQ(refusal({{"metadata.broker.list", "a:1"}}),
              "no producer key is named metadata.broker.list; here it is bootstrap.servers");
}

TEST(producer_settings, a_partitioner_is_one_that_is_there) {
    const std::string key = "partitioner.class";
    EXPECT_FALSE(read({})->round_robin);
    EXPECT_FALSE(read({{key, ""}})->round_robin);
    EXPECT_TRUE(read({{key, "org.apache.kafka.clients.producer.RoundRobinPartitioner"}})->round_robin);
    const auto refused = refusal({{key, "org.example.Mine"}});
    EXPECT_TRUE(refused.starts_with("partitioner.class=org.example.Mine: this producer loads no Java"))
        << refused;
}

TEST(producer_settings, a_wrong_value_names_its_key) {
    EXPECT_NE(refusal({{"acks", "2"}}).find("acks=2: "), std::string::npos);
    EXPECT_NE(refusal({{"batch.size", "many"}}).find("batch.size=many: "), std::string::npos);
    EXPECT_NE(refusal({{"compression.type", "rar"}}).find("compression.type=rar: "), std::string::npos);
}

TEST(producer_settings, idempotence_gives_way_unless_it_was_asked_for) {
    EXPECT_FALSE(read({{"acks", "1"}})->idempotent);
    EXPECT_FALSE(read({{"retries", "0"}})->idempotent);
    EXPECT_FALSE(
        read({{"enable.idempotence", "false"}, {"max.in.flight.requests.per.connection", "9"}})->idempotent);
    EXPECT_EQ(refusal({{"acks", "1"}, {"enable.idempotence", "true"}}),
              "enable.idempotence=true needs acks=all");
    EXPECT_EQ(refusal({{"max.in.flight.requests.per.connection", "6"}}),
              "max.in.flight.requests.per.connection is at most 5 with enable.idempotence=true");
}

TEST(producer_settings, a_delivery_takes_at_least_a_linger_and_a_request) {
    EXPECT_EQ(refusal({{"delivery.timeout.ms", "1000"}}),
              "delivery.timeout.ms is below linger.ms + request.timeout.ms");
    EXPECT_EQ(read({{"request.timeout.ms", "200000"}})->delivery_timeout_ns, 200'005'000'000);
}

TEST(producer_settings, levels_belong_to_their_codec) {
    const auto made = read({{"compression.type", "zstd"}, {"compression.zstd.level", "9"}});
    ASSERT_TRUE(made.has_value());
    EXPECT_EQ(made->compression, batch::codec::zstd);
    EXPECT_EQ(made->compression_level, 9);
    EXPECT_EQ(read({{"compression.type", "snappy"}})->compression_level, std::nullopt);
}

} // namespace
} // namespace barnabas::client::producer_settings_test
