#pragma once

#include "runtime/metrics/registry.hpp"

#include <cstddef>
#include <string>

namespace barnabas::runtime {

/// What the pages tell of a node beside what it counts.
struct kafka_facts {
    std::size_t partitions = 0; ///< with a replica here
    std::size_t leaders = 0;
    std::size_t under_replicated = 0;
    std::size_t under_min_isr = 0;
    std::size_t at_min_isr = 0;
    std::size_t offline_replicas = 0;
    /// Of the whole cluster.
    std::size_t topics = 0;
    std::size_t cluster_partitions = 0;
    std::size_t offline_partitions = 0;
    std::size_t not_at_preferred = 0;
    std::size_t brokers = 0;
    bool is_controller = false;
};

/// What a registry and these facts say under the names that dashboards and alerts for Kafka ask for, as
/// Kafka's JMX exporter and Strimzi write them. In Prometheus' text format. What has no counterpart here is
/// left out.
std::string kafka_text(const metric_registry& registry, const kafka_facts& facts);

} // namespace barnabas::runtime
