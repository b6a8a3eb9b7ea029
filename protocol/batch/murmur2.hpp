#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace barnabas::batch {

/// MurmurHash2, 32 bits, with the seed that Kafka's clients share (0x9747b28c): every client must send a
/// key to the same partition.
std::int32_t murmur2(std::span<const std::byte> key) noexcept;

/// Clears the sign bit, as the default partitioner does (so the lowest number stays in range too).
constexpr std::int32_t to_positive(std::int32_t hash) noexcept {
    return hash & 0x7fffffff;
}

/// Where the default partitioner puts a record with this key. `partition_count` is at least 1.
std::int32_t partition_for_key(std::span<const std::byte> key, std::int32_t partition_count) noexcept;

} // namespace barnabas::batch
