#pragma once

#include "sim/disk/memory_disk.hpp"
#include "sim/disk/memory_file.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

namespace barnabas::sim {

/// A file or a directory, whatever its names are.
struct memory_disk::inode {
    std::uint64_t number = 0;
    bool is_directory = false;
    /// As it was last opened or made, for messages only.
    std::string path;
    memory_file file;
    /// Names as they are, and as they would be after a power cut that loses all that is not synced.
    std::map<std::string, std::shared_ptr<inode>, std::less<>> names;
    std::map<std::string, std::shared_ptr<inode>, std::less<>> durable_names;
    std::uint32_t links = 0;
    std::uint32_t opened = 0;
    bool locked = false;
};

/// What a sync that lied said was done, and when it will be.
struct memory_disk::lie {
    std::int64_t due;
    inode_ptr node;
};

} // namespace barnabas::sim
