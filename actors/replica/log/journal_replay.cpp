#include "actors/replica/log/recovery.hpp"
#include "actors/replica/log/small_file.hpp"
#include "protocol/model/mark.hpp"

#include <algorithm>

/// Taking back from the commit journal what a crash took from the segments.
namespace barnabas::replica {

/// Everything that was stable in the journal only is written to its place again, whether it is there or not:
/// the scan that follows judges it like any other batch.
result<void> recovery::replay_journal() {
    if (options_.planted.journal_not_replayed)
        return {};
    for (const auto& part : job_.journaled) {
        // Another topic of this name had the directory.
        if (BARNABAS_MARK_IF(part.log.topic != options_.topic_id, journal_of_another_topic))
            continue;
        for (const auto& entry : part.entries) {
            if (!options_.planted.cuts_what_was_stable)
                journaled_upto_ = std::max(journaled_upto_, entry.next_offset);
            if (is_settled(entry))
                continue;
            if (auto replayed = replay(entry); !replayed)
                return replayed;
        }
    }
    return {};
}

/// Below the recovery point the log's own files are as stable, and segments may have been compacted since:
/// also where the snapshot cannot be read any more, or is gone. Retention takes segments from the front, so
/// one that should be there is not lost but gone.
bool recovery::is_settled(const journal::journal_entry& entry) const {
    const auto settled = std::max({proven_, newest_named_, options_.checkpointed.recovery_point});
    if (BARNABAS_MARK_IF(entry.next_offset <= settled, journal_below_recovery_point))
        return true;
    return BARNABAS_MARK_IF(!bases_.empty() && entry.segment_base < bases_.front(),
                            journal_of_deleted_segment);
}

result<void> recovery::replay(const journal::journal_entry& entry) {
    auto file = open_scoped(files_, segment_path(options_.directory, entry.segment_base, log_suffix),
                            runtime::open_mode::create);
    if (!file)
        return file.failure();
    if (auto written = files_.write(file->id(), entry.position, entry.batches); !written)
        return written;
    BARNABAS_MARK(journal_replayed);
    log_.report.bytes_replayed += entry.bytes();
    const auto at = std::lower_bound(bases_.begin(), bases_.end(), entry.segment_base);
    if (at == bases_.end() || *at != entry.segment_base)
        bases_.insert(at, entry.segment_base);
    return {};
}

} // namespace barnabas::replica
