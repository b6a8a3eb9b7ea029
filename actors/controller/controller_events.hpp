#pragma once

#include "actors/replica/jobs.hpp"
#include "protocol/model/error.hpp"

#include <caf/allowed_unsafe_message_type.hpp>

#include <memory>

/// What the controller's shell tells itself: its disk jobs, run. Each job is filled before its message is
/// sent.
namespace barnabas {

struct metadata_log_opened {
    std::shared_ptr<replica::open_job> job;
};
struct metadata_log_read {
    std::shared_ptr<replica::read_job> job;
};
struct metadata_log_written {
    std::shared_ptr<replica::write_job> job;
};
struct metadata_log_synced {
    std::shared_ptr<replica::sync_job> job;
};
struct metadata_log_repaired {
    std::shared_ptr<replica::repair_job> job;
};
/// What found no room is written again.
struct metadata_log_retry_due {};
struct metadata_log_closed {
    std::shared_ptr<replica::close_job> job;
};

} // namespace barnabas

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::metadata_log_opened)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::metadata_log_read)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::metadata_log_written)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::metadata_log_synced)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::metadata_log_repaired)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::metadata_log_retry_due)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::metadata_log_closed)
