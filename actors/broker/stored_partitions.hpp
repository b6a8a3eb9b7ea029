#pragma once

#include "protocol/model/error.hpp"
#include "runtime/disk/disk.hpp"

#include <string>

namespace barnabas {

/// Job: whether a partition's directory has records, or had some once: the end of a log may lie in an empty
/// segment.
result<bool> has_records(runtime::file_system& files, const std::string& directory);

} // namespace barnabas
