#include "actors/replica/compaction/transactions.hpp"

namespace barnabas::replica {

void transaction_walk::add(const aborted_transaction& entry) {
    aborted_[entry.producer].emplace(entry.last_offset, entry);
}

void transaction_walk::rewind() {
    met_.clear();
}

bool transaction_walk::on_data(const batch::batch_header& header) {
    if (!header.is_transactional())
        return false;
    met_.insert(header.producer_id);
    const auto found = aborted_.find(header.producer_id);
    if (found == aborted_.end())
        return false;
    const auto next = found->second.lower_bound(header.base_offset);
    return next != found->second.end() && next->second.first_offset <= header.base_offset;
}

bool transaction_walk::on_marker(const batch::batch_header& header) {
    return met_.erase(header.producer_id) == 0;
}

const aborted_transaction* transaction_walk::ended_by(const batch::batch_header& marker) const {
    const auto found = aborted_.find(marker.producer_id);
    if (found == aborted_.end())
        return nullptr;
    const auto entry = found->second.find(marker.base_offset);
    return entry == found->second.end() ? nullptr : &entry->second;
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
