#include "actors/replica/compaction/transactions.hpp"

#include "protocol/model/mark.hpp"

#include <algorithm>

namespace barnabas::replica {

void transaction_walk::note(const aborted_transaction& entry) {
    noted_[entry.producer].emplace(entry.last_offset, entry);
}

void transaction_walk::add(const aborted_transaction& found) {
    aborted_[found.producer].emplace(found.last_offset, found);
}

bool transaction_walk::on_data(const batch::batch_header& header) {
    if (!header.is_transactional())
        return false;
    producers_[header.producer_id].has_data = true;
    const auto found = aborted_.find(header.producer_id);
    if (found == aborted_.end())
        return false;
    const auto next = found->second.lower_bound(header.base_offset);
    return next != found->second.end() && next->second.first_offset <= header.base_offset;
}

bool transaction_walk::on_marker(const batch::batch_header& header) {
    auto& producer = producers_[header.producer_id];
    producer.marker_before = std::exchange(producer.marker, header.base_offset);
    return !std::exchange(producer.has_data, false);
}

/// No transaction begins before the end of the producer's last one, and none is stable behind its own end.
std::optional<aborted_transaction> transaction_walk::entry_of(const batch::batch_view& marker) const {
    const auto& header = marker.header;
    const auto* found = find(aborted_, header);
    const auto* noted = find(noted_, header);
    if (kind_of_marker(marker) != marker_kind::abort || (found == nullptr && noted == nullptr))
        return std::nullopt;
    auto entry = found != nullptr ? *found : *noted;
    if (noted != nullptr) {
        entry.first_offset = std::min(entry.first_offset, noted->first_offset);
        entry.last_stable_offset = std::min(noted->last_stable_offset, header.next_offset());
    }
    const auto walked = producers_.find(header.producer_id);
    const auto before = walked == producers_.end() ? log_offset(-1) : walked->second.marker_before;
    BARNABAS_MARK_IF(entry.first_offset <= before, transaction_entry_too_long);
    entry.first_offset = std::max(entry.first_offset, before + 1);
    return entry;
}

const aborted_transaction* transaction_walk::find(const entries& all, const batch::batch_header& marker) {
    const auto producer = all.find(marker.producer_id);
    if (producer == all.end())
        return nullptr;
    const auto entry = producer->second.find(marker.base_offset);
    return entry == producer->second.end() ? nullptr : &entry->second;
}

void transaction_scan::on_data(const batch::batch_header& header) {
    if (header.is_transactional())
        open_.emplace(header.producer_id, header.base_offset);
}

void transaction_scan::on_marker(const batch::batch_view& marker, transaction_walk& into) {
    const auto& header = marker.header;
    const auto begun = open_.find(header.producer_id);
    if (begun == open_.end())
        return;
    // Readers stop at the first entry whose last stable offset is high enough, so a low one is always safe.
    if (kind_of_marker(marker) == marker_kind::abort)
        into.add({header.producer_id, begun->second, header.base_offset, begun->second});
    open_.erase(begun);
}

} // namespace barnabas::replica
