#include "protocol/kafka/delete_records.hpp"
#include "protocol/kafka/offset_for_leader_epoch.hpp"
#include "tests/unit/actors/connection/connection_fixture.hpp"

/// DeleteRecords and OffsetForLeaderEpoch between client and partitions, in every version.
namespace barnabas::deletion_test {
namespace {

kafka::delete_records_request deletion(const std::string& topic, std::vector<std::int32_t> partitions,
                                       std::int64_t offset) {
    kafka::delete_records_request message;
    message.timeout_ms = 5000;
    auto& entry = message.topics.emplace_back();
    entry.name = topic;
    for (const auto index : partitions) {
        auto& partition = entry.partitions.emplace_back();
        partition.partition_index = index;
        partition.offset = offset;
    }
    return message;
}

TEST_F(connection_test, delete_records_asks_each_partition_and_answers_in_order_in_every_version) {
    machine.start();
    for (std::int16_t version = 0; version <= 2; ++version) {
        deliver(request(deletion("orders", {1, 0}, 7), version, version));
        ASSERT_EQ(port.deletions.size(), 2u);
        EXPECT_EQ(port.deletions[0].first.partition, partition_index(1));
        EXPECT_EQ(port.deletions[0].second.offset, log_offset(7));
        delete_records_response refused;
        refused.token = port.deletions[1].second.token;
        refused.code = errc::offset_out_of_range;
        machine.on_delete_records_response(refused);
        EXPECT_EQ(port.written.size(), static_cast<std::size_t>(version));
        delete_records_response done;
        done.token = port.deletions[0].second.token;
        done.low_watermark = log_offset(7);
        machine.on_delete_records_response(done);
        const auto answer =
            response<kafka::delete_records_response>(static_cast<std::size_t>(version), version, version);
        const auto& partitions = answer.topics.at(0).partitions;
        ASSERT_EQ(partitions.size(), 2u);
        EXPECT_EQ(partitions[0].partition_index, 1);
        EXPECT_EQ(partitions[0].low_watermark, 7);
        EXPECT_EQ(partitions[0].error_code, 0);
        EXPECT_EQ(partitions[1].low_watermark, -1);
        EXPECT_EQ(partitions[1].error_code, kafka::wire_value(error_code::offset_out_of_range));
        port.deletions.clear();
    }
}

TEST_F(connection_test, records_of_unknown_internal_and_foreign_partitions_are_not_deleted) {
    auto image = std::make_shared<metadata_image>(*test::image_with("orders", 3));
    auto offsets = test::image_with("__consumer_offsets", 1)->topics.at("__consumer_offsets");
    offsets.id.bytes[15] = 8;
    image->topic_names[offsets.id] = offsets.name;
    image->topics[offsets.name] = offsets;
    port.metadata = image;
    port.led = false;
    machine.start();
    auto message = deletion("orders", {0, 3, -1}, -1);
    for (const auto* name : {"absent", "__consumer_offsets", "__transaction_state"})
        message.topics.push_back(deletion(name, {0}, -1).topics.front());
    deliver(request(message, 2, 1));
    const auto answer = response<kafka::delete_records_response>(0, 2, 1);
    std::vector<std::int16_t> codes;
    for (const auto& topic : answer.topics)
        for (const auto& partition : topic.partitions)
            codes.push_back(partition.error_code);
    const auto unknown = kafka::wire_value(error_code::unknown_topic_or_partition);
    EXPECT_EQ(codes, (std::vector<std::int16_t>{
                         kafka::wire_value(error_code::kafka_storage_error), unknown, unknown, unknown,
                         kafka::wire_value(error_code::invalid_topic_exception), unknown}));
    EXPECT_TRUE(port.deletions.empty());
}

TEST_F(connection_test, records_of_a_partition_that_is_named_twice_are_deleted_once) {
    machine.start();
    auto message = deletion("orders", {0, 0, 1}, 3);
    message.topics.push_back(deletion("orders", {1}, 4).topics.front());
    deliver(request(message, 2, 1));
    ASSERT_EQ(port.deletions.size(), 2u);
    for (const auto& [where, asked] : port.deletions) {
        EXPECT_EQ(asked.offset, log_offset(3));
        delete_records_response done;
        done.token = asked.token;
        done.low_watermark = log_offset(3);
        machine.on_delete_records_response(done);
    }
    const auto answer = response<kafka::delete_records_response>(0, 2, 1);
    const auto twice = kafka::wire_value(error_code::invalid_request);
    EXPECT_EQ(answer.topics.at(0).partitions.at(0).error_code, 0);
    EXPECT_EQ(answer.topics.at(0).partitions.at(1).error_code, twice);
    EXPECT_EQ(answer.topics.at(0).partitions.at(2).error_code, 0);
    EXPECT_EQ(answer.topics.at(1).partitions.at(0).error_code, twice);
}

/// Its time-out is for other replicas: what the leader does itself is done at once in Kafka.
TEST_F(connection_test, a_deletion_without_patience_is_answered_with_its_outcome) {
    machine.start();
    auto message = deletion("orders", {0}, 3);
    message.timeout_ms = 0;
    deliver(request(message, 2, 1));
    port.time = port.time + std::chrono::nanoseconds(std::chrono::milliseconds(10)).count();
    machine.on_timer();
    EXPECT_TRUE(port.written.empty());
    delete_records_response done;
    done.token = port.deletions.at(0).second.token;
    done.low_watermark = log_offset(3);
    machine.on_delete_records_response(done);
    const auto answer = response<kafka::delete_records_response>(0, 2, 1);
    EXPECT_EQ(answer.topics.at(0).partitions.at(0).error_code, 0);
    EXPECT_EQ(answer.topics.at(0).partitions.at(0).low_watermark, 3);
}

TEST_F(connection_test, a_deletion_that_takes_too_long_is_answered_as_such) {
    machine.start();
    deliver(request(deletion("orders", {0, 1}, 3), 2, 1));
    delete_records_response done;
    done.token = port.deletions.at(1).second.token;
    done.low_watermark = log_offset(3);
    machine.on_delete_records_response(done);
    port.time = port.time +
                std::chrono::nanoseconds(std::chrono::milliseconds(config.request_timeout_ms + 1)).count();
    machine.on_timer();
    const auto answer = response<kafka::delete_records_response>(0, 2, 1);
    EXPECT_EQ(answer.topics.at(0).partitions.at(0).error_code,
              kafka::wire_value(error_code::request_timed_out));
    EXPECT_EQ(answer.topics.at(0).partitions.at(1).low_watermark, 3);
}

TEST_F(connection_test, ends_of_epochs_are_asked_of_each_partition_in_every_version) {
    machine.start();
    for (std::int16_t version = 0; version <= 4; ++version) {
        kafka::offset_for_leader_epoch_request message;
        auto& topic = message.topics.emplace_back();
        topic.topic = "orders";
        for (const auto index : {2, 9}) {
            auto& entry = topic.partitions.emplace_back();
            entry.partition = index;
            entry.leader_epoch = 4;
            entry.current_leader_epoch = version >= 2 ? 5 : -1;
        }
        deliver(request(message, version, version));
        const auto& asked = port.epoch_queries.back().second;
        EXPECT_EQ(asked.epoch, leader_epoch(4));
        EXPECT_EQ(asked.current_leader_epoch, leader_epoch(version >= 2 ? 5 : -1));
        epoch_query_response answer;
        answer.token = asked.token;
        answer.epoch = leader_epoch(3);
        answer.end_offset = log_offset(17);
        machine.on_epoch_query_response(answer);
        const auto told = response<kafka::offset_for_leader_epoch_response>(static_cast<std::size_t>(version),
                                                                            version, version);
        const auto& partitions = told.topics.at(0).partitions;
        EXPECT_EQ(partitions.at(0).partition, 2);
        EXPECT_EQ(partitions.at(0).end_offset, 17);
        EXPECT_EQ(partitions.at(0).leader_epoch, version >= 1 ? 3 : -1);
        EXPECT_EQ(partitions.at(1).error_code, kafka::wire_value(error_code::unknown_topic_or_partition));
        EXPECT_EQ(partitions.at(1).end_offset, -1);
    }
    EXPECT_EQ(port.epoch_queries.size(), 5u);
}

} // namespace
} // namespace barnabas::deletion_test
