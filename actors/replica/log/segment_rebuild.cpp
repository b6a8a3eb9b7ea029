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
    const auto path = segment_path(options_.log->directory, segment.state.base_offset, log_suffix);
    auto log = open_scoped(files_, path, runtime::open_mode::read_only);
    if (!log)
        return log.failure();
    index_growth growth;
    auto scanned = index_all(log->id(), segment.state.size, segment.state, growth);
    if (!scanned)
        return scanned.failure();
    // Times of what lies in front of damage would hide what lies behind it.
    if (BARNABAS_MARK_IF(scanned->bad.has_value(), damaged_segment_not_reindexed))
        return corrupt_batch(path, file_position(scanned->sound_size), *scanned->bad);
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
    auto offsets =
        replace_if_other(segment_file_name(known.base_offset, offset_index_suffix), growth->offset_entries);
    if (!offsets)
        return offsets.failure();
    auto times =
        replace_if_other(segment_file_name(known.base_offset, time_index_suffix), growth->time_entries);
    if (!times)
        return times.failure();
    segment.index_rebuilt = !BARNABAS_MARK_IF(!*offsets && !*times, indexes_were_right);
    return segment;
}

/// A disk that refuses it leaves the old one. None is written in place, as a start does: nothing would look
/// at what a refused write has left before the next recovery.
result<bool> segment_recovery::replace_if_other(const std::string& name,
                                                const std::vector<std::byte>& wanted) {
    const auto& directory = options_.log->directory;
    auto right = holds(files_, directory + "/" + name, wanted);
    if (!right)
        return right.failure();
    if (*right)
        return false;
    auto replaced = replace_small_file(files_, directory, name, slice::copy_of(wanted));
    if (!replaced)
        return replaced.failure();
    return true;
}

} // namespace barnabas::replica
