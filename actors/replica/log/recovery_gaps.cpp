#include "actors/replica/log/recovery.hpp"
#include "protocol/model/mark.hpp"

/// Gaps that compaction left, and those that a crash made of writes that were never synced. To take the
/// second for the first would show a log without a batch of which the producer is told later that it is
/// there.
namespace barnabas::replica {

/// Compaction leaves gaps, but only below a snapshot: when that one cannot be used, they are scanned. The
/// topic may have been compacted under an earlier policy; then the checkpoint says so.
bool recovery::may_have_gaps() const {
    const bool compacted =
        options_.may_have_gaps() || !options_.delete_policy || options_.checkpointed.cleaned_upto.get() >= 0;
    return compacted && (proven_.get() < 0 || scan_from_ < newest_named_);
}

/// Inside of a segment a lost write leaves bytes that are no batch, but between two it leaves a gap like any
/// other. So there something must speak for compaction: a snapshot further on, its checkpoint, or a gap
/// inside of a segment when the others were not copied along.
bool recovery::may_have_gap_before(log_offset segment_base) const {
    if (!may_have_gaps())
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

} // namespace barnabas::replica
