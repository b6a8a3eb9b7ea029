#pragma once

#include "protocol/model/error.hpp"
#include "runtime/disk/disk.hpp"

#include <string>

namespace barnabas::importing {

/// Job: the files of one directory in another one that it makes, on stable storage but for the name of the
/// new directory. What Kafka has given up (`.deleted`) stays behind. Codes: those of the disk, storage_error
/// when a file has become shorter meanwhile.
result<void> copy_directory(runtime::file_system& files, const std::string& from, const std::string& to);

} // namespace barnabas::importing
