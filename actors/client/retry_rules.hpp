#pragma once

#include "protocol/kafka/error_codes.hpp"

#include <cstdint>

namespace barnabas::client {

/// The error is about the moment, not about the request: the same request may succeed later.
bool may_pass(kafka::error_code code) noexcept;

/// The first version of Produce that knows KAFKA_STORAGE_ERROR (KIP-112).
inline constexpr std::int16_t produce_with_storage_error = 4;

/// After this error to a Produce of that version the batch may be in the log all the same. Older versions
/// hear of a failing disk as NOT_LEADER_OR_FOLLOWER.
bool may_be_written(kafka::error_code code, std::int16_t version = produce_with_storage_error) noexcept;

/// The broker's memory of the producer does not fit to the sequence of the batch, which it did not write.
bool is_sequence_error(kafka::error_code code) noexcept;

} // namespace barnabas::client
