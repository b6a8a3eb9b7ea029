#pragma once

#include "runtime/config/broker_config.hpp"
#include "runtime/node/node_services.hpp"

#include <caf/actor.hpp>

namespace barnabas {

/// Looks at intervals for calls on the data directories that do not return, and tells `broker` by
/// `directory_waits`. That it is too long is never told by the first look that sees the call, nor by one that
/// comes late, as after a pause of the whole process. Ends by `close_hang_watch`. Null when the configuration
/// does not want it.
caf::actor spawn_hang_watch(runtime::node_services& node, const broker_config& config, caf::actor broker);

} // namespace barnabas
