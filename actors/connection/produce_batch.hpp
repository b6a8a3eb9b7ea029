#pragma once

#include "actors/connection/connection.hpp"
#include "protocol/batch/record_batch.hpp"

#include <cstdint>

namespace barnabas {

/// Produce before this version carries message sets.
inline constexpr std::int16_t produce_with_batches = 3;

/// The one batch of magic 2 that is stored of what a Produce request brings for a partition: checked in full,
/// made of message sets for old producers, with the codec of the topic's `compression.type`. Errors have the
/// code and the words for the client.
result<batch::batch_view> batch_to_store(connection& self, const request_context& context,
                                         const topic_metadata& topic, const slice& records);

} // namespace barnabas
