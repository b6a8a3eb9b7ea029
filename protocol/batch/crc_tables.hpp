#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace barnabas::batch {

// What both checksums share. A polynomial is written lowest bit first, without its highest power.

constexpr std::uint32_t times_x(std::uint32_t value, std::uint32_t polynomial) noexcept {
    return (value >> 1) ^ ((value & 1) != 0 ? polynomial : 0);
}

/// x^exponent modulo the polynomial.
constexpr std::uint32_t x_to_the(std::uint32_t exponent, std::uint32_t polynomial) noexcept {
    std::uint32_t value = 0x80000000;
    for (std::uint32_t step = 0; step < exponent; ++step)
        value = times_x(value, polynomial);
    return value;
}

/// Row k gives what one byte adds to the checksum when k more bytes follow it in the same step.
using crc_tables = std::array<std::array<std::uint32_t, 256>, 8>;

constexpr crc_tables make_crc_tables(std::uint32_t polynomial) noexcept {
    crc_tables tables{};
    for (std::uint32_t byte = 0; byte < 256; ++byte) {
        std::uint32_t value = byte;
        for (int bit = 0; bit < 8; ++bit)
            value = times_x(value, polynomial);
        tables[0][byte] = value;
    }
    for (std::size_t row = 1; row < tables.size(); ++row)
        for (std::size_t byte = 0; byte < 256; ++byte) {
            const std::uint32_t before = tables[row - 1][byte];
            tables[row][byte] = (before >> 8) ^ tables[0][before & 0xff];
        }
    return tables;
}

/// Takes bytes into the state of a checksum (which is the inverted checksum), with tables alone.
inline std::uint32_t crc_state_over(const crc_tables& tables, std::uint32_t state,
                                    std::span<const std::byte> bytes) noexcept {
    const std::byte* from = bytes.data();
    std::size_t left = bytes.size();
    for (; left >= 8; from += 8, left -= 8) {
        std::uint64_t word;
        std::memcpy(&word, from, sizeof word);
        word ^= state;
        state = 0;
        for (std::size_t byte = 0; byte < 8; ++byte)
            state ^= tables[7 - byte][(word >> (8 * byte)) & 0xff];
    }
    for (; left != 0; ++from, --left)
        state = (state >> 8) ^ tables[0][(state ^ static_cast<std::uint32_t>(*from)) & 0xff];
    return state;
}

} // namespace barnabas::batch
