#pragma once

#include "protocol/model/ids.hpp"

#include <compare>
#include <string>

namespace barnabas {

/// One partition as the checkpoint files of a data directory name it.
struct partition_name {
    std::string topic;
    partition_index partition;

    friend auto operator<=>(const partition_name&, const partition_name&) = default;
};

/// What the checkpoint files of a data directory say of one log; -1 where they say nothing.
struct checkpointed_offsets {
    /// All below is on stable storage.
    log_offset recovery_point{-1};
    /// Records below are deleted, though the first segment still has them.
    log_offset log_start{-1};
    log_offset high_watermark{-1};
    /// Compaction has cleaned all below.
    log_offset cleaned_upto{-1};
    /// The recovery point that our own copy of the file says, too: Barnabas had synced all below. Only read,
    /// never reported.
    log_offset own_recovery_point{-1};

    friend bool operator==(const checkpointed_offsets&, const checkpointed_offsets&) = default;
};

} // namespace barnabas
