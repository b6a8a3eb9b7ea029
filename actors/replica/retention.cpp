#include "actors/replica/replica_log.hpp"

#include "actors/replica/log/time_span.hpp"
#include "protocol/model/mark.hpp"

#include <algorithm>
#include <utility>

/// Deletion of whole segments.
namespace barnabas::replica {
namespace {

/// The later of a time and one that may be senseless.
timestamp_ms later_of(timestamp_ms known, timestamp_ms time, timestamp_ms now) {
    return is_senseless(time, now) ? known : std::max(known, time);
}

} // namespace

std::optional<retire_job> replica_log::retention(timestamp_ms now, monotonic_ns monotonic_now,
                                                 log_offset high_watermark) {
    if (offline_ || closed_)
        return std::nullopt;
    producers_.expire(monotonic_now, options_.producer_id_expiration_ms);
    settle_times(now);
    retire_job job;
    job.directory = options_.directory;
    auto bytes_left = total_bytes();
    // What is still open is not yet stable, or is being read.
    while (!swap_in_flight_ && segments_.size() > 1 &&
           segments_.front().base_offset < open_segments_.front().base_offset) {
        const auto& oldest = segments_.front();
        const auto next_base = segments_[1].base_offset;
        // What is deleted leaves its producers in a snapshot behind it, which may have failed to be written.
        const bool remembered = next_base <= snapshot_offset_ || options_.planted.deleted_producers_forgotten;
        if (next_base > high_watermark || !remembered || !is_expired(oldest, next_base, now, bytes_left))
            break;
        bytes_left -= oldest.size;
        retire_front(job);
    }
    if (job.segments.empty())
        return std::nullopt;
    job.keep_from = segments_.front().base_offset;
    log_start_offset_ = std::max(log_start_offset_, segments_.front().base_offset);
    epochs_changed_ |= epochs_.truncate_below(log_start_offset_);
    return job;
}

/// Once in the life of a log. After a crash all that is known of a segment's end is when its file was changed
/// last; somebody may have copied the files, or set a clock. So the latest counts of what makes sense of that
/// and of the times of records that were there by then; when nothing does, the age counts from now on.
void replica_log::settle_times(timestamp_ms now) {
    if (first_look_ != no_timestamp)
        return;
    first_look_ = now;
    looked_at_below_ = segments_.back().base_offset;
    auto known = no_timestamp;
    for (auto& segment : segments_) {
        known = later_of(later_of(known, segment.first_timestamp, now), segment.newest.timestamp, now);
        auto& end = &segment == &segments_.back() ? segment.created : segment.closed;
        // Of a time in the future nobody knows whether it is wrong, or the clock is, and for how long.
        if (end <= now)
            end = BARNABAS_MARK_IF(is_senseless(end, now), segment_end_unknown) ? now : std::max(end, known);
    }
}

/// When it was closed; or, if that was before this life and lies in the future, when this life first looked:
/// a clock that was wrong once does not keep it longer than its age does.
timestamp_ms replica_log::end_of(const segment_state& segment, timestamp_ms now) const {
    const bool unbelievable = segment.closed > now && segment.base_offset < looked_at_below_;
    return BARNABAS_MARK_IF(unbelievable, segment_end_in_future) ? first_look_ : segment.closed;
}

void replica_log::delete_below(log_offset start) {
    BARNABAS_ASSERT(start <= written_offset_);
    if (start <= log_start_offset_)
        return;
    BARNABAS_MARK(records_deleted);
    log_start_offset_ = start;
    epochs_changed_ |= epochs_.truncate_below(start);
}

std::optional<write_job> replica_log::roll_expired(timestamp_ms now, log_offset high_watermark) {
    const bool busy = offline_ || closed_ || failure_ || !in_flight_.empty();
    auto& active = segments_.back();
    if (busy || segments_.size() > 1 || active.size == 0 || log_end_offset_ > high_watermark)
        return std::nullopt;
    settle_times(now);
    if (active.created == no_timestamp)
        active.created = now;
    auto candidate = active;
    // Records without a sensible time count from the segment's own beginning, and once more when it is
    // closed.
    const auto newest = active.newest.timestamp;
    candidate.closed = is_senseless(newest, now) ? active.created : now;
    if (!BARNABAS_MARK_IF(is_expired(candidate, log_end_offset_, now, active.size), active_segment_expired))
        return std::nullopt;
    append_in_flight undo{log_end_offset_, log_end_offset_, active, true, {}};
    write_job job;
    job.lane = lane_;
    job.directory = options_.directory;
    job.base_offset = log_end_offset_;
    job.next_offset = log_end_offset_;
    note_touched(job);
    roll(now, job);
    mark_snapshot_if_due(true);
    in_flight_.push_back(std::move(undo));
    return job;
}

bool replica_log::is_expired(const segment_state& segment, log_offset next_base, timestamp_ms now,
                             std::uint64_t bytes_left) const {
    if (BARNABAS_MARK_IF(next_base <= log_start_offset_, segment_below_log_start))
        return true;
    if (!options_.delete_policy)
        return false;
    const auto size_after = options_.planted.retention_below_size ? bytes_left : bytes_left - segment.size;
    if (options_.retention_bytes >= 0 && std::cmp_greater_equal(size_after, options_.retention_bytes))
        return BARNABAS_MARK(retention_by_size), true;
    // A timestamp from the future does not keep a segment longer than its age does, and one that is no time
    // does not end it earlier.
    const auto newest = segment.newest.timestamp;
    const bool absurd = is_senseless(newest, now) && !options_.planted.retention_believes_any_time;
    const auto age_from = absurd ? end_of(segment, now) : newest;
    return BARNABAS_MARK_IF(options_.retention_ms >= 0 && now - age_from > options_.retention_ms,
                            retention_by_time);
}

void replica_log::retire_front(retire_job& job) {
    const auto base = segments_.front().base_offset;
    job.segments.push_back(base);
    if (base < snapshot_offset_)
        job.snapshots.push_back(base);
    segments_.pop_front();
}

} // namespace barnabas::replica
