#pragma once

#include "protocol/kafka/error_codes.hpp"

namespace barnabas::client {

/// The error is about the moment, not about the request: the same request may succeed later.
bool may_pass(kafka::error_code code) noexcept;

/// After this error to a Produce the batch may be in the log all the same.
bool may_be_written(kafka::error_code code) noexcept;

/// The broker's memory of the producer does not fit to the sequence of the batch, which it did not write.
bool is_sequence_error(kafka::error_code code) noexcept;

} // namespace barnabas::client
