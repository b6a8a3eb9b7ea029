#pragma once

#include "runtime/disk/directory_files.hpp"
#include "runtime/disk/disk.hpp"
#include "runtime/disk/posix_files.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>

namespace barnabas::runtime {

/// The files of a node, as all its pools see them; they live as long as a job may use them.
struct disk_files {
    disk_files(std::size_t open_max, const std::vector<std::string>& directories);

    posix_files below;
    directory_files files;
};

/// Threads that run jobs in lanes. Those of one pool never wait for those of another.
class disk_pool {
public:
    struct options {
        std::size_t threads = 1;
        /// A buffered write of an idle lane runs on the submitting thread, which a disk may then keep.
        bool writes_at_once = true;
    };
    disk_pool(std::shared_ptr<disk_files> files, const options& wanted);
    disk_pool(const disk_pool&) = delete;
    disk_pool& operator=(const disk_pool&) = delete;
    /// `begin_stop` and `end_stop` were called.
    ~disk_pool();

    void submit(disk_lane lane, disk_job_kind kind, std::function<void(file_system&)> job,
                std::function<void()> done);

    /// What is queued still runs, what is submitted later is dropped, as after a crash.
    void begin_stop();
    /// Waits for the last job. False if none came to its end for so long: its threads are left to themselves,
    /// and their jobs' `done` is never called.
    bool end_stop(std::chrono::milliseconds patience);

private:
    struct state;
    /// Shared with threads that may never come back.
    std::shared_ptr<state> state_;
};

} // namespace barnabas::runtime
