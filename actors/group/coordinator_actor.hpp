#pragma once

#include "actors/controller/metadata_image.hpp"
#include "actors/group/group_options.hpp"
#include "protocol/model/ids.hpp"
#include "runtime/node/node_services.hpp"

#include <caf/actor.hpp>

#include <cstdint>
#include <memory>

namespace barnabas::group {

struct coordinator_actor_options {
    topic_partition partition;
    /// The partition of `__consumer_offsets`, led here under `epoch`.
    caf::actor log;
    leader_epoch epoch{0};
    std::shared_ptr<const group_options> groups;
    /// How many coordinators this process spawned before, so that none draws ids that another gave out.
    std::uint64_t spawned_before = 0;
    /// Newer ones follow as `topics_seen`.
    metadata_image_ptr topics;
};

/// Loads the partition, then takes `coordinator_request`s, each answered by one `coordinator_response`. Until
/// it is loaded it answers coordinator_load_in_progress. It reads and writes under its leader epoch only:
/// when the partition is in another one, or on depose_coordinator, it drops its state and answers
/// not_coordinator, for another coordinator has loaded or will load the log. Ends some time after
/// depose_coordinator, and on close_coordinator.
caf::actor spawn_coordinator(runtime::node_services& node, loop_index home,
                             coordinator_actor_options options);

} // namespace barnabas::group
