#include "actors/replica/log/batch_walk.hpp"
#include "actors/replica/log/index_search.hpp"
#include "actors/replica/log/segment_recovery.hpp"
#include "actors/replica/log/small_file.hpp"
#include "protocol/model/mark.hpp"

#include <algorithm>

/// Indexes of a segment of a log that is open.
namespace barnabas::replica {
namespace {

/// An index that is gone says something else than any other.
result<bool> holds(runtime::file_system& files, const std::string& path,
                   const std::vector<std::byte>& wanted) {
    auto index = open_scoped(files, path, runtime::open_mode::read_only);
    if (index.code() == errc::not_found)
        return false;
    if (!index)
        return index.failure();
    auto bytes = read_index(files, index->id());
    if (!bytes)
        return bytes.failure();
    return *bytes == wanted;
}

} // namespace

result<index_growth> segment_recovery::indexes_of(recovered_segment& segment) {
    const auto base = segment.state.base_offset;
    const auto path = segment_path(options_.log->directory, base, log_suffix);
    auto log = open_scoped(files_, path, runtime::open_mode::read_only);
    if (!log)
        return log.failure();
    const readable_range range{base, segment.state.size};
    segment.state = {};
    segment.state.base_offset = base;
    scan_options options;
    options.next_offset = base;
    options.unproven_from = options_.proven_upto;
    options.gaps_allowed = true;
    index_growth growth;
    auto scanned = segment_scan(files_, log->id(), range).run(options, [&](const batch::batch_view& batch) {
        index_batch(segment.state, batch.header, options_.log->index_interval_bytes, growth);
    });
    if (!scanned)
        return scanned.failure();
    // Times of what lies in front of damage would hide what lies behind it.
    if (BARNABAS_MARK_IF(scanned->bad.has_value(), damaged_segment_not_reindexed))
        return corrupt_batch(path, file_position(scanned->sound_size), *scanned->bad);
    const auto closing = closing_time_entry(segment.state);
    growth.time_entries.insert(growth.time_entries.end(), closing.begin(), closing.end());
    return growth;
}

result<recovered_segment> segment_recovery::rebuild(const segment_state& known) {
    recovered_segment segment;
    segment.state = known;
    auto growth = indexes_of(segment);
    if (!growth)
        return growth.failure();
    segment.state.transaction_index_size = known.transaction_index_size;
    segment.state.transaction_index_crc = known.transaction_index_crc;
    const auto& directory = options_.log->directory;
    auto offsets_right = holds(files_, segment_path(directory, known.base_offset, offset_index_suffix),
                               growth->offset_entries);
    if (!offsets_right)
        return offsets_right.failure();
    auto times_right =
        holds(files_, segment_path(directory, known.base_offset, time_index_suffix), growth->time_entries);
    if (!times_right)
        return times_right.failure();
    if (BARNABAS_MARK_IF(*offsets_right && *times_right, indexes_were_right))
        return segment;
    segment.index_rebuilt = true;
    auto opened = open(known.base_offset);
    if (!opened)
        return opened.failure();
    segment.files = *opened;
    auto replaced = replace_indexes(segment, *growth);
    close(segment.files);
    if (!replaced)
        return replaced.failure();
    // A name may be new.
    if (auto synced = files_.sync_directory(directory); !synced)
        return synced.failure();
    return segment;
}

} // namespace barnabas::replica
