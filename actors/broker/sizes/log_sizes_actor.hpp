#pragma once

#include "actors/broker/broker_view.hpp"
#include "runtime/node/node_services.hpp"

#include <caf/actor.hpp>

#include <memory>

namespace barnabas {

/// Answers `log_sizes_wanted` by `log_sizes_told`, from a round that it begins then, or from the last one
/// when that is not older than `broker_limits::log_sizes_age_max`. Ends on close_log_sizes.
caf::actor spawn_log_sizes(runtime::node_services& node, std::shared_ptr<const published_view> view);

} // namespace barnabas
