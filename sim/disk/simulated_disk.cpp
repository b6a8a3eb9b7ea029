#include "sim/disk/simulated_disk.hpp"

#include "protocol/model/assert.hpp"
#include "runtime/disk/directory_lane.hpp"

#include <algorithm>
#include <utility>

namespace barnabas::sim {

namespace {

constexpr auto calls_are_not_timed = nullptr;
constexpr std::uint64_t hung_job_latency = UINT64_MAX;

} // namespace

simulated_disk::simulated_disk(world& time, owner_id owner, std::uint32_t node, memory_disk& on,
                               runtime::random draws)
    : world_(time), owner_(owner), node_(node), disk_(on),
      files_(on.files(), on.faults().open_files_max, on.directories(), calls_are_not_timed), draws_(draws) {}

void simulated_disk::submit(runtime::disk_lane lane, runtime::disk_job_kind kind,
                            std::function<void(runtime::file_system&)> job, std::function<void()> done) {
    if (ended_ || disk_.cut_off())
        return;
    const bool idle = lanes_.count(lane.get()) == 0;
    const bool may_run_here = idle && kind != runtime::disk_job_kind::blocking && !stalled();
    if (may_run_here && draws_.chance(disk_.faults().inline_chance, per_million)) {
        queued_job here{kind, std::move(job), {}};
        if (run(lane.get(), here) && !disk_.cut_off())
            done();
        else if (!disk_.cut_off())
            lanes_[lane.get()].push_back(std::move(here));
        return;
    }
    lanes_[lane.get()].push_back({kind, std::move(job), std::move(done)});
    if (idle)
        start_front(lane.get());
}

void simulated_disk::start_front(std::uint64_t lane) {
    if (runtime::directory_key_of(runtime::disk_lane(lane)) != 0)
        began_[lane] = world_.now();
    // A sync takes effect somewhere between the call and its return, so a crash may come before it.
    const auto& faults = disk_.faults();
    const bool waits_first = lanes_[lane].front().kind == runtime::disk_job_kind::blocking;
    const auto before =
        waits_first ? draws_.between(0, draws_.between(faults.sync_low, faults.sync_high)) : 0;
    world_.schedule_after(before, owner_, [this, lane, before] { run_front(lane, before); });
}

void simulated_disk::run_front(std::uint64_t lane, std::int64_t waited) {
    const auto took = run(lane, lanes_[lane].front());
    if (!took)
        return;
    const auto latency = std::max<std::int64_t>(*took - waited, 0);
    // Cut off in the middle: the crash is on its way, and nobody hears of this job.
    if (!disk_.cut_off())
        world_.schedule_after(latency, owner_, [this, lane] { finish_front(lane); });
}

void simulated_disk::finish_front(std::uint64_t lane) {
    // The threads that wait for the disk stand still, too, and get their turn before an event loop or after.
    if (const auto until = paused_until_ ? paused_until_() : virtual_time(0); until > world_.now()) {
        const auto turn = draws_.between(0, disk_.faults().sync_high);
        world_.schedule(until + turn, owner_, [this, lane] { finish_front(lane); });
        return;
    }
    const auto found = lanes_.find(lane);
    began_.erase(lane);
    auto done = std::move(found->second.front().done);
    found->second.pop_front();
    if (found->second.empty())
        lanes_.erase(found);
    else
        start_front(lane);
    done();
}

/// Runs the job and answers how long it takes; nothing when it never ends.
std::optional<std::int64_t> simulated_disk::run(std::uint64_t lane, const queued_job& job) {
    const auto operations = disk_.operations();
    const auto syncs = disk_.syncs();
    bool again = false;
    if (job.kind == runtime::disk_job_kind::cached_read &&
        draws_.chance(disk_.faults().not_cached_chance, per_million)) {
        disk_.refuse_reads_after(1 + draws_.below(3));
        job.work(files_);
        again = disk_.refuse_reads_after(0);
    } else {
        again = true;
    }
    if (again)
        job.work(files_);
    BARNABAS_ASSERT(files_.within_bounds());
    if (disk_.took_hang()) {
        note_hang(lane);
        return std::nullopt;
    }
    const auto count = disk_.operations() - operations;
    const auto latency = latency_of(count, disk_.syncs() - syncs);
    world_.record(node_, trace_kind::disk_job, lane, static_cast<std::uint64_t>(latency), count);
    return latency;
}

/// Jobs of a lane of one directory have nothing to do with another one.
void simulated_disk::note_hang(std::uint64_t lane) {
    const auto key = runtime::directory_key_of(runtime::disk_lane(lane));
    world_.record(node_, trace_kind::disk_job, lane, hung_job_latency, 0);
    began_.try_emplace(lane, world_.now());
    if (key != 0 && key != runtime::directory_key(disk_.hung_place()))
        world_.fail("a job of another data directory waits for " + disk_.hung_place() + ", which hangs");
}

std::optional<runtime::call_under_way> simulated_disk::oldest_call(const std::string& directory) const {
    std::optional<virtual_time> first;
    for (const auto& [lane, began] : began_)
        if (runtime::directory_key_of(runtime::disk_lane(lane)) == runtime::directory_key(directory))
            first = std::min(first.value_or(began), began);
    if (!first)
        return std::nullopt;
    return runtime::call_under_way{"a job", std::chrono::nanoseconds(world_.now() - *first)};
}

std::int64_t simulated_disk::latency_of(std::uint64_t operations, std::uint64_t syncs) {
    const auto& faults = disk_.faults();
    auto sum = static_cast<std::int64_t>(operations) * draws_.between(faults.cached_low, faults.cached_high);
    for (std::uint64_t each = 0; each < syncs; ++each)
        sum += draws_.between(faults.sync_low, faults.sync_high);
    if (draws_.chance(faults.stall_chance, per_million))
        sum += draws_.between(0, faults.stall_high);
    if (stalled())
        sum += faults.stalled_until - world_.now().get();
    return sum;
}

bool simulated_disk::stalled() const {
    return disk_.faults().stalled_until > world_.now().get();
}

void simulated_disk::end() {
    ended_ = true;
    // Moved out first: destroying a callback may submit again.
    const auto dropped = std::exchange(lanes_, {});
    began_.clear();
}

std::size_t simulated_disk::jobs_waiting() const noexcept {
    std::size_t sum = 0;
    for (const auto& [lane, jobs] : lanes_)
        sum += jobs.size();
    return sum;
}

} // namespace barnabas::sim
