#include "actors/replica/log/segment_end.hpp"

#include "actors/replica/log/batch_walk.hpp"
#include "actors/replica/log/offset_index.hpp"
#include "actors/replica/read_jobs.hpp"
#include "protocol/model/mark.hpp"

#include <algorithm>

namespace barnabas::replica {

result<std::optional<segment_end>> end_of_segment(runtime::file_system& files, const segment_files& segment,
                                                  const readable_range& log, bool dense,
                                                  std::int64_t interval) {
    if (log.size == 0)
        return std::optional(segment_end{log.base_offset});
    auto indexed = last_offset_entry(files, segment.offset_index, log.base_offset);
    if (!indexed)
        return indexed.failure();
    const auto entry = indexed->value_or(offset_entry{log.base_offset - 1, file_position(0)});
    // Only entries lead here in a few steps, and there is none for the first batch.
    if (entry.position.get() >= log.size || (*indexed && entry.position.get() == 0))
        return std::optional<segment_end>();
    batch_walk walk(files, segment.log, entry.position, log.size);
    // Kafka's entry may be that of several batches.
    bool agrees = true;
    bool first = true;
    segment_end end{log.base_offset};
    std::uint64_t largest = 0;
    for (;;) {
        auto located = walk.next();
        if (!located)
            return is_damage(located.code())
                       ? result<std::optional<segment_end>>(std::optional<segment_end>())
                       : located.failure();
        if (!*located)
            break;
        const auto& header = (*located)->header;
        const bool follows = first && *indexed ? header.last_offset() <= entry.offset
                                               : header.base_offset == end.next || !dense;
        agrees &= follows && header.base_offset >= end.next;
        end.next = header.next_offset();
        largest = std::max<std::uint64_t>(largest, header.total_size());
        if (header.record_count > 0)
            end.newest = std::max(end.newest, header.max_timestamp);
        first = false;
    }
    agrees &= !first && end.next > entry.offset;
    const auto behind = log.size - entry.position.get();
    const auto usual = std::max(unindexed_bytes_max, 2 * static_cast<std::uint64_t>(interval)) + 2 * largest;
    end.lacks_entries = BARNABAS_MARK_IF(behind > usual, offset_index_shortened);
    return agrees ? std::optional(end) : std::optional<segment_end>();
}

result<bool> has_batch_of(runtime::file_system& files, const segment_files& segment,
                          const readable_range& log, timestamp_ms newest) {
    auto indexed = last_offset_entry(files, segment.offset_index, log.base_offset);
    if (!indexed)
        return indexed.failure();
    const auto from = *indexed ? (*indexed)->position : file_position(0);
    batch_walk walk(files, segment.log, from, log.size);
    for (;;) {
        auto batch = walk.next_whole();
        // Reads tell of damage.
        if (!batch)
            return is_damage(batch.code()) ? result<bool>(false) : result<bool>(batch.failure());
        if (!*batch)
            return false;
        if ((*batch)->header.record_count > 0 && (*batch)->header.max_timestamp == newest)
            return true;
    }
}

result<timestamp_ms> newest_from(runtime::file_system& files, runtime::file_id log, const byte_range& range,
                                 log_offset below) {
    auto newest = no_timestamp;
    batch_walk walk(files, log, range.from, range.upto);
    for (;;) {
        auto batch = walk.next();
        if (!batch && !is_damage(batch.code()))
            return batch.failure();
        // Most often the torn end behind all that was promised.
        if (!batch || !*batch || (*batch)->header.base_offset >= below)
            return newest;
        if ((*batch)->header.record_count > 0)
            newest = std::max(newest, (*batch)->header.max_timestamp);
    }
}

} // namespace barnabas::replica
