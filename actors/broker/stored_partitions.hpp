#pragma once

#include "protocol/model/error.hpp"
#include "runtime/disk/disk.hpp"

#include <string>
#include <vector>

namespace barnabas {

/// Job: whether a partition's directory has records, or had some once: the end of a log may lie in an empty
/// segment.
result<bool> has_records(runtime::file_system& files, const std::string& directory);

/// Job: of what was set aside and belongs to nobody, that goes in which nothing was ever stored: a making was
/// cut short. What cannot be looked at or removed stays until the next start.
void remove_unused_fragments(runtime::file_system& files, const std::string& data_directory,
                             const std::vector<std::string>& names);

} // namespace barnabas
