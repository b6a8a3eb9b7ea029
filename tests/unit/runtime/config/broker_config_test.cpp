#include "runtime/config/broker_config.hpp"

#include "runtime/config/broker_keys.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace barnabas::broker_config_test {

namespace {

loaded_config loaded(std::string_view text, const std::vector<property>& overrides = {}) {
    auto all = load("server.properties", text, overrides);
    EXPECT_TRUE(all.has_value()) << (all ? "" : all.failure().detail);
    return all ? *all : loaded_config{};
}

std::string refusal(std::string_view text, const std::vector<property>& overrides = {}) {
    auto all = load("server.properties", text, overrides);
    EXPECT_FALSE(all.has_value());
    return all ? "" : all.failure().detail;
}

const config_row* row_of(const std::vector<config_row>& rows, std::string_view name) {
    const auto found =
        std::find_if(rows.begin(), rows.end(), [&](const auto& row) { return row.name == name; });
    return found == rows.end() ? nullptr : &*found;
}

constexpr std::int64_t ms_per_hour = 3'600'000;

} // namespace

TEST(broker_config, defaults_are_kafkas) {
    const broker_config config;
    EXPECT_EQ(config.num_partitions, 1);
    EXPECT_EQ(config.message_max_bytes, 1048588);
    EXPECT_EQ(config.log_segment_bytes, 1073741824);
    EXPECT_EQ(config.log_retention_ms, 168 * ms_per_hour);
    EXPECT_EQ(config.log_roll_ms, 168 * ms_per_hour);
    EXPECT_EQ(config.fetch_max_bytes, 57671680);
    EXPECT_EQ(config.log_message_timestamp_before_max_ms, 9223372036854775807);
    EXPECT_TRUE(config.auto_create_topics_enable);
    EXPECT_EQ(config.log_cleanup_policy, std::vector<std::string>{"delete"});
    EXPECT_EQ(config.request_timeout_ms, 30000);
}

TEST(broker_config, defaults_need_no_file) {
    const broker_config config;
    EXPECT_EQ(config.node_id, 1);
    EXPECT_EQ(config.log_dirs, std::vector<std::string>{"barnabas-data"});
    ASSERT_EQ(config.listeners.size(), 1U);
    EXPECT_EQ(to_string(config.listeners[0]), "PLAINTEXT://127.0.0.1:9092");
    EXPECT_EQ(config.advertised_listeners, config.listeners);
    ASSERT_TRUE(config.barnabas_http_listener.has_value());
    EXPECT_EQ(config.barnabas_http_listener->port, 9644);
    EXPECT_TRUE(loaded("").warnings.empty());
    EXPECT_EQ(
        loaded("group.consumer.min.session.timeout.ms=4000\ngroup.consumer.session.timeout.ms=5000").warnings,
        std::vector<std::string>{"group.consumer.heartbeat.interval.ms is not below "
                                 "group.consumer.session.timeout.ms: members lose their place between two "
                                 "heartbeats"});
}

TEST(broker_config, directories_become_whole_paths) {
    auto config = loaded("log.dirs=a,../b/,/c//d/./e\ncordoned.log.dirs=a\nmetadata.log.dir=m\n").config;
    ASSERT_TRUE(make_directories_absolute(config, "/srv/here"));
    EXPECT_EQ(config.log_dirs, (std::vector<std::string>{"/srv/here/a", "/srv/b", "/c/d/e"}));
    EXPECT_EQ(config.cordoned_log_dirs, std::vector<std::string>{"/srv/here/a"});
    EXPECT_EQ(config.metadata_log_dir, "/srv/here/m");
    auto unset = loaded("log.dir=.\n").config;
    ASSERT_TRUE(make_directories_absolute(unset, "/srv/here"));
    EXPECT_EQ(unset.log_dirs, std::vector<std::string>{"/srv/here"});
    EXPECT_EQ(unset.metadata_log_dir, "/srv/here");
}

TEST(broker_config, cordoned_directories_are_some_of_log_dirs_or_all) {
    auto all = loaded("log.dirs=a,/b\ncordoned.log.dirs=*\n").config;
    ASSERT_TRUE(make_directories_absolute(all, "/srv"));
    EXPECT_EQ(all.cordoned_log_dirs, (std::vector<std::string>{"/srv/a", "/b"}));
    auto some = loaded("log.dirs=a,/b\ncordoned.log.dirs=/srv/a/,/b/\n").config;
    EXPECT_TRUE(make_directories_absolute(some, "/srv"));
    for (const auto* text : {"/c", "/b,/c", "*,/b", "/b/c"}) {
        auto wrong = loaded(std::string("log.dirs=a,/b\ncordoned.log.dirs=") + text + "\n").config;
        const auto named = make_directories_absolute(wrong, "/srv");
        EXPECT_EQ(named.code(), errc::invalid_config) << text;
        EXPECT_NE(named.failure().detail.find("cordoned.log.dirs names "), std::string::npos);
    }
}

TEST(broker_config, overrides_win_over_the_file) {
    const auto all =
        loaded("num.partitions=3\nlog.retention.hours=1\n", {{"num.partitions", "5", "--override"}});
    EXPECT_EQ(all.config.num_partitions, 5);
    EXPECT_EQ(all.config.log_retention_ms, ms_per_hour);
}

