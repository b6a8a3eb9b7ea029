#include "actors/replica/compaction/last_batches.hpp"

#include "protocol/model/mark.hpp"

#include <algorithm>

namespace barnabas::replica {

last_batches::last_batches(std::span<const producer_tail> tails) {
    for (const auto& tail : tails)
        known_.emplace(tail.id, known_tail{tail});
}

void last_batches::note(const batch::batch_header& header) {
    const auto found = known_.find(header.producer_id);
    if (found == known_.end() || !found->second.tail.goes_on_behind)
        return;
    auto& newest = header.is_control() ? found->second.newest_marker : found->second.newest_data;
    newest = std::max(newest, header.last_offset());
}

/// What lies behind the newest that was noted was not read: the map was full before.
bool last_batches::holds(const batch::batch_header& header) const {
    const auto found = known_.find(header.producer_id);
    if (found == known_.end())
        return false;
    const auto& [tail, newest_data, newest_marker] = found->second;
    if (BARNABAS_MARK_IF(tail.goes_on_behind, producer_goes_on_behind_cleaned))
        return header.last_offset() >= (header.is_control() ? newest_marker : newest_data);
    if (tail.last_data_offset.get() >= 0)
        return header.last_offset() == tail.last_data_offset;
    return header.is_control() && header.producer_epoch == tail.epoch;
}

} // namespace barnabas::replica
