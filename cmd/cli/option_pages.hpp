#pragma once

#include "cmd/cli/options.hpp"

#include <span>
#include <string>
#include <string_view>

/// What is made of the tables of options beside parsing and --help: pages.
namespace barnabas::cli {

/// Markdown with a section per command.
std::string reference_page(std::string_view program, std::span<const command> commands);
/// For man(1); "barnabas-topics" of the command "topics".
std::string man_page(std::string_view program, std::string_view version, const command& what);
/// The program's own, which names its commands.
std::string man_overview(std::string_view program, std::string_view version,
                         std::span<const command> commands);

} // namespace barnabas::cli
