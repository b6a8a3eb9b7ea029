#pragma once

#include "actors/controller/controller_messages.hpp"
#include "actors/controller/controller_state.hpp"

namespace barnabas {

/// Each resource by itself, all of its changes or none; what stays as it is makes no record. Only
/// config_changed_record. Codes: unknown_topic_or_partition, invalid_config (an unknown key of a topic or a
/// group, a value that is not allowed, a list where there is none), invalid_request (a broker that is not of
/// this cluster, a key of brokers that is not known or is read only at start).
decision<topics_response> decide_alter_configs(const controller_state& state,
                                               const controller_options& options,
                                               const alter_configs_request& request);

} // namespace barnabas
