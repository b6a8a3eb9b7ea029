#pragma once

#include "actors/replica/log/segment.hpp"
#include "protocol/batch/record_batch.hpp"

#include <cstdint>
#include <vector>

namespace barnabas::replica {

/// Index entries that appended batches bring; live and in recovery the same.
struct index_growth {
    std::vector<std::byte> offset_entries;
    std::vector<std::byte> time_entries;
};

/// Counts the batch at the end of `segment` and adds entries when more than `interval` bytes came since the
/// last one, as Kafka does: the offset entry has the last offset of the batch and where it begins.
void index_batch(segment_state& segment, const batch::batch_header& header, std::int64_t interval,
                 index_growth& growth);

/// The entry for the largest timestamp that a segment gets when it stops being active; none if it has it.
std::vector<std::byte> closing_time_entry(segment_state& segment);

} // namespace barnabas::replica
