#pragma once

#include <caf/allowed_unsafe_message_type.hpp>

#include <cstdint>
#include <memory>
#include <string>

namespace barnabas {

/// Asks for the part of /metrics about the sizes of logs; answered by `log_sizes_told`.
struct log_sizes_wanted {};
struct log_sizes_told {
    std::shared_ptr<const std::string> text;
};
/// To the actor itself: the round has had its time.
struct log_sizes_due {
    std::uint64_t round = 0;
};
struct close_log_sizes {};

} // namespace barnabas

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::log_sizes_wanted)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::log_sizes_told)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::log_sizes_due)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::close_log_sizes)
