#include "actors/replica/log/recovery.hpp"

#include "actors/replica/log/checkpoint_check.hpp"
#include "actors/replica/log/leftovers.hpp"
#include "actors/replica/log/sized_file.hpp"
#include "actors/replica/log/small_file.hpp"
#include "protocol/model/mark.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace barnabas::replica {
namespace {

std::string parent_of(const std::string& directory) {
    const auto slash = directory.find_last_of('/');
    return slash == std::string::npos ? "." : directory.substr(0, std::max<std::size_t>(slash, 1));
}

} // namespace

recovery::~recovery() {
    for (const auto& segment : opened_)
        for (const auto file : {segment.log, segment.offset_index, segment.time_index})
            files_.close(file);
}

result<recovered_log> recovery::run() {
    using step = result<void> (recovery::*)();
    constexpr std::array<step, 15> steps{
        &recovery::prepare_directory, &recovery::check_metadata,
        &recovery::list_files,        &recovery::read_epochs,
        &recovery::find_snapshot,     &recovery::convert_old_messages,
        &recovery::choose_scan_start, &recovery::check_epochs,
        &recovery::replay_journal,    &recovery::look_at_segments,
        &recovery::complete_segments, &recovery::make_stable,
        &recovery::write_snapshot,    &recovery::replace_unknown_transactions,
        &recovery::end_permission};
    for (const auto step : steps)
        if (auto done = (this->*step)(); !done)
            return done.failure();
    log_.files = opened_.back();
    opened_.pop_back();
    plant_bug(log_);
    return std::move(log_);
}

result<void> recovery::prepare_directory() {
    auto present = files_.exists(options_.directory);
    if (!present)
        return present.failure();
    if (!*present && !create_)
        return error{errc::not_found, "there is no directory " + options_.directory};
    if (!*present) {
        BARNABAS_MARK(log_created);
        log_.report.created = true;
        if (auto made = files_.create_directory(options_.directory); !made)
            return made;
    }
    // Also when it was there: the one who made it may have been interrupted before this.
    if (options_.planted.directory_name_not_synced)
        return {};
    if (auto synced = files_.sync_directory(parent_of(options_.directory)); !synced)
        return synced;
    auto removed = clear_leftovers(files_, options_.directory, progress_);
    if (!removed)
        return removed.failure();
    log_.report.files_removed = *removed;
    return {};
}

result<void> recovery::check_metadata() {
    if (options_.topic_id.is_zero())
        return {};
    const auto path = options_.directory + "/" + std::string(metadata_name);
    auto text = read_small_file(files_, path, 4096);
    if (BARNABAS_MARK_IF(text.code() == errc::not_found, log_without_topic_id)) {
        auto unclaimed = log_.report.created || !create_ ? result<void>() : check_unclaimed();
        if (!unclaimed)
            return unclaimed;
        job_.may_be_found = true;
        return replace_small_file(
            files_, options_.directory, metadata_name,
            slice::copy_of(std::string_view(encode_partition_metadata(options_.topic_id))));
    }
    if (!text)
        return text.failure();
    auto found = decode_partition_metadata(text->text());
    if (!found)
        return found.failure();
    if (BARNABAS_MARK_IF(*found != options_.topic_id, log_of_another_topic))
        return error{errc::inconsistent_topic_id, options_.directory + " belongs to topic " +
                                                      to_string(*found) + ", not to " +
                                                      to_string(options_.topic_id) +
                                                      ": move it away, bring the partition's own "
                                                      "directory back if there is a copy, and start again"};
    return {};
}

/// What a removal left behind is not the beginning of another topic's log.
result<void> recovery::check_unclaimed() {
    auto entries = files_.list(options_.directory);
    if (!entries)
        return entries.failure();
    for (const auto& entry : *entries)
        if (BARNABAS_MARK_IF(!entry.name.ends_with(temporary_suffix), log_of_nobody_refused))
            return error{errc::inconsistent_topic_id,
                         options_.directory + " is not empty (" + entry.name +
                             ") and has no partition.metadata, so that nobody knows whose records these are; "
                             "a new partition is not made of them: move the directory away and start again"};
    return {};
}

