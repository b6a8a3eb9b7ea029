#pragma once

#include "protocol/model/ids.hpp"
#include "runtime/config/topic_config.hpp"

#include <caf/allowed_unsafe_message_type.hpp>

namespace barnabas {

/// Who leads a partition, as the metadata log says.
struct leadership {
    leader_epoch epoch{0};
    /// This broker does.
    bool here = true;

    friend bool operator==(const leadership&, const leadership&) = default;
};

/// From the broker: the topic is configured so, and the partition led so, from now on.
struct configure_partition {
    topic_config config;
    /// Compaction was allowed at some time.
    bool was_compacted = false;
    leadership led;
};

} // namespace barnabas

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::configure_partition)
