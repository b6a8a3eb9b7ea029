#pragma once

#include "actors/replica/log/segment.hpp"
#include "actors/replica/open_job.hpp"
#include "actors/replica/read_jobs.hpp"
#include "protocol/model/error.hpp"
#include "protocol/model/slice.hpp"
#include "runtime/disk/disk.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Jobs of the log of one partition: values that own all they need. The shell submits `run` to the disk with
/// `kind`, and hands the finished job back to the machine. Lanes:
///   open, write, repair, close   one lane per log, in the order the machine yields them
///   sync                         any lane; may run while writes run, one in flight per log
///   read, find, retire, remove   any lane
namespace barnabas::replica {

/// The files of the log's lane. Write and repair jobs use them in turn; the machine only hands them on.
struct write_lane {
    segment_files files;
    std::optional<error> failure;
};

/// Makes (or empties) the three files of a segment and leaves them open; on an error none is open.
result<segment_files> create_segment_files(runtime::file_system& files, const std::string& directory,
                                           log_offset base);

/// One append: all its batches, the index entries they bring, and before them the roll if one was due.
struct write_job {
    std::shared_ptr<write_lane> lane;
    std::string directory;
    log_offset base_offset;
    log_offset next_offset; ///< behind the last record
    /// Makes this segment first, after `closing_time_entry` was written to the one before.
    bool rolls = false;
    log_offset segment_base;
    slice closing_time_entry;
    file_position closing_time_position;
    std::vector<slice> batches;
    file_position log_position;
    slice offset_entries;
    file_position offset_position;
    slice time_entries;
    file_position time_position;
    /// The first write to a log that was opened without a look at its files: what `.log` must have.
    std::optional<std::uint64_t> size_before;
    /// For the `.txnindex` of the segment that the batches go to.
    slice transaction_entries;
    log_offset transaction_segment;
    file_position transaction_position;

    result<void> outcome = not_run_yet();
    segment_files written_to;

    runtime::disk_job_kind kind = runtime::disk_job_kind::buffered_write;
    void run(runtime::file_system& files);

private:
    result<void> check_size(runtime::file_system& files) const;
};

/// Cuts the files back to the last successful append, so that offsets may be assigned again.
struct repair_job {
    std::shared_ptr<write_lane> lane;
    std::string directory;
    segment_files good_files;
    std::uint64_t log_size = 0;
    std::uint64_t offset_index_size = 0;
    std::uint64_t time_index_size = 0;
    /// The segment they belong to, and the size of its `.txnindex`.
    log_offset segment;
    std::uint64_t transaction_index_size = 0;
    /// Segments that the failed appends began.
    std::vector<log_offset> remove_segments;

    result<void> outcome = not_run_yet();

    static constexpr runtime::disk_job_kind kind = runtime::disk_job_kind::blocking;
    void run(runtime::file_system& files);
};

/// What a sync that found no descriptor did not do.
struct files_left {
    std::vector<runtime::file_id> to_sync;
    std::vector<runtime::file_id> to_close; ///< of rolled segments, and some of them are to be synced
};

/// Makes everything below `target` stable. `run` is `finish(files, files.sync(to_sync))`, so that a shell may
/// sync the files of many logs with one call and then finish each.
struct sync_job {
    std::string directory;
    log_offset target;
    std::vector<runtime::file_id> to_sync;
    /// Segments whose `.txnindex` is to be synced before the snapshot is written.
    std::vector<log_offset> transaction_indexes;
    /// A segment was made since the last sync.
    bool names_changed = false;
    /// New content of leader-epoch-checkpoint, if it changed.
    std::optional<std::string> epoch_checkpoint;
    /// A producer snapshot at `snapshot_offset` <= target, if one is due.
    std::optional<slice> snapshot;
    log_offset snapshot_offset{-1};
    /// An older snapshot inside a segment, which the new one replaces.
    log_offset replaced_snapshot{-1};
    /// Rolled segments that nobody uses any more.
    std::vector<runtime::file_id> to_close;

    /// Of the sync itself: an error means that the unsynced bytes are lost.
    result<void> outcome = not_run_yet();
    /// Too many files were open for a look at the directory, or for one of the files: nothing is lost, and
    /// nothing is stable.
    result<void> names_outcome;
    /// False: not even the files are, and all of them are open still.
    bool files_synced = true;
    /// Of checkpoint and snapshot: an error means that they are tried again.
    result<void> small_files_outcome;

    static constexpr runtime::disk_job_kind kind = runtime::disk_job_kind::blocking;
    void run(runtime::file_system& files) { finish(files, files.sync(to_sync)); }
    void finish(runtime::file_system& files, const result<void>& synced);

private:
    result<void> write_small_files(runtime::file_system& files) const;
};

/// Second step of a deletion: the renamed files go away. Submit it after `file_delete_delay_ms`.
struct remove_job {
    std::vector<std::string> paths;
    result<void> outcome = not_run_yet();

    static constexpr runtime::disk_job_kind kind = runtime::disk_job_kind::blocking;
    void run(runtime::file_system& files);
};

/// First step of a deletion: files of segments are renamed to `.deleted`, the oldest segment first.
struct retire_job {
    std::string directory;
    /// What this deletion is about.
    std::vector<log_offset> segments;
    /// All segments below go, also those that an earlier deletion failed to rename: one left behind would
    /// come back at the next start with a hole behind it.
    log_offset keep_from;
    /// Producer snapshots that nobody needs any more.
    std::vector<log_offset> snapshots;

    result<void> outcome = not_run_yet();
    /// What `run` renamed, even if it failed later; run it after the delay.
    remove_job removal;

    static constexpr runtime::disk_job_kind kind = runtime::disk_job_kind::blocking;
    void run(runtime::file_system& files);
};

/// Everything on stable storage, a producer snapshot at the end, all files closed.
struct close_job {
    std::shared_ptr<write_lane> lane;
    std::string directory;
    segment_files open_files;
    std::vector<segment_files> rolled_files;
    /// `files_left::to_close`.
    std::vector<runtime::file_id> left_files;
    slice closing_time_entry;
    file_position closing_time_position;
    std::vector<log_offset> transaction_indexes;
    std::string epoch_checkpoint;
    slice snapshot;
    log_offset snapshot_offset;
    log_offset replaced_snapshot{-1};
    /// After a failure: files are only closed, and nothing vouches for what they hold. The outcome tells why.
    std::optional<error> not_flushed;
    /// How far the log is good.
    std::uint64_t log_size = 0;
    /// All is as it was found at the opening: files are only closed.
    bool untouched = false;
    result<void> outcome = not_run_yet();

    static constexpr runtime::disk_job_kind kind = runtime::disk_job_kind::blocking;
    void run(runtime::file_system& files);
};

} // namespace barnabas::replica
