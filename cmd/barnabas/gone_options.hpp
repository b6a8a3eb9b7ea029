#pragma once

#include "cmd/cli/options.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace barnabas {

/// For the first argument that is an option which tools of Kafka's once had and which old tutorials still
/// give: what to do instead. Options that the command has are none of these.
std::optional<std::string> find_gone_option(const cli::command& what,
                                            const std::vector<std::string_view>& arguments);

} // namespace barnabas
