#pragma once

#include "fuzz/fuzz.hpp"
#include "sim/disk/memory_disk.hpp"

#include <string>

namespace barnabas::fuzz {

inline constexpr const char* log_directory = "/data/orders-0";

/// Makes a file with these bytes, all of it on stable storage.
void put_file(sim::memory_disk& disk, const std::string& path, std::span<const std::byte> bytes);

/// Makes the log's directory and in it the files that the input describes: kind, size (two bytes), content,
/// until the input ends. The kind chooses one of the names that a partition's directory may hold; the CRCs of
/// batches in a log and of a snapshot are set right when its highest bit is not set.
void put_log_directory(sim::memory_disk& disk, input& given);

} // namespace barnabas::fuzz
