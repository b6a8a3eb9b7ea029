#pragma once

#include "protocol/model/error.hpp"
#include "protocol/model/ids.hpp"
#include "protocol/model/slice.hpp"

#include <optional>

namespace barnabas {

struct unread_record {
    /// Of the first record at or behind the offset; absent when these batches have none.
    std::optional<timestamp_ms> timestamp;
    /// Behind the last batch that was looked at; -1 when there is none.
    log_offset next{-1};
};

/// Looks for the first record at or behind `wanted` in whole batches, which is what a consumer from there
/// gets next: markers of transactions do not count. A batch whose records were all made within
/// `broker_limits::lag_precision` is not unpacked, and its first timestamp taken.
result<unread_record> find_unread(const slice& records, log_offset wanted);

} // namespace barnabas
