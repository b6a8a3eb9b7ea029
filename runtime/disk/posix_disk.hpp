#pragma once

#include "runtime/disk/bounded_files.hpp"
#include "runtime/disk/call_watch.hpp"
#include "runtime/disk/disk.hpp"

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace barnabas::runtime {

/// Files of the operating system, and threads for what waits: those of each data directory for themselves, so
/// that one that never returns keeps no other one waiting. A buffered write of an idle lane and a read whose
/// pages are in memory run on the submitting thread; a hand-over would cost more than they do. With several
/// directories writes are handed over all the same: a disk that hangs would keep an event loop.
class posix_disk final : public disk, public call_watch {
public:
    static constexpr std::size_t open_files_default = 512;
    struct options {
        /// Shared out among the directories, but each has `threads_min`. With several directories there are
        /// as many again for jobs that use more than one.
        std::size_t threads = 4;
        /// At most so many files are open at a time, however many its users hold (bounded_files.hpp).
        std::size_t open_files_max = open_files_default;
        /// The data directories; may be none.
        std::vector<std::string> directories{};
        /// How long a stop waits for a job to end.
        std::chrono::milliseconds stop_patience{10'000};
    };
    static constexpr std::size_t threads_min = 2;

    explicit posix_disk(const options& wanted);
    explicit posix_disk(std::size_t threads, std::size_t open_files_max = open_files_default);
    ~posix_disk() override;

    /// Runs what is queued, then ends the threads. What is submitted later is dropped, as after a crash.
    /// Answers the directories whose disk did not come back ("" for jobs that use more than one): their
    /// threads, files and locks go with the process, and nobody hears of their jobs.
    std::vector<std::string> shutdown();

    void submit(disk_lane lane, disk_job_kind kind, std::function<void(file_system&)> job,
                std::function<void()> done) override;
    std::optional<call_under_way> oldest_call(const std::string& directory) const override;

    /// For work before the loops run.
    file_system& files() noexcept;
    bounded_files::reading open_files() const;
    /// Of all pools together.
    std::size_t threads() const noexcept;

private:
    struct state;
    std::unique_ptr<state> state_;
};

} // namespace barnabas::runtime
