#pragma once

#include "actors/replica/log/segment.hpp"
#include "protocol/model/error.hpp"
#include "runtime/disk/disk.hpp"

#include <cstdint>
#include <optional>
#include <vector>

/// `.index`: int32 offset relative to the segment's base, int32 position, both growing. A batch begins at the
/// position, and no batch before it holds the offset. Entries are sparse.
namespace barnabas::replica {

inline constexpr std::uint64_t offset_entry_size = 8;

struct offset_entry {
    log_offset offset;
    file_position position;

    friend bool operator==(const offset_entry&, const offset_entry&) = default;
};

void put_offset_entry(std::vector<std::byte>& to, log_offset base, const offset_entry& entry);

/// Where an index leads.
struct indexed_position {
    file_position position;
    /// The batch there begins at this offset or below, if it is the one of which the index speaks.
    log_offset base_upto;
    /// What was seen of the index grows as it must.
    bool in_order = true;
};

/// Position of the last entry whose offset is not above `offset`, 0 without one. Reads only what the binary
/// search needs, and never trusts a position beyond the log's size.
result<indexed_position> look_up_position(runtime::file_system& files, runtime::file_id index,
                                          const readable_range& log, log_offset offset);
result<file_position> find_position(runtime::file_system& files, runtime::file_id index,
                                    const readable_range& log, log_offset offset);

/// The last entry, whether it makes sense or not.
result<std::optional<offset_entry>> last_offset_entry(runtime::file_system& files, runtime::file_id index,
                                                      log_offset base);

/// The beginning of the index that makes sense: entries that grow, inside the log and below `end`.
result<std::vector<offset_entry>> sound_offset_entries(runtime::file_system& files, runtime::file_id index,
                                                       const readable_range& log, log_offset end);

} // namespace barnabas::replica
