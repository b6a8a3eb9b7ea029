#include "runtime/disk/posix_disk.hpp"

#include "protocol/model/assert.hpp"
#include "runtime/disk/directory_lane.hpp"
#include "runtime/disk/disk_pool.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace barnabas::runtime {

struct posix_disk::state {
    struct pool {
        std::uint64_t key = 0;
        std::string directory;
        std::unique_ptr<disk_pool> jobs;
    };

    explicit state(const options& wanted);
    disk_pool& pool_of(disk_lane lane) const;
    void add(const std::string& directory, std::size_t threads, bool writes_at_once);

    std::shared_ptr<disk_files> files;
    std::chrono::milliseconds stop_patience;
    std::size_t threads = 0;
    /// The first one has jobs of no single directory.
    std::vector<pool> pools;
    bool stopped = false;
};

posix_disk::state::state(const options& wanted)
    : files(std::make_shared<disk_files>(wanted.open_files_max, wanted.directories)),
      stop_patience(wanted.stop_patience) {
    BARNABAS_ASSERT(wanted.threads > 0);
    const auto count = wanted.directories.size();
    if (count < 2) {
        add("", wanted.threads, true);
        return;
    }
    add("", threads_min, false);
    for (const auto& directory : wanted.directories)
        add(directory, std::max(threads_min, (wanted.threads + count - 1) / count), false);
}

void posix_disk::state::add(const std::string& directory, std::size_t some, bool writes_at_once) {
    const auto key = directory.empty() ? 0 : directory_key(directory);
    if (std::any_of(pools.begin(), pools.end(), [&](const pool& one) { return one.key == key; }))
        return;
    threads += some;
    pools.push_back(
        {key, directory, std::make_unique<disk_pool>(files, disk_pool::options{some, writes_at_once})});
}

disk_pool& posix_disk::state::pool_of(disk_lane lane) const {
    const auto key = directory_key_of(lane);
    const auto found =
        std::find_if(pools.begin(), pools.end(), [&](const pool& one) { return one.key == key; });
    return *(found == pools.end() ? pools.front() : *found).jobs;
}

posix_disk::posix_disk(const options& wanted) : state_(std::make_unique<state>(wanted)) {}

posix_disk::posix_disk(std::size_t threads, std::size_t open_files_max)
    : posix_disk(options{threads, open_files_max}) {}

posix_disk::~posix_disk() {
    shutdown();
}

std::vector<std::string> posix_disk::shutdown() {
    std::vector<std::string> left;
    if (std::exchange(state_->stopped, true))
        return left;
    for (const auto& one : state_->pools)
        one.jobs->begin_stop();
    for (const auto& one : state_->pools)
        if (!one.jobs->end_stop(state_->stop_patience))
            left.push_back(one.directory);
    return left;
}

file_system& posix_disk::files() noexcept {
    return state_->files->files;
}

bounded_files::reading posix_disk::open_files() const {
    return state_->files->files.now();
}

std::size_t posix_disk::threads() const noexcept {
    return state_->threads;
}

void posix_disk::submit(disk_lane lane, disk_job_kind kind, std::function<void(file_system&)> job,
                        std::function<void()> done) {
    state_->pool_of(lane).submit(lane, kind, std::move(job), std::move(done));
}

std::optional<call_under_way> posix_disk::oldest_call(const std::string& directory) const {
    return state_->files->files.oldest_call(directory);
}

} // namespace barnabas::runtime
