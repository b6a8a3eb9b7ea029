#pragma once

#include "protocol/model/error.hpp"
#include "runtime/disk/disk.hpp"
#include "runtime/disk/work_meter.hpp"

#include <cstdint>
#include <string>

namespace barnabas::replica {

/// Clears what an interrupted deletion, compaction or replacement left in a partition's directory:
/// `.deleted`, `.cleaned`, `.converted` and `.tmp` files go; a `.swap` log is complete by Kafka's order of
/// renames, so it takes the place of the segments that it covers, and their indexes are made anew. Every
/// batch of it is checked first, and that the old files, as far as they are there, have its last one: no CRC
/// covers an offset, and what the swap covers goes. Messages of magic 0 and 1 in it become batches before
/// that. Returns how many files went. corrupt_message: a `.swap` log is damaged, and what it replaces may be
/// gone; nothing was removed.
result<std::uint64_t> clear_leftovers(runtime::file_system& files, const std::string& directory,
                                      runtime::work_share& progress);

} // namespace barnabas::replica
