#include "actors/broker/kafka_facts_actor.hpp"

#include "runtime/config/topic_config.hpp"

#include <algorithm>
#include <utility>

namespace barnabas {

namespace {

/// As Kafka counts: `leader` is the one that clients are told, -1 where the replica that should lead is
/// offline.
void add_partition(const partition_metadata& one, node_id leader, std::int32_t min_isr,
                   const broker_view& view, runtime::kafka_facts& facts) {
    const node_id self(view.config->node_id);
    ++facts.cluster_partitions;
    facts.offline_partitions += leader.get() < 0;
    facts.not_at_preferred += !one.replicas.empty() && leader != one.replicas.front();
    facts.partitions += std::count(one.replicas.begin(), one.replicas.end(), self) != 0;
    if (leader != self)
        return;
    ++facts.leaders;
    facts.under_replicated += one.isr.size() < one.replicas.size();
    facts.under_min_isr += std::cmp_less(one.isr.size(), min_isr);
    facts.at_min_isr += std::cmp_equal(one.isr.size(), min_isr);
}

node_id leader_told(const broker_view& view, const topic_partition& id, node_id leader) {
    return leader == node_id(view.config->node_id) && view.is_offline(id) ? node_id(-1) : leader;
}

/// As `effective` has it, but of the one key that is needed here.
std::int32_t min_isr_of(const broker_config& config, const topic_metadata& topic) {
    if (!topic.configs.contains("min.insync.replicas"))
        return config.min_insync_replicas;
    return effective(config, topic.configs).min_insync_replicas;
}

} // namespace

runtime::kafka_facts kafka_facts_of(const broker_view& view, const broker_status& status) {
    runtime::kafka_facts facts;
    if (view.config == nullptr)
        return facts;
    const auto& image = *view.image;
    const node_id self(view.config->node_id);
    facts.topics = image.topics.size();
    facts.brokers = image.brokers.size();
    facts.is_controller = image.controller == self;
    facts.offline_replicas = status.partitions_failed;
    for (const auto& [name, topic] : image.topics)
        for (const auto& one : topic.partitions)
            add_partition(one, leader_told(view, {topic.id, one.index}, one.leader),
                          min_isr_of(*view.config, topic), view, facts);
    return facts;
}

} // namespace barnabas
