#include "actors/broker/kafka_facts_actor.hpp"

#include "runtime/config/topic_config.hpp"

#include <algorithm>
#include <utility>

namespace barnabas {

namespace {

void add_partition(const partition_metadata& one, node_id self, std::int32_t min_isr,
                   runtime::kafka_facts& facts) {
    ++facts.cluster_partitions;
    facts.offline_partitions += one.leader.get() < 0;
    facts.not_at_preferred +=
        one.leader.get() >= 0 && !one.replicas.empty() && one.leader != one.replicas.front();
    facts.partitions += std::count(one.replicas.begin(), one.replicas.end(), self) != 0;
    if (one.leader != self)
        return;
    ++facts.leaders;
    facts.under_replicated += one.isr.size() < one.replicas.size();
    facts.under_min_isr += std::cmp_less(one.isr.size(), min_isr);
    facts.at_min_isr += std::cmp_equal(one.isr.size(), min_isr);
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
            add_partition(one, self, min_isr_of(*view.config, topic), facts);
    return facts;
}

} // namespace barnabas
