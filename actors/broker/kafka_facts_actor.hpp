#pragma once

#include "actors/broker/broker_status.hpp"
#include "actors/broker/broker_view.hpp"
#include "runtime/metrics/kafka_text.hpp"

namespace barnabas {

/// What this node is in its cluster, for pages of metrics. Nothing before the boot and after the end.
runtime::kafka_facts kafka_facts_of(const broker_view& view, const broker_status& status);

} // namespace barnabas
