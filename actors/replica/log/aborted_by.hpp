#pragma once

#include "actors/replica/log/producer_state.hpp"
#include "actors/replica/log/transaction_index.hpp"
#include "protocol/batch/record_batch.hpp"

#include <optional>

namespace barnabas::replica {

/// The entry of `.txnindex` that a marker brings: it has `ended` a transaction, and aborts it. `producers`
/// know of the marker already.
std::optional<aborted_transaction> aborted_by(const std::optional<ended_transaction>& ended,
                                              const batch::batch_view& marker,
                                              const producer_state& producers);

} // namespace barnabas::replica