result<void> recovery::list_files() {
    auto entries = files_.list(options_.directory);
    if (!entries)
        return entries.failure();
    std::set<log_offset> logs;
    for (const auto& entry : *entries) {
        if (const auto base = offset_of_file(entry.name, log_suffix))
            logs.insert(*base);
        if (const auto offset = offset_of_file(entry.name, snapshot_suffix))
            snapshots_.insert(*offset);
        cut_allowed_ |= entry.name == cut_allowed_name && !entry.is_directory;
        if (const auto base = offset_of_file(entry.name, transaction_index_suffix); base)
            with_transactions_.insert(*base);
    }
    bases_.assign(logs.begin(), logs.end());
    for (const auto& entry : *entries) {
        for (const auto suffix : {offset_index_suffix, time_index_suffix, transaction_index_suffix}) {
            const auto base = offset_of_file(entry.name, suffix);
            if (!base || logs.contains(*base))
                continue;
            if (auto removed = remove_index_without_log(entry.name); !removed)
                return removed;
        }
    }
    return {};
}

/// One with entries is of a segment that had records.
result<void> recovery::remove_index_without_log(const std::string& name) {
    BARNABAS_MARK(index_without_log_removed);
    ++log_.report.files_removed;
    const auto path = options_.directory + "/" + name;
    const auto base = offset_of_file(name, offset_index_suffix);
    if (base)
        if (const auto index = open_sized(files_, path); index && index->size > 0)
            log_.report.remarks.push_back(segment_file_name(*base, log_suffix) +
                                          " is not there, and its index has entries: a removal of old "
                                          "segments was cut short, or somebody removed the file");
    return files_.remove(path);
}

result<void> recovery::read_epochs() {
    auto text = read_small_file(files_, options_.directory + "/" + std::string(epoch_checkpoint_name),
                                small_file_bytes_max);
    if (!text && text.code() != errc::not_found && text.code() != errc::malformed)
        return text.failure();
    if (BARNABAS_MARK_IF(!text, epoch_checkpoint_absent))
        return {};
    checkpoint_text_ = text->text();
    auto epochs = decode_epoch_checkpoint(checkpoint_text_);
    has_checkpoint_ = !BARNABAS_MARK_IF(!epochs.has_value(), epoch_checkpoint_unreadable);
    if (epochs)
        log_.epochs = std::move(*epochs);
    return {};
}

/// Damaged snapshots are passed over and removed.
result<void> recovery::find_snapshot() {
    if (!snapshots_.empty())
        newest_named_ = *snapshots_.rbegin();
    while (!snapshots_.empty()) {
        const auto newest = *snapshots_.rbegin();
        auto valid = read_snapshot(newest);
        if (!valid)
            return valid.failure();
        if (*valid) {
            proven_ = newest;
            break;
        }
        BARNABAS_MARK(snapshot_passed_over);
        snapshots_.erase(newest);
        damaged_snapshots_.insert(newest);
        ++log_.report.files_removed;
    }
    return {};
}

result<void> recovery::choose_scan_start() {
    if (has_checkpoint_ && proven_.get() >= 0) {
        scan_from_ = proven_;
        log_.epochs.truncate_from(scan_from_);
    } else {
        BARNABAS_MARK(log_scanned_from_its_beginning);
        log_.producers = {};
        log_.epochs = {};
    }
    log_.snapshot_offset = proven_;
    return {};
}

/// What it proves may be all that tells damage from an unfinished write, so it is not given up at first
/// sight.
result<bool> recovery::read_snapshot(log_offset offset) {
    for (int look = 1; look < looks_max; ++look) {
        auto valid = look_at_snapshot(offset);
        if (!valid || *valid)
            return valid;
    }
    return look_at_snapshot(offset);
}

result<bool> recovery::look_at_snapshot(log_offset offset) {
    auto bytes = read_small_file(files_, segment_path(options_.directory, offset, snapshot_suffix),
                                 small_file_bytes_max);
    if (bytes.code() == errc::malformed)
        return false;
    if (!bytes)
        return bytes.failure();
    auto producers = producer_state::decode_snapshot(bytes->bytes(), !options_.planted.snapshot_crc_ignored);
    if (BARNABAS_MARK_IF(!producers, snapshot_corrupt))
        return false;
    log_.producers = std::move(*producers);
    sound_from_ = options_.planted.cuts_what_was_stable ? std::nullopt : sync_mark_of(bytes->bytes());
    told_ = facts_told_by(bytes->bytes());
    return true;
}

result<void> recovery::look_at_segments() {
    // The segment that holds the recovery point and all behind it are scanned.
    std::size_t first = 0;
    while (first + 1 < bases_.size() && bases_[first + 1] <= scan_from_)
        ++first;
    next_offset_ =
        bases_.empty()
            ? std::max({proven_, checkpointed_upto(), options_.checkpointed.log_start, log_offset(0)})
            : bases_[first];
    log_.report.scanned_from = std::max(scan_from_, next_offset_);
    log_.report.clean = true;
    if (bases_.empty() && std::max(proven_, checkpointed_upto()).get() > 0)
        if (auto may = check_may_cut(log_offset(0), options_.directory, "all segments are gone"); !may)
            return may;
    for (std::size_t i = 0; i < first; ++i)
        if (auto inspected = inspect_segment(i); !inspected)
            return inspected;
    for (std::size_t i = first; i < bases_.size(); ++i) {
        auto goes_on = scan_segment(i);
        if (!goes_on)
            return goes_on.failure();
        if (!*goes_on)
            break;
    }
    return {};
}

