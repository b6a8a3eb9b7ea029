#pragma once

#include "protocol/model/error.hpp"
#include "runtime/disk/disk.hpp"

#include <cstdint>
#include <string>

namespace barnabas::replica {

/// Clears what an interrupted deletion, compaction or replacement left in a partition's directory:
/// `.deleted`, `.cleaned` and `.tmp` files go; a `.swap` log is complete by Kafka's order of renames, so it
/// takes the place of the segments that it covers, and their indexes are made anew. Returns how many files
/// went.
result<std::uint64_t> clear_leftovers(runtime::file_system& files, const std::string& directory);

} // namespace barnabas::replica