TEST(broker_config, finer_unit_wins) {
    EXPECT_EQ(loaded("log.retention.hours=1\nlog.retention.minutes=2").config.log_retention_ms, 120'000);
    EXPECT_EQ(loaded("log.retention.ms=7\nlog.retention.minutes=2").config.log_retention_ms, 7);
    EXPECT_EQ(loaded("log.retention.hours=-1").config.log_retention_ms, -1);
    EXPECT_EQ(loaded("log.roll.ms=9\nlog.roll.hours=2").config.log_roll_ms, 9);
}

TEST(broker_config, invalid_value_names_file_line_key_value_and_allowed_values) {
    EXPECT_EQ(refusal("\nnum.partitions=abc"),
              "server.properties:2: invalid value 'abc' for num.partitions: Not a "
              "number of type INT; allowed is a whole number of at least 1");
    EXPECT_EQ(refusal("", {{"compression.type", "brotli", "--override"}}),
              "--override: invalid value 'brotli' for compression.type: String must be one of: uncompressed, "
              "zstd, lz4, "
              "snappy, gzip, producer; allowed is one of: uncompressed, zstd, lz4, snappy, gzip, producer");
    EXPECT_EQ(refusal("auto.create.topics.enable=yes"),
              "server.properties:1: invalid value 'yes' for auto.create.topics.enable: Expected value to be "
              "either true "
              "or false; allowed is true or false");
    EXPECT_NE(refusal("log.segment.bytes=1000").find("at least 1048576"), std::string::npos);
    EXPECT_NE(refusal("num.partitions=99999999999").find("Not a number of type INT"), std::string::npos);
    EXPECT_NE(refusal("num.io.threads=0").find("at least 1"), std::string::npos);
}

TEST(broker_config, migration_policy_is_read_in_any_case_and_others_words_are_not) {
    const auto policy = [](const std::string& word) {
        return loaded("group.consumer.migration.policy=" + word).config.group_consumer_migration_policy;
    };
    EXPECT_EQ(policy("UPGRADE"), "upgrade");
    EXPECT_EQ(policy("Downgrade"), "downgrade");
    EXPECT_EQ(policy("disabled"), "disabled");
    EXPECT_EQ(policy("BIDIRECTIONAL"), "bidirectional");
    EXPECT_NE(refusal("group.consumer.migration.policy=sideways").find("one of (case insensitive): disabled"),
              std::string::npos);
    EXPECT_NE(refusal("compression.type=ZSTD").find("String must be one of: "), std::string::npos);
}

TEST(broker_config, unknown_key_warns_with_the_closest_one) {
    const auto warnings = loaded("num.partition=3\nx.y.z.completely.different=1").warnings;
    ASSERT_EQ(warnings.size(), 2U);
    EXPECT_EQ(warnings[0],
              "server.properties:1: no configuration is named num.partition; it is ignored (did you mean "
              "num.partitions?)");
    EXPECT_EQ(warnings[1],
              "server.properties:2: no configuration is named x.y.z.completely.different; it is ignored");
}

TEST(broker_config, accepted_and_removed_keys_warn_by_name) {
    const auto warnings =
        loaded("num.io.threads=4\nzookeeper.connect=a:2181\ninter.broker.protocol.version=2.8\n"
               "listener.name.internal.ssl.keystore.location=x")
            .warnings;
    ASSERT_EQ(warnings.size(), 4U);
    EXPECT_NE(warnings[0].find("num.io.threads is known, but this version does not use it yet"),
              std::string::npos);
    EXPECT_NE(warnings[1].find("zookeeper.connect has no meaning any more"), std::string::npos);
    EXPECT_NE(warnings[2].find("inter.broker.protocol.version has no meaning any more"), std::string::npos);
    EXPECT_NE(warnings[3].find("settings of single listeners"), std::string::npos);
}

TEST(broker_config, java_classes_are_refused_unless_empty) {
    EXPECT_EQ(
        refusal("create.topic.policy.class.name=com.example.Policy"),
        "server.properties:1: create.topic.policy.class.name names the Java class 'com.example.Policy', and "
        "Barnabas runs no Java classes; remove the key");
    EXPECT_TRUE(loaded("create.topic.policy.class.name=\n").warnings.empty());
    EXPECT_NE(refusal("authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer").size(),
              0U);
    EXPECT_EQ(loaded("replica.selector.class=org.apache.kafka.common.replica.RackAwareReplicaSelector")
                  .warnings.size(),
              1U);
}

TEST(broker_config, secrets_are_never_shown) {
    const auto all = loaded("ssl.keystore.password=hunter2");
    for (const auto& warning : all.warnings)
        EXPECT_EQ(warning.find("hunter2"), std::string::npos);
    const auto rows = describe_broker_configs(all.config);
    ASSERT_NE(row_of(rows, "ssl.keystore.password"), nullptr);
    EXPECT_TRUE(row_of(rows, "ssl.keystore.password")->sensitive);
}

TEST(broker_config, node_id_and_broker_id_may_agree_but_not_contradict) {
    EXPECT_EQ(loaded("broker.id=7").config.node_id, 7);
    EXPECT_EQ(loaded("broker.id=7\nnode.id=7").config.node_id, 7);
    EXPECT_EQ(refusal("node.id=1\nbroker.id=2"),
              "server.properties:2: broker.id=2 contradicts node.id=1; remove broker.id");
}

TEST(broker_config, kafkas_sample_for_one_node_loads) {
    const auto all =
        loaded("process.roles=broker,controller\nnode.id=1\n"
               "controller.quorum.bootstrap.servers=localhost:9093\n"
               "listeners=PLAINTEXT://:9092,CONTROLLER://:9093\ninter.broker.listener.name=PLAINTEXT\n"
               "advertised.listeners=PLAINTEXT://localhost:9092,CONTROLLER://localhost:9093\n"
               "controller.listener.names=CONTROLLER\n"
               "listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SSL:SSL\n"
               "log.dirs=/var/lib/data\nnum.partitions=1\n");
    ASSERT_EQ(all.config.listeners.size(), 1U);
    EXPECT_EQ(all.config.listeners[0].name, "PLAINTEXT");
    ASSERT_EQ(all.config.advertised_listeners.size(), 1U);
    EXPECT_EQ(all.config.advertised_listeners[0].host, "localhost");
    EXPECT_NE(all.warnings.back().find("is for controllers"), std::string::npos);
}

TEST(broker_config, only_plaintext_listeners_start) {
    EXPECT_EQ(refusal("listeners=SSL://:9093"),
              "server.properties:1: listener SSL://:9093 wants security protocol SSL, "
              "which this version does not serve; allowed is PLAINTEXT");
    EXPECT_NE(refusal("listeners=INTERNAL://:9093").find("has no security protocol"), std::string::npos);
    EXPECT_EQ(loaded("listeners=INTERNAL://:9093\nlistener.security.protocol.map=INTERNAL:PLAINTEXT")
                  .config.listeners[0]
                  .name,
              "INTERNAL");
}

TEST(broker_config, advertised_listener_needs_a_listener) {
    EXPECT_NE(refusal("advertised.listeners=OUTSIDE://a:1").find("no listener of this name"),
              std::string::npos);
}

TEST(broker_config, one_role_alone_is_refused) {
    EXPECT_NE(refusal("process.roles=controller").find("lacks broker"), std::string::npos);
}

TEST(broker_config, http_listener_can_be_turned_off) {
    EXPECT_FALSE(loaded("barnabas.http.listener=").config.barnabas_http_listener.has_value());
    EXPECT_NE(refusal("barnabas.http.listener=9644").find("has no port"), std::string::npos);
}

TEST(broker_config, a_failed_set_changes_nothing) {
    broker_config config;
    EXPECT_FALSE(config.set("listeners", "SSL://:1"));
    EXPECT_EQ(config.listeners[0].port, 9092);
    EXPECT_TRUE(config.set_values.empty());
    EXPECT_TRUE(config.set("listeners", "PLAINTEXT://:1"));
    EXPECT_EQ(config.listeners[0].port, 1);
    EXPECT_FALSE(config.set("no.such.key", "1"));
}

TEST(broker_config, override_needs_a_key_and_a_value) {
    ASSERT_TRUE(parse_override("a=b=c").has_value());
    EXPECT_EQ(parse_override("a=b=c")->value, "b=c");
    EXPECT_FALSE(parse_override("a"));
    EXPECT_FALSE(parse_override("=b"));
}

TEST(broker_config, describe_tells_sources) {
    const auto rows = describe_broker_configs(loaded("num.partitions=3").config);
    const auto* set = row_of(rows, "num.partitions");
    ASSERT_NE(set, nullptr);
    EXPECT_EQ(set->value, "3");
    EXPECT_EQ(set->source, source_static_broker);
    ASSERT_EQ(set->synonyms.size(), 2U);
    EXPECT_EQ(set->synonyms[1].value, "1");
    EXPECT_EQ(row_of(rows, "log.retention.ms")->value, std::nullopt);
    EXPECT_EQ(row_of(rows, "log.retention.ms")->source, source_default);
    EXPECT_EQ(row_of(rows, "barnabas.internal.segment.bytes"), nullptr);
    EXPECT_TRUE(std::is_sorted(rows.begin(), rows.end(),
                               [](const auto& a, const auto& b) { return a.name < b.name; }));
}

TEST(broker_keys, every_default_passes_its_own_check) {
    std::set<std::string_view> names;
    for (const auto table : {used_broker_keys(), accepted_broker_keys()}) {
        for (const auto& key : table) {
            EXPECT_TRUE(names.insert(key.name).second) << key.name << " is listed twice";
            EXPECT_TRUE(key.documentation.ends_with('.')) << key.name;
            if (key.default_text != nullptr) {
                EXPECT_TRUE(parse_config_value(key.type, key.check, key.default_text).has_value())
                    << key.name;
            }
            EXPECT_EQ(find_removed_key(key.name), nullptr) << key.name;
        }
    }
}

} // namespace barnabas::broker_config_test
