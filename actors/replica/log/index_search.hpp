#pragma once

#include "protocol/model/error.hpp"
#include "runtime/disk/disk.hpp"

#include <cstdint>
#include <functional>
#include <vector>

namespace barnabas::replica {

/// Entries around the place where a search ended.
struct found_entries {
    std::vector<std::byte> bytes;
    /// How many of them fit, from the first one on.
    std::size_t fitting = 0;
};

/// Binary search in a file of entries of one size, which are sorted: the last entry for which `fits` holds,
/// if it holds for a first part of the file. With it come the one before and the one behind, as far as there
/// are any. Reads single entries, then one block.
result<found_entries> find_entries(runtime::file_system& files, runtime::file_id index,
                                   std::size_t entry_size, const std::function<bool(const std::byte*)>& fits);

/// All bytes of an index; at most 2 GiB less one, as positions are int32.
result<std::vector<std::byte>> read_index(runtime::file_system& files, runtime::file_id index);

} // namespace barnabas::replica
