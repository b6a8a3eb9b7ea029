#pragma once

#include "protocol/model/error.hpp"
#include "runtime/config/broker_config.hpp"

#include <string>

namespace barnabas {

/// Makes the empty directories of a broker that was never started those of this cluster, as the start script
/// of Kafka's container images does with CLUSTER_ID. Where a directory belongs to a cluster already, nothing
/// is changed. The error is an id that is none, or a directory that cannot be written.
result<void> format_fresh(const broker_config& config, const std::string& cluster_id);

} // namespace barnabas
