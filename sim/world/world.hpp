#pragma once

#include "runtime/random/random.hpp"
#include "sim/world/task.hpp"
#include "sim/world/trace.hpp"
#include "sim/world/virtual_time.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace barnabas::sim {

/// Separate streams of randomness, all from the run's seed: removing one kind of fault leaves the rest as it
/// was.
enum class draw_stream { scheduler, network, disk, process, workload };

/// One run: the queue of events of all nodes, ordered by (virtual time, order of scheduling), the one true
/// clock, the random streams and the trace. One thread. Knows nothing of nodes, networks or disks: they
/// schedule here.
///
/// Lifetime: hosts, nodes, networks and disks refer to the world and must be destroyed before it.
class world {
public:
    explicit world(std::uint64_t seed);
    ~world();
    world(const world&) = delete;
    world& operator=(const world&) = delete;

    std::uint64_t seed() const noexcept { return seed_; }
    virtual_time now() const noexcept { return now_; }

    // ---- events

    /// Runs `work` at `at` (not before now), unless `owner` is closed by then. Events of one time run in the
    /// order scheduled. Scheduling for a closed owner drops the work.
    void schedule(virtual_time at, owner_id owner, task&& work);
    void schedule_after(std::int64_t delay_ns, owner_id owner, task&& work) {
        schedule(now_ + delay_ns, owner, std::move(work));
    }
    /// A new owner of events, one per node incarnation.
    owner_id open_owner();
    /// Drops all events of `owner` now (what they captured is destroyed) and all that are scheduled later.
    void close_owner(owner_id owner);
    bool is_open(owner_id owner) const noexcept;

    // ---- running

    /// Runs the next event; false if there is none or the run has failed.
    bool step();
    /// Runs all events up to and including `end`; the clock then shows `end`. False if the run failed.
    bool run_until(virtual_time end);
    bool run_for(std::int64_t duration_ns) { return run_until(now_ + duration_ns); }
    /// Runs until `done()` holds (asked after every event); false if it does not hold by `limit` or the run
    /// failed.
    bool run_until(const std::function<bool()>& done, virtual_time limit);
    std::uint64_t events() const noexcept { return events_; }
    std::size_t pending_events() const noexcept { return heap_.size() + (due_.size() - due_head_); }
    /// Actor steps of all nodes, counted by their schedulers.
    std::uint64_t actor_steps() const noexcept { return actor_steps_; }
    void count_actor_step() noexcept { ++actor_steps_; }

    // ---- outcome

    /// The run is broken: no further event runs. The first reason stays.
    void fail(std::string why);
    bool failed() const noexcept { return failed_; }
    const std::string& failure() const noexcept { return failure_; }

    // ---- randomness and trace

    runtime::random& draws(draw_stream which) noexcept { return streams_[static_cast<std::size_t>(which)]; }
    sim::trace& trace() noexcept { return trace_; }
    void record(std::uint32_t node, trace_kind kind, std::uint64_t object, std::uint64_t a = 0,
                std::uint64_t b = 0) {
        trace_.record({now_, node, kind, object, a, b});
        if (--records_to_draws_ == 0)
            record_draws();
    }
    std::uint64_t trace_hash() const noexcept { return trace_.hash(); }

private:
    /// How often the positions of the random streams enter the trace: a draw too many shows soon, at little
    /// cost.
    static constexpr std::uint64_t records_per_draws = 1'024;

    struct queued {
        virtual_time at;
        std::uint64_t sequence;
        std::uint32_t slot;
        /// The order of events, turned around: the standard's heaps have the largest in front.
        friend bool operator<(const queued& a, const queued& b) noexcept {
            return a.at != b.at ? a.at > b.at : a.sequence > b.sequence;
        }
    };
    /// Where an event's work lives. `sequence` says which event the slot holds now (0: none), so that entries
    /// of dropped events in the queues are recognised and skipped.
    struct slot {
        task work;
        std::uint64_t sequence = 0;
        owner_id owner;
    };

    /// Whether an event waits that is not later than `limit`.
    bool has_next(virtual_time limit);
    void run_next();
    queued take_next();
    bool is_stale(const queued& entry) const noexcept {
        return slots_[entry.slot].sequence != entry.sequence;
    }
    void drop_stale_entries();
    void record_draws();

    std::uint64_t seed_;
    virtual_time now_{0};
    /// Events for later.
    std::vector<queued> heap_;
    /// Events for now, in the order scheduled, from `due_head_` on; every second event is one, and needs no
    /// heap. Time stands still until all have run.
    std::vector<queued> due_;
    std::size_t due_head_ = 0;
    /// Entries in the queues whose event was dropped.
    std::size_t stale_ = 0;
    std::vector<slot> slots_;
    std::vector<std::uint32_t> free_slots_;
    std::vector<bool> open_owners_;
    std::vector<runtime::random> streams_;
    sim::trace trace_;
    std::uint64_t next_sequence_ = 1;
    std::uint64_t events_ = 0;
    /// So many more records until the positions of the streams are recorded. Counted in records and not in
    /// events, as an event of which nothing comes makes no other run.
    std::uint64_t records_to_draws_ = records_per_draws;
    std::uint64_t actor_steps_ = 0;
    bool failed_ = false;
    std::string failure_;
};

/// Uniform enough in [0, bound) for choices in hot paths: no division (a bias of bound / 2^32 does not matter
/// there).
inline std::uint32_t quick_below(runtime::random& draws, std::uint32_t bound) noexcept {
    return static_cast<std::uint32_t>(((draws.next() >> 32) * bound) >> 32);
}

} // namespace barnabas::sim
