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
        auto looked = walk_headers(place, place + 1, [&](const batch::batch_header& header) {
            contradicts |= header.last_offset() >= place && contradicts_epochs(header);
        });
        if (!looked)
            return looked;
        if (BARNABAS_MARK_IF(contradicts, epochs_doubted))
            return ask_batches_for_epochs();
    }
    return {};
}

bool recovery::contradicts_epochs(const batch::batch_header& header) const {
    return header.leader_epoch.get() >= 0 && header.last_offset() >= options_.checkpointed.log_start &&
           log_.epochs.epoch_of(header.last_offset()) != header.leader_epoch;
}

/// No CRC covers the epoch of a batch either: a single one that contradicts may be what is wrong, unless it
/// only says that an epoch which is known begins or ends elsewhere; and so is one that the next batches
/// contradict.
result<void> recovery::ask_batches_for_epochs() {
    epoch_cache told;
    std::uint64_t contradicting = 0;
    bool goes_back = false;
    for (const auto base : bases_) {
        if (base >= scan_from_)
            break;
        auto walked = walk_headers(base, scan_from_, [&](const batch::batch_header& header) {
            contradicting += contradicts_epochs(header) ? 1 : 0;
            goes_back |= header.leader_epoch.get() >= 0 && header.leader_epoch < told.latest();
            told.assign(header.leader_epoch, header.base_offset);
        });
        if (!walked)
            return walked;
    }
    const std::uint64_t enough = told.latest() == log_.epochs.latest() ? 1 : 2;
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
/// `upto`. Where there is damage it ends: reads tell of that.
result<void> recovery::walk_headers(log_offset from, log_offset upto, const header_visitor& visit) {
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
        auto located = walk.next();
        if (!located)
            return is_damage(located.code()) ? result<void>() : result<void>(located.failure());
        if (!*located || (*located)->header.base_offset >= upto)
            return {};
        visit((*located)->header);
        if ((*located)->header.next_offset() >= upto)
            return {};
    }
}

} // namespace barnabas::replica
