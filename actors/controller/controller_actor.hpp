#pragma once

#include "actors/controller/controller_state.hpp"
#include "protocol/internal/metadata_records.hpp"
#include "runtime/node/node_services.hpp"

#include <caf/actor.hpp>

#include <memory>
#include <string>

namespace barnabas {

namespace runtime {
class directory_gate;
}

struct controller_actor_options {
    controller_options machine;
    /// Of the metadata log's partition; its parent exists.
    std::string directory;
    /// Of the data directory that holds it; all jobs go through it.
    std::shared_ptr<runtime::directory_gate> gate;
    /// How this node's broker registers, each time the controller starts.
    broker_registered_record broker;
};

/// Opens the metadata log, replays it and registers the broker, then takes the requests of
/// controller_messages.hpp. `broker` gets metadata_committed after each commit and answers metadata_applied;
/// it gets controller_failed if this cannot go on, and controller_closed after close_controller.
caf::actor spawn_controller(runtime::node_services& node, controller_actor_options options,
                            caf::actor broker);

} // namespace barnabas