segment_recovery recovery::look_at(bool gaps_allowed, bool old_messages_given_up) {
    const auto vouched_from = was_compacted() ? std::nullopt : sound_from_;
    return {files_, {&options_, scan_from_, gaps_allowed, old_messages_given_up, &progress_, vouched_from}};
}

result<void> recovery::inspect_segment(std::size_t index) {
    auto segment = look_at(was_compacted(), gives_up_old_messages())
                       .inspect(bases_[index], bases_[index + 1], told_facts(bases_[index]));
    if (!segment)
        return segment.failure();
    log_.report.indexes_rebuilt += segment->index_rebuilt ? 1 : 0;
    facts_moved_ |= segment->index_rebuilt;
    log_.report.bytes_scanned += segment->bytes_scanned;
    if (BARNABAS_MARK_IF(segment->bad.has_value(), damage_below_recovery_point))
        if (auto noted = note_damage(index, *segment); !noted)
            return noted;
    if (auto checked = check_gap_behind(index, segment->next_offset); !checked)
        return checked;
    if (auto inspected = inspect_transactions(*segment, bases_[index + 1]); !inspected)
        return inspected;
    log_.segments.push_back(segment->state);
    return {};
}

/// False when the log ends in or before this segment.
result<bool> recovery::scan_segment(std::size_t index) {
    const auto base = bases_[index];
    const bool gaps_allowed = may_have_gaps();
    auto follows = may_follow(base);
    if (!follows)
        return follows;
    if (!*follows) {
        BARNABAS_MARK(segment_missing);
        const auto why = "segment " + std::to_string(base.get()) + " follows where offset " +
                         std::to_string(next_offset_.get()) + " should come";
        if (auto may = check_may_cut(next_offset_, options_.directory, why); !may)
            return may.failure();
        auto ended = end_log(index, why);
        return ended ? result<bool>(false) : result<bool>(ended.failure());
    }
    auto segment =
        look_at(gaps_allowed, convert_ && cut_allowed_)
            .scan(base, told_facts(base), [this](const batch::batch_view& batch) { count_batch(batch); });
    if (!segment)
        return segment.failure();
    opened_.push_back(segment->files);
    if (auto completed = complete_transactions(*segment); !completed)
        return completed.failure();
    next_offset_ = segment->next_offset;
    log_.segments.push_back(segment->state);
    auto& report = log_.report;
    if (segment->emptied)
        report.remarks.push_back(segment_file_name(base, log_suffix) +
                                 " is empty, and its index has entries: what it held had not become stable "
                                 "before a power cut, or somebody emptied it");
    report.bytes_scanned += segment->bytes_scanned;
    if (!segment->bad)
        return true;
    const auto where =
        segment_file_name(base, log_suffix) + " at byte " + std::to_string(segment->state.size);
    if (auto may = check_may_cut(next_offset_, where, *segment->bad); !may)
        return may.failure();
    BARNABAS_MARK(tail_cut);
    report.cut_at = next_offset_;
    report.cut_file = segment_file_name(base, log_suffix);
    report.bytes_cut += segment->bytes_cut;
    // Later segments go first: a crash in between must not leave a log with a hole that looks whole.
    if (auto ended = end_log(index + 1, *segment->bad); !ended)
        return ended.failure();
    if (auto cut = look_at(true, false).cut(*segment); !cut)
        return cut.failure();
    return false;
}

result<void> recovery::complete_segments() {
    if (BARNABAS_MARK_IF(log_.segments.empty(), log_without_segments)) {
        if (auto made = create_segment(next_offset_); !made)
            return made;
    }
    if (auto may = check_may_cut(next_offset_, options_.directory, "the log ends here"); !may)
        return may;
    const auto stable = stable_upto();
    if (BARNABAS_MARK_IF(stable > next_offset_, stable_records_lost)) {
        log_.report.clean = false;
        log_.report.lost_from = next_offset_;
        log_.report.lost_upto = stable;
        given_up_to_ = std::max(given_up_to_, stable);
        next_offset_ = stable;
        if (auto made = create_segment(stable); !made)
            return made;
    }
    log_.log_end_offset = next_offset_;
    auto checked =
        check_checkpointed(options_.checkpointed, log_.segments.front().base_offset, log_.log_end_offset);
    log_.log_start_offset = checked.log_start;
    log_.cleaned_upto = checked.cleaned_upto;
    auto& ignored = log_.report.ignored_checkpoints;
    ignored.insert(ignored.end(), checked.ignored.begin(), checked.ignored.end());
    settle_times();
    return {};
}

