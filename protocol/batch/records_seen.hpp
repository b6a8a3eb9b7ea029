#pragma once

#include "protocol/batch/validate.hpp"
#include "protocol/model/ids.hpp"

#include <cstdint>

namespace barnabas::batch {

/// What the records in front of the next one have shown.
struct records_seen {
    std::int32_t count = 0;
    std::int32_t last_offset_delta = -1;
    timestamp_ms max_timestamp = no_timestamp;
    /// Offset delta of the first record that has it.
    std::int32_t max_timestamp_delta = 0;
    /// Not counting records without a timestamp.
    timestamp_ms min_timestamp = no_timestamp;

    void add(timestamp_ms timestamp, std::int32_t offset_delta) noexcept {
        if (count == 0 || timestamp > max_timestamp) {
            max_timestamp = timestamp;
            max_timestamp_delta = offset_delta;
        }
        if (timestamp != no_timestamp && (min_timestamp == no_timestamp || timestamp < min_timestamp))
            min_timestamp = timestamp;
        last_offset_delta = offset_delta;
        ++count;
    }

    /// Without the size, which the records do not tell.
    batch_facts facts() const noexcept {
        batch_facts facts;
        facts.record_count = count;
        facts.max_timestamp = max_timestamp;
        facts.max_timestamp_delta = max_timestamp_delta;
        facts.min_timestamp = min_timestamp;
        return facts;
    }
};

} // namespace barnabas::batch
