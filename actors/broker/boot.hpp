#pragma once

#include "actors/broker/broker_status.hpp"
#include "protocol/model/error.hpp"
#include "protocol/model/planted_bugs.hpp"
#include "runtime/config/broker_config.hpp"
#include "runtime/network/network.hpp"
#include "runtime/node/node_services.hpp"

#include <caf/actor.hpp>

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace barnabas {

/// What the owner of a node learns of its broker. Called on an event loop, one at a time; they must only send
/// a message or set a flag. `on_failed` and `on_stopped` are the last call, and only one of them comes.
struct boot_events {
    /// Clients are served at these addresses (as bound, in the order of `listeners`).
    std::function<void(const std::vector<runtime::endpoint>&)> on_started;
    /// The broker could not start, or cannot go on. What it had is closed as far as that is possible.
    std::function<void(const error&)> on_failed;
    /// After `stop_broker`: everything is flushed and closed, but for what is in these data directories,
    /// which are offline or did not come back in time, or in which something could not be closed.
    std::function<void(const std::set<std::string>& not_closed)> on_stopped;
    /// Every time the status changes, for progress on a screen; may be empty.
    std::function<void(const broker_status&)> on_progress;
};

class connection_tap;
class partition_taps;

/// What is not configured. Only simulations and tests give bugs planted on purpose, to show that the
/// simulator's checkers find them, and taps that let checkers hear what no client sees.
struct boot_options {
    planted_bugs planted;
    /// They outlive the broker.
    partition_taps* partitions = nullptr;
    connection_tap* connections = nullptr;
    /// Of a broker whose directories are nobody's yet; empty: a new one.
    std::string cluster_id;
};

/// Boots the broker of a node: data directories, controller, partitions, listeners. Used alike by `cmd/` and
/// `sim/`. The actor takes `stop_broker`; send it once, whatever state the broker is in.
caf::actor boot_broker(runtime::node_services& node, std::shared_ptr<const broker_config> config,
                       boot_events events, const boot_options& options = {});

} // namespace barnabas
