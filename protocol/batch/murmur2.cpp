#include "protocol/batch/murmur2.hpp"

#include "protocol/model/assert.hpp"

#include <cstring>

namespace barnabas::batch {

std::int32_t murmur2(std::span<const std::byte> key) noexcept {
    constexpr std::uint32_t seed = 0x9747b28c;
    constexpr std::uint32_t multiplier = 0x5bd1e995;
    constexpr int rotation = 24;

    const std::byte* from = key.data();
    std::size_t left = key.size();
    std::uint32_t hash = seed ^ static_cast<std::uint32_t>(left);
    for (; left >= 4; from += 4, left -= 4) {
        std::uint32_t word;
        std::memcpy(&word, from, sizeof word);
        word *= multiplier;
        word ^= word >> rotation;
        word *= multiplier;
        hash = hash * multiplier ^ word;
    }
    if (left != 0) {
        for (std::size_t byte = 0; byte < left; ++byte)
            hash ^= static_cast<std::uint32_t>(from[byte]) << (8 * byte);
        hash *= multiplier;
    }
    hash ^= hash >> 13;
    hash *= multiplier;
    hash ^= hash >> 15;
    return static_cast<std::int32_t>(hash);
}

std::int32_t partition_for_key(std::span<const std::byte> key, std::int32_t partition_count) noexcept {
    BARNABAS_ASSERT(partition_count >= 1);
    return to_positive(murmur2(key)) % partition_count;
}

} // namespace barnabas::batch
