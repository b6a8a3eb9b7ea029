#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace barnabas::batch {

// Zig-zag variable-length integers of records: 7 bits per byte, lowest first, the top bit means "more".
// At most 5 bytes for 32 bits and 10 for 64. Bits beyond the width in the last byte are dropped, as every
// Kafka implementation does.

inline constexpr std::size_t varint_bytes_max = 5;
inline constexpr std::size_t varlong_bytes_max = 10;

constexpr std::int32_t from_zigzag(std::uint32_t bits) noexcept {
    return static_cast<std::int32_t>((bits >> 1) ^ (~(bits & 1) + 1));
}
constexpr std::int64_t from_zigzag(std::uint64_t bits) noexcept {
    return static_cast<std::int64_t>((bits >> 1) ^ (~(bits & 1) + 1));
}
constexpr std::uint32_t to_zigzag(std::int32_t value) noexcept {
    return (static_cast<std::uint32_t>(value) << 1) ^ static_cast<std::uint32_t>(value >> 31);
}
constexpr std::uint64_t to_zigzag(std::int64_t value) noexcept {
    return (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
}

/// Reads one number from [from, end) into `value`. Returns the byte behind it, or nullptr when the bytes end
/// first or the number is too long; `value` is then unspecified.
template <class Unsigned>
inline const std::byte* read_unsigned_varint(const std::byte* from, const std::byte* end,
                                             Unsigned& value) noexcept {
    constexpr unsigned width = sizeof(Unsigned) * 8;
    if (from == end) [[unlikely]]
        return nullptr;
    auto byte = static_cast<Unsigned>(*from++);
    if (byte < 0x80) [[likely]] {
        value = byte;
        return from;
    }
    Unsigned bits = byte & 0x7f;
    for (unsigned shift = 7; shift < width; shift += 7) {
        if (from == end) [[unlikely]]
            return nullptr;
        byte = static_cast<Unsigned>(*from++);
        bits |= (byte & 0x7f) << shift;
        if (byte < 0x80) {
            value = bits;
            return from;
        }
    }
    return nullptr;
}

inline const std::byte* read_varint(const std::byte* from, const std::byte* end,
                                    std::int32_t& value) noexcept {
    std::uint32_t bits = 0;
    from = read_unsigned_varint(from, end, bits);
    value = from_zigzag(bits);
    return from;
}

inline const std::byte* read_varlong(const std::byte* from, const std::byte* end,
                                     std::int64_t& value) noexcept {
    std::uint64_t bits = 0;
    from = read_unsigned_varint(from, end, bits);
    value = from_zigzag(bits);
    return from;
}

constexpr std::size_t unsigned_varint_size(std::uint64_t bits) noexcept {
    std::size_t size = 1;
    for (; bits >= 0x80; bits >>= 7)
        ++size;
    return size;
}

inline std::size_t varint_size(std::int32_t value) noexcept {
    return unsigned_varint_size(to_zigzag(value));
}
inline std::size_t varlong_size(std::int64_t value) noexcept {
    return unsigned_varint_size(to_zigzag(value));
}

inline void append_unsigned_varint(std::vector<std::byte>& target, std::uint64_t bits) {
    for (; bits >= 0x80; bits >>= 7)
        target.push_back(static_cast<std::byte>((bits & 0x7f) | 0x80));
    target.push_back(static_cast<std::byte>(bits));
}

inline void append_varint(std::vector<std::byte>& target, std::int32_t value) {
    append_unsigned_varint(target, to_zigzag(value));
}

inline void append_varlong(std::vector<std::byte>& target, std::int64_t value) {
    append_unsigned_varint(target, to_zigzag(value));
}

} // namespace barnabas::batch
