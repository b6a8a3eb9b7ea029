#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace barnabas::batch {

/// CRC-32 as zlib computes it, the checksum of messages of magic 0 and 1. Uses the processor's carry-less
/// multiplication when it has it; zlib's own takes 100 ns for the short messages that are usual. Every
/// implementation gives the same number.
std::uint32_t crc32(std::span<const std::byte> bytes) noexcept;

/// The fall-back for processors without the instruction; here so that tests can compare the two.
std::uint32_t crc32_portable(std::span<const std::byte> bytes) noexcept;

} // namespace barnabas::batch
