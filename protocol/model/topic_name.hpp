#pragma once

#include "protocol/model/error.hpp"

#include <optional>
#include <string_view>

namespace barnabas {

/// Why no topic can have this name, nothing if one can: 1 to 249 of letters, digits, '.', '_' and '-'; not
/// "." or "..". Code: invalid_topic. The sentence does not repeat the name, which may hold anything.
std::optional<error> topic_name_fault(std::string_view name);

} // namespace barnabas
