#include "runtime/config/topic_config.hpp"

#include "runtime/config/broker_keys.hpp"
#include "runtime/config/topic_keys.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <variant>

namespace barnabas::topic_config_test {

namespace {

std::string refusal(const std::map<std::string, std::optional<std::string>>& configs) {
    const auto checked = check_topic_configs(configs);
    return checked ? "" : checked.failure().detail;
}

broker_config broker_with(std::initializer_list<std::pair<const char*, const char*>> values) {
    broker_config broker;
    for (const auto& [key, value] : values)
        EXPECT_TRUE(broker.set(key, value)) << key;
    return broker;
}

config_row row_of(const std::vector<config_row>& rows, std::string_view name) {
    const auto found =
        std::find_if(rows.begin(), rows.end(), [&](const auto& row) { return row.name == name; });
    EXPECT_NE(found, rows.end()) << name;
    return found == rows.end() ? config_row{} : *found;
}

} // namespace

TEST(topic_config, errors_are_in_kafkas_words) {
    EXPECT_EQ(refusal({{"no.such", "1"}}), "Unknown topic config name: no.such");
    EXPECT_EQ(refusal({{"segment.bytes", "5"}}),
              "Invalid value 5 for configuration segment.bytes: Value must be at least 1048576");
    EXPECT_EQ(refusal({{"retention.ms", "soon"}}),
              "Invalid value soon for configuration retention.ms: Not a number of type LONG");
    EXPECT_EQ(refusal({{"message.timestamp.type", "Now"}}),
              "Invalid value Now for configuration "
              "message.timestamp.type: String must be one of: CreateTime, "
              "LogAppendTime");
    EXPECT_EQ(refusal({{"min.cleanable.dirty.ratio", "2"}}),
              "Invalid value 2 for configuration min.cleanable.dirty.ratio: Value must be no more than 1");
    EXPECT_EQ(refusal({{"retention.ms", std::nullopt}}),
              "Null value not supported for topic configs: retention.ms");
    EXPECT_EQ(check_topic_configs({{"no.such", "1"}}).code(), errc::invalid_config);
}

TEST(topic_config, values_that_kafka_takes_are_taken) {
    EXPECT_EQ(refusal({{"cleanup.policy", "compact,delete"}}), "");
    EXPECT_EQ(refusal({{"cleanup.policy", ""}}), "");
    EXPECT_EQ(refusal({{"retention.ms", "-1"}}), "");
    EXPECT_EQ(refusal({{"retention.bytes", "-7"}}), "");
    EXPECT_EQ(refusal({{"compression.gzip.level", "-1"}}), "");
    EXPECT_EQ(refusal({{"preallocate", "TRUE"}}), "");
    EXPECT_EQ(refusal({{"segment.bytes", " 1048576 "}}), "");
}

TEST(topic_config, levels_and_lists_are_checked) {
    EXPECT_NE(refusal({{"compression.gzip.level", "0"}}), "");
    EXPECT_NE(refusal({{"cleanup.policy", "shrink"}}), "");
    EXPECT_NE(refusal({{"cleanup.policy", "delete,delete"}}), "");
}

TEST(topic_config, compaction_lags_must_not_cross) {
    EXPECT_EQ(refusal({{"min.compaction.lag.ms", "10"}, {"max.compaction.lag.ms", "5"}}),
              "conflict topic config setting min.compaction.lag.ms (10) > max.compaction.lag.ms (5)");
    EXPECT_EQ(refusal({{"min.compaction.lag.ms", "5"}, {"max.compaction.lag.ms", "5"}}), "");
}

TEST(topic_config, tiered_storage_is_refused_with_a_reason) {
    EXPECT_NE(refusal({{"remote.storage.enable", "true"}}).find("tiered storage"), std::string::npos);
    EXPECT_EQ(refusal({{"remote.storage.enable", "false"}}), "");
}

TEST(topic_config, defaults_are_kafkas) {
    const auto config = effective(broker_config{}, {});
    EXPECT_TRUE(config.cleanup_delete);
    EXPECT_FALSE(config.cleanup_compact);
    EXPECT_EQ(config.retention_ms, 604800000);
    EXPECT_EQ(config.retention_bytes, -1);
    EXPECT_EQ(config.segment_bytes, 1073741824);
    EXPECT_EQ(config.segment_ms, 604800000);
    EXPECT_EQ(config.max_message_bytes, 1048588);
    EXPECT_EQ(config.timestamp_after_max_ms, 3600000);
    EXPECT_EQ(config.compression_type, "producer");
    EXPECT_FALSE(config.log_append_time);
    EXPECT_FALSE(config.write_caching);
    EXPECT_TRUE(config.validate_inside);
    EXPECT_DOUBLE_EQ(config.min_cleanable_dirty_ratio, 0.5);
}

TEST(topic_config, topic_wins_over_broker_and_broker_over_default) {
    const auto broker = broker_with({{"log.retention.hours", "2"},
                                     {"log.segment.bytes", "2097152"},
                                     {"barnabas.write.caching", "true"},
                                     {"log.roll.jitter.hours", "3"}});
    auto config = effective(broker, {{"segment.bytes", "1048576"}});
    EXPECT_EQ(config.retention_ms, 7'200'000);
    EXPECT_EQ(config.segment_jitter_ms, 10'800'000);
    EXPECT_EQ(config.segment_bytes, 1048576);
    EXPECT_TRUE(config.write_caching);
    config = effective(broker, {{"write.caching", "false"}, {"record.validation", "header"}});
    EXPECT_FALSE(config.write_caching);
    EXPECT_FALSE(config.validate_inside);
}

TEST(topic_config, every_typed_field_has_its_row) {
    const auto config = effective(broker_config{}, {{"message.timestamp.type", "LogAppendTime"},
                                                    {"cleanup.policy", "compact"},
                                                    {"min.insync.replicas", "2"},
                                                    {"index.interval.bytes", "1"},
                                                    {"segment.index.bytes", "8"}});
    EXPECT_TRUE(config.log_append_time);
    EXPECT_FALSE(config.cleanup_delete);
    EXPECT_TRUE(config.cleanup_compact);
    EXPECT_EQ(config.min_insync_replicas, 2);
    EXPECT_EQ(config.index_interval_bytes, 1);
    EXPECT_EQ(config.segment_index_bytes, 8);
}

TEST(topic_config, small_segments_for_tests_win) {
    EXPECT_EQ(effective(broker_with({{"barnabas.internal.segment.bytes", "4096"}}), {}).segment_bytes, 4096);
    EXPECT_EQ(refusal({{"internal.segment.bytes", "128"}}), "");
    EXPECT_EQ(effective(broker_config{}, {{"internal.segment.bytes", "128"}, {"segment.bytes", "1048576"}})
                  .segment_bytes,
              128);
}

TEST(topic_config, describe_tells_sources_from_strong_to_weak) {
    const auto rows =
        describe_topic_configs(broker_with({{"log.retention.minutes", "1"}}), {{"retention.ms", "5"}});
    const auto row = row_of(rows, "retention.ms");
    EXPECT_EQ(row.value, "5");
    EXPECT_EQ(row.source, source_topic);
    EXPECT_EQ(row.type, config_type::int64);
    ASSERT_EQ(row.synonyms.size(), 3U);
    EXPECT_EQ(row.synonyms[1].name, "log.retention.minutes");
    EXPECT_EQ(row.synonyms[1].value, "60000");
    EXPECT_EQ(row.synonyms[1].source, source_static_broker);
    EXPECT_EQ(row.synonyms[2].source, source_default);
    EXPECT_EQ(row_of(rows, "segment.bytes").source, source_default);
    EXPECT_EQ(row_of(rows, "write.caching").value, "false");
    for (const auto& one : rows)
        EXPECT_NE(one.name, "internal.segment.bytes");
}

/// Or else a warning would say of the broker's key that nothing goes by it.
TEST(topic_keys, what_gives_a_topic_key_with_an_effect_its_default_is_used_itself) {
    for (const auto& key : topic_keys()) {
        if (std::holds_alternative<std::monostate>(key.field))
            continue;
        for (const auto& synonym : key.synonyms) {
            const auto* row = synonym.name.empty() ? nullptr : find_broker_key(synonym.name);
            EXPECT_TRUE(row == nullptr || row->use == key_use::used) << synonym.name;
        }
    }
}

TEST(topic_keys, table_is_sorted_and_every_default_and_synonym_is_good) {
    const auto keys = topic_keys();
    EXPECT_TRUE(std::is_sorted(keys.begin(), keys.end(),
                               [](const auto& a, const auto& b) { return a.name < b.name; }));
    for (const auto& key : keys) {
        EXPECT_EQ(find_topic_key(key.name), &key);
        if (key.default_text != nullptr) {
            EXPECT_TRUE(parse_config_value(key.type, key.check, key.default_text).has_value()) << key.name;
        }
        for (const auto& synonym : key.synonyms) {
            EXPECT_TRUE(synonym.name.empty() || find_broker_key(synonym.name) != nullptr) << synonym.name;
        }
    }
}

} // namespace barnabas::topic_config_test
