#pragma once

#include "protocol/model/ids.hpp"

#include <cstdint>
#include <vector>

namespace barnabas::replica {

class key_map;

/// Of the offsets that a map was made of, those that are the newest of their key: one bit for each, so that
/// the second look at a record neither hashes its key nor waits for the map's memory. Offsets are unique in a
/// log; of records that nevertheless claim one offset, all stay when one does.
class newest_offsets {
public:
    /// The records from `from` up to `end` are those in the map. Where that are many more offsets than keys
    /// have room, so that the bits would take memory worth speaking of, no offset is covered.
    newest_offsets(const key_map& map, log_offset from, log_offset end);

    /// Whether `has` knows the answer; otherwise the map does.
    bool covers(log_offset offset) const noexcept { return offset >= from_ && offset < end_; }
    /// Only for what is covered.
    bool has(log_offset offset) const noexcept { return bits_[static_cast<std::size_t>(offset - from_)]; }

private:
    log_offset from_;
    log_offset end_;
    std::vector<bool> bits_;
};

} // namespace barnabas::replica
