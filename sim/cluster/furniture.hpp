#pragma once

#include "runtime/logging/logger.hpp"
#include "sim/checkers/broker_events.hpp"
#include "sim/node/node_options.hpp"
#include "sim/world/world.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace barnabas::sim {

/// What the nodes of a run share with whoever watches it.
struct observation {
    /// Gets every event that a node logs, with virtual time and host; may be empty.
    std::function<void(virtual_time at, const std::string& host, log_level level, const std::string& line)>
        on_log;
    std::uint64_t replies_dropped = 0;
};

/// Capacities of a node's memory reserves.
struct memory_sizes {
    std::size_t client_input = 64 << 20;
    std::size_t fetch_output = 64 << 20;
    std::size_t control = 8 << 20;
    std::size_t tail = 0;
};

/// Logger, metrics and memory reserves for each incarnation of a node of `host`. World and observation
/// outlive the nodes.
node_options furnished(scheduler_options scheduler, world& time, observation& watched,
                       const std::string& host, const memory_sizes& memory = {});

/// What the node's memory reserves hold. `largest_request` and `largest_read` are what one holder may
/// overdraw.
std::vector<node_reading::reserve> reserve_readings(runtime::node_services& node, std::size_t largest_request,
                                                    std::size_t largest_read);

/// Replies that were dropped in this incarnation so far. Once a node is killed it says nothing any more: what
/// dies with its askers is no fault.
std::uint64_t replies_dropped(runtime::node_services& node);

} // namespace barnabas::sim
