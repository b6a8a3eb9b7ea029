#include "actors/replica/log/segment_recovery.hpp"

#include "actors/replica/log/batch_walk.hpp"
#include "actors/replica/log/offset_index.hpp"
#include "actors/replica/log/segment_end.hpp"
#include "actors/replica/log/small_file.hpp"
#include "actors/replica/log/time_index.hpp"
#include "protocol/model/mark.hpp"

#include <algorithm>
#include <array>
#include <limits>

namespace barnabas::replica {
namespace {

/// Later than any clock: retention goes by the file's time then, and lookups look into the segment.
time_point unknown_time(log_offset base) {
    return {timestamp_ms(std::numeric_limits<std::int64_t>::max()), base};
}

/// Where timestamps do not grow with the offsets, a time index that lost its end may speak of the last
/// batches and make sense. Of another `.log`, which compaction has put there since, nothing was told.
bool lacks_newest(const segment_facts* told, const segment_state& found) {
    return told != nullptr && (told->log == 0 || told->log == found.size) &&
           found.newest.timestamp < told->newest;
}

} // namespace

result<recovered_segment> segment_recovery::inspect(log_offset base, log_offset next_base,
                                                    const segment_facts* told) {
    recovered_segment segment;
    segment.next_offset = next_base;
    segment.state.base_offset = base;
    auto opened = open(base);
    if (!opened)
        return opened.failure();
    segment.files = *opened;
    const auto steps = [&]() -> result<void> {
        auto size = files_.size(segment.files.log);
        if (!size)
            return size.failure();
        segment.state.size = *size;
        segment.state.closed = files_.modified(segment.files.log);
        auto sensible = indexes_make_sense(segment);
        if (!sensible)
            return sensible.failure();
        if (!*sensible)
            return rebuild_indexes(segment);
        auto completed = next_base == options_.proven_upto ? complete_time_index(segment) : result<void>{};
        const bool lacks = completed && !segment.bad && lacks_newest(told, segment.state);
        return BARNABAS_MARK_IF(lacks, newest_time_missing) ? rebuild_indexes(segment) : completed;
    };
    auto done = steps();
    done = done && !segment.bad ? look_for_gap(segment, next_base) : std::move(done);
    close(segment.files);
    return done ? result<recovered_segment>(std::move(segment)) : done.failure();
}

/// No CRC covers an offset: one that came wrong once must not look like a missing segment.
result<void> segment_recovery::look_for_gap(recovered_segment& segment, log_offset next_base) {
    const readable_range log{segment.state.base_offset, segment.state.size};
    for (int look = 1; look <= looks_max; ++look) {
        auto end = end_of_segment(files_, segment.files, log, !options_.gaps_allowed,
                                  options_.log->index_interval_bytes);
        if (!end)
            return end.failure();
        const auto found = end->value_or(segment_end{next_base});
        segment.next_offset = std::min(found.next, next_base);
        if (segment.next_offset == next_base)
            return found.lacks_entries ? rebuild_indexes(segment)
                                       : look_for_lost_times(segment, found.newest);
    }
    return {};
}

/// A time index that lost its end still has a last entry of which there is a batch, only not of the newest.
result<void> segment_recovery::look_for_lost_times(recovered_segment& segment, timestamp_ms newest) {
    if (segment.index_rebuilt || newest <= segment.state.newest.timestamp)
        return {};
    const readable_range log{segment.state.base_offset, segment.state.size};
    auto younger = has_batch_of(files_, segment.files, log, newest);
    if (!younger)
        return younger.failure();
    return BARNABAS_MARK_IF(*younger, time_index_shortened) ? rebuild_indexes(segment) : result<void>{};
}

result<bool> segment_recovery::indexes_make_sense(recovered_segment& segment) {
    auto offset_size = files_.size(segment.files.offset_index);
    if (!offset_size)
        return offset_size.failure();
    auto time_size = files_.size(segment.files.time_index);
    if (!time_size)
        return time_size.failure();
    auto& state = segment.state;
    state.offset_index_size = *offset_size;
    state.time_index_size = *time_size;
    if (state.size == 0)
        return *offset_size == 0 && *time_size == 0;
    if (*offset_size % offset_entry_size != 0 || *time_size % time_entry_size != 0 || *time_size == 0)
        return false;
    if (*offset_size == 0) {
        auto lost = has_indexed_batch(segment.files.log, state.size);
        if (!lost)
            return lost.failure();
        if (BARNABAS_MARK_IF(*lost, offset_index_empty))
            return false;
    }
    auto last = last_time_entry(files_, segment.files.time_index, state.base_offset);
    if (!last)
        return last.failure();
    // Kafka's preallocated zeros give an entry of time 0, which no client sends.
    if (BARNABAS_MARK_IF(!*last || (*last)->timestamp.get() <= 0, time_index_without_sense))
        return false;
    state.newest = state.last_time_entry = **last;
    auto place = place_of(segment.files, {state.base_offset, state.size}, **last);
    return place ? result<bool>(place->has_value()) : result<bool>(place.failure());
}

/// Of the batch that the entry speaks of, if the log has it: retention and lookups go by it.
result<std::optional<file_position>>
segment_recovery::place_of(const segment_files& files, const readable_range& log, const time_point& entry) {
    auto hint = find_position(files_, files.offset_index, log, entry.offset);
    if (!hint)
        return hint.failure();
    auto place = confirm_time_entry(files_, files.log, log.size, *hint, entry);
    BARNABAS_MARK_IF(place && !*place, time_entry_of_no_batch);
    return place;
}

/// Whether these first entries of the index, which make sense, are all that speak of batches before `upto`.
/// One more may have been there and have rotted, so that it looks like what came later and was never proven;
/// then a batch is younger than they say.
result<bool> segment_recovery::are_right(const segment_files& files, const readable_range& log,
                                         std::span<const time_point> times, file_position upto) {
    auto place = place_of(files, log, times.back());
    if (!place)
        return place.failure();
    if (!*place)
        return false;
    auto size = files_.size(files.time_index);
    if (!size)
        return size.failure();
    if (*size <= times.size() * time_entry_size)
        return true;
    batch_walk walk(files_, files.log, **place, log.size);
    for (;;) {
        auto batch = walk.next();
        // Reads tell of damage.
        if (!batch)
            return is_damage(batch.code()) ? result<bool>(true) : result<bool>(batch.failure());
        if (!*batch || (*batch)->position >= upto)
            return true;
        const auto& header = (*batch)->header;
        if (BARNABAS_MARK_IF(header.record_count > 0 && header.max_timestamp > times.back().timestamp,
                             time_entry_missed))
            return false;
    }
}

/// Whether one of the batches must have an entry in the offset index: a deletion that a crash undid may have
/// taken the index along and left the log.
result<bool> segment_recovery::has_indexed_batch(runtime::file_id log, std::uint64_t size) {
    const auto interval = static_cast<std::uint64_t>(options_.log->index_interval_bytes);
    if (size <= interval)
        return false;
    batch_walk walk(files_, log, file_position(0), size);
    for (;;) {
        auto located = walk.next();
        // Reads tell of damage.
        if (!located)
            return is_damage(located.code()) ? result<bool>(false) : result<bool>(located.failure());
        if (!*located || (*located)->position.get() > interval)
            return located->has_value();
    }
}

/// The recovery point vouches for the offset index, and for time entries up to the offset of its last entry.
/// What comes behind it is one time entry at most, which must say what the batches there say.
result<void> segment_recovery::complete_time_index(recovered_segment& segment) {
    auto& state = segment.state;
    const auto& files = segment.files;
    const auto upto = options_.proven_upto;
    auto offsets = sound_offset_entries(files_, files.offset_index, {state.base_offset, state.size}, upto);
    if (!offsets)
        return offsets.failure();
    const auto last =
        offsets->empty() ? offset_entry{state.base_offset - 1, file_position(0)} : offsets->back();
    auto times = sound_time_entries(files_, files.time_index, state.base_offset, last.offset + 1);
    if (!times)
        return times.failure();
    const bool may_be_whole =
        !times->empty() && (times->size() + 1) * time_entry_size >= state.time_index_size;
    auto right = may_be_whole ? are_right(files, {state.base_offset, state.size}, *times, last.position)
                              : result<bool>(false);
    if (!right)
        return right.failure();
    if (!*right)
        return rebuild_indexes(segment);
    auto complete = state;
    complete.time_index_size = times->size() * time_entry_size;
    complete.newest = complete.last_time_entry = times->empty() ? time_point{} : times->back();
    batch_walk walk(files_, files.log, last.position, state.size);
    for (;;) {
        auto batch = walk.next_whole();
        // Reads tell of damage; a recovery point is no reason to look for it.
        if (!batch)
            return is_damage(batch.code()) ? result<void>{} : result<void>(batch.failure());
        if (!*batch)
            break;
        const auto& header = (*batch)->header;
        if (header.base_offset < state.base_offset || header.last_offset() >= upto)
            return {}; // No CRC covers where a batch belongs: this is damage as well.
        if (header.record_count > 0 && header.max_timestamp > complete.newest.timestamp)
            complete.newest = {header.max_timestamp, header.last_offset()};
    }
    const file_position from(complete.time_index_size);
    const auto closing = closing_time_entry(complete);
    const bool agrees = complete.time_index_size == state.time_index_size &&
                        complete.newest.timestamp == state.last_time_entry.timestamp;
    if (!BARNABAS_MARK_IF(!agrees, closing_entry_made_good))
        return files_.sync(std::span(&files.time_index, 1));
    state = complete;
    return write_closing_entry(files.time_index, from, closing);
}

result<void> segment_recovery::write_closing_entry(runtime::file_id index, file_position from,
                                                   const std::vector<std::byte>& entry) {
    if (auto cut = files_.truncate(index, from.get()); !cut)
        return cut;
    if (!entry.empty()) {
        const auto bytes = slice::copy_of(entry);
        if (auto written = files_.write(index, from, std::span(&bytes, 1)); !written)
            return written;
    }
    return files_.sync(std::span(&index, 1));
}

/// Times of what lies in front of damage would look complete at the next start, and hide what lies behind it
/// from retention and from lookups. Without any the segment is scanned at each start, lookups by time come to
/// the damage, and retention goes by the file's own time, as it does for records from the future.
void segment_recovery::forget_times(segment_state& state, index_growth& growth) {
    BARNABAS_MARK(times_of_damaged_segment_forgotten);
    growth.time_entries.clear();
    state.time_index_size = 0;
    state.last_time_entry = {};
    state.newest = unknown_time(state.base_offset);
}

result<void> segment_recovery::rebuild_indexes(recovered_segment& segment) {
    const readable_range range{segment.state.base_offset, segment.state.size};
    const auto closed = segment.state.closed;
    // The indexes stay as they are: they are what tells so at the next start as well.
    const bool had_batches = segment.state.offset_index_size > 0 || segment.state.time_index_size > 0;
    if (BARNABAS_MARK_IF(range.size == 0 && had_batches, segment_emptied)) {
        segment.bad = "it is empty, and its indexes are not";
        segment.state.newest = unknown_time(range.base_offset);
        return {};
    }
    BARNABAS_MARK(index_rebuilt);
    segment.index_rebuilt = true;
    index_growth growth;
    auto scanned = index_all(segment.files.log, range.size, segment.state, growth);
    if (!scanned)
        return scanned.failure();
    segment.bytes_scanned = scanned->sound_size;
    segment.bad = scanned->bad;
    segment.state.closed = closed;
    segment.state.size = range.size;
    if (segment.bad)
        forget_times(segment.state, growth);
    return replace_indexes(segment, growth);
}

/// What the indexes of a segment hold, as far as its log is sound.
result<scan_result> segment_recovery::index_all(runtime::file_id log, std::uint64_t size,
                                                segment_state& state, index_growth& growth) {
    const readable_range range{state.base_offset, size};
    state = {};
    state.base_offset = range.base_offset;
    scan_options options;
    options.next_offset = range.base_offset;
    options.unproven_from = options_.proven_upto;
    options.gaps_allowed = true;
    options.old_messages_given_up = options_.old_messages_given_up;
    options.progress = options_.progress;
    options_.progress->expect(size);
    auto scanned = segment_scan(files_, log, range).run(options, [&](const batch::batch_view& batch) {
        index_batch(state, batch.header, options_.log->index_interval_bytes, growth);
    });
    const auto closing = closing_time_entry(state);
    growth.time_entries.insert(growth.time_entries.end(), closing.begin(), closing.end());
    return scanned;
}

/// A crash in the midst of this must not leave an offset index that has lost entries and looks sound: as long
/// as the time index is empty, both are made anew.
result<void> segment_recovery::replace_indexes(recovered_segment& segment, const index_growth& growth) {
    const std::span times(&segment.files.time_index, 1);
    const std::span offsets(&segment.files.offset_index, 1);
    if (auto emptied = files_.truncate(segment.files.time_index, 0); !emptied)
        return emptied;
    if (auto synced = files_.sync(times); !synced)
        return synced;
    if (auto written = write_offset_index(segment, {}, growth); !written)
        return written;
    if (auto synced = files_.sync(offsets); !synced)
        return synced;
    if (auto written = write_time_index(segment, {}, growth); !written)
        return written;
    return files_.sync(times);
}

result<recovered_segment> segment_recovery::scan(log_offset base, const segment_facts* told,
                                                 const visitor& visit) {
    recovered_segment segment;
    segment.state.base_offset = base;
    auto opened = open(base);
    if (!opened)
        return opened.failure();
    segment.files = *opened;
    auto done = scan_opened(segment, told, visit);
    if (!done)
        close(segment.files);
    return done ? result<recovered_segment>(std::move(segment)) : done.failure();
}

result<void> segment_recovery::scan_opened(recovered_segment& segment, const segment_facts* told,
                                           const visitor& visit) {
    auto& state = segment.state;
    auto size = files_.size(segment.files.log);
    if (!size)
        return size.failure();
    // Before anything is written again.
    state.closed = files_.modified(segment.files.log);
    if (*size == 0) {
        auto emptied = is_emptied(segment.files);
        if (!emptied)
            return emptied.failure();
        segment.emptied = *emptied;
    }
    auto trusted = trusted_part(segment, told, *size);
    if (!trusted)
        return trusted.failure();
    start_from(segment, *trusted, *size);
    scan_options options;
    options.from = trusted->start;
    options.next_offset = state.base_offset;
    options.unproven_from = std::max(options_.proven_upto, state.base_offset);
    options.gaps_allowed = options_.gaps_allowed;
    options.vouched = options_.vouched_from && *options_.vouched_from <= state.base_offset;
    options.rewrite_unproven = true;
    options.old_messages_given_up = options_.old_messages_given_up;
    options.progress = options_.progress;
    options_.progress->advance(trusted->start.get());
    index_growth growth;
    const auto count = [&](const batch::batch_view& batch) {
        index_batch(state, batch.header, options_.log->index_interval_bytes, growth);
        visit(batch);
    };
    auto scanned = segment_scan(files_, segment.files.log, {state.base_offset, *size}).run(options, count);
    if (!scanned)
        return scanned.failure();
    if (options_.log->planted.skip_torn_tail_check && scanned->bad) {
        scanned->sound_size = *size;
        scanned->bad.reset();
    }
    // A later look at the index must find the largest timestamp, should the segment not grow any more.
    const auto closing = closing_time_entry(state);
    growth.time_entries.insert(growth.time_entries.end(), closing.begin(), closing.end());
    segment.next_offset = scanned->next_offset;
    segment.bytes_scanned = scanned->sound_size - trusted->start.get();
    segment.bytes_cut = *size - scanned->sound_size;
    segment.bad = scanned->bad;
    state.size = scanned->sound_size;
    return write_indexes(segment, *trusted, growth);
}

/// Kafka's preallocated zeros are no entries.
result<bool> segment_recovery::is_emptied(const segment_files& files) {
    std::array<std::byte, offset_entry_size> first{};
    auto got = files_.read(files.offset_index, file_position(0), first);
    if (!got)
        return got.failure();
    return BARNABAS_MARK_IF(first != decltype(first){}, last_segment_emptied);
}

void segment_recovery::start_from(recovered_segment& segment, const trusted_indexes& trusted,
                                  std::uint64_t log_size) {
    auto& state = segment.state;
    state.size = trusted.start.get();
    state.offset_index_size = trusted.offset_entries * offset_entry_size;
    state.time_index_size = trusted.time_entries * time_entry_size;
    state.newest = state.last_time_entry = trusted.newest;
    if (state.size == 0)
        return;
    batch_walk walk(files_, segment.files.log, file_position(0), log_size);
    if (auto first = walk.next(); first && *first)
        state.first_timestamp = (*first)->header.max_timestamp;
}

result<void> segment_recovery::cut(const recovered_segment& segment) {
    return files_.truncate(segment.files.log, segment.state.size);
}

/// Index entries below the recovery point, if they lead to a batch; scanning begins there.
result<segment_recovery::trusted_indexes> segment_recovery::trusted_part(const recovered_segment& segment,
                                                                         const segment_facts* told,
                                                                         std::uint64_t log_size) {
    const auto base = segment.state.base_offset;
    const readable_range range{base, log_size};
    if (options_.proven_upto <= base)
        return trusted_indexes{};
    auto offsets = sound_offset_entries(files_, segment.files.offset_index, range, options_.proven_upto);
    if (!offsets)
        return offsets.failure();
    if (BARNABAS_MARK_IF(offsets->empty(), no_index_entry_trusted))
        return trusted_indexes{};
    const auto last = offsets->back();
    // A time entry may speak of a record below the recovery point and have come after it.
    auto times = sound_time_entries(files_, segment.files.time_index, base, last.offset + 1);
    if (!times)
        return times.failure();
    if (times->empty())
        return trusted_indexes{};
    auto right = are_right(segment.files, range, *times, last.position);
    if (!right)
        return right.failure();
    if (!*right)
        return trusted_indexes{};
    batch_walk walk(files_, segment.files.log, last.position, log_size);
    auto located = walk.next();
    if (!located && !is_damage(located.code()))
        return located.failure();
    if (!located || !*located || (*located)->header.base_offset > last.offset ||
        (*located)->header.base_offset < base) {
        BARNABAS_MARK(index_leads_astray);
        return trusted_indexes{};
    }
    auto newest = newest_from(files_, segment.files.log, {last.position, log_size}, options_.proven_upto);
    if (!newest)
        return newest.failure();
    const bool lacks = told != nullptr && std::max(*newest, times->back().timestamp) < told->newest;
    if (BARNABAS_MARK_IF(lacks, newest_time_missing_at_recovery_point))
        return trusted_indexes{};
    return trusted_indexes{offsets->size(), times->size(), last.position, times->back()};
}

result<void> segment_recovery::write_indexes(const recovered_segment& segment, const trusted_indexes& trusted,
                                             const index_growth& growth) {
    auto offsets = write_offset_index(segment, trusted, growth);
    return offsets ? write_time_index(segment, trusted, growth) : offsets;
}

result<void> segment_recovery::write_offset_index(const recovered_segment& segment,
                                                  const trusted_indexes& trusted,
                                                  const index_growth& growth) {
    return replace_tail(segment.files.offset_index, trusted.offset_entries * offset_entry_size,
                        growth.offset_entries);
}

result<void> segment_recovery::write_time_index(const recovered_segment& segment,
                                                const trusted_indexes& trusted, const index_growth& growth) {
    return replace_tail(segment.files.time_index, trusted.time_entries * time_entry_size,
                        growth.time_entries);
}

result<void> segment_recovery::replace_tail(runtime::file_id file, std::uint64_t keep,
                                            const std::vector<std::byte>& entries) {
    if (!options_.log->planted.index_kept_after_cut)
        if (auto cut = files_.truncate(file, keep); !cut)
            return cut;
    if (entries.empty())
        return {};
    const auto tail = slice::copy_of(entries);
    return files_.write(file, file_position(keep), std::span(&tail, 1));
}

result<segment_files> segment_recovery::open(log_offset base) {
    constexpr std::array suffixes{log_suffix, offset_index_suffix, time_index_suffix};
    const auto& directory = options_.log->directory;
    std::vector<scoped_file> opened;
    for (const auto suffix : suffixes) {
        const auto mode = suffix == log_suffix ? runtime::open_mode::read_write : runtime::open_mode::create;
        auto file = open_scoped(files_, segment_path(directory, base, suffix), mode);
        if (!file)
            return file.failure();
        opened.push_back(std::move(*file));
    }
    return segment_files{opened[0].keep(), opened[1].keep(), opened[2].keep()};
}

void segment_recovery::close(const segment_files& segment) {
    files_.close(segment.log);
    files_.close(segment.offset_index);
    files_.close(segment.time_index);
}

} // namespace barnabas::replica
