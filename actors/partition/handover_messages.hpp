#pragma once

#include "protocol/model/checkpointed_offsets.hpp"
#include "protocol/model/error.hpp"
#include "protocol/model/ids.hpp"

#include <caf/allowed_unsafe_message_type.hpp>

#include <string>

/// How a partition's log goes from one directory to another while questions keep coming.
namespace barnabas {

/// From the broker: close the log, as before an end, but keep what clients ask for.
struct hand_over_partition {};

/// The answer: the log is closed, or could not be, and the actor waits for `pass_on_partition`.
struct partition_handed_over {
    topic_partition partition;
    errc code = errc::ok;
    std::string detail;
    /// What the checkpoints of the log's next directory shall say.
    checkpointed_offsets checkpointed;
};

} // namespace barnabas

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::hand_over_partition)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::partition_handed_over)
