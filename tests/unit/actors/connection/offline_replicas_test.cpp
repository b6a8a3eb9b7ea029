#include "protocol/kafka/describe_topic_partitions.hpp"
#include "protocol/kafka/metadata.hpp"
#include "tests/unit/actors/connection/connection_fixture.hpp"

/// What clients hear of partitions whose data directory failed (KIP-112).
namespace barnabas::offline_replicas_test {
namespace {

using replicas = std::vector<std::int32_t>;

constexpr std::int16_t first_that_tells_offline = 5;

class offline_replicas : public connection_test {
protected:
    offline_replicas() {
        port.offline = {{port.metadata->topics.at("orders").id, partition_index(1)}};
        machine.start();
    }
    kafka::metadata_response metadata(std::int16_t version) {
        kafka::metadata_request message;
        message.topics.emplace().emplace_back().name = "orders";
        deliver(request(message, version, version));
        return response<kafka::metadata_response>(port.written.size() - 1, version, version);
    }
};

TEST_F(offline_replicas, metadata_tells_them_and_that_nobody_leads_in_every_version) {
    for (std::int16_t version = 0; version <= 13; ++version) {
        const auto answer = metadata(version);
        ASSERT_EQ(answer.topics.size(), 1u);
        EXPECT_EQ(answer.topics[0].error_code, 0);
        ASSERT_EQ(answer.topics[0].partitions.size(), 3u);
        const auto& served = answer.topics[0].partitions[0];
        EXPECT_EQ(served.error_code, 0);
        EXPECT_EQ(served.leader_id, 1);
        EXPECT_TRUE(served.offline_replicas.empty());
        const auto& lost = answer.topics[0].partitions[1];
        EXPECT_EQ(error_code{lost.error_code}, error_code::leader_not_available);
        EXPECT_EQ(lost.leader_id, -1);
        EXPECT_EQ(lost.replica_nodes, replicas{1});
        EXPECT_EQ(lost.isr_nodes, replicas{1}) << "the last replica stays in the ISR";
        EXPECT_EQ(lost.offline_replicas, version < first_that_tells_offline ? replicas{} : replicas{1});
    }
}

TEST_F(offline_replicas, what_another_broker_leads_keeps_its_leader) {
    auto image = std::make_shared<metadata_image>(*port.metadata);
    auto& partition = image->topics.at("orders").partitions[1];
    partition.leader = node_id(2);
    partition.replicas = partition.isr = {node_id(2), node_id(1)};
    port.metadata = image;
    const auto told = metadata(12).topics.at(0).partitions.at(1);
    EXPECT_EQ(told.error_code, 0);
    EXPECT_EQ(told.leader_id, 2);
    EXPECT_EQ(told.offline_replicas, replicas{1});
}

TEST_F(offline_replicas, metadata_follows_when_the_partition_serves_again) {
    EXPECT_EQ(metadata(12).topics.at(0).partitions.at(1).leader_id, -1);
    port.offline.clear();
    const auto told = metadata(12).topics.at(0).partitions.at(1);
    EXPECT_EQ(told.error_code, 0);
    EXPECT_EQ(told.leader_id, 1);
    EXPECT_TRUE(told.offline_replicas.empty());
}

TEST_F(offline_replicas, description_of_topics_tells_them_without_an_error) {
    deliver(request(kafka::describe_topic_partitions_request{}, 0, 1));
    const auto answer = response<kafka::describe_topic_partitions_response>(0, 0, 1);
    ASSERT_EQ(answer.topics.size(), 1u);
    ASSERT_EQ(answer.topics[0].partitions.size(), 3u);
    EXPECT_EQ(answer.topics[0].partitions[0].leader_id, 1);
    const auto& lost = answer.topics[0].partitions[1];
    EXPECT_EQ(lost.error_code, 0);
    EXPECT_EQ(lost.leader_id, -1);
    EXPECT_EQ(lost.isr_nodes, replicas{1});
    EXPECT_EQ(lost.offline_replicas, replicas{1});
}

/// The others refuse what is meant for a broker that leads; clients that know it so go on hearing why.
TEST_F(offline_replicas, who_writes_there_nevertheless_is_told_of_the_storage) {
    port.led = false;
    deliver(request(produce(1), 7, 1));
    ASSERT_EQ(port.written.size(), 1u);
    const auto answer = response<kafka::produce_response>(0, 7, 1);
    EXPECT_EQ(error_code{answer.responses.at(0).partition_responses.at(0).error_code},
              error_code::kafka_storage_error);
}

} // namespace
} // namespace barnabas::offline_replicas_test
