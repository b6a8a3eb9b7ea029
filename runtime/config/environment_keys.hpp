#pragma once

#include "runtime/config/properties.hpp"

#include <span>
#include <string>
#include <vector>

namespace barnabas {

/// Keys from a container's environment, as Kafka's images take them: `KAFKA_LOG_DIRS=/data` is `log.dirs`. In
/// names `_` stands for a dot, `__` for an underscore and `___` for a dash. `KAFKA_CFG_` is taken as
/// `KAFKA_`, and `BARNABAS_LOG_LEVEL` is `barnabas.log.level`. What sets up Kafka's Java is passed over.
/// Advertised listeners without listeners bring these along: the same ports, on all addresses. `variables`
/// are NAME=VALUE; the properties are in the order of their names, with the variable's name as origin.
std::vector<property> properties_of_environment(std::span<const std::string> variables);

} // namespace barnabas
