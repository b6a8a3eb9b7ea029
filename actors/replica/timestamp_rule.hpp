#pragma once

#include "actors/replica/log_options.hpp"
#include "protocol/batch/record_batch.hpp"
#include "protocol/batch/refused_records.hpp"

#include <string>
#include <vector>

namespace barnabas::replica {

/// What is wrong with the timestamp of a client's record at this time of the broker's; empty when nothing is:
/// the topic keeps its own times, or it is within `message.timestamp.before.max.ms` and `.after.max.ms`
/// (KIP-937), or the record has none.
std::string timestamp_complaint(const log_options& options, timestamp_ms time, timestamp_ms now);

/// The records of a batch that was refused by this rule.
std::vector<batch::refused_record> refused_by_time(const batch::batch_view& batch, const log_options& options,
                                                   timestamp_ms now);

} // namespace barnabas::replica
