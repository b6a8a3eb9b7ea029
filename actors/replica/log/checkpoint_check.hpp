#pragma once

#include "protocol/model/checkpointed_offsets.hpp"

#include <string>
#include <vector>

namespace barnabas::replica {

/// What holds of the checkpoints of a log that has the offsets from `first` (of its oldest segment) to `end`.
struct checked_offsets {
    log_offset log_start;
    /// -1: nothing is known to be clean.
    log_offset cleaned_upto{-1};
    /// One sentence for each value that makes no sense.
    std::vector<std::string> ignored;
};

/// Checkpoints are written later than the log moves, so a value below its start is merely old. One beyond its
/// end belongs to another log, or records are gone; a log start offset of that kind counts for nothing, since
/// it would hide every record.
checked_offsets check_checkpointed(const checkpointed_offsets& said, log_offset first, log_offset end);

} // namespace barnabas::replica
