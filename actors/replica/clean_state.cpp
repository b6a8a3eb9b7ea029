#include "actors/replica/log/clean_log.hpp"
#include "actors/replica/replica_log.hpp"

#include <utility>

/// What a start is told of a log that was closed in good order.
namespace barnabas::replica {

std::optional<slice> replica_log::clean_state() const {
    // Whoever opens it the ordinary way mends what went wrong.
    const bool proven = snapshot_offset_ == log_end_offset_ || log_end_offset_.get() == 0;
    if (!closed_ || failure_ || offline_ || !proven)
        return std::nullopt;
    recovered_log closed;
    closed.segments.assign(segments_.begin(), segments_.end());
    closed.log_end_offset = log_end_offset_;
    closed.snapshot_offset = snapshot_offset_;
    closed.sound_from = sound_from_;
    closed.producers = producers_;
    closed.epochs = epochs_;
    return encode_clean_log(closed, options_.topic_id);
}

/// The first write opens the files, which may take its time.
void replica_log::note_touched(write_job& job) {
    untouched_ = false;
    if (!std::exchange(files_unseen_, false))
        return;
    job.size_before = segments_.back().size;
    job.kind = runtime::disk_job_kind::blocking;
}

bool replica_log::is_untouched() const {
    const bool proven = snapshot_offset_ == log_end_offset_ || log_end_offset_.get() == 0;
    return untouched_ && proven && !epochs_changed_;
}

} // namespace barnabas::replica
