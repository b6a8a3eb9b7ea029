#include "runtime/scheduler/event_loop.hpp"

#include "protocol/model/assert.hpp"
#include "runtime/scheduler/loop_scheduler.hpp"

#include <algorithm>
#include <utility>

namespace barnabas::runtime {

namespace {

/// Messages that one actor may take before the next one's turn: enough to use warm caches, too few to starve
/// others.
constexpr std::size_t messages_per_resume = 64;
/// Actors that run before the loop looks at its sockets and other loops' work again.
constexpr std::size_t actors_per_turn = 128;
/// Sockets that are looked at before actors run: what a few requests need still lies in the caches, and the
/// memory that one gives back serves the next.
constexpr std::size_t sockets_per_turn = 8;
/// Turns that a loop may still take once its end was asked for: actors that wake each other for ever must not
/// hold it up.
constexpr int turns_to_end = 100;

thread_local event_loop* loop_of_this_thread = nullptr;

} // namespace

event_loop::event_loop(loop_scheduler& scheduler, caf::actor_system& system, loop_index index,
                       std::size_t loops)
    : execution_unit(&system), scheduler_(scheduler), index_(index), outgoing_(loops) {}

event_loop::~event_loop() {
    BARNABAS_ASSERT(!thread_.joinable());
}

event_loop* event_loop::current() noexcept {
    return loop_of_this_thread;
}

void event_loop::exec_later(caf::resumable* job) {
    scheduler_.forward(job);
}

void event_loop::post(std::function<void()> call) {
    {
        std::lock_guard guard(inbox_mutex_);
        inbox_calls_.push_back(std::move(call));
        inbox_filled_.store(true);
    }
    wake();
}

void event_loop::hand_over(std::span<caf::resumable* const> jobs) {
    {
        std::lock_guard guard(inbox_mutex_);
        inbox_jobs_.insert(inbox_jobs_.end(), jobs.begin(), jobs.end());
        inbox_filled_.store(true);
    }
    wake();
}

/// The sender fills the inbox and then looks whether the loop sleeps; the loop says that it sleeps and then
/// looks into the inbox. One of the two sees the other, so no work is slept over.
void event_loop::wake() {
    if (sleeping_.load() && sleeping_.exchange(false))
        sockets_.wake();
}

void event_loop::start() {
    thread_ = std::thread([this] { run(); });
}

void event_loop::request_stop() {
    stopping_.store(true);
    wake();
}

void event_loop::join() {
    thread_.join();
}

std::deque<caf::resumable*> event_loop::take_remaining() {
    take_inbox();
    return std::exchange(ready_, {});
}

void event_loop::run() {
    loop_of_this_thread = this;
    int left = turns_to_end;
    while (!stopping_.load() || (has_work() && left-- > 0))
        turn();
    end_turn();
    loop_of_this_thread = nullptr;
}

void event_loop::turn() {
    take_inbox();
    timers_.fire();
    fire_calls();
    run_actors();
    end_turn();
    wait_for_work();
    sockets_.tell(sockets_per_turn);
}

void event_loop::fire_calls() {
    if (calls_at_.empty())
        return;
    const auto now = std::chrono::steady_clock::now();
    while (!calls_at_.empty() && calls_at_.begin()->first <= now) {
        const auto call = std::move(calls_at_.begin()->second);
        calls_at_.erase(calls_at_.begin());
        call();
    }
}

void event_loop::take_inbox() {
    if (!inbox_filled_.load())
        return;
    {
        std::lock_guard guard(inbox_mutex_);
        taken_jobs_.swap(inbox_jobs_);
        taken_calls_.swap(inbox_calls_);
        inbox_filled_.store(false);
    }
    ready_.insert(ready_.end(), taken_jobs_.begin(), taken_jobs_.end());
    taken_jobs_.clear();
    // Once the loops stand still, what would have been called is only dropped.
    if (current() == this)
        for (auto& call : taken_calls_)
            call();
    taken_calls_.clear();
}

void event_loop::run_actors() {
    for (std::size_t count = 0; count < actors_per_turn && !ready_.empty(); ++count) {
        auto* job = ready_.front();
        ready_.pop_front();
        resume(job);
    }
}

void event_loop::resume(caf::resumable* job) {
    switch (job->resume(this, messages_per_resume)) {
    case caf::resumable::resume_later: ready_.push_back(job); break;
    case caf::resumable::done:
    case caf::resumable::awaiting_message: caf::intrusive_ptr_release(job); break;
    case caf::resumable::shutdown_execution_unit: break;
    }
}

void event_loop::end_turn() {
    // Tasks may ask for another turn end; that is the next one's.
    turn_ending_.swap(turn_end_);
    for (auto& task : turn_ending_)
        task->at_turn_end();
    turn_ending_.clear();
    for (std::size_t target = 0; target < outgoing_.size(); ++target) {
        auto& jobs = outgoing_[target];
        if (jobs.empty())
            continue;
        scheduler_.loop(loop_index(static_cast<std::uint32_t>(target))).hand_over(jobs);
        jobs.clear();
    }
}

void event_loop::wait_for_work() {
    // A task of the ending turn may have asked for the next one's end.
    if (has_work() || !turn_end_.empty())
        return sockets_.look();
    sleeping_.store(true);
    if (!inbox_filled_.load() && !stopping_.load())
        sockets_.wait(next_due());
    sleeping_.store(false);
}

std::optional<loop_timers::time_point> event_loop::next_due() const {
    auto due = timers_.next_due();
    if (!calls_at_.empty())
        due = std::min(due.value_or(loop_timers::time_point::max()), calls_at_.begin()->first);
    return due;
}

} // namespace barnabas::runtime
