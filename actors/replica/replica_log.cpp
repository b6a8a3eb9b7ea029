#include "actors/replica/replica_log.hpp"

#include "actors/replica/log/index_builder.hpp"
#include "actors/replica/log/small_file.hpp"
#include "protocol/model/mark.hpp"

#include <algorithm>

/// Completions of writes, repairs and syncs; closing. Appending, reading and retention have files of their
/// own.
namespace barnabas::replica {

namespace {

/// Whether a segment that begins there is still being made. That write has the last entries of the older
/// segment's indexes, too: a snapshot there, which vouches for these, waits for it.
bool begins_with_roll(const lean_deque<append_in_flight>& in_flight, log_offset at) {
    return !in_flight.empty() && in_flight.front().rolled && in_flight.front().base_offset == at;
}

} // namespace

replica_log::replica_log(log_options options, recovered_log recovered, monotonic_ns opened_at)
    : options_(std::move(options)), lane_(std::make_shared<write_lane>()),
      segments_(recovered.segments.begin(), recovered.segments.end()),
      producers_(std::move(recovered.producers)), epochs_(std::move(recovered.epochs)),
      log_start_offset_(recovered.log_start_offset), log_end_offset_(recovered.log_end_offset),
      written_offset_(log_end_offset_), stable_offset_(log_end_offset_), settled_offset_(log_end_offset_),
      cleaned_upto_(recovered.cleaned_upto), files_unseen_(recovered.files_unseen),
      snapshot_offset_(recovered.snapshot_offset), sound_from_(recovered.sound_from) {
    BARNABAS_ASSERT(!segments_.empty());
    BARNABAS_ASSERT(log_start_offset_ <= log_end_offset_);
    lane_->files = recovered.files;
    producers_.begin_silences(opened_at);
    open_segments_.push_back({segments_.back().base_offset, recovered.files, false, false, 0});
}

void replica_log::configure(const log_options& options) {
    const bool was_compacted = options_.may_have_gaps() || options.was_compacted;
    log_options next = options;
    next.directory = std::move(options_.directory);
    next.topic_id = options_.topic_id;
    next.partition_index = options_.partition_index;
    next.was_compacted = was_compacted;
    // What follows is no topic configuration, or is what the log was opened with.
    next.producer_id_expiration_ms = options_.producer_id_expiration_ms;
    next.snapshot_interval_bytes = options_.snapshot_interval_bytes;
    next.checkpointed = options_.checkpointed;
    next.keeps_for_journal = options_.keeps_for_journal;
    next.planted = options_.planted;
    options_ = std::move(next);
}

std::optional<append_failure> replica_log::on_written(write_job& job) {
    BARNABAS_ASSERT(!in_flight_.empty());
    BARNABAS_ASSERT(in_flight_.front().base_offset == job.base_offset);
    auto done = std::move(in_flight_.front());
    in_flight_.pop_front();
    if (BARNABAS_MARK_IF(offline_, write_done_while_offline))
        return std::nullopt;
    const bool written = job.outcome || options_.planted.failed_write_taken;
    if (!failure_ && written) {
        if (job.rolls) {
            open_segments_.back().indexes_dirty = true;
            open_segments_.push_back({job.segment_base, job.written_to, false, false, 0});
            names_changed_ |= !options_.planted.roll_name_not_synced;
        }
        auto& target = open_segments_.back();
        target.log_dirty = true;
        target.indexes_dirty |= !job.offset_entries.empty() || !job.time_entries.empty();
        if (!job.transaction_entries.empty() &&
            (dirty_transactions_.empty() || dirty_transactions_.back() != job.transaction_segment))
            dirty_transactions_.push_back(job.transaction_segment);
        remember_unstable(job);
        written_offset_ = job.next_offset;
        BARNABAS_ASSERT(written_offset_ <= log_end_offset_);
        return std::nullopt;
    }
    const bool first = !failure_;
    if (BARNABAS_MARK_IF(first, write_failed))
        failure_ = job.outcome.failure();
    if (BARNABAS_MARK_IF(first && !is_scarce(failure_->code), write_failed_for_good)) {
        take_offline();
        // Whatever the system called it: clients know what to do about a disk that fails.
        failure_ = error{errc::storage_error, to_string(*failure_)};
        return append_failure{written_offset_, *failure_};
    }
    failed_.push_back(std::move(done));
    if (in_flight_.empty())
        undo_failed_appends();
    return first ? std::optional(append_failure{written_offset_, *failure_}) : std::nullopt;
}

/// The machine is put back to where the last successful append left it; the files follow with the repair.
void replica_log::undo_failed_appends() {
    for (; !failed_.empty(); failed_.pop_back()) {
        auto& undo = failed_.back();
        if (BARNABAS_MARK_IF(undo.rolled, roll_undone)) {
            failed_segments_.push_back(segments_.back().base_offset);
            segments_.pop_back();
        }
        segments_.back() = undo.active_before;
        auto& producers = undo.producers_before;
        if (options_.planted.failed_append_remembered)
            producers.clear();
        for (auto before = producers.rbegin(); before != producers.rend(); ++before)
            producers_.restore(before->first, before->second);
    }
    log_end_offset_ = written_offset_;
    producers_.forget_ended_from(log_end_offset_);
    epochs_changed_ |= epochs_.truncate_from(log_end_offset_);
    while (!recent_.empty() && recent_.back().base_offset >= log_end_offset_)
        recent_.pop_back();
    std::erase_if(snapshots_due_, [&](const snapshot_due& due) { return due.offset > log_end_offset_; });
    BARNABAS_ASSERT(segments_.back().base_offset == open_segments_.back().base_offset);
}

void replica_log::fail(const error& why) {
    BARNABAS_MARK(log_taken_offline);
    take_offline();
    if (!failure_)
        failure_ = why;
}

bool replica_log::wants_repair() const {
    return failure_ && !offline_ && !closed_ && in_flight_.empty() && !syncs_own_files();
}

repair_job replica_log::repair() {
    BARNABAS_ASSERT(wants_repair());
    repair_in_flight_ = true;
    const auto& active = segments_.back();
    repair_job job;
    job.lane = lane_;
    job.directory = options_.directory;
    job.good_files = open_segments_.back().files;
    job.log_size = active.size;
    job.offset_index_size = active.offset_index_size;
    job.time_index_size = active.time_index_size;
    job.segment = active.base_offset;
    job.transaction_index_size = active.transaction_index_size;
    job.remove_segments = failed_segments_;
    return job;
}

void replica_log::on_repaired(const repair_job& job) {
    BARNABAS_ASSERT(repair_in_flight_);
    repair_in_flight_ = false;
    if (offline_)
        return;
    if (!job.outcome) {
        BARNABAS_MARK(repair_failed);
        failure_ = job.outcome.failure();
        if (!is_scarce(failure_->code))
            take_offline();
        return;
    }
    BARNABAS_MARK(log_repaired);
    failure_.reset();
    failed_segments_.clear();
}

bool replica_log::wants_sync() const {
    return !syncs_own_files() && has_unstable();
}

bool replica_log::has_unstable() const {
    return !sync_in_flight_ && !offline_ && !closed_ &&
           (stable_offset_ < written_offset_ || names_changed_ || (snapshot_wanted_ && is_snapshot_due()));
}

bool replica_log::is_snapshot_due() const {
    return !snapshots_due_.empty() && snapshots_due_.front().offset <= written_offset_ &&
           !begins_with_roll(in_flight_, snapshots_due_.front().offset);
}

void replica_log::want_snapshot() {
    if (offline_ || closed_ || log_end_offset_ <= snapshot_offset_)
        return;
    if (snapshots_due_.empty() || snapshots_due_.back().offset < log_end_offset_)
        mark_snapshot();
    snapshot_wanted_ = true;
}

sync_job replica_log::sync() {
    BARNABAS_ASSERT(wants_sync());
    sync_in_flight_ = true;
    own_sync_in_flight_ = true;
    sync_job job;
    job.directory = options_.directory;
    job.target = written_offset_;
    job.names_changed = std::exchange(names_changed_, false);
    job.to_sync = std::exchange(left_.to_sync, {});
    job.to_close = std::exchange(left_.to_close, {});
    for (auto& segment : open_segments_)
        if (std::exchange(segment.log_dirty, false) &&
            !(options_.planted.roll_forgets_sync && &segment != &open_segments_.back()))
            job.to_sync.push_back(segment.files.log);
    if (std::exchange(epochs_changed_, false) && !options_.planted.epochs_not_written)
        job.epoch_checkpoint = encode_epoch_checkpoint(epochs_);
    snapshot_wanted_ &= !is_snapshot_due();
    take_snapshot_due(job);
    take_closable(job);
    return job;
}

void replica_log::take_snapshot_due(sync_job& job) {
    auto ahead = std::find_if(snapshots_due_.begin(), snapshots_due_.end(), [&](const snapshot_due& due) {
        return due.offset > job.target || begins_with_roll(in_flight_, due.offset);
    });
    if (options_.planted.recovery_point_ahead)
        ahead = snapshots_due_.end();
    if (ahead == snapshots_due_.begin())
        return;
    job.snapshot = std::prev(ahead)->content;
    job.snapshot_offset = std::prev(ahead)->offset;
    job.replaced_snapshot = snapshot_replaced_by(job.snapshot_offset);
    snapshots_due_.erase(snapshots_due_.begin(), ahead);
    // What a snapshot vouches for is not scanned again, so the indexes must be as stable as the log.
    job.transaction_indexes = std::exchange(dirty_transactions_, {});
    if (options_.planted.transaction_index_not_synced)
        job.transaction_indexes.clear();
    for (auto& segment : open_segments_)
        if (std::exchange(segment.indexes_dirty, false) && !options_.planted.index_not_synced)
            job.to_sync.insert(job.to_sync.end(), {segment.files.offset_index, segment.files.time_index});
}

void replica_log::take_closable(sync_job& job) {
    if (settle_in_flight_)
        return;
    const auto active = open_segments_.back().base_offset;
    erase_if(open_segments_, [&](const open_segment& segment) {
        if (segment.base_offset == active || segment.log_dirty || segment.indexes_dirty ||
            segment.readers > 0)
            return false;
        const auto& files = segment.files;
        job.to_close.insert(job.to_close.end(), {files.log, files.offset_index, files.time_index});
        return true;
    });
}

std::optional<append_failure> replica_log::on_synced(const sync_job& job) {
    BARNABAS_ASSERT(own_sync_in_flight_);
    sync_in_flight_ = false;
    own_sync_in_flight_ = false;
    if (!job.files_synced)
        left_ = {job.to_sync, job.to_close};
    if (BARNABAS_MARK_IF(offline_, sync_done_while_offline))
        return std::nullopt;
    const bool synced = job.outcome || options_.planted.failed_sync_taken;
    if (!synced)
        return go_offline(job.outcome.failure());
    const bool named = !BARNABAS_MARK_IF(!job.names_outcome, names_not_synced);
    if (named) {
        become_stable(job.target);
        settled_offset_ = std::max(settled_offset_, job.target);
    }
    names_changed_ |= !named;
    if (!named || BARNABAS_MARK_IF(!job.small_files_outcome, small_files_not_written)) {
        epochs_changed_ |= job.epoch_checkpoint.has_value();
        if (job.snapshot)
            snapshots_due_.insert(snapshots_due_.begin(), {job.snapshot_offset, *job.snapshot});
        dirty_transactions_.insert(dirty_transactions_.begin(), job.transaction_indexes.begin(),
                                   job.transaction_indexes.end());
    } else if (job.snapshot) {
        snapshot_offset_ = job.snapshot_offset;
    }
    return std::nullopt;
}

/// Snapshots at the beginning of a segment stay with it, as in Kafka; others only until the next one.
log_offset replica_log::snapshot_replaced_by(log_offset next) const {
    const bool at_segment =
        std::any_of(segments_.begin(), segments_.end(),
                    [&](const segment_state& segment) { return segment.base_offset == snapshot_offset_; });
    return at_segment || snapshot_offset_ >= next ? log_offset(-1) : snapshot_offset_;
}

bool replica_log::idle() const {
    return in_flight_.empty() && !repair_in_flight_ && !sync_in_flight_ && !settle_in_flight_ &&
           outside_jobs_ == 0;
}

close_job replica_log::close() {
    BARNABAS_ASSERT(idle());
    BARNABAS_ASSERT(!closed_);
    closed_ = true;
    close_job job;
    job.lane = lane_;
    job.directory = options_.directory;
    job.open_files = open_segments_.back().files;
    open_segments_.pop_back();
    for (const auto& segment : open_segments_)
        job.rolled_files.push_back(segment.files);
    open_segments_.clear();
    job.left_files = std::exchange(left_, {}).to_close;
    forget_unstable();
    if (failure_)
        job.not_flushed = *failure_;
    auto& active = segments_.back();
    job.log_size = active.size;
    job.closing_time_position = file_position(active.time_index_size);
    if (const auto entry = closing_time_entry(active); !entry.empty())
        job.closing_time_entry = slice::copy_of(entry);
    job.transaction_indexes = dirty_transactions_;
    job.untouched = is_untouched() && job.closing_time_entry.empty();
    if (BARNABAS_MARK_IF(job.untouched, untouched_log_closed)) {
        job.snapshot_offset = snapshot_offset_;
        return job;
    }
    job.epoch_checkpoint = encode_epoch_checkpoint(epochs_);
    job.snapshot = snapshot_now();
    job.snapshot_offset = log_end_offset_;
    job.replaced_snapshot = snapshot_replaced_by(log_end_offset_);
    return job;
}

void replica_log::on_closed(const close_job& job) {
    BARNABAS_ASSERT(closed_);
    if (job.outcome)
        snapshot_offset_ = job.snapshot_offset;
}

} // namespace barnabas::replica
