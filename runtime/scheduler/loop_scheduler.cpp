#include "runtime/scheduler/loop_scheduler.hpp"

#include "protocol/model/assert.hpp"
#include "runtime/scheduler/event_loop.hpp"

#include <caf/actor_config.hpp>
#include <caf/exit_reason.hpp>
#include <caf/make_actor.hpp>
#include <caf/monitorable_actor.hpp>
#include <caf/scheduled_actor.hpp>

#include <cstdio>
#include <cstdlib>
#include <utility>

namespace barnabas::runtime {

namespace {

/// Swallows what is sent to CAF's print actor; without it CAF would start one with a thread of its own.
struct null_printer final : caf::monitorable_actor {
    explicit null_printer(caf::actor_config& config) : monitorable_actor(config) {}
    void enqueue(caf::mailbox_element_ptr, caf::execution_unit*) override {}
};

bool is_actor(const caf::resumable& job) {
    const auto kind = job.subtype();
    return kind == caf::resumable::scheduled_actor || kind == caf::resumable::io_actor;
}

/// Ends an actor without giving it another message.
void end_actor(caf::scheduled_actor& self, caf::execution_unit* unit) {
    if (self.getf(caf::abstract_actor::is_cleaned_up_flag))
        return;
    self.context(unit);
    if (self.getf(caf::abstract_actor::is_initialized_flag)) {
        self.quit(caf::exit_reason::user_shutdown);
        self.finalize();
        return;
    }
    // It never ran: its behaviour must not be made now, only what it holds released.
    self.on_exit();
    self.cleanup(caf::exit_reason::user_shutdown, unit);
}

} // namespace

std::function<caf::actor_system::module*(caf::actor_system&)>
loop_scheduler::factory(loop_scheduler_options options) {
    return [options](caf::actor_system& system) { return new loop_scheduler(system, options); };
}

loop_scheduler& loop_scheduler::of(caf::actor_system& system) {
    return static_cast<loop_scheduler&>(system.scheduler());
}

loop_scheduler::loop_scheduler(caf::actor_system& system, loop_scheduler_options options)
    : abstract_coordinator(system), options_(std::move(options)), clock_(*this) {
    BARNABAS_ASSERT(options_.loops > 0);
    for (std::uint32_t i = 0; i < options_.loops; ++i)
        loops_.push_back(std::make_unique<event_loop>(*this, system, loop_index(i), options_.loops));
}

loop_scheduler::~loop_scheduler() = default;

void loop_scheduler::start() {
    caf::actor_config config{loops_.front().get()};
    utility_actors_[printer_id] =
        caf::make_actor<null_printer, caf::actor>(system_.next_actor_id(), system_.node(), &system_, config);
    for (auto& each : loops_)
        each->start();
}

void loop_scheduler::stop() {
    for (auto& each : loops_)
        each->request_stop();
    for (auto& each : loops_)
        each->join();
    for (auto& call : stop_calls_)
        call();
    stop_calls_.clear();
    cancel_all_timers();
    end_remaining();
}

/// Ending one actor may wake others (links, monitors), so until none is left.
void loop_scheduler::end_remaining() {
    for (bool any = true; any;) {
        any = false;
        for (auto& each : loops_)
            any = end_remaining_of(*each) || any;
    }
}

bool loop_scheduler::end_remaining_of(event_loop& loop) {
    const auto remaining = loop.take_remaining();
    for (auto* job : remaining) {
        if (is_actor(*job))
            end_actor(*static_cast<caf::scheduled_actor*>(job), &loop);
        caf::intrusive_ptr_release(job);
    }
    return !remaining.empty();
}

std::uint32_t loop_scheduler::loop_count() const {
    return static_cast<std::uint32_t>(loops_.size());
}

caf::execution_unit* loop_scheduler::unit(loop_index home) {
    return &loop(home);
}

void loop_scheduler::node_failed(const char* role, const char* what) {
    if (options_.on_node_failed) {
        options_.on_node_failed(role, what);
        return;
    }
    std::fprintf(stderr, "node failed: %s: %s\n", role, what);
    std::abort();
}

event_loop& loop_scheduler::loop(loop_index index) {
    BARNABAS_ASSERT(index.get() < loops_.size());
    return *loops_[index.get()];
}

event_loop* loop_scheduler::loop_of(caf::actor_id id) {
    return loops_[id % loops_.size()].get();
}

bool loop_scheduler::owns(const event_loop& loop) const {
    return loop.belongs_to(*this);
}

std::size_t loop_scheduler::home_of(const caf::resumable& job) const {
    // What is no actor (CAF's own one-shot functions, which this project does not use) may run anywhere.
    return is_actor(job) ? static_cast<const caf::scheduled_actor&>(job).id() % loops_.size() : 0;
}

void loop_scheduler::forward(caf::resumable* job) {
    const std::size_t home = home_of(*job);
    auto* here = event_loop::current();
    if (here == nullptr || !owns(*here))
        loops_[home]->hand_over({&job, 1});
    else if (here->index().get() == home)
        here->make_ready(job);
    else
        here->make_ready_elsewhere(home, job);
}

void loop_scheduler::on_stop(std::function<void()> call) {
    stop_calls_.push_back(std::move(call));
}

void loop_scheduler::cancel_all_timers() {
    for (auto& each : loops_)
        each->timers().cancel_all();
}

} // namespace barnabas::runtime
