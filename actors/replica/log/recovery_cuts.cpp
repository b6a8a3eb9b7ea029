#include "actors/replica/log/recovery.hpp"
#include "actors/replica/log/sized_file.hpp"
#include "actors/replica/log/small_file.hpp"
#include "protocol/model/mark.hpp"

#include <algorithm>

/// Where a log ends that cannot be read to its end: what was once stable is never cut, unless the operator
/// says so.
namespace barnabas::replica {

result<void> recovery::check_may_cut(log_offset offset, const std::string& file,
                                     const std::string& why) const {
    if (cut_allowed_)
        return {};
    if (job_.journal_damage)
        return error{
            errc::corrupt_message,
            file + ", offset " + std::to_string(offset.get()) + ": " + why +
                ". The commit journal is damaged (" + *job_.journal_damage +
                "), so this need not be an unfinished write; nothing was cut. Bring the directory "
                "back from a copy; or, to give up what the journal may have held of it, put an empty "
                "file " +
                std::string(cut_allowed_name) + " into " + options_.directory +
                ", or remove the journal's file for all partitions"};
    const bool by_snapshot = sound_from_ && *sound_from_ < proven_ && offset < proven_;
    const bool by_checkpoint = BARNABAS_MARK_IF(offset < checkpointed_upto(), damage_below_checkpoint);
    if (!by_snapshot && !by_checkpoint && offset >= journaled_upto_)
        return {};
    return damaged(offset, file, why,
                   "give up all records from offset " + std::to_string(offset.get()) + " on");
}

/// Snapshots may be gone, or only the newest one; the checkpoint lies in another directory. Where Kafka wrote
/// the newest one its rules hold, whatever was written here before.
log_offset recovery::checkpointed_upto() const {
    const bool by_kafka = proven_.get() >= 0 && !sound_from_;
    return by_kafka || options_.planted.cuts_what_was_stable ? log_offset(-1)
                                                             : options_.checkpointed.own_recovery_point;
}

log_offset recovery::stable_upto() const {
    return std::max({proven_, journaled_upto_, checkpointed_upto()});
}

error recovery::damaged(log_offset offset, const std::string& file, const std::string& why,
                        const std::string& way_on) const {
    BARNABAS_MARK(stable_bytes_damaged);
    return {errc::corrupt_message,
            file + ", offset " + std::to_string(offset.get()) + ": " + why + ". What lies below offset " +
                std::to_string(stable_upto().get()) +
                " was on stable storage, so this is damage and not an unfinished write; nothing was cut. "
                "Bring the directory back from a copy; or " +
                way_on + ": put an empty file " + std::string(cut_allowed_name) + " into " +
                options_.directory + " and start again"};
}

/// Of a segment wholly below the recovery point, which has one behind it. Nothing shows at the next start
/// that it was let pass, so the sync mark moves behind it.
result<void> recovery::note_damage(std::size_t index, const recovered_segment& segment) {
    const auto where =
        segment_file_name(bases_[index], log_suffix) + " at byte " + std::to_string(segment.bytes_scanned);
    const auto behind = bases_[index + 1];
    if (sound_from_ && *sound_from_ < behind) {
        if (!cut_allowed_)
            return damaged(bases_[index], where, *segment.bad,
                           "go on with what can be read, and lose what cannot");
        BARNABAS_MARK(damage_let_pass);
    }
    log_.report.damage.push_back(where + ": " + *segment.bad);
    if (cut_allowed_)
        given_up_to_ = std::max(given_up_to_, behind);
    return {};
}

/// Segments from `index` on go; their bytes count as cut.
result<void> recovery::end_log(std::size_t index, const std::string& why) {
    auto& report = log_.report;
    report.clean = false;
    report.cut_reason = why;
    if (report.cut_at.get() < 0) {
        report.cut_at = next_offset_;
        report.cut_file = segment_file_name(bases_[index], log_suffix);
    }
    for (auto at = bases_.size(); at > index; --at) {
        const auto base = bases_[at - 1];
        {
            auto file = open_sized(files_, segment_path(options_.directory, base, log_suffix));
            if (!file)
                return file.failure();
            report.bytes_cut += file->size;
        }
        for (const auto suffix :
             {log_suffix, offset_index_suffix, time_index_suffix, transaction_index_suffix})
            if (auto removed = remove_if_present(files_, segment_path(options_.directory, base, suffix));
                !removed)
                return removed;
        BARNABAS_MARK(segment_behind_cut_removed);
        ++report.segments_removed;
    }
    return index < bases_.size() ? files_.sync_directory(options_.directory) : result<void>{};
}

/// It holds for one start: the next damage is another one.
result<void> recovery::end_permission() {
    if (!BARNABAS_MARK_IF(cut_allowed_, cut_was_allowed))
        return {};
    if (auto removed = files_.remove(options_.directory + "/" + std::string(cut_allowed_name)); !removed)
        return removed;
    return files_.sync_directory(options_.directory);
}

} // namespace barnabas::replica
