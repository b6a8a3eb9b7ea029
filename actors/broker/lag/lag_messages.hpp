#pragma once

#include <caf/allowed_unsafe_message_type.hpp>

#include <cstdint>
#include <memory>
#include <string>

namespace barnabas {

/// Asks for the part of /metrics about consumer groups; answered by `lag_told`.
struct lag_wanted {};
struct lag_told {
    std::shared_ptr<const std::string> text;
};
/// To the actor itself: the round has had its time.
struct lag_round_due {
    std::uint64_t round = 0;
};
struct close_consumer_lag {};

} // namespace barnabas

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::lag_wanted)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::lag_told)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::lag_round_due)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::close_consumer_lag)
