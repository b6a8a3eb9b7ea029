#pragma once

#include "protocol/model/ids.hpp"

#include <caf/allowed_unsafe_message_type.hpp>

#include <cstdint>

/// What the coordinator's shell tells itself.
namespace barnabas::group {

/// For what is due at `due`.
struct coordinator_timer {
    monotonic_ns due;
};
/// The state is loaded anew.
struct coordinator_reload_due {};
/// The log is read on, for the state that was being loaded then.
struct coordinator_read_due {
    std::uint64_t life = 0;
};

} // namespace barnabas::group

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::group::coordinator_timer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::group::coordinator_reload_due)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::group::coordinator_read_due)
