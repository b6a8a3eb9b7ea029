#pragma once

#include "protocol/model/error.hpp"
#include "runtime/disk/disk.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

namespace barnabas::replica {

/// Binary search in a file of entries of one size, which are sorted: the last entry for which `fits` holds,
/// if it holds for a first part of the file. Reads single entries, then one block.
result<std::optional<std::vector<std::byte>>>
find_last_entry(runtime::file_system& files, runtime::file_id index, std::size_t entry_size,
                const std::function<bool(const std::byte*)>& fits);

/// All bytes of an index; at most 2 GiB less one, as positions are int32.
result<std::vector<std::byte>> read_index(runtime::file_system& files, runtime::file_id index);

} // namespace barnabas::replica
