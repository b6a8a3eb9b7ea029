#include "protocol/batch/crc32.hpp"

#include "protocol/batch/crc_tables.hpp"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace barnabas::batch {
namespace {

constexpr std::uint32_t polynomial = 0xedb88320;
constexpr crc_tables tables = make_crc_tables(polynomial);

using crc_function = std::uint32_t (*)(std::span<const std::byte>) noexcept;

#if defined(__x86_64__)

/// Bytes of one vector, and what is worth the four lanes.
constexpr std::size_t vector_bytes = 16;
constexpr std::size_t lanes_bytes = 4 * vector_bytes;

/// What the halves of a vector are multiplied with to move it over a number of bytes: x to that many bits,
/// for the half in front 64 more, from both of which 32 are taken because the factors stand in the upper half
/// of 64 bits. A product of two numbers written lowest bit first is short of one x, which the shift gives
/// back.
struct fold_factors {
    std::uint64_t first_half;
    std::uint64_t second_half;
};

constexpr fold_factors factors_over(std::uint32_t bytes) noexcept {
    return {std::uint64_t{x_to_the(8 * bytes + 32, polynomial)} << 1,
            std::uint64_t{x_to_the(8 * bytes - 32, polynomial)} << 1};
}

__attribute__((target("pclmul,sse4.1"))) __m128i load(const std::byte* from) noexcept {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
}

__attribute__((target("pclmul,sse4.1"))) __m128i vector_of(const fold_factors& factors) noexcept {
    return _mm_set_epi64x(static_cast<long long>(factors.second_half),
                          static_cast<long long>(factors.first_half));
}

/// Moves `value` over the distance of the factors and adds what stands there.
__attribute__((target("pclmul,sse4.1"))) __m128i fold(__m128i value, __m128i factors,
                                                      __m128i there) noexcept {
    const __m128i first = _mm_clmulepi64_si128(value, factors, 0x00);
    const __m128i second = _mm_clmulepi64_si128(value, factors, 0x11);
    return _mm_xor_si128(_mm_xor_si128(first, second), there);
}

/// Folds the bytes to one vector with the same checksum, which the tables finish together with the tail.
__attribute__((target("pclmul,sse4.1"))) std::uint32_t
crc32_pclmul(std::span<const std::byte> bytes) noexcept {
    if (bytes.size() < lanes_bytes)
        return crc32_portable(bytes);
    constexpr fold_factors over_lanes = factors_over(lanes_bytes);
    constexpr fold_factors over_vector = factors_over(vector_bytes);
    const __m128i far = vector_of(over_lanes);
    const __m128i near = vector_of(over_vector);
    const std::byte* from = bytes.data();
    std::size_t left = bytes.size() - lanes_bytes;
    // The state before the first byte is all ones, added to the first 32 bits.
    __m128i lane_0 = _mm_xor_si128(load(from), _mm_cvtsi32_si128(-1));
    __m128i lane_1 = load(from + vector_bytes);
    __m128i lane_2 = load(from + 2 * vector_bytes);
    __m128i lane_3 = load(from + 3 * vector_bytes);
    for (from += lanes_bytes; left >= lanes_bytes; from += lanes_bytes, left -= lanes_bytes) {
        lane_0 = fold(lane_0, far, load(from));
        lane_1 = fold(lane_1, far, load(from + vector_bytes));
        lane_2 = fold(lane_2, far, load(from + 2 * vector_bytes));
        lane_3 = fold(lane_3, far, load(from + 3 * vector_bytes));
    }
    __m128i sum = fold(fold(fold(lane_0, near, lane_1), near, lane_2), near, lane_3);
    for (; left >= vector_bytes; from += vector_bytes, left -= vector_bytes)
        sum = fold(sum, near, load(from));
    std::array<std::byte, vector_bytes> folded;
    _mm_storeu_si128(reinterpret_cast<__m128i*>(folded.data()), sum);
    const std::uint32_t state = crc_state_over(tables, 0, folded);
    return ~crc_state_over(tables, state, {from, left});
}

#endif

crc_function fastest() noexcept {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("pclmul") && __builtin_cpu_supports("sse4.1"))
        return crc32_pclmul;
#endif
    return crc32_portable;
}

} // namespace

std::uint32_t crc32_portable(std::span<const std::byte> bytes) noexcept {
    return ~crc_state_over(tables, 0xffffffff, bytes);
}

std::uint32_t crc32(std::span<const std::byte> bytes) noexcept {
    static const crc_function compute = fastest();
    return compute(bytes);
}

} // namespace barnabas::batch
