#pragma once

#include "actors/partition/cleaning.hpp"
#include "actors/partition/index_repair.hpp"
#include "actors/partition/kept_lookups.hpp"
#include "actors/partition/leadership_messages.hpp"
#include "actors/partition/log_size_messages.hpp"
#include "actors/partition/partition_port.hpp"
#include "actors/partition/partition_tap.hpp"
#include "actors/partition/waiting_appends.hpp"
#include "actors/partition/waiting_reads.hpp"
#include "actors/replica/replica_log.hpp"

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>

namespace barnabas {

struct partition_settings {
    leadership led;
    /// Acknowledge and show what is written, not only what is on stable storage (topic config write.caching).
    bool write_caching = false;
    /// Null outside of simulations; outlives the partition.
    partition_tap* tap = nullptr;
};

/// Leader's side of one partition, with its log. Guarantees: what was acknowledged under acks=all is on
/// stable storage (or written, under write caching); readers see only what lies below the high watermark,
/// which never moves back while the process lives; every question is answered once. One sync is in flight at
/// a time and covers all that was written before it began (group commit). Assumes: jobs come back once each,
/// writes in the order submitted.
class partition {
public:
    partition(partition_settings settings, replica::replica_log log, partition_port& port);

    /// `reply` 0: nobody wants an answer (acks=0).
    void on_append(const append_request& request, std::uint64_t reply);
    void on_read(const read_request& request, std::uint64_t asker, std::uint64_t reply);
    void on_forget(const waiting_reads::reader& who);
    void on_offset_query(const offset_query& query, std::uint64_t reply);
    void on_epoch_query(const epoch_query& query, std::uint64_t reply);
    void on_delete_records(const delete_records_request& request, std::uint64_t reply);
    void on_log_start_kept(const result<void>& outcome);
    void on_check_retention();
    /// What a restart has to check shall begin behind what is there now.
    void on_note_recovery_point();
    /// The topic's configuration has changed; what was promised before holds.
    void on_configured(const replica::log_options& options, bool write_caching);
    /// Of another epoch: what is asked under an older one is refused. Of another broker: so is everything,
    /// and whoever waits is told.
    void on_leadership(const leadership& now);
    void on_close();
    /// The data directory is offline: everything that waits is answered, everything that comes is refused,
    /// and the files are closed as they are.
    void on_directory_failed(const error& why);

    void on_written(replica::write_job& job);
    void on_synced(const replica::sync_job& job);
    void on_committed(const replica::journal_commit& job);
    /// The journal asks for the log's own files to be stable up to there.
    void on_settle(log_offset upto);
    void on_settled(const replica::settle_job& job);
    void on_repaired(const replica::repair_job& job);
    void on_repair_due();
    void on_read_done(const replica::read_job& job, std::uint64_t reply);
    void on_found(const replica::find_job& job, std::uint64_t reply);
    void on_reindexed(const replica::reindex_job& job);
    void on_retired(const replica::retire_job& job);
    void on_closed(const replica::close_job& job);
    /// What a start needs to know of the log; empty when it must look at the directory.
    slice clean_state() const;

    // Compaction, in cleaning_events.cpp.
    void on_check_cleaning();
    void on_clean(const clean_partition& order);
    void on_clean_done(const replica::clean_job& job);
    void on_swap_done(const replica::swap_job& job);
    void on_clean_step_due();

