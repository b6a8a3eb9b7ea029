#include "actors/group/group_names.hpp"

#include "protocol/model/assert.hpp"

#include <cstddef>
#include <cstdlib>
#include <limits>

namespace barnabas::group {

namespace {

constexpr std::uint32_t replacement = 0xfffd;

/// Bits of a continuation byte at `at`; negative when there is none.
std::int32_t continuation(std::string_view text, std::size_t at) noexcept {
    if (at >= text.size())
        return -1;
    const auto byte = static_cast<unsigned char>(text[at]);
    return (byte & 0xc0) == 0x80 ? byte & 0x3f : -1;
}

/// The code point at `at`, which moves behind it. Overlong forms and surrogates are no UTF-8.
std::uint32_t next_code_point(std::string_view text, std::size_t& at) noexcept {
    const auto first = static_cast<unsigned char>(text[at++]);
    if (first < 0x80)
        return first;
    const int more = first >= 0xf0 && first < 0xf8   ? 3
                     : first >= 0xe0 && first < 0xf0 ? 2
                     : first >= 0xc2 && first < 0xe0 ? 1
                                                     : 0;
    if (more == 0)
        return replacement;
    std::uint32_t point = first & (0x3fU >> more);
    for (int i = 0; i < more; ++i) {
        const auto bits = continuation(text, at + static_cast<std::size_t>(i));
        if (bits < 0)
            return replacement;
        point = point << 6 | static_cast<std::uint32_t>(bits);
    }
    constexpr std::uint32_t least[] = {0, 0x80, 0x800, 0x10000};
    if (point < least[more] || point > 0x10ffff || (point >= 0xd800 && point < 0xe000))
        return replacement;
    at += static_cast<std::size_t>(more);
    return point;
}

} // namespace

bool is_internal_topic(std::string_view name) noexcept {
    return name == offsets_topic || name == "__transaction_state" || name == "__share_group_state";
}

std::int32_t java_hash(std::string_view text) noexcept {
    std::uint32_t hash = 0;
    for (std::size_t at = 0; at < text.size();) {
        const auto point = next_code_point(text, at);
        if (point < 0x10000) {
            hash = 31 * hash + point;
            continue;
        }
        hash = 31 * hash + (0xd800 + ((point - 0x10000) >> 10));
        hash = 31 * hash + (0xdc00 + ((point - 0x10000) & 0x3ff));
    }
    return static_cast<std::int32_t>(hash);
}

std::size_t utf16_length(std::string_view text) noexcept {
    std::size_t length = 0;
    for (std::size_t at = 0; at < text.size();)
        length += next_code_point(text, at) < 0x10000 ? 1 : 2;
    return length;
}

partition_index partition_of_group(std::string_view group, std::int32_t count) noexcept {
    BARNABAS_ASSERT(count > 0);
    // Kafka takes the absolute value, and 0 for -2^31, which has none in 32 bits.
    constexpr auto without_opposite = std::numeric_limits<std::int32_t>::min();
    const auto hash = java_hash(group);
    return partition_index(hash == without_opposite ? 0 : std::abs(hash) % count);
}

} // namespace barnabas::group
