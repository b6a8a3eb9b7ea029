#pragma once

#include "actors/replica/log/small_file.hpp"

#include <cstdint>
#include <string>

namespace barnabas::replica {

/// A file that is read, and how long it was when it was opened.
struct sized_file {
    scoped_file file;
    std::uint64_t size = 0;
};

result<sized_file> open_sized(runtime::file_system& files, const std::string& path);

} // namespace barnabas::replica
