#pragma once

#include "actors/controller/controller_actor.hpp"
#include "protocol/model/planted_bugs.hpp"
#include "runtime/config/broker_config.hpp"

#include <string>

namespace barnabas {

/// What the configuration says of the controller; its directory and gate are still missing.
controller_actor_options controller_options_of(const broker_config& config, const std::string& cluster_id,
                                               const planted_bugs& planted);

} // namespace barnabas
