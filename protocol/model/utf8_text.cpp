#include "protocol/model/utf8_text.hpp"

#include <cstdint>

namespace barnabas {
namespace {

constexpr const char* replacement = "\xef\xbf\xbd";

struct sequence {
    std::size_t length = 0; ///< bytes that a character with this first byte has; 0: none begins so
    std::uint8_t second_min = 0x80;
    std::uint8_t second_max = 0xbf;
};

/// The bounds of the second byte keep out over-long forms, surrogates and what lies beyond Unicode.
sequence sequence_of(std::uint8_t first) {
    if (first < 0x80)
        return {1};
    if (first >= 0xc2 && first <= 0xdf)
        return {2};
    if (first >= 0xe0 && first <= 0xef)
        return {3, static_cast<std::uint8_t>(first == 0xe0 ? 0xa0 : 0x80),
                static_cast<std::uint8_t>(first == 0xed ? 0x9f : 0xbf)};
    if (first >= 0xf0 && first <= 0xf4)
        return {4, static_cast<std::uint8_t>(first == 0xf0 ? 0x90 : 0x80),
                static_cast<std::uint8_t>(first == 0xf4 ? 0x8f : 0xbf)};
    return {};
}

/// How many bytes at the front belong to what the first one begins; at least 1.
std::size_t piece_length(std::span<const std::byte> bytes, const sequence& wanted) {
    std::size_t length = 1;
    for (; length < wanted.length && length < bytes.size(); ++length) {
        const auto next = std::to_integer<std::uint8_t>(bytes[length]);
        const auto low = length == 1 ? wanted.second_min : std::uint8_t{0x80};
        const auto high = length == 1 ? wanted.second_max : std::uint8_t{0xbf};
        if (next < low || next > high)
            break;
    }
    return length;
}

} // namespace

void append_utf8(std::string& to, std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
        const auto wanted = sequence_of(std::to_integer<std::uint8_t>(bytes[0]));
        const auto length = piece_length(bytes, wanted);
        if (length == wanted.length)
            to.append(reinterpret_cast<const char*>(bytes.data()), length);
        else
            to += replacement;
        bytes = bytes.subspan(length);
    }
}

} // namespace barnabas
