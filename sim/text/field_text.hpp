#pragma once

#include "protocol/model/error.hpp"
#include "protocol/model/strong.hpp"
#include "runtime/random/random.hpp"
#include "sim/world/fields.hpp"

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <type_traits>

/// How one option of a run is written. The struct's `for_each_field` names it; the name's ending is its unit:
/// `sync_low_ns` is written as `sync_low = 200us`, `tail_chance_ppm` as a plain number of a million.
///
///     whole number   12   -3   1_000_000
///     duration       250us   3s   15min        (names that end in _ns)
///     truth          yes   no
///     choice         one of the names that the type knows
///     range          A..B of numbers or durations: drawn for each run, evenly over the magnitudes
namespace barnabas::sim {

/// The names of an enumeration's values, for texts, where there is no `name_of` and `all_of` beside it
/// (sim/world/fields.hpp): specialised with a `static constexpr std::pair<Enum, const char*> table[]`.
template <class Enum>
struct enum_names;

/// The key under which a field is written: durations lose their unit, which their value carries.
std::string_view key_of_field(std::string_view field) noexcept;

std::string duration_text(std::int64_t ns);
/// The bounds are inclusive; a range is drawn from `draws`. Errors say what was expected.
result<std::int64_t> parse_integer(std::string_view field, std::string_view text, std::int64_t low,
                                   std::int64_t high, runtime::random& draws);
result<std::uint64_t> parse_unsigned(std::string_view field, std::string_view text, std::uint64_t high,
                                     runtime::random& draws);
result<bool> parse_truth(std::string_view text);
error not_one_of(std::string_view text, const std::string& names);

template <class Value>
std::string field_text(std::string_view field, const Value& value) {
    if constexpr (std::is_same_v<Value, bool>) {
        return value ? "yes" : "no";
    } else if constexpr (std::is_same_v<Value, std::string>) {
        return value;
    } else if constexpr (has_names<Value>) {
        return name_of(value);
    } else if constexpr (std::is_enum_v<Value>) {
        for (const auto& [each, name] : enum_names<Value>::table) {
            if (each == value)
                return name;
        }
        return "?";
    } else if constexpr (std::is_integral_v<Value>) {
        return field.ends_with("_ns") ? duration_text(static_cast<std::int64_t>(value))
                                      : std::to_string(value);
    } else {
        return field_text(field, value.get());
    }
}

template <class Value>
result<void> parse_field(std::string_view field, Value& value, std::string_view text,
                         runtime::random& draws) {
    if constexpr (std::is_same_v<Value, bool>) {
        const auto parsed = parse_truth(text);
        if (!parsed)
            return parsed.failure();
        value = *parsed;
    } else if constexpr (std::is_same_v<Value, std::string>) {
        value = text;
    } else if constexpr (has_names<Value>) {
        if (const auto named = value_named<Value>(text)) {
            value = *named;
            return {};
        }
        std::string names;
        for (const auto each : all_of(Value{}))
            names += (names.empty() ? "" : ", ") + std::string(name_of(each));
        return not_one_of(text, names);
    } else if constexpr (std::is_enum_v<Value>) {
        std::string names;
        for (const auto& [each, name] : enum_names<Value>::table) {
            if (text == name) {
                value = each;
                return {};
            }
            names += (names.empty() ? "" : ", ") + std::string(name);
        }
        return not_one_of(text, names);
    } else if constexpr (std::is_integral_v<Value>) {
        using limits = std::numeric_limits<Value>;
        if constexpr (std::is_signed_v<Value>) {
            const auto parsed = parse_integer(field, text, limits::min(), limits::max(), draws);
            if (!parsed)
                return parsed.failure();
            value = static_cast<Value>(*parsed);
        } else {
            const auto parsed = parse_unsigned(field, text, limits::max(), draws);
            if (!parsed)
                return parsed.failure();
            value = static_cast<Value>(*parsed);
        }
    } else {
        typename Value::rep inner{};
        if (auto done = parse_field(field, inner, text, draws); !done)
            return done;
        value = Value(inner);
    }
    return {};
}

} // namespace barnabas::sim
