#pragma once

#include "actors/broker/broker_status.hpp"
#include "actors/broker/data_directories.hpp"
#include "actors/broker/directory_jobs.hpp"
#include "protocol/model/planted_bugs.hpp"
#include "runtime/node/node_services.hpp"

#include <caf/actor.hpp>
#include <caf/actor_control_block.hpp>

#include <cstdint>

namespace barnabas {

/// The gates of all directories that can be used. They tell `broker` of failures and of lack of room, as long
/// as it lives.
gates_by_path make_gates(const opened_directories& opened, std::int64_t reserve_bytes,
                         const planted_bugs& planted, caf::weak_actor_ptr broker);

/// Metrics of directories that are offline, hang or are short of room.
void count_directories(runtime::node_services& node, const broker_status& status);

/// Looks at the free room of each data directory at intervals, tells its gate, and the broker by
/// `room_seen`. Ends by `close_room_watch`.
caf::actor spawn_room_watch(runtime::node_services& node, gates_by_path gates, const planted_bugs& planted,
                            caf::actor broker);

} // namespace barnabas
