#pragma once

#include "cmd/cli/options.hpp"
#include "protocol/model/error.hpp"
#include "runtime/config/broker_config.hpp"

#include <optional>
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

/// The configuration of that file, or the default one, with `on_top` above it; relative paths are of
/// `directory`.
result<loaded_config> config_of(const std::optional<std::string>& path, const std::vector<property>& on_top,
                                const std::string& directory);
/// What a tool goes by that is told of a broker by --config: as `config_of`, relative to where this process
/// is.
result<broker_config> config_here(const cli::parsed_options& options, const std::vector<property>& on_top);
/// Of a table that has --override.
result<std::vector<property>> overrides_of(const cli::parsed_options& options);

/// What the options of `start` say: the file, above it the environment, above that the overrides.
result<loaded_config> start_config(const cli::parsed_options& options, const start_place& place);

} // namespace barnabas
