#pragma once

#include "actors/replica/log/epoch_cache.hpp"
#include "actors/replica/log/segment.hpp"
#include "actors/replica/log/transaction_index.hpp"
#include "protocol/model/error.hpp"
#include "protocol/model/planted_bugs.hpp"
#include "protocol/model/slice.hpp"
#include "runtime/disk/disk.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

/// The jobs that only read; see jobs.hpp.
namespace barnabas::replica {

inline barnabas::error not_run_yet() {
    return {errc::internal, "the job has not run"};
}

/// Where a read may look: one segment as the machine knew it.
struct readable_segment {
    log_offset base_offset;
    std::uint64_t size = 0;
    timestamp_ms newest = no_timestamp;
    /// The active segment's files; without them the job opens the segment by name.
    std::optional<segment_files> files;
    /// Compaction may put another file in its place at any time.
    bool may_be_replaced = false;
};

/// How often a job looks at bytes that are wrong before it says so: what came wrong from the disk may come
/// right the next time.
inline constexpr int looks_max = 5;

/// A read says that bytes are not what was written.
inline bool is_damage(errc code) {
    return code == errc::corrupt_message || code == errc::unsupported_for_message_format;
}

/// Whole batches from the one that holds `from` on, below `upto`; their CRCs are right. May run again from
/// its beginning.
struct read_job {
    std::string directory;
    log_offset from;
    log_offset upto; ///< exclusive
    std::size_t max_bytes = 0;
    bool at_least_one_batch = false;
    /// Offsets follow one another without gaps, unless somebody compacted the log before.
    bool dense = false;
    /// Epochs by where they begin, as far as they are known; no CRC covers a batch's own. From `sound_from`
    /// on a batch of another epoch is damaged. Null: none.
    std::shared_ptr<const std::vector<epoch_entry>> epochs;
    log_offset sound_from;
    std::vector<readable_segment> segments;
    /// Of the machine, when it made the job.
    std::uint64_t layout = 0;
    /// A batch known to begin here, not behind `from`; 0 is always right.
    file_position start;
    bool start_is_exact = false;
    /// The base offset of that batch.
    log_offset start_base{-1};
    /// Indexes that may name aborted transactions within the records.
    std::vector<transaction_source> transactions;
    /// Rides on the memory that the job allocates.
    std::shared_ptr<void> permit;
    /// What it covers; a larger batch is not read, but told in `needs`. 0: no bound.
    std::size_t permitted = 0;
    /// The reader waits for room.
    bool may_wait = false;

    runtime::disk_job_kind kind = runtime::disk_job_kind::cached_read;
    /// Zero or more whole batches. Codes: corrupt_message, offset_out_of_range (the segment went away
    /// meanwhile), would_block, and those of the disk.
    result<slice> records = not_run_yet();
    /// The offset behind the last of `records`; -1 when there are none.
    log_offset end{-1};
    /// Aborted transactions with records among these; absent when they are not asked for.
    std::optional<std::vector<aborted_transaction>> aborted;
    /// Memory behind `records`: at most what was asked for, unless a single batch is larger.
    std::size_t allocated = 0;
    /// Not 0: nothing was read, since the first batch has so many bytes.
    std::size_t needs = 0;
    /// Segments whose indexes do not say what their logs say.
    std::vector<log_offset> astray;
    /// Most that there is to read, as far as that is known beforehand.
    std::size_t bytes_there() const;
    void run(runtime::file_system& files);

private:
    void read_records(runtime::file_system& files);
};

struct found_offset {
    log_offset offset{-1};
    timestamp_ms timestamp = no_timestamp;
    barnabas::leader_epoch leader_epoch{-1};

    friend bool operator==(const found_offset&, const found_offset&) = default;
};

/// Looks for a record by time: the first one at or behind `timestamp`, or the one with the largest timestamp.
struct find_job {
    std::string directory;
    /// None: the record with the largest timestamp.
    std::optional<timestamp_ms> timestamp;
    log_offset not_below; ///< the log start offset
    log_offset upto;      ///< exclusive
    /// Those that can hold it, in the order in which they are tried.
    std::vector<readable_segment> segments;
    std::uint64_t layout = 0;
    planted_bugs planted{};

    static constexpr runtime::disk_job_kind kind = runtime::disk_job_kind::blocking;
    /// offset_out_of_range: the files of a segment that may hold it have gone away. Retention took them
    /// since, and the job is to be made anew, or they are missing.
    result<std::optional<found_offset>> found = not_run_yet();
    /// Segments whose indexes do not say what their logs say.
    std::vector<log_offset> astray;
    void run(runtime::file_system& files);
};

} // namespace barnabas::replica
