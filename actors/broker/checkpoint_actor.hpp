#pragma once

#include "actors/broker/checkpoints.hpp"
#include "runtime/node/node_services.hpp"

#include <caf/actor.hpp>

namespace barnabas {

/// Owns the checkpoint files of one data directory. Takes partition_marks, keep_log_start, forget_marks from
/// partitions and close_checkpoints from the broker; asks partitions by report_marks; tells `broker`
/// checkpoints_closed last.
caf::actor spawn_checkpoints(runtime::node_services& node, checkpoint_options options,
                             found_checkpoints found, caf::actor broker);

} // namespace barnabas
