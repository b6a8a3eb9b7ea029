#pragma once

#include "runtime/disk/bounded_files.hpp"
#include "runtime/disk/disk.hpp"

#include <cstddef>
#include <memory>

namespace barnabas::runtime {

/// Files of the operating system, and a pool of threads for what waits. A buffered write of an idle lane and
/// a read whose pages are in memory run on the submitting thread; a hand-over would cost more than they do.
class posix_disk final : public disk {
public:
    /// At most `open_files_max` files are open at a time, however many its users hold (bounded_files.hpp).
    explicit posix_disk(std::size_t threads, std::size_t open_files_max = open_files_default);
    static constexpr std::size_t open_files_default = 512;
    ~posix_disk() override;

    /// Runs what is queued, then ends the threads. What is submitted later is dropped, as after a crash.
    void shutdown();

    void submit(disk_lane lane, disk_job_kind kind, std::function<void(file_system&)> job,
                std::function<void()> done) override;

    /// For work before the loops run.
    file_system& files() noexcept;
    bounded_files::reading open_files() const;

private:
    struct state;
    std::unique_ptr<state> state_;
};

} // namespace barnabas::runtime
