#pragma once

#include "actors/replica/compaction/compactor.hpp"
#include "protocol/model/ids.hpp"

#include <caf/allowed_unsafe_message_type.hpp>

#include <cstdint>
#include <string>

/// Compaction between the broker's one cleaner and the partitions.
namespace barnabas {

/// From the cleaner: is there anything to compact? Answered by `cleaning_state`.
struct check_cleaning {};

struct cleaning_state {
    topic_partition partition;
    bool wanted = false;
    /// A record waits longer than it may, so this partition comes first.
    bool overdue = false;
    double dirty_ratio = 0;
};

/// From the cleaner: one pass. Answered by `partition_cleaned`, also when there is nothing to do any more.
struct clean_partition {
    replica::clean_settings settings;
    /// Read and written together; not more than this on average.
    double bytes_per_second = 0;
};

struct partition_cleaned {
    topic_partition partition;
    errc code = errc::ok;
    std::string detail;
    /// It failed in a way that does not pass: it is not cleaned again before it is opened anew.
    bool uncleanable = false;
    replica::clean_counts counts;
};

/// The partition's shell to itself.
struct clean_done {
    std::shared_ptr<replica::clean_job> job;
};
struct swap_done {
    std::shared_ptr<replica::swap_job> job;
};
struct clean_step_due {};

} // namespace barnabas

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::check_cleaning)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::cleaning_state)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::clean_partition)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::partition_cleaned)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::clean_done)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::swap_done)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::clean_step_due)
