#pragma once

#include "actors/replica/reindex_run.hpp"
#include "protocol/model/error.hpp"
#include "runtime/disk/disk.hpp"

#include <cstdint>
#include <memory>

namespace barnabas::replica {

/// Bytes that one step reads; as those of compaction.
inline constexpr std::uint64_t reindex_step_bytes = 4 << 20;

/// One bounded step of the making of indexes. Runs on a lane with the jobs that exchange or retire segments,
/// which may go in between.
struct reindex_job {
    std::shared_ptr<reindex_run> run_of;
    std::uint64_t bytes = reindex_step_bytes;

    static constexpr runtime::disk_job_kind kind = runtime::disk_job_kind::blocking;
    /// As of `reindex_run::step`.
    result<void> outcome = error{errc::internal, "the job has not run"};
    void run(runtime::file_system& files) { outcome = run_of->step(files, bytes); }
};

} // namespace barnabas::replica
