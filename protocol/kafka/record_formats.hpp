#pragma once

#include <cstdint>

/// Which format of records a version of Produce or Fetch carries: message sets of magic 0, message sets of
/// magic 1 (timestamps, KIP-32), batches of magic 2 (KIP-98), and from when on these may be packed with zstd
/// (KIP-110).
namespace barnabas::kafka {

inline constexpr std::int16_t produce_with_timestamps = 2;
inline constexpr std::int16_t produce_with_batches = 3;
inline constexpr std::int16_t produce_with_zstd = 7;

inline constexpr std::int16_t fetch_with_timestamps = 2;
inline constexpr std::int16_t fetch_with_batches = 4;
inline constexpr std::int16_t fetch_with_zstd = 10;

/// 0, 1 or 2.
constexpr std::int8_t magic_of_produce(std::int16_t version) noexcept {
    return static_cast<std::int8_t>((version >= produce_with_timestamps) + (version >= produce_with_batches));
}
constexpr std::int8_t magic_of_fetch(std::int16_t version) noexcept {
    return static_cast<std::int8_t>((version >= fetch_with_timestamps) + (version >= fetch_with_batches));
}

} // namespace barnabas::kafka
