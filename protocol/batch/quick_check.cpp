#include "protocol/batch/quick_check.hpp"

namespace barnabas::batch {
namespace {

/// What may be read behind a record before it is known that a field runs past its end: attributes, the
/// longest timestamp and three short numbers.
constexpr std::ptrdiff_t margin = 32;

/// A number of one to three bytes; nullptr when it is longer.
[[gnu::always_inline]] inline const std::byte* read_short(const std::byte* from,
                                                          std::uint32_t& bits) noexcept {
    const auto first = std::to_integer<std::uint32_t>(from[0]);
    if (first < 0x80) [[likely]] {
        bits = first;
        return from + 1;
    }
    const auto second = std::to_integer<std::uint32_t>(from[1]);
    if (second < 0x80) [[likely]] {
        bits = (first & 0x7f) | second << 7;
        return from + 2;
    }
    const auto third = std::to_integer<std::uint32_t>(from[2]);
    bits = (first & 0x7f) | (second & 0x7f) << 7 | third << 14;
    return third < 0x80 ? from + 3 : nullptr;
}

/// Steps over a length and as many bytes, or a null if it may be one; nullptr when that does not end at or in
/// front of `end`.
[[gnu::always_inline]] inline const std::byte* skip_short(const std::byte* from, const std::byte* end,
                                                          bool may_be_null) noexcept {
    std::uint32_t bits = 0;
    from = read_short(from, bits);
    if (from == nullptr)
        return nullptr;
    if ((bits & 1) != 0) [[unlikely]]
        return bits == to_zigzag(-1) && may_be_null ? from : nullptr;
    return static_cast<std::ptrdiff_t>(bits / 2) <= end - from ? from + bits / 2 : nullptr;
}

struct quick_deltas {
    std::int64_t timestamp = 0;
    std::int32_t offset = 0;
};

[[gnu::noinline]] const std::byte* skip_headers(std::uint32_t count, const std::byte* from,
                                                const std::byte* end) noexcept {
    for (; count > 0; --count)
        if ((from = skip_short(from, end, false)) == nullptr ||
            (from = skip_short(from, end, true)) == nullptr)
            return nullptr;
    return from;
}

[[gnu::noinline]] const std::byte* read_long(const std::byte* from, std::int64_t& value) noexcept {
    return read_varlong(from, from + varlong_bytes_max, value);
}

/// The fields of one record behind its length; false when they need a closer look.
[[gnu::always_inline]] inline bool check_fields(const std::byte* from, const std::byte* end, bool needs_key,
                                                quick_deltas& deltas) noexcept {
    ++from; // attributes of a record, unused
    std::uint32_t bits = 0;
    if (const std::byte* behind = read_short(from, bits); behind != nullptr) [[likely]] {
        deltas.timestamp = from_zigzag(bits);
        from = behind;
    } else {
        std::int64_t timestamp = 0;
        if ((from = read_long(from, timestamp)) == nullptr)
            return false;
        deltas.timestamp = timestamp;
    }
    if ((from = read_short(from, bits)) == nullptr)
        return false;
    deltas.offset = from_zigzag(bits);
    if ((from = skip_short(from, end, !needs_key)) == nullptr ||
        (from = skip_short(from, end, true)) == nullptr)
        return false;
    if ((from = read_short(from, bits)) == nullptr || (bits & 1) != 0)
        return false;
    if (bits != 0) [[unlikely]]
        from = skip_headers(bits / 2, from, end);
    return from == end;
}

template <bool consecutive>
const std::byte* check_while_quick(std::span<const std::byte> bytes, const record_rules& rules,
                                   records_seen& total) noexcept {
    const std::byte* next = bytes.data();
    if (static_cast<std::ptrdiff_t>(bytes.size()) < margin)
        return next;
    const std::byte* const last = next + bytes.size() - margin;
    // A copy, which stays in registers.
    records_seen seen = total;
    while (seen.count < rules.record_count) {
        std::uint32_t bits = 0;
        const std::byte* const fields = read_short(next, bits);
        if (fields == nullptr || (bits & 1) != 0 || static_cast<std::ptrdiff_t>(bits / 2) > last - fields)
            break;
        const std::byte* const end = fields + bits / 2;
        quick_deltas deltas;
        if (!check_fields(fields, end, rules.needs_key, deltas))
            break;
        if (consecutive ? deltas.offset != seen.count
                        : deltas.offset <= seen.last_offset_delta || deltas.offset > rules.last_offset_delta)
            break;
        seen.add(timestamp_after(rules.base_timestamp, deltas.timestamp), deltas.offset);
        next = end;
    }
    total = seen;
    return next;
}

} // namespace

const std::byte* check_quickly(std::span<const std::byte> bytes, const record_rules& rules,
                               records_seen& seen) noexcept {
    return rules.consecutive ? check_while_quick<true>(bytes, rules, seen)
                             : check_while_quick<false>(bytes, rules, seen);
}

} // namespace barnabas::batch
