#pragma once

// Private to runtime/scheduler, runtime/network and runtime/node.

#include "protocol/model/ids.hpp"
#include "runtime/scheduler/loop_timers.hpp"
#include "runtime/scheduler/socket_poller.hpp"

#include <caf/execution_unit.hpp>
#include <caf/resumable.hpp>

#include <atomic>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

namespace barnabas::runtime {

class loop_scheduler;

/// Work that collects during a turn of a loop and is done once at its end (a socket's gathered write).
class turn_end_task {
public:
    virtual ~turn_end_task() = default;
    virtual void at_turn_end() = 0;
};

/// One thread that runs the actors, timers and sockets whose home it is. A turn: take what other loops handed
/// over, fire timers, run some actors, flush sockets, hand over to other loops, look at the sockets; with
/// nothing to do, sleep in the operating system. Everything but `exec_later`, `post` and `hand_over` belongs
/// to the loop's own thread.
class event_loop final : public caf::execution_unit {
public:
    event_loop(loop_scheduler& scheduler, caf::actor_system& system, loop_index index, std::size_t loops);
    ~event_loop() override;

    /// The loop that this thread runs, or null.
    static event_loop* current() noexcept;

    loop_index index() const noexcept { return index_; }
    socket_poller& sockets() noexcept { return sockets_; }
    loop_timers& timers() noexcept { return timers_; }

    /// From any thread: the job's home decides where it runs.
    void exec_later(caf::resumable* job) override;

    /// From any thread: runs `call` on this loop, before the actors of its next turn.
    void post(std::function<void()> call);
    /// From any thread: jobs whose home this is.
    void hand_over(std::span<caf::resumable* const> jobs);

    /// On this loop, whose home the job's is.
    void make_ready(caf::resumable* job) { ready_.push_back(job); }
    /// On this loop: the job's home is another one; it travels at the end of the turn.
    void make_ready_elsewhere(std::size_t target, caf::resumable* job) { outgoing_[target].push_back(job); }
    /// On this loop; once per call.
    void at_turn_end(std::shared_ptr<turn_end_task> task) { turn_end_.push_back(std::move(task)); }
    /// On this loop: runs `call` once it is `when`, or drops it when the loops end.
    void call_at(loop_timers::time_point when, std::function<void()> call) {
        calls_at_.emplace(when, std::move(call));
    }

    void start();
    /// From any thread: ends the loop once it has nothing runnable, or soon.
    void request_stop();
    void join();
    /// After `join`, by the thread that stops all: takes what is left.
    std::deque<caf::resumable*> take_remaining();
    bool belongs_to(const loop_scheduler& scheduler) const noexcept { return &scheduler_ == &scheduler; }

private:
    void run();
    void turn();
    void take_inbox();
    void fire_calls();
    std::optional<loop_timers::time_point> next_due() const;
    void run_actors();
    void resume(caf::resumable* job);
    void end_turn();
    void wait_for_work();
    void wake();
    bool has_work() const noexcept { return !ready_.empty() || inbox_filled_.load(); }

    loop_scheduler& scheduler_;
    loop_index index_;
    socket_poller sockets_;
    loop_timers timers_;
    std::multimap<loop_timers::time_point, std::function<void()>> calls_at_;
    std::deque<caf::resumable*> ready_;
    std::vector<std::vector<caf::resumable*>> outgoing_;
    std::vector<std::shared_ptr<turn_end_task>> turn_end_;
    std::vector<std::shared_ptr<turn_end_task>> turn_ending_;

    std::mutex inbox_mutex_;
    std::vector<caf::resumable*> inbox_jobs_;
    std::vector<std::function<void()>> inbox_calls_;
    std::vector<caf::resumable*> taken_jobs_;
    std::vector<std::function<void()>> taken_calls_;
    std::atomic<bool> inbox_filled_{false};
    std::atomic<bool> sleeping_{false};
    std::atomic<bool> stopping_{false};
    std::thread thread_;
};

} // namespace barnabas::runtime
