#include "sim/scheduler/simulated_scheduler.hpp"

#include "protocol/model/assert.hpp"
#include "sim/scheduler/step_names.hpp"

#include <caf/actor_cast.hpp>
#include <caf/exit_reason.hpp>
#include <caf/logger.hpp>
#include <caf/make_actor.hpp>
#include <caf/monitorable_actor.hpp>
#include <caf/scheduled_actor.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <utility>

namespace barnabas::sim {

namespace {

/// Swallows what is sent to CAF's print actor; without it CAF would start one with a thread of its own.
struct silent_printer : caf::monitorable_actor {
    explicit silent_printer(caf::actor_config& config) : monitorable_actor(config) {}
    void enqueue(caf::mailbox_element_ptr, caf::execution_unit*) override {}
};

/// CAF's own actors (spawn and config servers) need few steps to end; a loop beyond this is a bug.
constexpr int limit_of_final_steps = 100'000;
/// Weak handles keep the memory of actors that nobody refers to any more: every so many new ids they are let
/// go.
constexpr caf::actor_id ids_per_sweep = 1'024;

bool is_actor(const caf::resumable& job) {
    return job.subtype() == caf::resumable::scheduled_actor;
}

} // namespace

struct simulated_scheduler::loop final : caf::execution_unit {
    loop(simulated_scheduler& parent, caf::actor_system& system)
        : execution_unit(&system), scheduler(parent) {}
    void exec_later(caf::resumable* job) override { scheduler.make_ready(job); }

