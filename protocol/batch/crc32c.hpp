#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace barnabas::batch {

/// CRC-32C (Castagnoli), the checksum of record batches. Uses the processor's instructions when it has
/// them; every implementation gives the same number.
std::uint32_t crc32c(std::span<const std::byte> bytes) noexcept;

/// The checksum of what `checksum` covers followed by `bytes`; extend(crc32c(a), b) == crc32c(a + b).
std::uint32_t crc32c_extend(std::uint32_t checksum, std::span<const std::byte> bytes) noexcept;

/// The fall-back for processors without the instructions; here so that tests can compare the two.
std::uint32_t crc32c_extend_portable(std::uint32_t checksum, std::span<const std::byte> bytes) noexcept;

} // namespace barnabas::batch
