#pragma once

#include "protocol/model/error.hpp"

#include <optional>
#include <string_view>

namespace barnabas::client {

/// Why no topic of Kafka can have this name; nothing if one can. Code: invalid_topic.
std::optional<error> topic_name_fault(std::string_view name);

} // namespace barnabas::client
