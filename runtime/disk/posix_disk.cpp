#include "runtime/disk/posix_disk.hpp"

#include "protocol/model/assert.hpp"
#include "runtime/disk/posix_files.hpp"

#include <condition_variable>
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

} // namespace

struct posix_disk::state {
    explicit state(std::size_t open_files_max) : files(below, open_files_max) {}

    posix_files below;
    bounded_files files;
    std::mutex mutex;
    std::condition_variable work;
    /// Jobs of lanes that are busy or queued; an idle lane has no entry.
    std::map<disk_lane, std::deque<queued_job>> lanes;
    /// Lanes whose first job waits for a thread.
    std::deque<disk_lane> runnable;
    bool stopping = false;
    std::vector<std::thread> threads;

    void run_thread();
    void try_cached(disk_lane lane, queued_job one);
    void run(disk_lane lane, queued_job one);
    void finish(disk_lane lane);
    /// With the mutex held.
    void make_runnable(disk_lane lane);
};

posix_disk::posix_disk(std::size_t threads, std::size_t open_files_max)
    : state_(std::make_unique<state>(open_files_max)) {
    BARNABAS_ASSERT(threads > 0);
    for (std::size_t i = 0; i < threads; ++i)
        state_->threads.emplace_back([state = state_.get()] { state->run_thread(); });
}

posix_disk::~posix_disk() {
    shutdown();
}

void posix_disk::shutdown() {
    {
        std::lock_guard guard(state_->mutex);
        state_->stopping = true;
    }
    state_->work.notify_all();
    for (auto& thread : state_->threads)
        thread.join();
    state_->threads.clear();
}

file_system& posix_disk::files() noexcept {
    return state_->files;
}

bounded_files::reading posix_disk::open_files() const {
    return state_->files.now();
}

void posix_disk::submit(disk_lane lane, disk_job_kind kind, std::function<void(file_system&)> job,
                        std::function<void()> done) {
    queued_job one{std::move(job), std::move(done)};
    {
        std::lock_guard guard(state_->mutex);
        if (state_->stopping)
            return;
        auto& waiting = state_->lanes[lane];
        const bool idle = waiting.empty();
        if (!idle || kind == disk_job_kind::blocking) {
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

void posix_disk::state::try_cached(disk_lane lane, queued_job one) {
    posix_nowait_files now(files, below);
    one.job(now);
    if (!now.blocked()) {
        one.done();
        finish(lane);
        return;
    }
    std::lock_guard guard(mutex);
    lanes.at(lane).front() = std::move(one);
    make_runnable(lane);
}

void posix_disk::state::run(disk_lane lane, queued_job one) {
    one.job(files);
    one.done();
    finish(lane);
}

void posix_disk::state::make_runnable(disk_lane lane) {
    runnable.push_back(lane);
    work.notify_one();
}

/// The lane's first job is over: the next one may run.
void posix_disk::state::finish(disk_lane lane) {
    std::lock_guard guard(mutex);
    auto found = lanes.find(lane);
    found->second.pop_front();
    if (found->second.empty()) {
        lanes.erase(found);
        if (stopping && lanes.empty())
            work.notify_all();
        return;
    }
    make_runnable(lane);
}

void posix_disk::state::run_thread() {
    std::unique_lock guard(mutex);
    for (;;) {
        // While any job runs, its lane may become runnable again; so nobody leaves before all are done.
        work.wait(guard, [this] { return !runnable.empty() || (stopping && lanes.empty()); });
        if (runnable.empty())
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
