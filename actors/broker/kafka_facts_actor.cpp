#include "actors/broker/kafka_facts_actor.hpp"

#include "runtime/config/topic_config.hpp"
#include "runtime/metrics/text.hpp"

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

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

struct led_partition {
    std::string labels;
    std::size_t replicas = 0;
    std::size_t in_sync = 0;
    std::int32_t min_isr = 0;
};

std::vector<led_partition> led_partitions(const broker_view& view, std::size_t most) {
    std::vector<led_partition> led;
    const node_id self(view.config->node_id);
    for (const auto& [name, topic] : view.image->topics) {
        if (led.size() >= most)
            break;
        const auto min_isr = min_isr_of(*view.config, topic);
        for (const auto& one : topic.partitions) {
            if (led.size() >= most || leader_told(view, {topic.id, one.index}, one.leader) != self)
                continue;
            led.push_back({"{topic=\"" + runtime::escaped_label(name) + "\",partition=\"" +
                               std::to_string(one.index.get()) + "\"} ",
                           one.replicas.size(), one.isr.size(), min_isr});
        }
    }
    return led;
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

std::string partition_facts_text(const broker_view& view, std::size_t most) {
    using number_of = std::size_t (*)(const led_partition&);
    struct family {
        std::string_view name;
        std::string_view help;
        number_of value;
    };
    static constexpr family families[] = {
        {"kafka_cluster_partition_replicascount", "Replicas of the partition.",
         [](const led_partition& of) { return of.replicas; }},
        {"kafka_cluster_partition_insyncreplicascount", "Of them those in sync.",
         [](const led_partition& of) { return of.in_sync; }},
        {"kafka_cluster_partition_underminisr", "1: they are fewer than min.insync.replicas.",
         [](const led_partition& of) { return std::size_t(std::cmp_less(of.in_sync, of.min_isr)); }},
        {"kafka_cluster_partition_atminisr", "1: they are just as many.",
         [](const led_partition& of) { return std::size_t(std::cmp_equal(of.in_sync, of.min_isr)); }},
    };
    if (view.config == nullptr)
        return {};
    const auto led = led_partitions(view, most);
    std::string out;
    for (const auto& [name, help, value] : families) {
        out.append("# HELP ").append(name).append(" ").append(help);
        out.append("\n# TYPE ").append(name).append(" gauge\n");
        for (const auto& one : led)
            out.append(name).append(one.labels).append(std::to_string(value(one))).append("\n");
    }
    return out;
}

} // namespace barnabas