    simulated_scheduler& scheduler;
    std::deque<ready_job> ready;
    /// Decisions with more than one runnable actor so far, and where this loop's picks are kept.
    std::uint64_t decisions = 0;
    const std::vector<choice_log::pick>* to_follow = nullptr;
    std::size_t followed = 0;
    std::vector<choice_log::pick>* to_keep = nullptr;
    virtual_time busy_until{0};
    bool step_pending = false;
};

simulated_scheduler::simulated_scheduler(caf::actor_system& system, const context& with)
    : abstract_coordinator(system), world_(*with.time), context_(with),
      pick_draws_(with.draws.split("picks")),
      clock_(*with.time, with.owner, with.node, *with.clock, with.draws.split("timers")) {
    BARNABAS_ASSERT(with.options.loops > 0);
    BARNABAS_ASSERT(with.options.step_cost_low >= microsecond);
    BARNABAS_ASSERT(with.options.step_cost_high >= with.options.step_cost_low);
    for (std::uint32_t index = 0; index < with.options.loops; ++index) {
        auto& made = *loops_.emplace_back(std::make_unique<loop>(*this, system));
        const choice_log::loop key{with.host, with.life, index};
        if (with.options.recorded)
            made.to_keep = &with.options.recorded->picks[key];
        if (!with.options.choices)
            continue;
        const auto& all = with.options.choices->picks;
        if (const auto found = all.find(key); found != all.end())
            made.to_follow = &found->second;
    }
}

simulated_scheduler::~simulated_scheduler() = default;

caf::execution_unit* simulated_scheduler::unit(std::uint32_t index) {
    BARNABAS_ASSERT(index < loops_.size());
    return loops_[index].get();
}

void simulated_scheduler::start() {
    caf::actor_config config{loops_.front().get()};
    utility_actors_[printer_id] = caf::make_actor<silent_printer, caf::actor>(
        system_.next_actor_id(), system_.node(), &system_, config);
}

void simulated_scheduler::stop() {
    clock_.cancel_all();
    int left = limit_of_final_steps;
    for (bool any = true; any;) {
        any = false;
        for (auto& each : loops_) {
            while (!each->ready.empty()) {
                BARNABAS_ASSERT(--left > 0);
                const auto next = each->ready.front();
                each->ready.pop_front();
                resume(*each, next);
                any = true;
            }
        }
    }
}

void simulated_scheduler::make_ready(caf::resumable* job) {
    const bool actor = is_actor(*job);
    const caf::actor_id id = actor ? static_cast<caf::scheduled_actor*>(job)->id() : 0;
    if (actor) {
        auto& entry = know(id);
        if (!entry.handle)
            entry.handle = caf::weak_actor_ptr(static_cast<caf::scheduled_actor*>(job)->ctrl(), true);
    }
    auto& home = *loops_[id % loops_.size()];
    home.ready.push_back({job, id});
    arm(home);
}

simulated_scheduler::known_actor& simulated_scheduler::know(caf::actor_id id) {
    if (actors_.size() <= id && id / ids_per_sweep != actors_.size() / ids_per_sweep)
        forget_unreachable();
    while (actors_.size() <= id) {
        auto& added = actors_.emplace_back();
        if (context_.options.policy == choice_policy::priorities)
            added.priority = UINT32_MAX / 2 + quick_below(pick_draws_, UINT32_MAX / 2);
    }
    return actors_[id];
}

void simulated_scheduler::forget_unreachable() {
    for (auto& entry : actors_) {
        if (entry.handle && entry.handle.lock() == nullptr)
            entry.handle.reset();
    }
}

void simulated_scheduler::arm(loop& on) {
    if (on.step_pending || on.ready.empty())
        return;
    on.step_pending = true;
    world_.schedule(on.busy_until, context_.owner, [this, &on] {
        on.step_pending = false;
        if (on.busy_until > world_.now())
            arm(on);
        else
            run_step(on);
    });
}

void simulated_scheduler::run_step(loop& on) {
    const auto runnable = on.ready.size();
    const auto chosen = choose(on);
    const auto& options = context_.options;
    const auto span = static_cast<std::uint32_t>(options.step_cost_high - options.step_cost_low + 1);
    const auto cost = (options.step_cost_low + quick_below(context_.draws, span)) * slowness_;
    world_.count_actor_step();
    if (auto* watcher = world_.trace().watching(); watcher != nullptr && chosen.id != 0) {
        auto& actor = *static_cast<caf::scheduled_actor*>(chosen.job);
        watcher->on_step(actor_name(actor), next_message_name(actor));
    }
    world_.record(context_.node, trace_kind::actor_step, chosen.id, static_cast<std::uint64_t>(cost),
                  runnable);
    on.busy_until = world_.now() + cost;
    look_at_mailbox(chosen);
    in_step_ = true;
    resume(on, chosen);
    in_step_ = false;
    arm(on);
}

/// Counts what the actor has taken into its queues, which is all but what came since its last step.
void simulated_scheduler::look_at_mailbox(const ready_job& chosen) {
    if (chosen.id == 0)
        return;
    auto& actor = *static_cast<caf::scheduled_actor*>(chosen.job);
    const auto waiting = actor.mailbox().queue().total_task_size();
    if (waiting <= longest_mailbox_)
        return;
    longest_mailbox_ = waiting;
    longest_mailbox_of_ = actor.name();
}

simulated_scheduler::ready_job simulated_scheduler::choose(loop& on) {
    const auto index = on.ready.size() > 1 ? pick(on) : 0;
    if (index != 0)
        std::swap(on.ready[index], on.ready.front());
    const auto chosen = on.ready.front();
    on.ready.pop_front();
    return chosen;
}

std::size_t simulated_scheduler::pick(loop& on) {
    const auto decision = on.decisions++;
    std::size_t index = 0;
    switch (context_.options.policy) {
    case choice_policy::uniform:
        index = quick_below(pick_draws_, static_cast<std::uint32_t>(on.ready.size()));
        break;
    case choice_policy::first_in_first_out: break;
    case choice_policy::priorities: index = highest_priority(on); break;
    case choice_policy::as_recorded: index = recorded_pick(on, decision); break;
    }
    if (index != 0 && on.to_keep != nullptr)
        on.to_keep->push_back({decision, static_cast<std::uint32_t>(index)});
    return index;
}

std::size_t simulated_scheduler::recorded_pick(loop& on, std::uint64_t decision) {
    if (on.to_follow == nullptr)
        return 0;
    while (on.followed < on.to_follow->size() && (*on.to_follow)[on.followed].decision < decision)
        ++on.followed;
    if (on.followed == on.to_follow->size() || (*on.to_follow)[on.followed].decision != decision)
        return 0;
    // The code may have changed since: what is not there cannot be taken.
    return (*on.to_follow)[on.followed].index % on.ready.size();
}

std::size_t simulated_scheduler::highest_priority(const loop& on) {
    std::size_t best = 0;
    for (std::size_t index = 1; index < on.ready.size(); ++index) {
        if (actors_[on.ready[index].id].priority > actors_[on.ready[best].id].priority)
            best = index;
    }
    // Change points are few, yet come often enough that nobody starves for long.
    if (steps_to_change_-- == 0) {
        steps_to_change_ = pick_draws_.log_between(16, 4'096);
        actors_[on.ready[best].id].priority = --lowest_priority_;
    }
    return best;
}

void simulated_scheduler::resume(loop& on, const ready_job& chosen) {
    // CAF sets its logger whenever an actor is spawned, and then looks the running actor up in a table twice
    // per step, for lines that nobody writes.
    if (caf::logger::current_logger() != nullptr)
        caf::logger::set_current_actor_system(nullptr);
    switch (chosen.job->resume(&on, 1)) {
    case caf::resumable::resume_later: on.ready.push_back(chosen); break;
    case caf::resumable::done:
        if (chosen.id != 0)
            actors_[chosen.id].handle.reset();
        caf::intrusive_ptr_release(chosen.job);
        break;
    case caf::resumable::awaiting_message: caf::intrusive_ptr_release(chosen.job); break;
    case caf::resumable::shutdown_execution_unit: break;
    }
}

void simulated_scheduler::pause(virtual_time until) {
    paused_until_ = std::max(paused_until_, until);
    for (auto& each : loops_)
        each->busy_until = std::max(each->busy_until, until);
}

std::uint64_t simulated_scheduler::living_actors() {
    std::uint64_t living = 0;
    for (auto& entry : actors_) {
        auto held = entry.handle ? entry.handle.lock() : nullptr;
        if (held != nullptr && !held->get()->getf(caf::abstract_actor::is_cleaned_up_flag))
            ++living;
    }
    return living;
}

void simulated_scheduler::send_exit_to_all() {
    for (std::size_t id = 0; id < actors_.size(); ++id) {
        if (auto held = actors_[id].handle ? actors_[id].handle.lock() : nullptr)
            caf::anon_send_exit(held, caf::exit_reason::user_shutdown);
    }
}

std::uint64_t simulated_scheduler::kill_all() {
    BARNABAS_ASSERT(!in_step_);
    clock_.cancel_all();
    // Ending one may release, wake or even spawn others: by index, until none is left.
    for (std::size_t id = 0; id < actors_.size(); ++id) {
        if (auto held = actors_[id].handle ? actors_[id].handle.lock() : nullptr)
            kill_one(*held);
    }
    for (auto& each : loops_) {
        while (!each->ready.empty()) {
            auto* job = each->ready.front().job;
            each->ready.pop_front();
            caf::intrusive_ptr_release(job);
        }
    }
    clock_.cancel_all();
    std::uint64_t leaked = 0;
    for (auto& entry : actors_) {
        if (entry.handle && entry.handle.lock() != nullptr)
            ++leaked;
        entry.handle.reset();
    }
    return leaked;
}

void simulated_scheduler::kill_one(caf::actor_control_block& target) {
    auto& self = *static_cast<caf::scheduled_actor*>(target.get());
    if (self.getf(caf::abstract_actor::is_cleaned_up_flag))
        return;
    auto* unit = loops_[self.id() % loops_.size()].get();
    self.context(unit);
    if (self.getf(caf::abstract_actor::is_initialized_flag)) {
        self.quit(caf::exit_reason::kill);
        self.finalize();
        return;
    }
    // It never ran: its behaviour must not be made now, only what it holds released.
    self.on_exit();
    self.cleanup(caf::exit_reason::kill, unit);
}

} // namespace barnabas::sim
