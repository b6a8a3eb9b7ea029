#pragma once

#include "actors/replica/log/transaction_index.hpp"
#include "protocol/batch/record_batch.hpp"

#include <map>
#include <set>

namespace barnabas::replica {

/// Follows the batches of a log in the order of their offsets and knows of each whether its transaction was
/// aborted, and of each marker whether data of its transaction is left.
class transaction_walk {
public:
    void add(const aborted_transaction& entry);
    /// Forgets how far it came, not what was aborted: for another walk from the beginning.
    void rewind();

    /// The records of this batch belong to an aborted transaction.
    bool on_data(const batch::batch_header& header);
    /// No batch of its transaction was met, so that the marker says nothing to anybody any more.
    bool on_marker(const batch::batch_header& header);
    /// The entry whose marker this is; null for none.
    const aborted_transaction* ended_by(const batch::batch_header& marker) const;

private:
    /// Per producer, by the offset of the marker.
    std::map<producer_id, std::map<log_offset, aborted_transaction>> aborted_;
    std::set<producer_id> met_;
};

/// Finds aborted transactions from data and markers alone, for logs without `.txnindex`.
class transaction_scan {
public:
    void on_data(const batch::batch_header& header);
    void on_marker(const batch::batch_view& marker, transaction_walk& into);

private:
    std::map<producer_id, log_offset> open_;
};

} // namespace barnabas::replica