/// Nobody noted when segments were closed: it was not before their last change. The last one is still open.
void recovery::settle_times() {
    auto& active = log_.segments.back();
    active.created = std::exchange(active.closed, no_timestamp);
    if (!options_.planted.crash_makes_segments_young)
        return;
    for (auto& segment : log_.segments)
        segment.created = segment.closed = no_timestamp;
}

result<void> recovery::create_segment(log_offset base) {
    auto created = create_segment_files(files_, options_.directory, base);
    if (!created)
        return created.failure();
    opened_.push_back(*created);
    segment_state state;
    state.base_offset = base;
    log_.segments.push_back(state);
    return {};
}

result<void> recovery::make_stable() {
    if (options_.planted.recovery_vouches_first)
        if (auto vouched = write_snapshot(); !vouched)
            return vouched;
    std::vector<runtime::file_id> all;
    for (const auto& segment : opened_)
        all.insert(all.end(), {segment.log, segment.offset_index, segment.time_index});
    if (options_.planted.recovery_does_not_sync)
        all.clear();
    if (auto synced = files_.sync(all); !synced)
        return synced;
    if (auto synced = sync_transaction_indexes(files_, options_.directory, transactions_to_sync_); !synced)
        return synced;
    // Even if nothing was changed now: an earlier life may have made a segment and not synced its name.
    if (auto synced = files_.sync_directory(options_.directory); !synced)
        return synced;
    while (opened_.size() > 1) {
        for (const auto file :
             {opened_.front().log, opened_.front().offset_index, opened_.front().time_index})
            files_.close(file);
        opened_.erase(opened_.begin());
    }
    const auto text = encode_epoch_checkpoint(log_.epochs);
    if (text == checkpoint_text_ || (log_.report.created && log_.epochs.entries().empty()))
        return {};
    return replace_small_file(files_, options_.directory, epoch_checkpoint_name,
                              slice::copy_of(std::string_view(text)));
}

/// Says that all is stable now, and removes snapshots that serve nothing.
result<void> recovery::write_snapshot() {
    // Of what Kafka wrote nobody knows how it came to the disk, unless all of it was just read and written
    // again.
    const bool all_rewritten = scan_from_.get() <= 0 && log_.report.lost_from == log_.report.lost_upto;
    log_.sound_from =
        std::max(sound_from_.value_or(all_rewritten ? log_offset(0) : log_.log_end_offset), given_up_to_);
    const auto end = log_.log_end_offset;
    // All was read for old messages; a mark says that this need not be done again.
    const bool unmarked = convert_ && !sound_from_;
    const bool moved = sound_from_ && (log_.sound_from != *sound_from_ || facts_moved_);
    if ((end != proven_ || unmarked || moved) && (end.get() > 0 || proven_.get() >= 0)) {
        const auto facts = facts_of_all(log_.segments);
        const auto content = slice::copy_of(log_.producers.encode_snapshot(log_.sound_from, facts));
        const auto name = segment_file_name(end, snapshot_suffix);
        const bool synced = !options_.planted.snapshot_renamed_unsynced;
        if (auto written = replace_small_file(files_, options_.directory, name, content, synced); !written)
            return written;
        log_.snapshot_offset = end;
    }
    // Not earlier: their names say how far gaps are no damage.
    for (const auto offset : damaged_snapshots_) {
        if (offset == log_.snapshot_offset)
            continue;
        if (auto removed = files_.remove(segment_path(options_.directory, offset, snapshot_suffix)); !removed)
            return removed;
    }
    for (const auto offset : snapshots_) {
        const bool at_segment =
            std::any_of(log_.segments.begin(), log_.segments.end(),
                        [&](const segment_state& segment) { return segment.base_offset == offset; });
        if (at_segment || offset == log_.snapshot_offset)
            continue;
        BARNABAS_MARK(useless_snapshot_removed);
        if (auto removed = files_.remove(segment_path(options_.directory, offset, snapshot_suffix)); !removed)
            return removed;
    }
    return {};
}

void recovery::plant_bug(recovered_log& log) const {
    if (options_.planted.reuse_offset_after_restart && log.segments.back().size > 0)
        log.log_end_offset = std::max(log.log_start_offset, last_batch_base_);
    if (options_.planted.forget_producers_after_restart)
        log.producers = {};
}

} // namespace barnabas::replica
