#pragma once

#include "cmd/cli/options.hpp"

#include <string>
#include <string_view>

/// How a row of a table is put in words, wherever it is shown.
namespace barnabas::cli {

/// "--topic NAME", "-c, --config FILE".
std::string form_of(const option& one);
/// The help, and whether it is required or may be repeated; not its default.
std::string meaning_of(const option& one);
/// "barnabas topics [options] FILE".
std::string usage_of(std::string_view program, const command& what);
/// The text with `by` wherever it has `what`.
std::string replaced(std::string_view text, std::string_view what, std::string_view by);

} // namespace barnabas::cli