    /// End (exclusive) of what consumers may read.
    log_offset high_watermark() const { return high_watermark_; }
    const replica::replica_log& log() const { return log_; }
    /// Below it the log is compacted, as far as anybody knows; -1: nobody does.
    log_offset cleaned_upto() const { return cleaning_.cleaned_upto(); }
    log_marks marks() const;
    /// What the data directory's checkpoints shall keep.
    checkpointed_offsets checkpointed() const;
    std::size_t waiting_appends_count() const { return appends_.size(); }
    std::size_t waiting_reads_count() const { return readers_.size() + committed_readers_.size(); }
    log_size_response size(std::uint64_t token) const;
    producers_response producers(std::uint64_t token) const;
    bool waits(std::uint64_t asker) const { return readers_.waits(asker) || committed_readers_.waits(asker); }
    /// End (exclusive) of what no open transaction can change any more; at most the high watermark.
    log_offset last_stable_offset() const;

private:
    result<void> check_leadership(leader_epoch of_asker) const;
    /// Whether records of a writer that knows this epoch may be stored now.
    result<void> check_append(leader_epoch of_writer) const;
    append_response refused(const append_request& request, timestamp_ms now, const error& why) const;
    void sync_if_wanted();
    bool sync_if_possible();
    void begin_sync(bool by_journal);
    void after_sync(const std::optional<replica::append_failure>& failure);
    void settle_if_asked();
    void wait_for_descriptors();
    void advance();
    void fail_appends(const replica::append_failure& failure);
    void note_offline();
    void repair_if_wanted();
    log_offset readable_end(bool committed_only) const {
        return committed_only ? last_stable_offset() : high_watermark_;
    }
    waiting_reads& readers(bool committed_only) { return committed_only ? committed_readers_ : readers_; }
    std::vector<waiting_reads::reader> all_readers();
    void wake_readers();
    void answer_read(std::uint64_t reply, const result<slice>& records,
                     const replica::read_job* job = nullptr);
    log_offset wait_behind(const replica::read_job& job, std::uint64_t reply);
    log_offset wait_at(const waiting_reads::reader& who, log_offset end, bool committed_only);
    read_response marks_for_reader() const;
    bool answer_from_tail(const read_request& request, std::uint64_t asker, std::uint64_t reply);
    bool keeps_for_swap(const replica::read_job& job, std::uint64_t reply);
    bool keeps_for_swap(const replica::find_job& job, std::uint64_t reply);
    bool keeps_for_index(const replica::read_job& job, std::uint64_t reply);
    void make_kept_lookups_again();
    void make_again(const replica::read_job& job, std::uint64_t reply);
    void close_if_idle();
    result<log_offset> check_deletion(const delete_records_request& request) const;
    /// Where the log begins at least after a restart.
    log_offset known_start() const { return std::max(kept_start_, oldest_segment_); }
    void go_on_deleting();
    /// Those that wait for an offset up to this one.
    void answer_deletions(log_offset upto, const result<void>& outcome);
    void answer_deletion(log_offset upto, std::uint64_t reply, const result<void>& outcome);
    void tell_marks() const {
        if (settings_.tap != nullptr)
            settings_.tap->moved(marks());
        port_.marks_moved();
    }

    partition_settings settings_;
    replica::replica_log log_;
    partition_port& port_;
    cleaning cleaning_;
    index_repair index_repair_;
    kept_lookups kept_;
    waiting_appends appends_;
    waiting_reads readers_;
    /// Those that wait for the last stable offset to move.
    waiting_reads committed_readers_;
    /// Reads under way whose readers want to be told of more.
    struct running_read {
        std::uint64_t reply = 0;
        waiting_reads::reader who;
        bool committed_only = false;
    };
    std::vector<running_read> running_reads_;
    log_offset high_watermark_;
    /// DeleteRecords that wait until a restart would know of them: the offset below which records go, and
    /// whom to answer.
    std::multimap<log_offset, std::uint64_t> deletions_;
    /// The log start offset that is being written to the checkpoint; -1 when none is.
    log_offset keeping_{-1};
    /// The one that a restart finds there, at least.
    log_offset kept_start_;
    /// Base of the oldest segment that is there for certain: renames of those before it are on stable
    /// storage.
    log_offset oldest_segment_;
    std::uint64_t unsynced_bytes_ = 0;
    /// Something may lie in the directory that the next start must clear away.
    bool left_files_ = false;
    /// Asked for by the journal, and not told yet; -1: nothing.
    log_offset settle_upto_{-1};
    /// Segments that retention took out are being renamed.
    std::uint32_t retires_in_flight_ = 0;
    bool repair_waits_ = false;
    /// A sync found too many files open.
    bool sync_waits_ = false;
    /// The log is offline, and everybody has been told.
    bool offline_noted_ = false;
    bool closing_ = false;
    bool close_submitted_ = false;
    /// Why the data directory is offline.
    std::optional<error> lost_;
    /// The files are closed.
    std::optional<result<void>> close_outcome_;
};

} // namespace barnabas
