#pragma once

#include "protocol/model/ids.hpp"

#include <cstdint>

namespace caf {
class actor_system;
class execution_unit;
} // namespace caf

namespace barnabas {
class logger;
}

namespace barnabas::runtime {

class clock;
class disk;
class network;
class metric_registry;
struct memory_reserves;

/// The scheduler as `spawn` and actors see it.
class scheduling {
public:
    virtual ~scheduling() = default;
    virtual std::uint32_t loop_count() const = 0;
    /// Where actors and streams of this home loop run.
    virtual caf::execution_unit* unit(loop_index home) = 0;
    /// An actor other than a connection threw: the node ends (production: the process; simulation: the run
    /// fails).
    virtual void node_failed(const char* role, const char* what) = 0;
};

/// Everything that is not deterministic, as one node's actors are given it at spawn. In production there is
/// one per process, in the simulator one per simulated node; all pointers outlive the actor system's actors.
struct node_services {
    caf::actor_system* system = nullptr;
    runtime::scheduling* scheduling = nullptr;
    runtime::network* network = nullptr;
    runtime::disk* disk = nullptr;
    runtime::clock* clock = nullptr;
    barnabas::logger* log = nullptr;
    runtime::metric_registry* metrics = nullptr;
    runtime::memory_reserves* memory = nullptr;
    /// Root of this node's random streams; actors derive theirs by `random(seed).split(role)`.
    std::uint64_t seed = 0;
};

} // namespace barnabas::runtime
