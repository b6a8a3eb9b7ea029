#pragma once

#include "actors/replica/append_types.hpp"
#include "actors/replica/commit_jobs.hpp"
#include "actors/replica/compaction/clean_jobs.hpp"
#include "actors/replica/jobs.hpp"
#include "actors/replica/log_bookkeeping.hpp"
#include "actors/replica/log_options.hpp"
#include "protocol/batch/record_batch.hpp"
#include "protocol/model/lean_deque.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace barnabas::replica {

/// The log of one partition: a machine that never touches a file. It keeps offsets, segments, indexes'
/// sizes, producers and epochs, and yields jobs (jobs.hpp); finished jobs come back by the `on_` functions.
///
/// Guarantees. log_start <= stable <= written <= log_end. `stable_offset` moves only when everything below
/// it was synced. An offset is assigned again only after the failed append that had it was cut from the
/// files, and never if it was stable. After a failed sync, or a failed write that no more room would mend,
/// nothing is appended, synced or believed any more: the log is offline and must be reopened.
/// Assumes: completions of write jobs come in the order of the appends.
class replica_log {
public:
    /// `opened_at`: from then on the silence of recovered producers counts.
    replica_log(log_options options, recovered_log recovered, monotonic_ns opened_at);
    replica_log(const replica_log&) = delete;
    replica_log& operator=(const replica_log&) = delete;
    replica_log(replica_log&&) = default;

    /// Assigns offsets to validated batches, patches them in place (nobody else may have seen these slices)
    /// and yields one write job to `out`; a duplicate yields none. Codes: message_too_large,
    /// record_list_too_large, invalid_timestamp, out_of_order_sequence, invalid_producer_epoch,
    /// fenced_leader_epoch, invalid_record (no batches), and, while the log is failed, why it is.
    result<append_result> append(std::vector<batch::batch_view> batches, const append_context& context,
                                 std::vector<write_job>& out);
    /// The failure is told once; writes queued behind the failed one then fail silently.
    std::optional<append_failure> on_written(write_job& job);

    /// What the topic's configuration says now, in place of what it said at the opening: of `options` only
    /// what Kafka's topic configuration names counts. Jobs under way are not touched.
    void configure(const log_options& options);

    /// The data directory failed: from now on the log is offline, as after a failed sync of its own.
    void fail(const error& why);

    /// After a lack of room, when the last write has come back. Appends are refused until it succeeded; after
    /// a failed repair it is true again, and the shell decides when to try.
    bool wants_repair() const;
    repair_job repair();
    void on_repaired(const repair_job& job);

    /// Something was written, or a segment made, that is not stable, and nothing in flight syncs the log's
    /// files: a system tells of a write that failed only once, so two syncs of a file must not meet.
    bool wants_sync() const;
    sync_job sync();
    /// An error: the log is offline, and everything from `from` on must be taken as not stored.
    std::optional<append_failure> on_synced(const sync_job& job);

    /// The next sync brings the recovery point to the end that the log has now, as soon as all below is
    /// written; there is one, though everything may be stable already.
    void want_snapshot();

    /// Instead of a sync: only records are not stable yet, and the commit journal can make them so.
    bool may_commit() const;
    journal_commit commit();
    std::optional<append_failure> on_committed(const journal_commit& job);
    /// Brings `settled_offset` to where `stable_offset` is; none when it is there, or on the way.
    std::optional<settle_job> settle();
    std::optional<append_failure> on_settled(const settle_job& job);

    /// offset_out_of_range outside of [log start, log end]. `upto`, exclusive, is at most `written_offset`.
    result<read_job> read(log_offset from, std::size_t max_bytes, log_offset upto, bool at_least_one_batch,
                          bool with_aborted = false);
    /// Every read job must come back, whatever its outcome, and every find job.
    void on_read(const read_job& job);
    find_job find_by_timestamp(timestamp_ms timestamp, log_offset upto);
    find_job find_max_timestamp(log_offset upto);
    void on_found(const find_job& job);

