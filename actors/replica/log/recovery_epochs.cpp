#include "actors/replica/log/batch_walk.hpp"
#include "actors/replica/log/offset_index.hpp"
#include "actors/replica/log/recovery.hpp"
#include "actors/replica/log/sized_file.hpp"
#include "protocol/model/mark.hpp"

#include <algorithm>

/// Kafka's format leaves no place for a checksum in the checkpoint of leader epochs, and a wrong line is bad:
/// reads take its batches for damaged, and a leader whose epoch is below the last one may not append. But
/// each batch says its epoch, too.
namespace barnabas::replica {

/// Looks at batches where epochs begin and end. All are asked only if one contradicts.
result<void> recovery::check_epochs() {
    if (!has_checkpoint_ || bases_.empty())
        return {};
    const auto begin = std::max(bases_.front(), options_.checkpointed.log_start);
    std::vector<log_offset> places{begin, scan_from_ - 1};
    for (const auto& entry : log_.epochs.entries())
        places.insert(places.end(), {entry.start_offset - 1, entry.start_offset});
    std::sort(places.begin(), places.end());
    places.erase(std::unique(places.begin(), places.end()), places.end());
    for (const auto place : places) {
        if (place < begin || place >= scan_from_)
            continue;
        bool contradicts = false;
        const auto look = [&](const batch::batch_header& header) {
            contradicts |= header.last_offset() >= place && contradicts_epochs(header);
        };
        if (auto looked = walk_headers(place, place + 1, &batch_walk::next, look); !looked)
            return looked.failure();
        if (BARNABAS_MARK_IF(contradicts, epochs_doubted))
            return ask_batches_for_epochs();
    }
    return {};
}

bool recovery::contradicts_epochs(const batch::batch_header& header) const {
    return header.leader_epoch.get() >= 0 && header.last_offset() >= options_.checkpointed.log_start &&
           log_.epochs.epoch_of(header.last_offset()) != header.leader_epoch;
}

bool recovery::knows_epoch(leader_epoch epoch) const {
    return std::any_of(log_.epochs.entries().begin(), log_.epochs.entries().end(),
                       [epoch](const epoch_entry& entry) { return entry.epoch == epoch; });
}

/// No CRC covers the epoch of a batch either: a single one that contradicts may be what is wrong, unless it
/// only says that an epoch which is known begins or ends elsewhere; and so is one that the next batches
/// contradict. Of batches that cannot be found nobody knows what they say.
result<void> recovery::ask_batches_for_epochs() {
    epoch_cache told;
    std::uint64_t contradicting = 0;
    bool goes_back = false;
    bool all_known = true;
    const auto count = [&](const batch::batch_header& header) {
        const bool contradicts = contradicts_epochs(header);
        contradicting += contradicts ? 1 : 0;
        all_known &= !contradicts || knows_epoch(header.leader_epoch);
        goes_back |= header.leader_epoch.get() >= 0 && header.leader_epoch < told.latest();
        told.assign(header.leader_epoch, header.base_offset);
    };
    for (const auto base : bases_) {
        if (base >= scan_from_)
            break;
        auto whole = walk_headers(base, scan_from_, &batch_walk::next_confirmed, count);
        if (!whole)
            return whole.failure();
        if (BARNABAS_MARK_IF(!*whole, epochs_not_all_told))
            return {};
    }
    const std::uint64_t enough = all_known ? 1 : 2;
    if (goes_back || contradicting < enough)
        return {};
    BARNABAS_MARK(epochs_made_anew);
    log_.report.ignored_checkpoints.push_back(
        std::string(epoch_checkpoint_name) + " is wrong of " + std::to_string(contradicting) +
        " batches, which say their leader epochs themselves; it is made anew from the log");
    log_.epochs = std::move(told);
    return {};
}

/// Batches of the segment that holds `from`, from the one before it or an earlier one on, that begin below
/// `upto`. False where it ended at damage, of which reads tell, or in a segment without any batch.
result<bool> recovery::walk_headers(log_offset from, log_offset upto, header_step next,
                                    const header_visitor& visit) {
    const auto base = *(std::upper_bound(bases_.begin(), bases_.end(), from) - 1);
    auto log = open_sized(files_, segment_path(options_.directory, base, log_suffix));
    if (!log)
        return log.failure();
    auto start = result<file_position>(file_position(0));
    if (from > base) {
        auto index = open_scoped(files_, segment_path(options_.directory, base, offset_index_suffix),
                                 runtime::open_mode::read_only);
        if (!index && index.code() != errc::not_found)
            return index.failure();
        if (index)
            start = find_position(files_, index->id(), {base, log->size}, from);
    }
    if (!start)
        return start.failure();
    batch_walk walk(files_, log->file.id(), *start, log->size);
    for (;;) {
        auto located = (walk.*next)();
        if (!located)
            return is_damage(located.code()) ? result<bool>(false) : result<bool>(located.failure());
        if (!*located || (*located)->header.base_offset >= upto)
            return log->size > 0;
        visit((*located)->header);
        if ((*located)->header.next_offset() >= upto)
            return true;
    }
}

} // namespace barnabas::replica
