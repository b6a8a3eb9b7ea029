#pragma once

#include "cmd/cli/options.hpp"

#include <span>
#include <string>
#include <string_view>

/// What is made of the tables of options beside parsing and --help: pages and completion.
namespace barnabas::cli {

/// Markdown with a section per command.
std::string reference_page(std::string_view program, std::span<const command> commands);
/// For man(1); "barnabas-topics" of the command "topics".
std::string man_page(std::string_view program, std::string_view version, const command& what);
/// The program's own, which names its commands.
std::string man_overview(std::string_view program, std::string_view version,
                         std::span<const command> commands);

/// A script for `source`, or for a folder of completions. Names of topics and groups come from the cluster.
/// Commands that are like Kafka's are completed by Kafka's names as well.
std::string bash_completion(std::string_view program, std::span<const command> commands);
std::string zsh_completion(std::string_view program, std::span<const command> commands);

} // namespace barnabas::cli
