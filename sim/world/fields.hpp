#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <type_traits>

namespace barnabas::sim {

/// How structs of options show their members to what prints, parses and counts them. Beside each struct
/// stands
///
///     template <fields_of<options> Of, class Visit> void for_each_field(Of& of, Visit&& visit);
///
/// (so that it takes constants as well), which calls `visit("name_with_unit", of.member)` for each member in
/// a fixed order. Members are integers, `bool`, `virtual_time`, enums, or structs that have fields
/// themselves. A struct may show a member only if those shown before make it matter; since a parser assigns
/// what it is shown before the next is shown, printing and parsing agree. Names never change: kept schedules
/// use them.
///
/// Beside each enum stand `name_of(value)` and `all_of(any value)`, a table of all values.
template <class Type, class Options>
concept fields_of = std::is_same_v<std::remove_const_t<Type>, Options>;

template <class Type>
concept has_fields = requires(Type& of) {
    for_each_field(of, [](const char*, auto&) {});
};

template <class Enum>
concept has_names = requires(Enum value) {
    {name_of(value)};
    {all_of(value)};
};

template <has_names Enum>
std::optional<Enum> value_named(std::string_view name) {
    for (const auto value : all_of(Enum{})) {
        if (name == name_of(value))
            return value;
    }
    return std::nullopt;
}

} // namespace barnabas::sim
