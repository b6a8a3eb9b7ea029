#include "actors/replica/log/old_messages.hpp"
#include "actors/replica/log/recovery.hpp"
#include "actors/replica/log/sized_file.hpp"
#include "protocol/model/mark.hpp"

#include <algorithm>
#include <iterator>

/// Messages of magic 0 and 1 become batches before the log is judged, so that all that follows knows batches
/// only.
namespace barnabas::replica {

/// A sync mark in the newest snapshot says that Barnabas was the last who wrote here, so they are batches by
/// now, but for what was given up. Kafka changes the format of a log that is written and never goes back by
/// itself, so the first entry of a segment tells. Where somebody told it to go back and on within a segment
/// the epochs tell, for it forgets them with the format.
result<void> recovery::convert_old_messages() {
    if (!convert_ && sound_from_)
        return {};
    auto old = segments_that_begin_old();
    if (!old)
        return old.failure();
    convert_ |= !old->empty() || BARNABAS_MARK_IF(has_records_without_epoch(), old_messages_told_by_epochs);
    if (!convert_)
        return {};
    if (auto checked = check_unjournaled(); !checked)
        return checked;
    // What makes a start look for old messages goes last, so that one after a crash looks, too.
    std::vector<log_offset> order;
    std::set_difference(bases_.begin(), bases_.end(), old->begin(), old->end(), std::back_inserter(order));
    order.insert(order.end(), old->rbegin(), old->rend());
    return convert_segments(order);
}

/// Kafka keeps the epochs of all that it has in batches: those of deleted records go, and the entry of the
/// first record left then begins there. What is scanned from its beginning needs no such guess.
bool recovery::has_records_without_epoch() const {
    if (!has_checkpoint_ || proven_.get() < 0 || bases_.empty())
        return false;
    const auto begin = std::max(bases_.front(), options_.checkpointed.log_start);
    const auto epochs = log_.epochs.entries();
    return begin < proven_ && (epochs.empty() || epochs.front().start_offset > begin);
}

result<void> recovery::convert_segments(const std::vector<log_offset>& order) {
    if (auto expected = expect_conversion(order); !expected)
        return expected;
    bool without_epochs = true;
    for (const auto base : order) {
        segment_conversion conversion(files_, options_.directory, cut_allowed_, progress_);
        auto written = conversion.write(base);
        if (written.code() == errc::unsupported_for_message_format)
            return error{written.code(),
                         written.failure().detail +
                             ". This segment was not changed. To give up this record and all behind it, put "
                             "an empty file " +
                             std::string(cut_allowed_name) + " into " + options_.directory +
                             " and start again"};
        if (!written)
            return written.failure();
        without_epochs &= written->without_epochs;
        if (base == order.back() && without_epochs)
            if (auto noted = note_no_epochs(); !noted)
                return noted;
        if (written->records == 0)
            continue;
        if (auto replaced = conversion.replace(); !replaced)
            return replaced;
        ++log_.report.segments_converted;
        log_.report.records_converted += written->records;
    }
    return {};
}

result<void> recovery::expect_conversion(const std::vector<log_offset>& order) {
    for (const auto base : order) {
        auto segment = open_sized(files_, segment_path(options_.directory, base, log_suffix));
        if (!segment)
            return segment.failure();
        progress_.expect(segment->size);
    }
    return {};
}

/// Kafka makes no checkpoint before the first batch with an epoch. Without one all would be scanned, as if
/// the epochs were not known.
result<void> recovery::note_no_epochs() {
    if (BARNABAS_MARK_IF(has_checkpoint_, converted_beside_epoch_checkpoint))
        return {};
    has_checkpoint_ = true;
    checkpoint_text_ = encode_epoch_checkpoint({});
    return replace_small_file(files_, options_.directory, epoch_checkpoint_name,
                              slice::copy_of(std::string_view(checkpoint_text_)));
}

result<std::vector<log_offset>> recovery::segments_that_begin_old() const {
    std::vector<log_offset> old;
    for (const auto base : bases_) {
        auto begins = begins_with_old_message(files_, segment_path(options_.directory, base, log_suffix));
        if (!begins)
            return begins.failure();
        if (*begins)
            old.push_back(base);
    }
    return old;
}

/// The journal names places in the files as they were. That is nothing to what is not written there again.
result<void> recovery::check_unjournaled() const {
    const auto is_needed = [&](const auto& entry) { return !is_settled(entry); };
    const bool journaled = std::any_of(job_.journaled.begin(), job_.journaled.end(), [&](const auto& part) {
        return part.log.topic == options_.topic_id &&
               std::any_of(part.entries.begin(), part.entries.end(), is_needed);
    });
    if (!BARNABAS_MARK_IF(journaled, old_messages_beside_journal))
        return {};
    return error{
        errc::unsupported_for_message_format,
        options_.directory +
            " has messages of magic 0 or 1, and the commit journal has records of the same log: Kafka "
            "wrote here after Barnabas crashed. Nothing was converted. Bring the directory back from a "
            "copy, or remove the journal's files, and start again"};
}

} // namespace barnabas::replica
