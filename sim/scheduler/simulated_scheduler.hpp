#pragma once

#include "runtime/random/random.hpp"
#include "sim/scheduler/scheduler_options.hpp"
#include "sim/scheduler/virtual_actor_clock.hpp"
#include "sim/world/world.hpp"

#include <caf/actor_system.hpp>
#include <caf/execution_unit.hpp>
#include <caf/resumable.hpp>
#include <caf/scheduler/abstract_coordinator.hpp>
#include <caf/weak_intrusive_ptr.hpp>

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

namespace barnabas::sim {

/// CAF's scheduler of one node in the simulator. Every loop runs one actor step (one message) at a time;
/// while the step's drawn cost elapses, the loop is busy. A woken actor goes to its home loop (actor id
/// modulo loops), whoever woke it. No thread, no lock, no wall clock.
class simulated_scheduler final : public caf::scheduler::abstract_coordinator {
public:
    struct context {
        world* time;
        owner_id owner;
        std::uint32_t node;
        const host_clock* clock;
        runtime::random draws;
        scheduler_options options;
        std::string host;
        std::uint64_t life = 0;
    };

    simulated_scheduler(caf::actor_system& system, const context& with);
    ~simulated_scheduler() override;

    void start() override;
    /// Runs what CAF itself still needs to run while its system is destroyed.
    void stop() override;
    bool detaches_utility_actors() const override { return false; }
    void enqueue(caf::resumable* job) override { make_ready(job); }
    caf::actor_clock& clock() noexcept override { return clock_; }

    caf::execution_unit* unit(std::uint32_t index);
    std::uint32_t loop_count() const noexcept { return static_cast<std::uint32_t>(loops_.size()); }
    bool in_step() const noexcept { return in_step_; }

    /// No loop runs before `until` (a stalled process; its clocks run on).
    void pause(virtual_time until);
    virtual_time paused_until() const noexcept { return paused_until_; }
    /// All steps cost this many times as much from now on.
    void slow_down(std::int64_t factor) noexcept { slowness_ = factor; }
    /// The most messages that were seen to wait in one mailbox, and whose it was.
    std::size_t longest_mailbox() const noexcept { return longest_mailbox_; }
    const std::string& longest_mailbox_of() const noexcept { return longest_mailbox_of_; }
    void on_clock_drift_changed() { clock_.on_drift_changed(); }
    /// Actors that were started and have not ended.
    std::uint64_t living_actors();
    /// Asks every actor to end, in order of their ids.
    void send_exit_to_all();

    /// Ends every actor without running any handler and drops what is runnable. Answers how many actors are
    /// still referred to afterwards: they hold each other (an actor must let go of handles in `on_exit`) and
    /// leak.
    std::uint64_t kill_all();

private:
    struct loop;
    struct ready_job {
        caf::resumable* job;
        caf::actor_id id;
    };
    struct known_actor {
        caf::weak_actor_ptr handle;
        std::uint32_t priority = 0;
    };

    void make_ready(caf::resumable* job);
    void arm(loop& on);
    void run_step(loop& on);
    ready_job choose(loop& on);
    std::size_t pick(loop& on);
    static std::size_t recorded_pick(loop& on, std::uint64_t decision);
    std::size_t highest_priority(const loop& on);
    void resume(loop& on, const ready_job& chosen);
    void look_at_mailbox(const ready_job& chosen);
    known_actor& know(caf::actor_id id);
    void forget_unreachable();
    void kill_one(caf::actor_control_block& target);

    world& world_;
    context context_;
    /// Apart from the costs of steps, so that a run with recorded picks has the same costs.
    runtime::random pick_draws_;
    virtual_actor_clock clock_;
    std::vector<std::unique_ptr<loop>> loops_;
    /// By actor id; CAF counts ids from 1 in each system.
    std::vector<known_actor> actors_;
    std::uint32_t lowest_priority_ = UINT32_MAX / 2;
    std::uint64_t steps_to_change_ = 0;
    std::int64_t slowness_ = 1;
    virtual_time paused_until_{0};
    bool in_step_ = false;
    std::size_t longest_mailbox_ = 0;
    std::string longest_mailbox_of_;
};

} // namespace barnabas::sim
