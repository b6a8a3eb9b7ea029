#pragma once

#include "protocol/batch/message_set.hpp"

#include <optional>
#include <string>

namespace barnabas::golden {

/// Builds a valid entry of a record set again from its header and records. Uncompressed ones must come out
/// with the same bytes. Compressed ones are compared unpacked, because other libraries pack the same
/// bytes otherwise: what is inside and the header must be the same, also after our own packing.
std::optional<std::string> check_encoding(const batch::record_entry& entry);

} // namespace barnabas::golden
