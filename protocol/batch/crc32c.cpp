#include "protocol/batch/crc32c.hpp"

#include "protocol/batch/crc32c_lanes.hpp"
#include "protocol/batch/crc_tables.hpp"

namespace barnabas::batch {
namespace {

using crc_function = std::uint32_t (*)(std::uint32_t, std::span<const std::byte>) noexcept;

constexpr crc_tables tables = make_crc_tables(castagnoli);

#if defined(__x86_64__)

template <std::size_t lane_bytes>
__attribute__((target(BARNABAS_CRC32C_TARGET))) std::uint64_t three_lanes(std::uint64_t state,
                                                                          const std::byte* from) noexcept {
    crc32c_lanes<lane_bytes> lanes{state};
    for (const std::byte* end = from + lane_bytes; from != end; from += 8)
        lanes.step(from);
    return lanes.merged();
}

/// The same, and asks for the bytes `ahead` of these. Each lane's piece is too short for the processor to see
/// that the next ones follow: over memory that lies in no cache it would wait for most of them.
template <std::size_t lane_bytes, std::size_t ahead>
__attribute__((target(BARNABAS_CRC32C_TARGET))) std::uint64_t
three_lanes_ahead(std::uint64_t state, const std::byte* from) noexcept {
    constexpr std::size_t line_bytes = 64;
    crc32c_lanes<lane_bytes> lanes{state};
    const std::byte* const end = from + lane_bytes;
    while (from + line_bytes <= end) {
        for (std::size_t lane = 0; lane < 3; ++lane)
            _mm_prefetch(reinterpret_cast<const char*>(from + lane * lane_bytes + ahead), _MM_HINT_T0);
        for (const std::byte* line_end = from + line_bytes; from != line_end; from += 8)
            lanes.step(from);
    }
    for (; from != end; from += 8)
        lanes.step(from);
    return lanes.merged();
}

/// Long lanes make the merge cheap, short ones leave less for the single lane at the end.
constexpr std::size_t long_lane_bytes = 1360;
constexpr std::size_t short_lane_bytes = 128;

__attribute__((target(BARNABAS_CRC32C_TARGET))) std::uint32_t
crc32c_extend_sse42(std::uint32_t checksum, std::span<const std::byte> bytes) noexcept {
    const std::byte* from = bytes.data();
    std::size_t left = bytes.size();
    std::uint64_t state = ~checksum;
    constexpr std::size_t ahead = 6 * long_lane_bytes;
    for (; left >= ahead + 3 * long_lane_bytes; from += 3 * long_lane_bytes, left -= 3 * long_lane_bytes)
        state = three_lanes_ahead<long_lane_bytes, ahead>(state, from);
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
