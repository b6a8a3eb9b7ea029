#include "actors/replica/log/segment_end.hpp"

#include "actors/replica/log/batch_walk.hpp"
#include "actors/replica/log/offset_index.hpp"
#include "actors/replica/read_jobs.hpp"

namespace barnabas::replica {

result<std::optional<log_offset>> end_of_segment(runtime::file_system& files, const segment_files& segment,
                                                 const readable_range& log, bool dense) {
    if (log.size == 0)
        return std::optional(log.base_offset);
    auto indexed = last_offset_entry(files, segment.offset_index, log.base_offset);
    if (!indexed)
        return indexed.failure();
    const auto entry = indexed->value_or(offset_entry{log.base_offset - 1, file_position(0)});
    // Only entries lead here in a few steps, and there is none for the first batch.
    if (entry.position.get() >= log.size || (*indexed && entry.position.get() == 0))
        return std::optional<log_offset>();
    batch_walk walk(files, segment.log, entry.position, log.size);
    // Kafka's entry may be that of several batches.
    bool agrees = true;
    bool first = true;
    auto next = log.base_offset;
    for (;;) {
        auto located = walk.next();
        if (!located)
            return is_damage(located.code()) ? result<std::optional<log_offset>>(std::optional<log_offset>())
                                             : located.failure();
        if (!*located)
            break;
        const auto& header = (*located)->header;
        const bool follows =
            first && *indexed ? header.last_offset() <= entry.offset : header.base_offset == next || !dense;
        agrees &= follows && header.base_offset >= next;
        next = header.next_offset();
        first = false;
    }
    agrees &= !first && next > entry.offset;
    return agrees ? std::optional(next) : std::optional<log_offset>();
}

} // namespace barnabas::replica
