#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace barnabas::replica {

/// The secret of one cleaning. Whoever does not know it cannot make keys that collide.
struct siphash_key {
    std::uint64_t low = 0;
    std::uint64_t high = 0;
};

struct hash_128 {
    std::uint64_t low = 0;
    std::uint64_t high = 0;

    friend bool operator==(const hash_128&, const hash_128&) = default;
};

/// SipHash-2-4 with a result of 128 bits (Aumasson and Bernstein, "SipHash: a fast short-input PRF").
hash_128 siphash(std::span<const std::byte> bytes, const siphash_key& key) noexcept;

} // namespace barnabas::replica
