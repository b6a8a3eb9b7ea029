#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace barnabas::batch {

/// The frame that Java's snappy stream puts around blocks: 8 bytes of magic, two version numbers, then
/// blocks with their packed length in front (int32, big-endian).
inline constexpr std::array<unsigned char, 8> xerial_magic{0x82, 'S', 'N', 'A', 'P', 'P', 'Y', 0};
inline constexpr std::size_t xerial_header_size = 16;
inline constexpr std::int32_t xerial_version = 1;
inline constexpr std::size_t xerial_block_bytes = 32 * 1024;

} // namespace barnabas::batch
