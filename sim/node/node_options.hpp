#pragma once

#include "sim/scheduler/scheduler_options.hpp"

#include <functional>
#include <memory>

namespace barnabas::runtime {
struct node_services;
}

namespace barnabas::sim {

/// The production boot code of a node: spawns its actors on the services it is given.
using boot_function = std::function<void(runtime::node_services&)>;

struct node_options {
    scheduler_options scheduler;
    /// Sets what the simulator has no twin of (`log`, `metrics`, `memory`) before boot; what it returns is
    /// destroyed after the node's actors.
    std::function<std::shared_ptr<void>(runtime::node_services&)> furnish;
};

} // namespace barnabas::sim
