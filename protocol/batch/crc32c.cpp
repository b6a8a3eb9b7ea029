#include "protocol/batch/crc32c.hpp"

#include "protocol/batch/crc_tables.hpp"

#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace barnabas::batch {
namespace {

/// The Castagnoli polynomial, lowest bit first.
constexpr std::uint32_t polynomial = 0x82f63b78;

using crc_function = std::uint32_t (*)(std::uint32_t, std::span<const std::byte>) noexcept;

constexpr crc_tables tables = make_crc_tables(polynomial);

std::uint64_t load_8(const std::byte* from) noexcept {
    std::uint64_t bits;
    std::memcpy(&bits, from, sizeof bits);
    return bits;
}

#if defined(__x86_64__)

/// What a checksum must be multiplied with to move it over `bytes` bytes. The carry-less product of two
/// numbers written lowest bit first is short of one x, and the crc32 instruction that reduces it multiplies
/// by x^32: together 33, which are taken off here.
constexpr std::uint64_t move_over(std::uint32_t bytes) noexcept {
    return x_to_the(8 * bytes - 33, polynomial);
}

/// The crc32 instruction takes 3 cycles but one can start in each, so three lanes run side by side.
template <std::size_t lane_bytes>
__attribute__((target("sse4.2,pclmul"))) std::uint64_t three_lanes(std::uint64_t first,
                                                                   const std::byte* from) noexcept {
    constexpr std::uint64_t over_two = move_over(2 * lane_bytes);
    constexpr std::uint64_t over_one = move_over(lane_bytes);
    std::uint64_t second = 0;
    std::uint64_t third = 0;
    for (const std::byte* end = from + lane_bytes; from != end; from += 8) {
        first = _mm_crc32_u64(first, load_8(from));
        second = _mm_crc32_u64(second, load_8(from + lane_bytes));
        third = _mm_crc32_u64(third, load_8(from + 2 * lane_bytes));
    }
    const __m128i moved_first = _mm_clmulepi64_si128(_mm_cvtsi64_si128(static_cast<long long>(first)),
                                                     _mm_cvtsi64_si128(static_cast<long long>(over_two)), 0);
    const __m128i moved_second = _mm_clmulepi64_si128(_mm_cvtsi64_si128(static_cast<long long>(second)),
                                                      _mm_cvtsi64_si128(static_cast<long long>(over_one)), 0);
    const auto product =
        static_cast<std::uint64_t>(_mm_cvtsi128_si64(_mm_xor_si128(moved_first, moved_second)));
    return _mm_crc32_u64(0, product) ^ third;
}

/// Long lanes make the merge cheap, short ones leave less for the single lane at the end.
constexpr std::size_t long_lane_bytes = 1360;
constexpr std::size_t short_lane_bytes = 128;

__attribute__((target("sse4.2,pclmul"))) std::uint32_t
crc32c_extend_sse42(std::uint32_t checksum, std::span<const std::byte> bytes) noexcept {
    const std::byte* from = bytes.data();
    std::size_t left = bytes.size();
    std::uint64_t state = ~checksum;
    for (; left >= 3 * long_lane_bytes; from += 3 * long_lane_bytes, left -= 3 * long_lane_bytes)
        state = three_lanes<long_lane_bytes>(state, from);
    for (; left >= 3 * short_lane_bytes; from += 3 * short_lane_bytes, left -= 3 * short_lane_bytes)
        state = three_lanes<short_lane_bytes>(state, from);
    for (; left >= 8; from += 8, left -= 8)
        state = _mm_crc32_u64(state, load_8(from));
    auto tail_state = static_cast<std::uint32_t>(state);
    for (; left != 0; ++from, --left)
        tail_state = _mm_crc32_u8(tail_state, static_cast<std::uint8_t>(*from));
    return ~tail_state;
}

#endif

crc_function fastest() noexcept {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("pclmul"))
        return crc32c_extend_sse42;
#endif
    return crc32c_extend_portable;
}

} // namespace

std::uint32_t crc32c_extend_portable(std::uint32_t checksum, std::span<const std::byte> bytes) noexcept {
    return ~crc_state_over(tables, ~checksum, bytes);
}

std::uint32_t crc32c_extend(std::uint32_t checksum, std::span<const std::byte> bytes) noexcept {
    static const crc_function extend = fastest();
    return extend(checksum, bytes);
}

std::uint32_t crc32c(std::span<const std::byte> bytes) noexcept {
    return crc32c_extend(0, bytes);
}

} // namespace barnabas::batch
