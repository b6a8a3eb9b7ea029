#include "protocol/kafka/api_versions.hpp"
#include "protocol/kafka/describe_producers.hpp"
#include "protocol/kafka/describe_topic_partitions.hpp"
#include "protocol/kafka/list_config_resources.hpp"
#include "protocol/kafka/update_features.hpp"
#include "tests/unit/actors/connection/connection_fixture.hpp"

/// Small questions of administrators: features, producers, topics page by page, what has configs.
namespace barnabas::admin_test {
namespace {

metadata_image_ptr two_topics() {
    auto image = std::make_shared<metadata_image>(*test::image_with("orders", 3));
    auto other = test::image_with("zoo", 2)->topics.at("zoo");
    other.id.bytes[15] = 9;
    image->topic_names[other.id] = other.name;
    image->topics[other.name] = other;
    return image;
}

TEST_F(connection_test, topics_are_described_page_by_page) {
    port.metadata = two_topics();
    machine.start();
    kafka::describe_topic_partitions_request message;
    message.response_partition_limit = 2;
    std::vector<std::string> seen;
    std::size_t pages = 0;
    for (bool more = true; more; ++pages) {
        deliver(request(message, 0, 1));
        const auto answer = response<kafka::describe_topic_partitions_response>(pages, 0, 1);
        for (const auto& topic : answer.topics)
            for (const auto& partition : topic.partitions)
                seen.push_back(topic.name.value() + std::to_string(partition.partition_index));
        more = answer.next_cursor.has_value();
        if (!more)
            break;
        auto& cursor = message.cursor.emplace();
        cursor.topic_name = answer.next_cursor->topic_name;
        cursor.partition_index = answer.next_cursor->partition_index;
    }
    EXPECT_EQ(seen, (std::vector<std::string>{"orders0", "orders1", "orders2", "zoo0", "zoo1"}));
    EXPECT_EQ(pages, 2u);
}

TEST_F(connection_test, a_page_ends_at_the_brokers_own_limit_and_tells_of_missing_topics) {
    port.metadata = two_topics();
    ASSERT_TRUE(config.set("max.request.partition.size.limit", "3"));
    machine.start();
    kafka::describe_topic_partitions_request message;
    for (const auto* name : {"zoo", "orders", "missing"})
        message.topics.emplace_back().name = name;
    deliver(request(message, 0, 1));
    const auto answer = response<kafka::describe_topic_partitions_response>(0, 0, 1);
    ASSERT_EQ(answer.topics.size(), 2u);
    EXPECT_EQ(answer.topics[0].name, "missing");
    EXPECT_EQ(answer.topics[0].error_code, kafka::wire_value(error_code::unknown_topic_or_partition));
    EXPECT_EQ(answer.topics[1].partitions.size(), 3u);
    ASSERT_TRUE(answer.next_cursor.has_value());
    EXPECT_EQ(answer.next_cursor->topic_name, "zoo");
    EXPECT_EQ(answer.next_cursor->partition_index, 0);
}

/// A topic may be deleted between two pages.
TEST_F(connection_test, a_cursor_of_a_topic_that_is_gone_begins_with_the_next_one) {
    port.metadata = two_topics();
    machine.start();
    kafka::describe_topic_partitions_request message;
    auto& cursor = message.cursor.emplace();
    cursor.topic_name = "papers";
    cursor.partition_index = 1;
    deliver(request(message, 0, 1));
    const auto answer = response<kafka::describe_topic_partitions_response>(0, 0, 1);
    ASSERT_EQ(answer.topics.size(), 1u);
    EXPECT_EQ(answer.topics[0].name, "zoo");
    EXPECT_EQ(answer.topics[0].partitions.size(), 2u);
    cursor.partition_index = -1;
    deliver(request(message, 0, 2));
    EXPECT_EQ(port.closed.size(), 1u);
}

TEST_F(connection_test, producers_are_asked_of_each_partition) {
    machine.start();
    kafka::describe_producers_request message;
    auto& topic = message.topics.emplace_back();
    topic.name = "orders";
    topic.partition_indexes = {1, 7};
    deliver(request(message, 0, 1));
    ASSERT_EQ(port.producer_queries.size(), 1u);
    EXPECT_EQ(port.producer_queries[0].first.partition, partition_index(1));
    producers_response told;
    told.token = port.producer_queries[0].second.token;
    told.producers.push_back({producer_id(5), producer_epoch(2), 17, timestamp_ms(99), -1, log_offset(-1)});
    machine.on_producers_response(told);
    const auto answer = response<kafka::describe_producers_response>(0, 0, 1);
    const auto& partitions = answer.topics.at(0).partitions;
    ASSERT_EQ(partitions.size(), 2u);
    ASSERT_EQ(partitions[0].active_producers.size(), 1u);
    EXPECT_EQ(partitions[0].active_producers[0].producer_id, 5);
    EXPECT_EQ(partitions[0].active_producers[0].producer_epoch, 2);
    EXPECT_EQ(partitions[0].active_producers[0].last_sequence, 17);
    EXPECT_EQ(partitions[0].active_producers[0].last_timestamp, 99);
    EXPECT_EQ(partitions[1].error_code, kafka::wire_value(error_code::unknown_topic_or_partition));
}

TEST_F(connection_test, resources_with_configs_are_listed_by_kind) {
    machine.start();
    const auto listed = [&](std::vector<std::int8_t> types, std::int16_t version) {
        kafka::list_config_resources_request message;
        message.resource_types = std::move(types);
        const auto at = port.written.size();
        deliver(request(message, version, 1));
        auto answer = response<kafka::list_config_resources_response>(at, version, 1);
        std::vector<std::string> names;
        for (const auto& one : answer.config_resources)
            names.push_back(std::to_string(one.resource_type) + one.resource_name);
        return std::pair(answer.error_code, names);
    };
    using names = std::vector<std::string>;
    EXPECT_EQ(listed({}, 1).second, (names{"2orders", "41"}));
    EXPECT_EQ(listed({4}, 1).second, names{"41"});
    EXPECT_EQ(listed({16, 32}, 1), std::pair(std::int16_t{0}, names{}));
    EXPECT_EQ(listed({}, 0), std::pair(std::int16_t{0}, names{}));
    auto image = std::make_shared<metadata_image>(*port.metadata);
    image->group_configs["g"] = {{"consumer.session.timeout.ms", "50000"}};
    port.metadata = image;
    EXPECT_EQ(listed({16, 32}, 1), std::pair(std::int16_t{0}, names{"32g"}));
    EXPECT_EQ(listed({3}, 1).first, kafka::wire_value(error_code::unsupported_version));
}

TEST_F(connection_test, features_are_told_and_stay_at_their_level) {
    machine.start();
    deliver(request(kafka::api_versions_request{}, 4, 1));
    const auto versions = response<kafka::api_versions_response>(0, 4, 1);
    ASSERT_EQ(versions.supported_features.size(), 1u);
    EXPECT_EQ(versions.supported_features[0].name, "group.version");
    EXPECT_EQ(versions.finalized_features.at(0).max_version_level, 1);

    const auto updated = [&](const std::string& name, std::int16_t level, std::int8_t type,
                             std::int16_t version) {
        kafka::update_features_request message;
        auto& update = message.feature_updates.emplace_back();
        update.feature = name;
        update.max_version_level = level;
        update.upgrade_type = type;
        message.validate_only = version > 0;
        const auto at = port.written.size();
        deliver(request(message, version, 1));
        const auto answer = response<kafka::update_features_response>(at, version, 1);
        return version < 2 ? answer.results.at(0).error_code : answer.error_code;
    };
    const auto invalid = kafka::wire_value(error_code::invalid_update_version);
    for (std::int16_t version = 0; version <= 2; ++version) {
        EXPECT_EQ(updated("group.version", 1, 1, version), 0) << version;
        EXPECT_EQ(updated("group.version", 0, 3, version), invalid) << version;
        EXPECT_EQ(updated("group.version", 2, 1, version), invalid) << version;
        EXPECT_EQ(updated("no.such.feature", 1, 1, version), invalid) << version;
    }
}

} // namespace
} // namespace barnabas::admin_test
