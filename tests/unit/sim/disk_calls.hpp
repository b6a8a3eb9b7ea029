#pragma once

#include "sim/disk/memory_disk.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

/// Short calls on a simulated disk, for its tests.
namespace barnabas::sim {

using bytes = std::vector<std::byte>;
using runtime::file_id;
using runtime::open_mode;

inline file_id open(memory_disk& disk, const std::string& path) {
    auto opened = disk.files().open(path, open_mode::create);
    EXPECT_TRUE(opened.has_value());
    return *opened;
}
inline result<void> write(memory_disk& disk, file_id file, std::uint64_t at, const bytes& what) {
    const auto part = slice::copy_of(std::span<const std::byte>(what));
    return disk.files().write(file, file_position(at), std::span<const slice>(&part, 1));
}
inline result<void> sync(memory_disk& disk, file_id file) {
    return disk.files().sync(std::span<const file_id>(&file, 1));
}
inline bytes filled(std::size_t count, int with) {
    return bytes(count, static_cast<std::byte>(with));
}
inline void cut(memory_disk& disk, std::uint64_t seed, const power_cut_faults& faults) {
    runtime::random draws(seed);
    disk.power_cut(draws, faults);
}

} // namespace barnabas::sim
