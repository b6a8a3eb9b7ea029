#include "actors/replica/dump/metadata_text.hpp"

#include "protocol/internal/metadata_records.hpp"

#include <gtest/gtest.h>

#include <random>

namespace barnabas::replica::dump::metadata_text_test {
namespace {

std::string text_of(std::span<const std::byte> value) {
    batch::record_view record;
    record.offset = log_offset(42);
    record.value = value;
    return metadata_text_of(record);
}

std::string text_of(const metadata_record& record) {
    return text_of(encode(record).bytes());
}

topic_id some_topic() {
    topic_id id;
    id.bytes[15] = 1;
    return id;
}

constexpr const char* topic_text = "AAAAAAAAAAAAAAAAAAAAAQ";

TEST(metadata_text, shows_type_version_and_fields_in_one_line) {
    EXPECT_EQ(text_of(topic_created_record{"orders \"x\"", some_topic()}),
              std::string("{\"type\":\"topic_created\",\"version\":1,\"data\":{\"name\":\"orders \\\"x\\\"\","
                          "\"topicId\":\"") +
                  topic_text + "\"}}");
    EXPECT_EQ(
        text_of(partition_record{some_topic(),
                                 partition_index(3),
                                 node_id(1),
                                 leader_epoch(5),
                                 6,
                                 {node_id(1), node_id(2)},
                                 {node_id(2)}}),
        std::string("{\"type\":\"partition\",\"version\":1,\"data\":{\"partitionId\":3,\"topicId\":\"") +
            topic_text +
            "\",\"replicas\":[1,2],\"isr\":[2],\"leader\":1,\"leaderEpoch\":5,\"partitionEpoch\":6}}");
    EXPECT_EQ(text_of(no_op_record{}), "{\"type\":\"no_op\",\"version\":1,\"data\":{}}");
    EXPECT_EQ(text_of(feature_level_record{7}),
              "{\"type\":\"feature_level\",\"version\":1,\"data\":{\"level\":7}}");
    EXPECT_EQ(text_of(topic_removed_record{some_topic()}),
              std::string("{\"type\":\"topic_removed\",\"version\":1,\"data\":{\"topicId\":\"") + topic_text +
                  "\"}}");
    EXPECT_EQ(text_of(producer_ids_allocated_record{node_id(1), producer_id(1000), 500}),
              "{\"type\":\"producer_ids_allocated\",\"version\":1,\"data\":{\"brokerId\":1,"
              "\"firstProducerId\":1000,\"count\":500}}");
}

TEST(metadata_text, says_whose_a_config_is_and_that_a_value_is_gone) {
    EXPECT_EQ(
        text_of(config_changed_record{cluster_resource{}, "retention.ms", "5"}),
        "{\"type\":\"config_changed\",\"version\":1,\"data\":{\"name\":\"retention.ms\",\"value\":\"5\"}}");
    EXPECT_EQ(text_of(config_changed_record{node_id(4), "retention.ms", std::nullopt}),
              "{\"type\":\"config_changed\",\"version\":1,\"data\":{\"brokerId\":4,\"name\":\"retention.ms\","
              "\"value\":null}}");
    EXPECT_EQ(text_of(config_changed_record{named_group{"g"}, "a", "b"}),
              "{\"type\":\"config_changed\",\"version\":1,\"data\":{\"groupId\":\"g\",\"name\":\"a\","
              "\"value\":\"b\"}}");
    EXPECT_NE(text_of(config_changed_record{some_topic(), "a", "b"}).find("\"topicId\":"), std::string::npos);
    EXPECT_EQ(
        text_of(broker_registered_record{node_id(1), {{"PLAINTEXT", "h", 9092}}, std::nullopt}),
        "{\"type\":\"broker_registered\",\"version\":1,\"data\":{\"brokerId\":1,\"endPoints\":[{\"name\":"
        "\"PLAINTEXT\",\"host\":\"h\",\"port\":9092}],\"rack\":null}}");
}

TEST(metadata_text, one_that_cannot_be_read_says_so_and_where) {
    EXPECT_TRUE(metadata_text_of({}).starts_with("Error at "));
    std::mt19937_64 random(7);
    const auto sound = encode(topic_created_record{"orders", some_topic()});
    for (int round = 0; round < 500; ++round) {
        std::vector<std::byte> bytes(sound.bytes().begin(), sound.bytes().end());
        bytes[random() % bytes.size()] = static_cast<std::byte>(random());
        bytes.resize(random() % 4 == 0 ? random() % bytes.size() : bytes.size());
        const auto text = text_of(bytes);
        EXPECT_TRUE(text.starts_with("{\"type\":\"") || text.starts_with("Error at 42, skipping. ")) << text;
    }
}

} // namespace
} // namespace barnabas::replica::dump::metadata_text_test
