#pragma once

#include <bit>
#include <cstddef>
#include <cstring>
#include <type_traits>

namespace barnabas::batch {

static_assert(std::endian::native == std::endian::little, "loads and stores below swap bytes");

/// Reads an integer of the wire's byte order; `from` points to at least sizeof(Integer) bytes.
template <class Integer>
Integer load_big_endian(const std::byte* from) noexcept {
    std::make_unsigned_t<Integer> bits;
    std::memcpy(&bits, from, sizeof bits);
    if constexpr (sizeof bits == 2)
        bits = __builtin_bswap16(bits);
    else if constexpr (sizeof bits == 4)
        bits = __builtin_bswap32(bits);
    else if constexpr (sizeof bits == 8)
        bits = __builtin_bswap64(bits);
    return static_cast<Integer>(bits);
}

template <class Integer>
void store_big_endian(std::byte* target, Integer value) noexcept {
    auto bits = static_cast<std::make_unsigned_t<Integer>>(value);
    if constexpr (sizeof bits == 2)
        bits = __builtin_bswap16(bits);
    else if constexpr (sizeof bits == 4)
        bits = __builtin_bswap32(bits);
    else if constexpr (sizeof bits == 8)
        bits = __builtin_bswap64(bits);
    std::memcpy(target, &bits, sizeof bits);
}

} // namespace barnabas::batch
