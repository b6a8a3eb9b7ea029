#include "runtime/disk/disk_pool.hpp"

#include "protocol/model/assert.hpp"

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace barnabas::runtime {

namespace {

struct queued_job {
    std::function<void(file_system&)> job;
    std::function<void()> done;
};

std::int64_t steady_now() {
    return std::chrono::steady_clock::now().time_since_epoch().count();
}

} // namespace

disk_files::disk_files(std::size_t open_max, const std::vector<std::string>& directories)
    : files(below, open_max, directories, steady_now) {}

struct disk_pool::state {
    state(std::shared_ptr<disk_files> on, bool writes_at_once)
        : files(std::move(on)), at_once(writes_at_once) {}

    std::shared_ptr<disk_files> files;
    const bool at_once;
    std::mutex mutex;
    std::condition_variable work;
    std::condition_variable ended;
    /// Jobs of lanes that are busy or queued; an idle lane has no entry.
    std::map<disk_lane, std::deque<queued_job>> lanes;
    /// Lanes whose first job waits for a thread.
    std::deque<disk_lane> runnable;
    bool stopping = false;
    /// Nobody hears of what ends from now on.
    bool abandoned = false;
    std::uint64_t jobs_ended = 0;
    /// `done` that are being called.
    std::size_t telling = 0;
    std::vector<std::thread> threads;

    void run_thread();
    void try_cached(disk_lane lane, queued_job one);
    void run(disk_lane lane, queued_job one);
    void tell(queued_job one);
    void finish(disk_lane lane);
    /// With the mutex held.
    void make_runnable(disk_lane lane);
};

disk_pool::disk_pool(std::shared_ptr<disk_files> files, const options& wanted)
    : state_(std::make_shared<state>(std::move(files), wanted.writes_at_once)) {
    BARNABAS_ASSERT(wanted.threads > 0);
    for (std::size_t i = 0; i < wanted.threads; ++i)
        state_->threads.emplace_back([own = state_] { own->run_thread(); });
}

disk_pool::~disk_pool() {
    BARNABAS_ASSERT(state_->threads.empty());
}

void disk_pool::begin_stop() {
    std::lock_guard guard(state_->mutex);
    state_->stopping = true;
    state_->work.notify_all();
}

bool disk_pool::end_stop(std::chrono::milliseconds patience) {
    std::unique_lock guard(state_->mutex);
    BARNABAS_ASSERT(state_->stopping);
    auto seen = state_->jobs_ended;
    const auto moved = [&] { return state_->lanes.empty() || state_->jobs_ended != seen; };
    while (!state_->lanes.empty() && state_->ended.wait_for(guard, patience, moved))
        seen = state_->jobs_ended;
    if (!state_->lanes.empty()) {
        state_->abandoned = true;
        state_->ended.wait(guard, [&] { return state_->telling == 0; });
        // What they hold belongs to a node that ends; so it is never destroyed.
        static_cast<void>(new std::shared_ptr<state>(state_));
    }
    const bool all = !state_->abandoned;
    guard.unlock();
    for (auto& thread : std::exchange(state_->threads, {})) {
        if (all)
            thread.join();
        else
            thread.detach();
    }
    return all;
}

void disk_pool::submit(disk_lane lane, disk_job_kind kind, std::function<void(file_system&)> job,
                       std::function<void()> done) {
    queued_job one{std::move(job), std::move(done)};
    {
        std::lock_guard guard(state_->mutex);
        if (state_->stopping)
            return;
        auto& waiting = state_->lanes[lane];
        const bool idle = waiting.empty();
        const bool here =
            kind == disk_job_kind::cached_read || (kind == disk_job_kind::buffered_write && state_->at_once);
        if (!idle || !here) {
            waiting.push_back(std::move(one));
            if (idle)
                state_->make_runnable(lane);
            return;
        }
        // An empty first entry stands for the job that runs now, so that later ones of the lane wait.
        waiting.emplace_back();
    }
    if (kind == disk_job_kind::cached_read)
        state_->try_cached(lane, std::move(one));
    else
        state_->run(lane, std::move(one));
}

void disk_pool::state::try_cached(disk_lane lane, queued_job one) {
    posix_nowait_files now(files->files, files->below);
    one.job(now);
    if (!now.blocked()) {
        tell(std::move(one));
        finish(lane);
        return;
    }
    std::lock_guard guard(mutex);
    lanes.at(lane).front() = std::move(one);
    make_runnable(lane);
}

void disk_pool::state::run(disk_lane lane, queued_job one) {
    one.job(files->files);
    tell(std::move(one));
    finish(lane);
}

void disk_pool::state::tell(queued_job one) {
    {
        std::lock_guard guard(mutex);
        if (abandoned) {
            static_cast<void>(new queued_job(std::move(one)));
            return;
        }
        ++telling;
    }
    one.done();
    one = {};
    std::lock_guard guard(mutex);
    if (--telling == 0 && abandoned)
        ended.notify_all();
}

void disk_pool::state::make_runnable(disk_lane lane) {
    runnable.push_back(lane);
    work.notify_one();
}

/// The lane's first job is over: the next one may run.
void disk_pool::state::finish(disk_lane lane) {
    std::lock_guard guard(mutex);
    ++jobs_ended;
    auto found = lanes.find(lane);
    found->second.pop_front();
    if (stopping)
        ended.notify_all();
    if (found->second.empty()) {
        lanes.erase(found);
        if (stopping && lanes.empty())
            work.notify_all();
        return;
    }
    make_runnable(lane);
}

void disk_pool::state::run_thread() {
    std::unique_lock guard(mutex);
    for (;;) {
        // While any job runs, its lane may become runnable again; so nobody leaves before all are done.
        work.wait(guard, [this] { return abandoned || !runnable.empty() || (stopping && lanes.empty()); });
        if (abandoned || runnable.empty())
            return;
        const disk_lane lane = runnable.front();
        runnable.pop_front();
        // The entry stays first in its lane while it runs, so that the lane is not idle.
        queued_job one = std::move(lanes.at(lane).front());
        guard.unlock();
        run(lane, std::move(one));
        guard.lock();
    }
}

} // namespace barnabas::runtime
