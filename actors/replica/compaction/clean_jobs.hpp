#pragma once

#include "actors/replica/compaction/clean_run.hpp"
#include "actors/replica/jobs.hpp"

#include <memory>
#include <string>
#include <vector>

/// Jobs of compaction; like those of jobs.hpp. One of a log is in flight at a time.
namespace barnabas::replica {

/// One bounded step of a pass.
struct clean_job {
    std::shared_ptr<clean_run> run_of;
    std::uint64_t bytes = 0;
    /// Instead of a step: the pass is given up, and what it left unfinished goes away.
    bool abandon = false;
    result<void> outcome = not_run_yet();
    /// Read and written by this step.
    std::uint64_t bytes_moved = 0;

    static constexpr runtime::disk_job_kind kind = runtime::disk_job_kind::blocking;
    void run(runtime::file_system& files);
};

/// Puts a cleaned segment in the place of the old ones, so that a crash after any step leaves a log that
/// opens with the old content or with the new one:
///   1. `.cleaned` becomes `.swap`, the log last; the directory is synced. The swap is decided: recovery
///   completes it.
///   2. The old segments become `.deleted`; the directory is synced, or an old one could come back beside the
///   new.
///   3. `.swap` gets its final name, the log last; the directory is synced.
struct swap_job {
    std::string directory;
    cleaned_group group;
    /// Producer snapshots at the beginnings of segments that are none any more.
    std::vector<log_offset> snapshots;
    planted_bugs planted;

    result<void> outcome = not_run_yet();
    /// The old segments may have been touched: after an error the log must be opened again, which completes
    /// the swap; or, where something was only scarce, `run` once more, which goes on where it stopped.
    bool decided = false;
    bool may_go_on() const { return decided && is_scarce(outcome.code()); }
    /// Run it after `file.delete.delay.ms`.
    remove_job removal;

    static constexpr runtime::disk_job_kind kind = runtime::disk_job_kind::blocking;
    void run(runtime::file_system& files);

private:
    result<void> go_on(runtime::file_system& files);
    result<void> rename_new(runtime::file_system& files, std::string_view from, std::string_view to) const;
    result<void> retire_old(runtime::file_system& files);
    void clear(runtime::file_system& files) const;

    /// Of `go_on`, the next.
    int step_ = 0;
};

} // namespace barnabas::replica
