#pragma once

#include "runtime/disk/directory_files.hpp"
#include "runtime/disk/disk.hpp"
#include "sim/disk/memory_disk.hpp"
#include "sim/world/world.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>

namespace barnabas::sim {

/// The disk seam of one incarnation of a node, over its host's `memory_disk`. A job runs at one moment of
/// virtual time; its `done` follows after the drawn latencies of its operations. A crash between the two
/// leaves an effect that nobody was told of. What may run on the submitting loop sometimes does, inside
/// `submit`. No more files are open than a bound that differs from life to life. A job that meets a place
/// that hangs is never done, and keeps its lane; a lane of another data directory must not be kept by it.
class simulated_disk final : public runtime::disk, public runtime::call_watch {
public:
    simulated_disk(world& time, owner_id owner, std::uint32_t node, memory_disk& on, runtime::random draws);

    void submit(runtime::disk_lane lane, runtime::disk_job_kind kind,
                std::function<void(runtime::file_system&)> job, std::function<void()> done) override;

    /// A job counts as one call, from its start to its `done`.
    std::optional<runtime::call_under_way> oldest_call(const std::string& directory) const override;

    /// Tells until when the process stands still: what returns meanwhile is heard of when that is over.
    void watch_pauses(std::function<virtual_time()> paused_until) { paused_until_ = std::move(paused_until); }

    /// The incarnation ended: no job and no `done` runs any more, and all are destroyed.
    void end();
    std::size_t jobs_waiting() const noexcept;

private:
    struct queued_job {
        runtime::disk_job_kind kind;
        std::function<void(runtime::file_system&)> work;
        std::function<void()> done;
    };
    using lane_queue = std::deque<queued_job>;

    void start_front(std::uint64_t lane);
    void run_front(std::uint64_t lane, std::int64_t waited);
    void finish_front(std::uint64_t lane);
    std::optional<std::int64_t> run(std::uint64_t lane, const queued_job& job);
    void note_hang(std::uint64_t lane);
    bool stalled() const;
    std::int64_t latency_of(std::uint64_t operations, std::uint64_t syncs);

    world& world_;
    owner_id owner_;
    std::uint32_t node_;
    memory_disk& disk_;
    runtime::directory_files files_;
    runtime::random draws_;
    std::function<virtual_time()> paused_until_;
    /// The front job of each lane is the one that runs; lanes without jobs are not here.
    std::map<std::uint64_t, lane_queue> lanes_;
    /// When the front jobs of lanes of data directories began.
    std::map<std::uint64_t, virtual_time> began_;
    bool ended_ = false;
};

} // namespace barnabas::sim
