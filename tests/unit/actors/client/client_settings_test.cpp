#include "actors/client/cluster/settings.hpp"

#include <gtest/gtest.h>

namespace barnabas::client::client_settings_test {
namespace {

std::string refusal(const std::map<std::string, std::string>& properties) {
    const auto read = read_settings(properties);
    EXPECT_FALSE(read.has_value());
    return read ? "" : read.failure().detail;
}

TEST(client_settings, defaults_are_those_of_kafka) {
    const auto read = read_settings({{"bootstrap.servers", "a:1, PLAINTEXT://b:2,[::1]:3"}});
    ASSERT_TRUE(read.has_value()) << read.failure().detail;
    EXPECT_EQ(read->bootstrap, (std::vector<broker_address>{{"a", 1}, {"b", 2}, {"::1", 3}}));
    EXPECT_EQ(to_string(read->bootstrap[2]), "[::1]:3");
    EXPECT_EQ(read_settings({{"bootstrap.servers", "PLAINTEXT://[::1]:3"}})->bootstrap[0],
              read->bootstrap[2]);
    EXPECT_EQ(read->request_timeout_ns, 30'000'000'000);
    EXPECT_EQ(read->api_timeout_ns, 60'000'000'000);
    EXPECT_EQ(read->retry_backoff_ns, 100'000'000);
    EXPECT_EQ(read->reconnect_backoff_max_ns, 1'000'000'000);
    EXPECT_EQ(read->idle_ns, 300'000'000'000);
    EXPECT_TRUE(read->rebootstrap);
}

TEST(client_settings, an_unknown_key_names_the_one_that_was_meant) {
    EXPECT_EQ(refusal({{"bootstrap.servers", "a:1"}, {"request.timout.ms", "1"}}),
              "no client key is named request.timout.ms; did you mean request.timeout.ms?");
    EXPECT_EQ(refusal({{"metadata.broker.list", "a:1"}}),
              "no client key is named metadata.broker.list; here it is bootstrap.servers");
    EXPECT_EQ(refusal({{"bootstrap.servers", "a:1"}, {"something.else", "1"}}),
              "no client key is named something.else");
}

TEST(client_settings, keys_of_kafkas_other_clients_are_passed_over) {
    for (const auto* key :
         {"acks", "group.id", "transactional.id", "sasl.mechanism", "client.rack", "metric.reporters",
          "metrics.num.samples", "metrics.sample.window.ms", "socket.connection.setup.timeout.max.ms",
          "metadata.recovery.rebootstrap.trigger.ms", "send.buffer.bytes", "receive.buffer.bytes",
          "interceptor.classes", "key.serializer", "auto.offset.reset", "max.block.ms"})
        EXPECT_TRUE(read_settings({{"bootstrap.servers", "a:1"}, {key, "1"}}).has_value()) << key;
}

TEST(client_settings, what_asks_for_tls_or_sasl_is_not_passed_over) {
    for (const auto* protocol : {"SSL", "SASL_PLAINTEXT", "SASL_SSL"})
        EXPECT_NE(
            refusal(
                {{"bootstrap.servers", "a:1"}, {"sasl.mechanism", "PLAIN"}, {"security.protocol", protocol}})
                .find("TLS and SASL are not built yet"),
            std::string::npos);
    for (const auto* key : {"sasl.jaas.config", "ssl.truststore.location", "ssl.keystore.key"}) {
        EXPECT_NE(refusal({{"bootstrap.servers", "a:1"}, {key, "x"}}).find(key), std::string::npos);
        EXPECT_TRUE(
            read_settings({{"bootstrap.servers", "a:1"}, {key, "x"}, {"security.protocol", "PLAINTEXT"}})
                .has_value())
            << key;
    }
}

TEST(client_settings, what_stands_before_a_server_is_not_passed_over_when_it_may_ask_for_tls) {
    for (const std::string server : {"SSL://host:9093", "SASL_SSL://[::1]:9093", "plaintext://host:9092"}) {
        EXPECT_NE(refusal({{"bootstrap.servers", "a:1," + server}}).find("'" + server + "' asks for another"),
                  std::string::npos);
        const auto read = read_settings({{"bootstrap.servers", server}, {"security.protocol", "PLAINTEXT"}});
        EXPECT_TRUE(read.has_value()) << read.failure().detail;
    }
}

TEST(client_settings, a_value_that_is_not_allowed_names_its_key) {
    EXPECT_NE(refusal({}).find("bootstrap.servers is missing"), std::string::npos);
    EXPECT_NE(refusal({{"bootstrap.servers", "a"}}).find("'a' is not host:port"), std::string::npos);
    EXPECT_NE(refusal({{"bootstrap.servers", ":9092"}}).find("is not host:port"), std::string::npos);
    EXPECT_NE(
        refusal({{"bootstrap.servers", "a:1"}, {"request.timeout.ms", "-1"}}).find("request.timeout.ms=-1"),
        std::string::npos);
    EXPECT_NE(
        refusal({{"bootstrap.servers", "a:1"}, {"security.protocol", "SSL"}}).find("security.protocol=SSL"),
        std::string::npos);
}

TEST(client_settings, the_timeout_that_was_not_set_follows_the_other) {
    const auto longer = read_settings({{"bootstrap.servers", "a:1"}, {"request.timeout.ms", "90000"}});
    EXPECT_EQ(longer->api_timeout_ns, 90'000'000'000);
    const auto shorter = read_settings({{"bootstrap.servers", "a:1"}, {"default.api.timeout.ms", "5000"}});
    EXPECT_EQ(shorter->request_timeout_ns, 5'000'000'000);
    EXPECT_NE(refusal({{"bootstrap.servers", "a:1"},
                       {"default.api.timeout.ms", "5000"},
                       {"request.timeout.ms", "6000"}})
                  .find("below request.timeout.ms"),
              std::string::npos);
}

TEST(client_settings, every_key_says_what_it_is) {
    for (const auto& key : client_keys())
        EXPECT_FALSE(key.help.empty()) << key.name;
}

} // namespace
} // namespace barnabas::client::client_settings_test