    /// When nothing but the active segment is left and its records are past retention, too: an empty segment
    /// takes its place, so that `retention` may have the old one. Otherwise a topic that nobody writes to any
    /// more would keep its last records for ever. Not while appends are in flight or failed.
    std::optional<write_job> roll_expired(timestamp_ms now, log_offset high_watermark);

    /// Retention: inactive segments below the high watermark that are too old, too many bytes, or below the
    /// log start offset leave the log at once; the job renames their files. The age of records goes by the
    /// wall clock, as their timestamps do. Also forgets silent producers, by the monotonic clock.
    std::optional<retire_job> retention(timestamp_ms now, monotonic_ns monotonic_now,
                                        log_offset high_watermark);

    /// How far compaction may go, as far as the log knows; what depends on the high watermark is left out.
    clean_bounds clean_bounds_now() const;
    /// Cleaned segments may take the place of those that they were made of; nothing when these went away.
    /// Until the job is back no segment is retired.
    std::optional<swap_job> swap(cleaned_group group);
    /// An error behind the point of no return: the log is offline.
    void on_swapped(const swap_job& job);
    bool swap_in_flight() const { return swap_in_flight_; }
    /// Files were exchanged since a job was made under `layout`, or are about to be. A read that failed is to
    /// be made again then, a find in any case; when no swap is in flight any more.
    bool layout_changed(std::uint64_t layout) const { return swap_in_flight_ || layout != layout_; }
    std::uint64_t layout() const { return layout_; }
    /// Indexes of a closed segment were made anew; it may have gone away meanwhile.
    void on_reindexed(const segment_state& made, std::uint64_t layout);
    /// Records below are deleted: reads are out of range at once, `retention` takes whole segments below. Not
    /// above the written offset; the caller sees to it that a restart will know. Lower ones change nothing.
    void delete_below(log_offset start);

    /// Compaction has cleaned all below; it is checkpointed and comes back at the next start.
    void set_cleaned_upto(log_offset upto) { cleaned_upto_ = upto; }
    /// -1 when nothing is known to be clean.
    log_offset cleaned_upto() const { return cleaned_upto_; }

    /// No job of this log is in flight (reads included, deletions not), so that it may be closed.
    bool idle() const;
    /// The last job. The log takes nothing any more.
    close_job close();
    void on_closed(const close_job& job);
    /// After that: what a start needs to know of the log (log/clean_log.hpp), if that is all there is to it.
    std::optional<slice> clean_state() const;

    log_offset log_start_offset() const { return log_start_offset_; }
    log_offset log_end_offset() const { return log_end_offset_; }
    log_offset written_offset() const { return written_offset_; }
    log_offset stable_offset() const { return stable_offset_; }
    /// In the log's own files, and not only in the journal.
    log_offset settled_offset() const { return settled_offset_; }
    /// Of the oldest transaction that is open or has its marker above; else the end. Not below the start.
    log_offset first_unstable_offset(log_offset high_watermark) const;
    /// Some segment has an index of aborted transactions.
    bool has_aborted() const;
    /// Markers below are not lost any more.
    void forget_decided(log_offset high_watermark) { producers_.forget_ended_below(high_watermark); }
    /// Newest snapshot; it proves that all below is on stable storage, indexes too.
    log_offset snapshot_offset() const { return snapshot_offset_; }
    /// Bytes of all segments, deleted ones not counted.
    std::uint64_t total_bytes() const;
    const std::optional<error>& failure() const { return failure_; }
    bool offline() const { return offline_; }
    const segment_state& active_segment() const { return segments_.back(); }
    const lean_deque<segment_state>& segments() const { return segments_; }
    const producer_state& producers() const { return producers_; }
    const epoch_cache& epochs() const { return epochs_; }
    epoch_end end_offset_for(leader_epoch epoch, leader_epoch leading) const {
        return epochs_.end_offset_for(epoch, log_end_offset_, leading);
    }
    const log_options& options() const { return options_; }

private:
    result<void> check_state(const append_context& context) const;
    result<void> check_sizes(std::span<const batch::batch_view> batches) const;
    result<void> check_timestamps(std::span<const batch::batch_view> batches,
                                  const append_context& context) const;
    result<std::optional<append_result>> check_producer(std::span<const batch::batch_view> batches) const;
    log_offset stamp(std::vector<batch::batch_view>& batches, const append_context& context) const;
    write_job take(std::vector<batch::batch_view>& batches, const append_result& appended,
                   const append_context& context);
    bool roll_due(std::span<const batch::batch_view> batches, timestamp_ms now) const;
    bool has_lived(std::int64_t waited_ms) const;
    void roll(timestamp_ms now, write_job& job);
    void place(std::vector<batch::batch_view>& batches, write_job& job);
    bool is_snapshot_due() const;
    slice snapshot_now() const;
    void mark_snapshot();
    void mark_snapshot_if_due(bool rolls);
    void remember_producers(std::span<const batch::batch_view> batches, monotonic_ns now,
                            append_in_flight& undo, write_job& job);
    void place_aborted(const std::vector<std::byte>& entries, write_job& job);
    void undo_failed_appends();
    bool has_unstable() const;
    bool syncs_own_files() const { return own_sync_in_flight_ || settle_in_flight_ || repair_in_flight_; }
    void take_offline();
    void remember_unstable(write_job& job);
    void forget_unstable();
    void become_stable(log_offset target);
    append_failure go_offline(const error& why);

