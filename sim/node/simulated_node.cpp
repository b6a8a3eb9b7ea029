#include "sim/node/simulated_node.hpp"

#include "protocol/model/assert.hpp"
#include "sim/disk/simulated_disk.hpp"
#include "sim/network/network_fabric.hpp"
#include "sim/scheduler/simulated_scheduler.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>

#include <string>

namespace barnabas::sim {

simulated_node::simulated_node(world& time, network_fabric& network, host& on, runtime::random draws,
                               const node_options& options)
    : world_(time), fabric_(network), host_(on), owner_(time.open_owner()),
      network_(network.boot(on.number(), options.scheduler.loops, owner_)),
      disk_(
          std::make_unique<simulated_disk>(time, owner_, on.number(), on.disk(),
                                           time.draws(draw_stream::disk).split(draws.split("disk").next()))),
      config_(std::make_unique<caf::actor_system_config>()) {
    const simulated_scheduler::context context{
        &time,
        owner_,
        on.number(),
        &on.clock(),
        time.draws(draw_stream::scheduler).split(draws.split("scheduler").next()),
        options.scheduler,
        on.name(),
        on.incarnations()};
    config_->set("logger.verbosity", caf::atom("quiet"));
    config_->set("scheduler.max-threads", 1);
    config_->module_factories.push_back(
        [this, context](caf::actor_system& system) -> caf::actor_system::module* {
            scheduler_ = new simulated_scheduler(system, context);
            return scheduler_;
        });
    system_ = std::make_unique<caf::actor_system>(*config_);
    // Its destructor would wait, with a lock, for actors that only this thread can run.
    system_->await_actors_before_shutdown(false);
    BARNABAS_ASSERT(scheduler_ != nullptr);
    network_->watch_pauses([this] { return scheduler_->paused_until(); });
    disk_->watch_pauses([this] { return scheduler_->paused_until(); });
    services_.system = system_.get();
    services_.scheduling = this;
    services_.network = network_.get();
    services_.disk = disk_.get();
    services_.clock = &on.clock();
    services_.seed = draws.split("node").next();
    if (options.furnish)
        furniture_ = options.furnish(services_);
}

simulated_node::~simulated_node() {
    if (!ended_)
        end(false);
}

std::uint64_t simulated_node::end(bool power_lost) {
    BARNABAS_ASSERT(!ended_);
    BARNABAS_ASSERT(!in_step());
    ended_ = true;
    fabric_.end(*network_, power_lost);
    disk_->end();
    world_.close_owner(owner_);
    const auto leaked = scheduler_->kill_all();
    scheduler_ = nullptr;
    system_.reset();
    config_.reset();
    furniture_.reset();
    return leaked;
}

std::size_t simulated_node::disk_jobs_waiting() const noexcept {
    return disk_ == nullptr ? 0 : disk_->jobs_waiting();
}

bool simulated_node::in_step() const noexcept {
    return scheduler_ != nullptr && scheduler_->in_step();
}

std::uint32_t simulated_node::loop_count() const {
    return scheduler_->loop_count();
}

caf::execution_unit* simulated_node::unit(loop_index home) {
    return scheduler_->unit(home.get());
}

void simulated_node::node_failed(const char* role, const char* what) {
    if (ended_)
        return;
    world_.record(host_.number(), trace_kind::node_life, host_.incarnations(),
                  static_cast<std::uint64_t>(node_event::failed));
    world_.fail("node " + host_.name() + ": the actor '" + role + "' failed: " + what);
}

} // namespace barnabas::sim
