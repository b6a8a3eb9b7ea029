#pragma once

#include "actors/connection/connection.hpp"
#include "protocol/batch/compression.hpp"
#include "protocol/batch/record_batch.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace barnabas {

/// What the packed records of one request may unpack to, all together: loops serve others meanwhile, and
/// small requests that unpack to much (bombs) must not hold them up for seconds.
class unpacking_budget {
public:
    explicit unpacking_budget(std::size_t request_bytes)
        : left_(batch::decompressed_bytes_max(request_bytes)) {}
    std::uint64_t left() const noexcept { return left_; }
    void spend(std::uint64_t bytes) noexcept { left_ -= std::min(left_, bytes); }

private:
    std::uint64_t left_;
};

struct batch_for_log {
    batch::batch_view batch;
    /// Of its records.
    timestamp_ms earliest = no_timestamp;
    /// How many of them came as messages of magic 0 or 1.
    std::uint32_t converted_records = 0;
};

/// The one batch of magic 2 that is stored of what a Produce request brings for a partition: checked in full,
/// made of message sets for old producers, with the codec of the topic's `compression.type`. Errors have the
/// code and the words for the client.
result<batch_for_log> batch_to_store(connection& self, const request_context& context,
                                     const topic_metadata& topic, const slice& records,
                                     unpacking_budget& budget);

} // namespace barnabas
