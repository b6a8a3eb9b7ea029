#pragma once

#include "actors/broker/checkpoints.hpp"
#include "runtime/disk/directory_gate.hpp"
#include "runtime/node/node_services.hpp"

#include <caf/actor.hpp>

#include <memory>

namespace barnabas {

/// Whom the owner of checkpoints deals with.
struct checkpoint_partners {
    /// Of the data directory; all jobs go through it.
    std::shared_ptr<runtime::directory_gate> gate;
    caf::actor broker;
};

/// Owns the checkpoint files of one data directory. Takes partition_marks, keep_log_start, forget_marks from
/// partitions and close_checkpoints from the broker; asks partitions by report_marks; tells `broker`
/// checkpoints_closed last. All jobs go
/// behind the gate; when that shuts, nothing is promised or written any more.
caf::actor spawn_checkpoints(runtime::node_services& node, checkpoint_options options,
                             found_checkpoints found, checkpoint_partners with);

} // namespace barnabas
