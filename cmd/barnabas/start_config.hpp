#pragma once

#include "cmd/cli/options.hpp"
#include "protocol/model/error.hpp"
#include "runtime/config/broker_config.hpp"

#include <string>
#include <vector>

namespace barnabas {

/// Where a `barnabas start` runs, as far as its configuration depends on that.
struct start_place {
    /// For relative paths.
    std::string directory;
    /// NAME=VALUE; looked at only with --environment.
    std::vector<std::string> environment;
};
/// That of this process.
start_place start_place_here();

/// What the options of `start` say: the file, above it the environment, above that the overrides.
result<loaded_config> start_config(const cli::parsed_options& options, const start_place& place);

} // namespace barnabas
