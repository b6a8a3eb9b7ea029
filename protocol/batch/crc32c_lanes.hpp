#pragma once

#include "protocol/batch/crc_tables.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace barnabas::batch {

/// The Castagnoli polynomial, lowest bit first.
inline constexpr std::uint32_t castagnoli = 0x82f63b78;

inline std::uint64_t load_8(const std::byte* from) noexcept {
    std::uint64_t bits;
    std::memcpy(&bits, from, sizeof bits);
    return bits;
}

#if defined(__x86_64__)

/// What the functions that use the lanes are compiled for; call them only where the processor has it.
#define BARNABAS_CRC32C_TARGET "sse4.2,pclmul"

/// The crc32 instruction takes 3 cycles but one can start in each, so three lanes run side by side over three
/// pieces of `lane_bytes` that follow one another.
template <std::size_t lane_bytes>
struct crc32c_lanes {
    /// The state of a checksum (which is the inverted checksum) over what lies in front of the lanes.
    std::uint64_t first;
    std::uint64_t second = 0;
    std::uint64_t third = 0;

    /// Takes in 8 bytes of each piece.
    [[gnu::always_inline, gnu::target(BARNABAS_CRC32C_TARGET)]] inline void
    step(const std::byte* from) noexcept {
        first = _mm_crc32_u64(first, load_8(from));
        second = _mm_crc32_u64(second, load_8(from + lane_bytes));
        third = _mm_crc32_u64(third, load_8(from + 2 * lane_bytes));
    }

    /// The state over all three, when each has come to its end.
    [[gnu::always_inline, gnu::target(BARNABAS_CRC32C_TARGET)]] inline std::uint64_t merged() const noexcept {
        constexpr std::uint64_t over_two = move_over(2 * lane_bytes);
        constexpr std::uint64_t over_one = move_over(lane_bytes);
        const __m128i product = _mm_xor_si128(moved(first, over_two), moved(second, over_one));
        return _mm_crc32_u64(0, static_cast<std::uint64_t>(_mm_cvtsi128_si64(product))) ^ third;
    }

private:
    /// What a checksum must be multiplied with to move it over `bytes` bytes. The carry-less product of two
    /// numbers written lowest bit first is short of one x, and the crc32 instruction that reduces it
    /// multiplies by x^32: together 33, which are taken off here.
    static constexpr std::uint64_t move_over(std::uint32_t bytes) noexcept {
        return x_to_the(8 * bytes - 33, castagnoli);
    }

    [[gnu::always_inline, gnu::target(BARNABAS_CRC32C_TARGET)]] static inline __m128i
    moved(std::uint64_t state, std::uint64_t factor) noexcept {
        return _mm_clmulepi64_si128(_mm_cvtsi64_si128(static_cast<long long>(state)),
                                    _mm_cvtsi64_si128(static_cast<long long>(factor)), 0);
    }
};

#endif

} // namespace barnabas::batch
