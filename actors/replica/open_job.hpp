#pragma once

#include "actors/journal/journal_format.hpp"
#include "actors/replica/log/epoch_cache.hpp"
#include "actors/replica/log/producer_state.hpp"
#include "actors/replica/log/segment.hpp"
#include "actors/replica/log_options.hpp"
#include "actors/replica/read_jobs.hpp"
#include "protocol/model/error.hpp"
#include "protocol/model/slice.hpp"
#include "runtime/disk/disk.hpp"
#include "runtime/disk/work_meter.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// The job that opens a log, and what it finds. It is the first of the log's write lane (jobs.hpp).
namespace barnabas::replica {

/// What recovery did, for one line in the log of the broker.
struct recovery_report {
    bool created = false;
    /// Nothing lay behind the newest snapshot: the log was closed cleanly, or was idle.
    bool clean = false;
    log_offset scanned_from{0};
    std::uint64_t bytes_scanned = 0;
    std::uint64_t bytes_cut = 0;
    log_offset cut_at{-1};
    std::string cut_file;
    std::string cut_reason;
    std::uint64_t segments_removed = 0;
    std::uint64_t indexes_rebuilt = 0;
    std::uint64_t files_removed = 0;
    std::uint64_t bytes_replayed = 0;     ///< from the commit journal
    std::uint64_t segments_converted = 0; ///< they had messages of magic 0 or 1
    std::uint64_t records_converted = 0;
    /// Offsets that were once stable and are gone; the log goes on behind them. Empty when equal.
    log_offset lost_from{0};
    log_offset lost_upto{0};
    /// Damage below the recovery point, which is reported and left as it is.
    std::vector<std::string> damage;
    /// What looks as if somebody had been at the files, and may as well come from a crash, or was accepted at
    /// an earlier start.
    std::vector<std::string> remarks;
    /// Values of the data directory's checkpoints that make no sense for this log.
    std::vector<std::string> ignored_checkpoints;

    friend bool operator==(const recovery_report&, const recovery_report&) = default;
};

std::string to_string(const recovery_report& report);

/// What an opened log consists of; all of it is on stable storage.
struct recovered_log {
    /// Oldest first, never empty; the last one is active and has `files` open.
    std::vector<segment_state> segments;
    segment_files files;
    log_offset log_start_offset{0};
    log_offset log_end_offset{0};
    /// Everything below is proven by a snapshot on disk.
    log_offset snapshot_offset{-1};
    producer_state producers;
    epoch_cache epochs;
    /// From here on all was written and synced by Barnabas; what Kafka wrote lies below.
    log_offset sound_from{0};
    /// Compaction has cleaned all below; -1 when that is not known.
    log_offset cleaned_upto{-1};
    /// Nobody has looked at the files; they are opened with their first use.
    bool files_unseen = false;
    recovery_report report;
};

/// Opens the log of `options.directory`, or makes it when `create` is set and it is absent.
/// Codes: not_found, inconsistent_topic_id, unsupported_for_message_format (old_messages.hpp), the disk's.
struct open_job {
    log_options options;
    bool create = false;
    /// What the commit journal holds of this directory, oldest first.
    std::vector<journal::journal_part> journaled;
    /// The journal has lost something: where.
    std::optional<std::string> journal_damage;
    /// What the log was when it was closed in good order, if nobody can have changed it since; then its files
    /// are not looked at (log/clean_log.hpp).
    slice closed;
    /// The bytes to be checked, as far as that is known, and where they are counted.
    runtime::expected_work progress{};
    result<recovered_log> outcome = not_run_yet();
    /// A log that was to be made: its directory may name the topic from now on, whatever else failed.
    bool may_be_found = false;

    runtime::disk_job_kind kind() const {
        return closed.empty() ? runtime::disk_job_kind::blocking : runtime::disk_job_kind::buffered_write;
    }
    void run(runtime::file_system& files);
};

} // namespace barnabas::replica
