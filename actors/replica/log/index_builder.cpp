#include "actors/replica/log/index_builder.hpp"

#include "actors/replica/log/offset_index.hpp"
#include "actors/replica/log/time_index.hpp"

namespace barnabas::replica {
namespace {

void add_time_entry(segment_state& segment, std::vector<std::byte>& to) {
    if (segment.newest.timestamp <= segment.last_time_entry.timestamp)
        return;
    put_time_entry(to, segment.base_offset, segment.newest);
    segment.last_time_entry = segment.newest;
    segment.time_index_size += time_entry_size;
}

} // namespace

void index_batch(segment_state& segment, const batch::batch_header& header, std::int64_t interval,
                 index_growth& growth) {
    // What compaction left of a batch without records has a time, but nothing of that time.
    if (header.record_count > 0 && header.max_timestamp > segment.newest.timestamp)
        segment.newest = {header.max_timestamp, header.last_offset()};
    if (segment.size == 0)
        segment.first_timestamp = header.max_timestamp;
    if (segment.size > 0 && segment.bytes_since_entry > static_cast<std::uint64_t>(interval)) {
        put_offset_entry(growth.offset_entries, segment.base_offset,
                         {header.last_offset(), file_position(segment.size)});
        segment.offset_index_size += offset_entry_size;
        add_time_entry(segment, growth.time_entries);
        segment.bytes_since_entry = 0;
    }
    segment.size += header.total_size();
    segment.bytes_since_entry += header.total_size();
}

std::vector<std::byte> closing_time_entry(segment_state& segment) {
    std::vector<std::byte> entry;
    add_time_entry(segment, entry);
    return entry;
}

} // namespace barnabas::replica
