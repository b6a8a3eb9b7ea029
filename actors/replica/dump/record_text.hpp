#pragma once

#include "protocol/batch/record_reader.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <string>

namespace barnabas::replica::dump {

/// What keys and values are taken for.
enum class record_decoder {
    text,        ///< see `field_decoder`
    offsets,     ///< records of group coordinators, in __consumer_offsets
    transaction, ///< of transaction coordinators, in __transaction_state
    share_state, ///< of share coordinators, in __share_group_state
    metadata,    ///< of Barnabas' own metadata log
};

/// What a key or value is taken for where the decoder is `text`, as Kafka's decoder classes do it.
enum class field_decoder {
    utf8,
    bytes, ///< hexadecimal digits
    int64, ///< the first eight bytes
    int32, ///< the first four
};

struct record_text {
    std::optional<std::string> key;
    std::optional<std::string> payload;
};

/// Null stays absent. Where bytes are too few for a number the text says so.
record_text plain_text_of(const batch::record_view& record, field_decoder key, field_decoder value);

/// Type and fields of a coordinator's record as JSON, "<DELETE>" for a null value. What it cannot be read as
/// stands in the key's place, and so that one record does not hide the others.
record_text coordinator_text_of(const batch::record_view& record, record_decoder decoder);

/// Which records of a coordinator's topic one of the formatters of Kafka's console consumer shows.
enum class shown_records {
    offsets,         ///< commits, in __consumer_offsets
    group_metadata,  ///< classic groups
    consumer_groups, ///< groups of the consumer protocol
    share_groups,
    transactions, ///< in __transaction_state
    share_state,  ///< in __share_group_state
};

using record_bytes = std::optional<std::span<const std::byte>>;

/// The record in the JSON of those formatters, whose types and versions are numbers and in which members'
/// bytes stay base64; nothing for a record without a key, or one that the formatter passes over. Codes:
/// malformed, unsupported_version.
result<std::optional<std::string>> formatted_json_of(const record_bytes& key, const record_bytes& value,
                                                     shown_records which);

} // namespace barnabas::replica::dump