    const open_segment* find_open(log_offset base) const;
    readable_segment readable(const segment_state& segment) const;
    std::vector<transaction_source> transactions_from(log_offset segment) const;
    /// Counts readers of open files, so that these are not closed under them.
    void hold(const std::vector<readable_segment>& segments);
    void release(const std::vector<readable_segment>& segments);
    void take_snapshot_due(sync_job& job);
    void take_closable(sync_job& job);
    log_offset snapshot_replaced_by(log_offset next) const;
    bool is_untouched() const;
    void note_touched(write_job& job);
    bool is_expired(const segment_state& segment, log_offset next_base, timestamp_ms now,
                    std::uint64_t bytes_left) const;
    void retire_front(retire_job& job);
    void settle_times(timestamp_ms now);
    timestamp_ms end_of(const segment_state& segment, timestamp_ms now) const;

    log_options options_;
    std::shared_ptr<write_lane> lane_;
    lean_deque<segment_state> segments_;
    lean_deque<open_segment> open_segments_;
    files_left left_;
    producer_state producers_;
    epoch_cache epochs_;
    bool epochs_changed_ = false;
    bool names_changed_ = false;
    std::vector<log_offset> dirty_transactions_; ///< segments whose `.txnindex` has grown since it was synced
    log_offset log_start_offset_;
    log_offset log_end_offset_;
    log_offset written_offset_;
    log_offset stable_offset_;
    log_offset settled_offset_;
    log_offset cleaned_upto_;
    /// Written and not stable; kept for the journal.
    lean_deque<journal::journal_entry> unstable_;
    std::uint64_t unstable_bytes_ = 0;

    lean_deque<append_in_flight> in_flight_;
    std::vector<append_in_flight> failed_;
    std::vector<log_offset> failed_segments_;
    std::optional<error> failure_;
    bool offline_ = false;
    bool repair_in_flight_ = false;
    bool sync_in_flight_ = false;
    bool own_sync_in_flight_ = false; ///< of the log's own files, and not a commit
    bool settle_in_flight_ = false;
    bool closed_ = false;
    bool swap_in_flight_ = false;
    bool untouched_ = true; ///< nothing was appended in this life
    bool files_unseen_;
    /// Of retention in this life: when it was, and what was not active any more.
    timestamp_ms first_look_ = no_timestamp;
    log_offset looked_at_below_{0};
    /// Counts the exchanges of segments.
    std::uint64_t layout_ = 0;
    std::uint32_t outside_jobs_ = 0;

    std::vector<snapshot_due> snapshots_due_;
    log_offset snapshot_offset_;
    /// For the sync marks of its snapshots.
    log_offset sound_from_;
    std::uint64_t bytes_since_snapshot_ = 0;
    bool snapshot_wanted_ = false;
    lean_deque<recent_position> recent_;
};

} // namespace barnabas::replica
