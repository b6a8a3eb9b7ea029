#pragma once

#include "protocol/model/ids.hpp"

#include <caf/allowed_unsafe_message_type.hpp>

namespace barnabas {

/// A partition tells the broker that its log went offline by itself, while its data directory goes on.
struct partition_offline {
    topic_partition partition;
};

} // namespace barnabas

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::partition_offline)
