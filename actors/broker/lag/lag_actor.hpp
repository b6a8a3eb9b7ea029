#pragma once

#include "actors/broker/broker_view.hpp"
#include "runtime/node/node_services.hpp"

#include <caf/actor.hpp>

#include <cstddef>
#include <memory>

namespace barnabas {

/// Answers `lag_wanted` by `lag_told`, from a round that it begins then, or from the last one when that is
/// not older than `broker_limits::lag_report_age_max`. Ends on close_consumer_lag.
caf::actor spawn_consumer_lag(runtime::node_services& node, std::size_t partitions_max,
                              std::shared_ptr<const published_view> view);

} // namespace barnabas
