#pragma once

#include "protocol/batch/record_reader.hpp"

#include <optional>
#include <string>

namespace barnabas::replica::dump {

/// What keys and values are taken for.
enum class record_decoder {
    text,        ///< UTF-8
    offsets,     ///< records of group coordinators, in __consumer_offsets
    transaction, ///< of transaction coordinators, in __transaction_state
    share_state, ///< of share coordinators, in __share_group_state
};

struct record_text {
    std::optional<std::string> key;
    std::optional<std::string> payload;
};

/// Null stays absent.
record_text plain_text_of(const batch::record_view& record);

/// Type and fields of a coordinator's record as JSON, "<DELETE>" for a null value. What it cannot be read as
/// stands in the key's place, and so that one record does not hide the others.
record_text coordinator_text_of(const batch::record_view& record, record_decoder decoder);

} // namespace barnabas::replica::dump
