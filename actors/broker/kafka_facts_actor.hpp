#pragma once

#include "actors/broker/broker_status.hpp"
#include "actors/broker/broker_view.hpp"
#include "runtime/metrics/kafka_text.hpp"

#include <cstddef>
#include <string>

namespace barnabas {

/// What this node is in its cluster, for pages of metrics. Nothing before the boot and after the end.
runtime::kafka_facts kafka_facts_of(const broker_view& view, const broker_status& status);

/// How each partition that is led here is replicated, under Kafka's names, in Prometheus' text format: by the
/// names of topics, `most` of them.
std::string partition_facts_text(const broker_view& view, std::size_t most);

} // namespace barnabas
