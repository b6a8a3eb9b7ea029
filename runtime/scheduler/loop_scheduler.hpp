#pragma once

#include "protocol/model/ids.hpp"
#include "runtime/node/node_services.hpp"
#include "runtime/scheduler/loop_timers.hpp"

#include <caf/actor_system.hpp>
#include <caf/resumable.hpp>
#include <caf/scheduler/abstract_coordinator.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

namespace barnabas::runtime {

class event_loop;

struct loop_scheduler_options {
    std::uint32_t loops = 1;
    /// Gets the failed actor's role and what it threw; must not return normally in production.
    std::function<void(const char* role, const char* what)> on_node_failed;
};

/// CAF's scheduler in production: N loops of one thread each. An actor's home is its id modulo N, and it
/// never runs anywhere else. Load it with
/// `config.module_factories.push_back(loop_scheduler::factory(options))`.
class loop_scheduler final : public caf::scheduler::abstract_coordinator, public scheduling {
public:
    static std::function<caf::actor_system::module*(caf::actor_system&)>
    factory(loop_scheduler_options options);
    /// The scheduler of a system that was made with `factory`.
    static loop_scheduler& of(caf::actor_system& system);

    loop_scheduler(caf::actor_system& system, loop_scheduler_options options);
    ~loop_scheduler() override;

    // scheduling
    std::uint32_t loop_count() const override;
    caf::execution_unit* unit(loop_index home) override;
    void node_failed(const char* role, const char* what) override;

    event_loop& loop(loop_index index);
    event_loop* loop_of(caf::actor_id id);
    bool owns(const event_loop& loop) const;
    /// From any thread: brings a job to its home loop.
    void forward(caf::resumable* job);

    /// Called, on the thread that destroys the actor system, when all loops stand still and before what they
    /// hold is dropped: the network lets go of its sockets.
    void on_stop(std::function<void()> call);

    // caf::scheduler::abstract_coordinator
    void start() override;
    /// Lets the loops run what is runnable, joins them, and ends the actors that still wait to run.
    void stop() override;
    void enqueue(caf::resumable* job) override { forward(job); }
    bool detaches_utility_actors() const override { return false; }
    caf::actor_clock& clock() noexcept override { return clock_; }
    void cancel_all_timers();

private:
    std::size_t home_of(const caf::resumable& job) const;
    void end_remaining();
    /// False when there was nothing to end.
    bool end_remaining_of(event_loop& loop);

    loop_scheduler_options options_;
    loop_clock clock_;
    std::vector<std::unique_ptr<event_loop>> loops_;
    std::vector<std::function<void()>> stop_calls_;
};

} // namespace barnabas::runtime
