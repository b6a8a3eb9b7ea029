#pragma once

#include "protocol/model/error.hpp"
#include "protocol/model/ids.hpp"

/// What an append is told, and how it ended.
namespace barnabas::replica {

struct append_result {
    log_offset base_offset{-1};
    /// Exclusive end of the append. It is written when `written_offset() >= next_offset`, durable when
    /// `stable_offset() >= next_offset`; this holds for a duplicate, too.
    log_offset next_offset{-1};
    /// The time set by the broker, -1 with create time.
    timestamp_ms log_append_time = no_timestamp;
    /// A repeated batch: nothing was appended, the offsets are those of the first time. If that was too long
    /// ago, the base offset is -1 (the answer is duplicate_sequence, which clients take for a success).
    bool duplicate = false;
};

struct append_context {
    leader_epoch epoch;
    timestamp_ms now;
    monotonic_ns monotonic_now;
    /// Batches of clients have their sequences and timestamps checked; the broker's own do not.
    bool from_client = true;
    /// Of the records, as far as who sends them has looked; a header tells only its first record's and the
    /// latest. Without it (no_timestamp) the header's counts.
    timestamp_ms earliest = no_timestamp;
};

/// Appends that end behind `from` have failed, and so have all behind them.
struct append_failure {
    log_offset from;
    barnabas::error error;
};

} // namespace barnabas::replica
