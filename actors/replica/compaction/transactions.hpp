#pragma once

#include "actors/replica/log/transaction_index.hpp"
#include "protocol/batch/record_batch.hpp"

#include <map>
#include <optional>
#include <utility>

namespace barnabas::replica {

/// Follows the batches of a log in the order of their offsets and knows of each whether its transaction was
/// aborted, and of each marker whether data of its transaction is left. Only an abort marker that was met in
/// the log aborts: no checksum covers a `.txnindex`, and one may be of another life of its segment, so that
/// what it says must not cost records.
class transaction_walk {
public:
    /// What a `.txnindex` says of a marker; it counts for what is written into the next one.
    void note(const aborted_transaction& entry);
    /// An abort marker of the log, and where the data begins that it aborts.
    void add(const aborted_transaction& found);
    /// Of one producer, on the way.
    struct producer_walk {
        bool has_data = false;
        /// The newest marker, and the one before.
        log_offset marker{-1};
        log_offset marker_before{-1};
    };
    using progress = std::map<producer_id, producer_walk>;

    /// How far it came, and another walk from there.
    const progress& here() const { return producers_; }
    void go_back(progress to) { producers_ = std::move(to); }

    /// The records of this batch belong to an aborted transaction.
    bool on_data(const batch::batch_header& header);
    /// No batch of its transaction was met, so that the marker says nothing to anybody any more.
    bool on_marker(const batch::batch_header& header);
    /// What the index says of this marker, which was met last; nothing unless it aborts something.
    std::optional<aborted_transaction> entry_of(const batch::batch_view& marker) const;

private:
    /// Per producer, by the offset of the marker.
    using entries = std::map<producer_id, std::map<log_offset, aborted_transaction>>;
    static const aborted_transaction* find(const entries& all, const batch::batch_header& marker);

    entries noted_;
    entries aborted_;
    progress producers_;
};

/// Finds the aborted transactions from data and markers.
class transaction_scan {
public:
    void on_data(const batch::batch_header& header);
    void on_marker(const batch::batch_view& marker, transaction_walk& into);
    /// The end of a transaction was not met yet.
    bool has_open() const { return !open_.empty(); }

private:
    std::map<producer_id, log_offset> open_;
};

} // namespace barnabas::replica
