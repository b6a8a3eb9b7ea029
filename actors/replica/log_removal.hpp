#pragma once

#include "protocol/model/error.hpp"
#include "runtime/disk/disk.hpp"

#include <string>

namespace barnabas::replica {

/// Job: removes a partition's directory for good. What says whose it is goes last: a removal that a crash
/// cut short is known as one at the next start, and carried on. One that is not there is fine.
result<void> remove_log_directory(runtime::file_system& files, const std::string& directory);

/// Job: the same for one of many, behind whom the caller syncs the directory in which they lay.
result<void> remove_log_directory_unsynced(runtime::file_system& files, const std::string& directory);

} // namespace barnabas::replica
