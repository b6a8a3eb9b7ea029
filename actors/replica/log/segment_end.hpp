#pragma once

#include "actors/replica/log/segment.hpp"
#include "protocol/model/error.hpp"
#include "runtime/disk/disk.hpp"

#include <optional>

namespace barnabas::replica {

/// The offset behind the last batch of a closed segment, by the headers behind its last index entry. Nothing
/// where these contradict the index or each other: no CRC covers an offset, and a wrong one must not look
/// like a missing segment. `dense`: batches follow one another without gaps.
result<std::optional<log_offset>> end_of_segment(runtime::file_system& files, const segment_files& segment,
                                                 const readable_range& log, bool dense);

} // namespace barnabas::replica
