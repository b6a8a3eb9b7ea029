#pragma once

#include "protocol/batch/records_seen.hpp"
#include "protocol/batch/varint.hpp"
#include "protocol/model/ids.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace barnabas::batch {

/// Timestamps wrap around, as they do in Java.
inline timestamp_ms timestamp_after(timestamp_ms base, std::int64_t delta) noexcept {
    return timestamp_ms(static_cast<std::int64_t>(static_cast<std::uint64_t>(base.get()) +
                                                  static_cast<std::uint64_t>(delta)));
}

/// What records have to keep to.
struct record_rules {
    timestamp_ms base_timestamp;
    std::int32_t record_count = 0;
    std::int32_t last_offset_delta = 0;
    /// Offset deltas count 0, 1, 2, ...; else they grow and may leave gaps.
    bool consecutive = true;
    bool needs_key = false;
};

/// Checks the records in `bytes` one after the other, as long as each is well-formed, has short numbers and
/// does not come near the end of the bytes; gives up at any other without saying why and without counting it.
/// Returns the byte behind the last record that it counted.
const std::byte* check_quickly(std::span<const std::byte> bytes, const record_rules& rules,
                               records_seen& seen) noexcept;

} // namespace barnabas::batch
