#pragma once

#include "sim/checkers/history.hpp"

#include <memory>

/// The table of checkers. Letters refer to the invariants of the fault model.
namespace barnabas::sim {

/// D1: every record acknowledged under acks=all is readable exactly once, at its acknowledged offset. Those
/// under acks=1 as well, as long as no power was cut.
std::unique_ptr<checker> make_acked_records_survive(const history& of);
/// Only records that were sent are ever read, with equal content, in their partition; none that was refused.
std::unique_ptr<checker> make_nothing_invented(const history& of);
/// L1: offsets have no gaps, and what anybody saw at an offset never changes.
std::unique_ptr<checker> make_offsets_contiguous(const history& of);
/// D2: an idempotent producer's records stand in the order of sending, each once, and the broker never
/// forgets acknowledged sequences.
std::unique_ptr<checker> make_producer_order(const history& of);
/// No client ever sees the high watermark go back, nor records beyond it, nor an end below what somebody has
/// read.
std::unique_ptr<checker> make_high_watermark_never_back(const history& of);

struct liveness_limits {
    /// V2: from `send` to the result, at most.
    std::int64_t result_after_ns = 0;
    /// Records acknowledged so long before progress is due must have been read by everybody.
    std::int64_t read_after_ns = 0;
};
/// V1: after healing every producer gets acknowledgements and every consumer reads what was acknowledged.
/// V2: every batch gets its result in time.
std::unique_ptr<checker> make_liveness_after_healing(const history& of, const liveness_limits& limits);
/// M2: no reply was dropped, no actor outlived its node, every batch has a result.
std::unique_ptr<checker> make_no_leak(const history& of);

/// All of them, in this order.
void add_all_checkers(history& to, const liveness_limits& limits);
std::vector<std::string> checker_names();

} // namespace barnabas::sim
