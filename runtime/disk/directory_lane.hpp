#pragma once

#include "protocol/model/fnv1a.hpp"
#include "runtime/disk/disk.hpp"

#include <cstdint>
#include <string_view>

/// Lanes say to which data directory their jobs belong, so that a disk that never returns keeps nobody
/// waiting but those who want something of it.
namespace barnabas::runtime {

/// A path without slashes at its end.
constexpr std::string_view plain_path(std::string_view path) noexcept {
    while (path.size() > 1 && path.back() == '/')
        path.remove_suffix(1);
    return path;
}

/// Below that directory, or itself. One data directory may lie inside another: the longest is the path's.
constexpr bool lies_in(std::string_view path, std::string_view directory) noexcept {
    const auto above = plain_path(directory);
    if (!path.starts_with(above))
        return false;
    return path.size() == above.size() || path[above.size()] == '/' || above == "/";
}

inline constexpr unsigned directory_key_bits = 16;
inline constexpr unsigned lane_use_bits = 64 - directory_key_bits;

/// What stands for a data directory in the numbers of lanes, never 0. Two of the same key (1 pair in 65,535)
/// share their threads.
constexpr std::uint64_t directory_key(std::string_view directory) noexcept {
    fnv1a hash;
    hash.add(plain_path(directory));
    const auto mixed = hash.value() ^ hash.value() >> 32U;
    return 1 + mixed % ((std::uint64_t{1} << directory_key_bits) - 1);
}

/// A lane of jobs that use nothing outside of this data directory; `use` tells such lanes apart.
constexpr disk_lane lane_in(std::string_view directory, std::uint64_t use) noexcept {
    constexpr std::uint64_t use_mask = (std::uint64_t{1} << lane_use_bits) - 1;
    return disk_lane(directory_key(directory) << lane_use_bits | (use & use_mask));
}

/// A lane of jobs that use several data directories, or none.
constexpr disk_lane lane_of_none(std::uint64_t use) noexcept {
    return disk_lane(use >> directory_key_bits);
}

/// 0: of none.
constexpr std::uint64_t directory_key_of(disk_lane lane) noexcept {
    return lane.get() >> lane_use_bits;
}

} // namespace barnabas::runtime
