#pragma once

#include "protocol/model/ids.hpp"

#include <caf/allowed_unsafe_message_type.hpp>

#include <cstdint>

/// Asks a partition how large its log is: for people, and for those who copy it.
namespace barnabas {

struct log_size_query {
    std::uint64_t token = 0;
};
struct log_size_response {
    std::uint64_t token = 0;
    std::int64_t bytes = 0;
    /// Everything below is on stable storage, and may be copied to another directory.
    log_offset stable{0};
    log_offset end{0};
    /// Compaction is at work, so nothing may be copied now.
    bool cleaning_runs = false;
    log_offset start{0};
    std::uint32_t segments = 0;
};

} // namespace barnabas

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::log_size_query)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::log_size_response)
