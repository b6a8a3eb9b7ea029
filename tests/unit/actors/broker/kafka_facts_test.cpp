#include "actors/broker/kafka_facts_actor.hpp"
#include "tests/unit/actors/broker/partition_set_fixture.hpp"

#include <gtest/gtest.h>

namespace barnabas::kafka_facts_test {
namespace {

/// Two topics of two partitions, of which this broker has and leads all.
broker_view view_with(std::vector<topic_partition> offline) {
    auto config = std::make_shared<broker_config>();
    config->node_id = 1;
    broker_view view;
    view.image = image_of(5, {{"t", 1, 2}, {"u", 2, 2}});
    view.config = config;
    view.offline = std::move(offline);
    return view;
}

TEST(kafka_facts, a_partition_whose_replica_is_offline_has_no_leader) {
    const auto whole = kafka_facts_of(view_with({}), {});
    EXPECT_EQ(whole.offline_partitions, 0u);
    EXPECT_EQ(whole.leaders, 4u);
    EXPECT_EQ(whole.at_min_isr, 4u);
    EXPECT_EQ(whole.not_at_preferred, 0u);

    broker_status status;
    status.partitions_failed = 1;
    const auto facts = kafka_facts_of(view_with({place(1, 1)}), status);
    EXPECT_EQ(facts.offline_partitions, 1u);
    EXPECT_EQ(facts.offline_replicas, 1u);
    EXPECT_EQ(facts.leaders, 3u);
    EXPECT_EQ(facts.at_min_isr, 3u) << "who leads counts, and nobody does";
    EXPECT_EQ(facts.under_min_isr, 0u);
    EXPECT_EQ(facts.not_at_preferred, 1u);
    // Replicas are counted whether they serve or not.
    EXPECT_EQ(facts.partitions, 4u);
    EXPECT_EQ(facts.cluster_partitions, 4u);
}

TEST(kafka_facts, a_partition_that_another_broker_leads_is_not_offline_for_the_replica_here) {
    auto view = view_with({place(1, 1)});
    auto image = changed(view.image);
    image->topics.at("t").partitions[1].leader = node_id(2);
    view.image = image;
    const auto facts = kafka_facts_of(view, {});
    EXPECT_EQ(facts.offline_partitions, 0u);
    EXPECT_EQ(facts.leaders, 3u);
    EXPECT_EQ(facts.not_at_preferred, 1u);
}

TEST(kafka_facts, each_partition_that_is_led_here_is_told_with_its_replicas) {
    auto view = view_with({place(2, 1)});
    auto image = changed(view.image);
    auto& topic = image->topics.at("t");
    topic.configs["min.insync.replicas"] = "2";
    topic.partitions[1].replicas.push_back(node_id(2));
    topic.partitions[1].isr.push_back(node_id(2));
    view.image = image;
    const auto text = partition_facts_text(view, 10);
    const auto has = [&](const std::string& line) {
        return text.find("\nkafka_cluster_partition_" + line + "\n") != std::string::npos;
    };
    EXPECT_TRUE(has("underminisr{topic=\"t\",partition=\"0\"} 1")) << text;
    EXPECT_TRUE(has("atminisr{topic=\"t\",partition=\"0\"} 0")) << text;
    EXPECT_TRUE(has("underminisr{topic=\"t\",partition=\"1\"} 0")) << text;
    EXPECT_TRUE(has("atminisr{topic=\"t\",partition=\"1\"} 1")) << text;
    EXPECT_TRUE(has("replicascount{topic=\"t\",partition=\"1\"} 2")) << text;
    EXPECT_TRUE(has("insyncreplicascount{topic=\"t\",partition=\"1\"} 2")) << text;
    EXPECT_TRUE(has("atminisr{topic=\"u\",partition=\"0\"} 1")) << "the broker's default: " << text;
    EXPECT_EQ(text.find("{topic=\"u\",partition=\"1\"}"), std::string::npos) << "offline, so not led";
    const auto first = partition_facts_text(view, 1);
    EXPECT_EQ(first.find("partition=\"1\""), std::string::npos) << first;
    EXPECT_EQ(first.find("topic=\"u\""), std::string::npos) << first;
}

} // namespace
} // namespace barnabas::kafka_facts_test
