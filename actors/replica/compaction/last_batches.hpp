#pragma once

#include "protocol/batch/record_batch.hpp"
#include "protocol/model/ids.hpp"

#include <map>
#include <span>

namespace barnabas::replica {

/// The last that the log knows of a producer, of what is cleaned: what a recovery must find again.
struct producer_tail {
    barnabas::producer_id id = no_producer_id;
    barnabas::producer_epoch epoch{-1};
    /// Last offset of its last data batch in this epoch; -1 when there are only markers, or when that lies
    /// behind what is cleaned.
    log_offset last_data_offset{-1};
    /// Its last batch or marker lies behind what is cleaned, where a crash or a failed write may yet undo it.
    /// What was its last one before is not known.
    bool goes_on_behind = false;
};

/// Which batches must stay for their producer's sake, if need be without records: its last one, from which a
/// recovery takes its epoch and its sequence, and its last marker.
///
/// Of a producer that goes on behind what is cleaned, the newest that the dirty part has of it stays. One
/// that has nothing there keeps all in the clean part, where the pass before left little.
class last_batches {
public:
    explicit last_batches(std::span<const producer_tail> tails);

    /// A batch of the dirty part, in any order and as often as it is read.
    void note(const batch::batch_header& header);
    bool holds(const batch::batch_header& header) const;

private:
    struct known_tail {
        producer_tail tail;
        log_offset newest_data{-1};
        log_offset newest_marker{-1};
    };

    std::map<producer_id, known_tail> known_;
};

} // namespace barnabas::replica
