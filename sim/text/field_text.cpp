#include "sim/text/field_text.hpp"

#include <charconv>
#include <optional>
#include <utility>

namespace barnabas::sim {

namespace {

constexpr std::string_view nanoseconds = "_ns";

/// The largest first, so that a duration is written in the coarsest unit that is exact.
constexpr std::pair<std::string_view, std::int64_t> units[] = {
    {"h", 3'600'000'000'000}, {"min", 60'000'000'000}, {"s", 1'000'000'000},
    {"ms", 1'000'000},        {"us", 1'000},           {"ns", 1},
};

error wrong(std::string what) {
    return {errc::invalid_request, std::move(what)};
}

/// Digits with underscores between them, and a sign; the rest of the text is left.
template <class Number>
std::optional<Number> take_number(std::string_view& text) {
    std::string digits;
    std::size_t used = 0;
    while (used < text.size() && (std::isdigit(static_cast<unsigned char>(text[used])) || text[used] == '_' ||
                                  (used == 0 && text[used] == '-'))) {
        if (text[used] != '_')
            digits += text[used];
        ++used;
    }
    Number number = 0;
    const auto [stop, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (problem != std::errc{} || stop != digits.data() + digits.size())
        return std::nullopt;
    text.remove_prefix(used);
    return number;
}

std::string_view without_blanks(std::string_view text) {
    while (!text.empty() && text.front() == ' ')
        text.remove_prefix(1);
    while (!text.empty() && text.back() == ' ')
        text.remove_suffix(1);
    return text;
}

result<std::int64_t> one_integer(std::string_view field, std::string_view text) {
    auto rest = without_blanks(text);
    const auto number = take_number<std::int64_t>(rest);
    const bool is_duration = field.ends_with(nanoseconds);
    const auto expected = wrong("'" + std::string(text) + "' is no " +
                                (is_duration ? "duration; write it as 250us, 3s or 15min" : "whole number"));
    if (!number)
        return expected;
    rest = without_blanks(rest);
    if (!is_duration)
        return rest.empty() ? result<std::int64_t>(*number) : expected;
    for (const auto& [unit, length] : units) {
        std::int64_t product = 0;
        if (rest == unit && !__builtin_mul_overflow(*number, length, &product))
            return product;
    }
    // Nothing needs no unit.
    return rest.empty() && *number == 0 ? result<std::int64_t>(0) : expected;
}

std::pair<std::string_view, std::string_view> ends_of_range(std::string_view text) {
    const auto dots = text.find("..");
    if (dots == std::string_view::npos)
        return {text, text};
    return {text.substr(0, dots), text.substr(dots + 2)};
}

std::int64_t draw_between(std::int64_t low, std::int64_t high, runtime::random& draws) {
    if (low == high)
        return low;
    if (low <= 0)
        return draws.between(low, high);
    return static_cast<std::int64_t>(
        draws.log_between(static_cast<std::uint64_t>(low), static_cast<std::uint64_t>(high)));
}

} // namespace

std::string_view key_of_field(std::string_view field) noexcept {
    return field.ends_with(nanoseconds) ? field.substr(0, field.size() - nanoseconds.size()) : field;
}

std::string duration_text(std::int64_t ns) {
    for (const auto& [unit, length] : units) {
        if (ns != 0 && ns % length == 0)
            return std::to_string(ns / length) + std::string(unit);
    }
    return "0s";
}

result<std::int64_t> parse_integer(std::string_view field, std::string_view text, std::int64_t low,
                                   std::int64_t high, runtime::random& draws) {
    const auto [first, second] = ends_of_range(text);
    const auto from = one_integer(field, first);
    const auto to = one_integer(field, second);
    if (!from || !to)
        return from ? to.failure() : from.failure();
    if (*from > *to)
        return wrong("the range " + std::string(text) + " ends before it begins");
    if (*from < low || *to > high)
        return wrong(std::string(text) + " lies outside " + std::to_string(low) + ".." +
                     std::to_string(high));
    return draw_between(*from, *to, draws);
}

result<std::uint64_t> parse_unsigned(std::string_view field, std::string_view text, std::uint64_t high,
                                     runtime::random& draws) {
    auto rest = without_blanks(text);
    // Numbers drawn as 64 bits, which no signed integer holds, have no range and no unit.
    if (const auto number = take_number<std::uint64_t>(rest); number && rest.empty() && *number <= high)
        return *number;
    const auto most = static_cast<std::int64_t>(std::min<std::uint64_t>(high, INT64_MAX));
    const auto number = parse_integer(field, text, 0, most, draws);
    if (!number)
        return number.failure();
    return static_cast<std::uint64_t>(*number);
}

result<bool> parse_truth(std::string_view text) {
    if (text == "yes" || text == "no")
        return text == "yes";
    return not_one_of(text, "yes, no");
}

error not_one_of(std::string_view text, const std::string& names) {
    return wrong("'" + std::string(text) + "' is none of " + names);
}

} // namespace barnabas::sim
