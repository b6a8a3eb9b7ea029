#pragma once

#include "actors/replica/reindex_run.hpp"
#include "protocol/model/error.hpp"
#include "runtime/disk/disk.hpp"

#include <algorithm>
#include <cstdint>
#include <memory>

namespace barnabas::replica {

/// Bytes that one step reads: as many as one of compaction. Small segments are made in several steps as well,
/// so that jobs that came meanwhile never wait for a whole one.
inline std::uint64_t reindex_step_bytes(const segment_state& segment) {
    constexpr std::uint64_t step_bytes_max = 4 << 20;
    constexpr std::uint64_t steps_min = 4;
    return std::min(step_bytes_max, segment.size / steps_min + 1);
}

/// One bounded step of the making of indexes. Runs on a lane with the jobs that exchange or retire segments,
/// which may go in between.
struct reindex_job {
    std::shared_ptr<reindex_run> run_of;
    std::uint64_t bytes = 0;

    static constexpr runtime::disk_job_kind kind = runtime::disk_job_kind::blocking;
    /// As of `reindex_run::step`.
    result<void> outcome = error{errc::internal, "the job has not run"};
    void run(runtime::file_system& files) { outcome = run_of->step(files, bytes); }
};

} // namespace barnabas::replica
