#pragma once

#include "protocol/model/error.hpp"

#include <string>

namespace barnabas {

/// All that can be read there, of pipes as of files. The error names `path` and says why, as in "x cannot be
/// read: no such file or directory".
result<std::string> read_text_file(const std::string& path);

} // namespace barnabas
