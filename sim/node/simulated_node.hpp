#pragma once

#include "runtime/node/node_services.hpp"
#include "sim/node/host.hpp"
#include "sim/node/node_options.hpp"
#include "sim/world/world.hpp"

#include <cstdint>
#include <memory>

namespace caf {
class actor_system_config;
}

namespace barnabas::sim {

class node_network;
class simulated_disk;
class simulated_scheduler;

/// One incarnation of a node: an actor system of its own on the simulated seams. Ends in this order: the
/// seams are cut (no completion, streams torn), its events are dropped, its actors are killed unseen, the
/// actor system is destroyed.
class simulated_node final : public runtime::scheduling {
public:
    simulated_node(world& time, network_fabric& network, host& on, runtime::random draws,
                   const node_options& options);
    ~simulated_node() override;

    runtime::node_services& services() noexcept { return services_; }
    /// Jobs on files that were submitted and are not done.
    std::size_t disk_jobs_waiting() const noexcept;
    simulated_scheduler& scheduler() noexcept { return *scheduler_; }
    owner_id owner() const noexcept { return owner_; }
    /// Inside one of its actors' steps.
    bool in_step() const noexcept;
    /// Answers how many actors are leaked (see `host::leaked_actors`). Nothing else may be called after.
    std::uint64_t end(bool power_lost);

    std::uint32_t loop_count() const override;
    caf::execution_unit* unit(loop_index home) override;
    void node_failed(const char* role, const char* what) override;

private:
    world& world_;
    network_fabric& fabric_;
    host& host_;
    owner_id owner_;
    bool ended_ = false;
    std::unique_ptr<node_network> network_;
    std::unique_ptr<simulated_disk> disk_;
    std::unique_ptr<caf::actor_system_config> config_;
    std::unique_ptr<caf::actor_system> system_;
    simulated_scheduler* scheduler_ = nullptr;
    runtime::node_services services_;
    std::shared_ptr<void> furniture_;
};

} // namespace barnabas::sim
