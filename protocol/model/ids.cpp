#include "protocol/model/ids.hpp"

namespace barnabas {

namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

} // namespace

std::string to_string(const uuid& value) {
    std::string text;
    std::uint32_t bits = 0;
    int count = 0;
    for (auto byte : value.bytes) {
        bits = (bits << 8) | byte;
        count += 8;
        while (count >= 6) {
            count -= 6;
            text.push_back(alphabet[(bits >> count) & 63u]);
        }
    }
    text.push_back(alphabet[(bits << (6 - count)) & 63u]);
    return text;
}

std::optional<uuid> parse_uuid(std::string_view text) {
    if (text.size() != 22)
        return std::nullopt;
    uuid value;
    std::uint32_t bits = 0;
    int count = 0;
    std::size_t filled = 0;
    for (char letter : text) {
        auto digit = alphabet.find(letter);
        if (digit == std::string_view::npos)
            return std::nullopt;
        bits = (bits << 6) | static_cast<std::uint32_t>(digit);
        count += 6;
        if (count >= 8) {
            count -= 8;
            if (filled < value.bytes.size())
                value.bytes[filled++] = static_cast<std::uint8_t>(bits >> count);
        }
    }
    return filled == value.bytes.size() ? std::optional(value) : std::nullopt;
}

} // namespace barnabas
