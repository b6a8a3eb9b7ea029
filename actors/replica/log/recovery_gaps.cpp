#include "actors/replica/log/batch_walk.hpp"
#include "actors/replica/log/recovery.hpp"
#include "actors/replica/log/sized_file.hpp"
#include "actors/replica/log/small_file.hpp"
#include "protocol/model/mark.hpp"

#include <algorithm>

/// Gaps that compaction left, those that a crash made of writes that were never synced, and those of segments
/// that somebody removed. To take one for another would show a log without a batch of which the producer is
/// told later that it is there, or lose what was stable without a word.
namespace barnabas::replica {
namespace {

std::string offsets_between(log_offset from, log_offset upto) {
    return "no segment holds offsets " + std::to_string(from.get()) + " to " + std::to_string(upto.get() - 1);
}

} // namespace

bool recovery::was_compacted() const {
    return options_.may_have_gaps() || !options_.delete_policy ||
           options_.checkpointed.cleaned_upto.get() >= 0;
}

/// Whether the sync mark says that all in front of this segment was there. Our compaction keeps the last
/// batch of each segment, and so leaves no gap between two; Kafka's may drop it.
bool recovery::is_vouched(log_offset segment_base) const {
    return sound_from_ && *sound_from_ < segment_base;
}

/// Compaction leaves gaps, but only below a snapshot: when that one cannot be used, they are scanned. The
/// topic may have been compacted under an earlier policy; then the checkpoint says so.
bool recovery::may_have_gaps() const {
    return was_compacted() && (proven_.get() < 0 || scan_from_ < newest_named_);
}

/// Inside of a segment a lost write leaves bytes that are no batch, but between two it leaves a gap like any
/// other. So there something must speak for compaction: a snapshot further on, its checkpoint, or a gap
/// inside of a segment when the others were not copied along.
bool recovery::may_have_gap_before(log_offset segment_base) const {
    // Ours leaves none, and where no snapshot can be read nobody else's is known of.
    const bool by_checkpoint = !sound_from_ && !cut_allowed_ && next_offset_ < checkpointed_upto();
    if (!may_have_gaps() || is_vouched(segment_base) || by_checkpoint)
        return false;
    const bool speaks_for_it = newest_named_.get() >= 0
                                   ? segment_base <= newest_named_
                                   : gap_seen_ || options_.checkpointed.cleaned_upto.get() >= 0;
    return !BARNABAS_MARK_IF(!speaks_for_it, gap_of_lost_writes);
}

void recovery::note_gap(const batch::batch_header& header) {
    const bool same_segment = header.base_offset != bases_[log_.segments.size()];
    gap_seen_ |= same_segment && scanned_to_.get() >= 0 && header.base_offset > scanned_to_;
    scanned_to_ = header.next_offset();
}

/// Whether the log goes on with this segment, of those that are scanned.
result<bool> recovery::may_follow(log_offset segment_base) {
    if (segment_base <= next_offset_)
        return segment_base == next_offset_;
    auto may = may_have_gap_before(segment_base) ? result<bool>(true) : may_follow_hole(segment_base);
    if (may && *may)
        pass_gap(next_offset_, segment_base);
    return may;
}

/// Where records were given up, the log goes on in a segment with a snapshot of its own. When that one cannot
/// be read, its name alone is little: an empty file beside it may be anybody's.
result<bool> recovery::may_follow_hole(log_offset segment_base) {
    if (sound_from_ && segment_base <= *sound_from_)
        return true;
    if (segment_base > newest_named_ || segment_base <= proven_)
        return false;
    const bool own_snapshot = damaged_snapshots_.contains(segment_base);
    const bool vouched = sound_from_.has_value() || next_offset_ < checkpointed_upto();
    if (!BARNABAS_MARK_IF(vouched, hole_below_unreadable_snapshot))
        return own_snapshot ? begins_with_batch(segment_base) : result<bool>(false);
    if (cut_allowed_)
        return own_snapshot;
    const auto name = segment_file_name(newest_named_, snapshot_suffix);
    return error{errc::corrupt_message,
                 options_.directory + ": " + offsets_between(next_offset_, segment_base) + ", but " +
                     segment_file_name(segment_base, log_suffix) + " and " + name +
                     ", which cannot be read, say that the log went further; nothing was changed. Bring the "
                     "missing files back from a copy; or, if these two should not be here, move them away; "
                     "or, to go on without the missing records, put an empty file " +
                     std::string(cut_allowed_name) + " into the directory; then start again"};
}

result<bool> recovery::begins_with_batch(log_offset segment_base) {
    auto file = open_sized(files_, segment_path(options_.directory, segment_base, log_suffix));
    if (!file)
        return file.failure();
    batch_walk walk(files_, file->file.id(), file_position(0), file->size);
    auto first = walk.next_whole();
    if (!first && !is_damage(first.code()))
        return first.failure();
    return first && *first && (*first)->header.base_offset == segment_base;
}

/// Of two neighbours of which the first is only looked at, and ends at `end`.
result<void> recovery::check_gap_behind(std::size_t index, log_offset end) {
    const auto next = bases_[index + 1];
    if (end >= next || options_.planted.missing_segments_passed)
        return {};
    if (!is_vouched(next)) {
        pass_gap(end, next);
        return {};
    }
    BARNABAS_MARK(segment_missing_below_recovery_point);
    const auto what = offsets_between(end, next) + ": " + segment_file_name(bases_[index], log_suffix) +
                      " ends there, and the next is " + segment_file_name(next, log_suffix);
    if (!cut_allowed_)
        return error{errc::corrupt_message,
                     options_.directory + ": " + what +
                         ". These records were on stable storage, so files are missing or were cut short; "
                         "nothing was changed. Bring them back from a copy; or, to go on without these "
                         "records, put an empty file " +
                         std::string(cut_allowed_name) + " into the directory; then start again"};
    log_.report.damage.push_back(what);
    given_up_to_ = std::max(given_up_to_, next);
    return {};
}

/// Compaction's need no word.
void recovery::pass_gap(log_offset from, log_offset upto) {
    given_up_to_ = std::max(given_up_to_, upto);
    if (!was_compacted())
        log_.report.remarks.push_back(offsets_between(from, upto));
}

} // namespace barnabas::replica
