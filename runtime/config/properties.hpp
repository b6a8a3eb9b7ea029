#pragma once

#include "protocol/model/error.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace barnabas {

/// One key of a properties file, with the place where it stands.
struct property {
    std::string key;
    std::string value;
    /// "server.properties:12" or "--override".
    std::string origin;
};

/// Reads Java's properties format: `#` and `!` comments, `=`, `:` or blanks between key and value, lines
/// continued by a backslash, \uXXXX and the other escapes; blanks at the end of a value belong to it. Keys
/// come in the order of their first appearance; the last value wins. A broken \u escape is an error that
/// names the line.
result<std::vector<property>> parse_properties(std::string_view file_name, std::string_view text);

} // namespace barnabas
