#pragma once

#include "actors/broker/directory_jobs.hpp"
#include "actors/broker/moving/moves.hpp"
#include "runtime/node/node_services.hpp"

#include <caf/actor.hpp>
#include <caf/allowed_unsafe_message_type.hpp>

#include <cstdint>
#include <map>
#include <string>

namespace barnabas {

/// From the broker. `log`: the partition's actor.
struct start_move {
    broker_effects::begin_move order;
    caf::actor log;
    std::int64_t index_interval_bytes = 4096;
};

/// Whom moves have to do with.
struct moves_partners {
    caf::actor broker;
    gates_by_path gates;
    /// Owners of checkpoints, by data directory.
    std::map<std::string, caf::actor> checkpoints;
};

/// The shell of the machine `moves`. Takes the messages of move_messages.hpp, and tells the broker
/// `move_report`s. Ends by `close_moves`.
caf::actor spawn_moves(runtime::node_services& node, const moves_options& options, moves_partners with);

} // namespace barnabas

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::start_move)
