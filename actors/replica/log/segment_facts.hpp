#pragma once

#include "actors/replica/log/segment.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

namespace barnabas::replica {

/// What a producer snapshot says of a segment, as it was then. Indexes have no checksum: one that lost
/// entries at its end, or is gone, may make as much sense as before.
struct segment_facts {
    log_offset base_offset;
    /// Bytes of `.log`, 0 of one that was not closed: which file this speaks of, for compaction puts others
    /// in its place.
    std::uint32_t log = 0;
    /// Bytes of `.txnindex`.
    std::uint32_t transactions = 0;
    /// The largest timestamp of its records.
    timestamp_ms newest = no_timestamp;
    /// The CRC32C of `.txnindex`; older snapshots do not say it.
    std::optional<std::uint32_t> transactions_crc{};

    friend bool operator==(const segment_facts&, const segment_facts&) = default;
};

/// A snapshot stays with each segment, so what each of them says of all others must have an end.
inline constexpr std::size_t facts_told_max = 1000;

inline segment_facts facts_of(const segment_state& segment, bool closed) {
    return {segment.base_offset, closed ? static_cast<std::uint32_t>(segment.size) : 0,
            static_cast<std::uint32_t>(segment.transaction_index_size), segment.newest.timestamp,
            segment.transaction_index_crc};
}

/// Of the newest ones. The last is not closed.
template <class Segments>
std::vector<segment_facts> facts_of_all(const Segments& segments) {
    std::vector<segment_facts> told;
    const std::size_t count = segments.size();
    for (std::size_t i = count - std::min(count, facts_told_max); i < count; ++i) {
        const segment_state& segment = segments[i];
        if (segment.size > 0 && segment.size <= std::numeric_limits<std::uint32_t>::max())
            told.push_back(facts_of(segment, i + 1 < count));
    }
    return told;
}

} // namespace barnabas::replica
