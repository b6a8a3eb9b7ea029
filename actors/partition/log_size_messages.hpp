#pragma once

#include <caf/allowed_unsafe_message_type.hpp>

#include <cstdint>

/// Asks a partition how large its log is; for people, so an answer that is lost does no harm.
namespace barnabas {

struct log_size_query {
    std::uint64_t token = 0;
};
struct log_size_response {
    std::uint64_t token = 0;
    std::int64_t bytes = 0;
};

} // namespace barnabas

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::log_size_query)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::log_size_response)
