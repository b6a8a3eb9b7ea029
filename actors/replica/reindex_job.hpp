#pragma once

#include "actors/replica/log/segment.hpp"
#include "actors/replica/log_options.hpp"
#include "actors/replica/read_jobs.hpp"
#include "protocol/model/error.hpp"
#include "runtime/disk/disk.hpp"

#include <cstdint>
#include <vector>

namespace barnabas::replica {

/// Makes the indexes of one closed segment anew, as a start would: a lookup has found that they do not say
/// what the log says. Runs on a lane with the jobs that exchange or retire segments.
struct reindex_job {
    log_options options;
    /// As the machine knew it.
    segment_state segment;
    /// Base offsets of all segments, in order; behind this one comes `next_base`.
    std::vector<log_offset> bases;
    log_offset next_base;
    /// The index of aborted transactions is the wrong one.
    bool of_transactions = false;
    std::uint64_t layout = 0;

    struct made_indexes {
        /// What is known of the segment now.
        segment_state segment;
        /// They said what the log says, and are as they were: the disk read wrong, or the log is strange.
        bool were_right = false;
    };

    static constexpr runtime::disk_job_kind kind = runtime::disk_job_kind::blocking;
    /// offset_out_of_range: the segment has gone away. corrupt_message: the log is damaged, so that the
    /// indexes stay.
    result<made_indexes> outcome = not_run_yet();
    void run(runtime::file_system& files);

private:
    result<made_indexes> make_indexes(runtime::file_system& files) const;
    result<made_indexes> make_transactions(runtime::file_system& files) const;
};

} // namespace barnabas::replica
