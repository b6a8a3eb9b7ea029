#pragma once

#include "sim/text/field_text.hpp"

#include <string_view>

/// The words of a row in a section of rows.
namespace barnabas::sim {

inline std::string_view next_word(std::string_view& row) {
    while (row.starts_with(' '))
        row.remove_prefix(1);
    const auto word = row.substr(0, row.find(' '));
    row.remove_prefix(word.size());
    return word;
}

/// Sets `into` from the next word; false if it does not fit. Rows have no ranges.
template <class Value>
bool take_word(std::string_view field, Value& into, std::string_view& row) {
    runtime::random unused(0);
    const auto word = next_word(row);
    return word.find("..") == std::string_view::npos && parse_field(field, into, word, unused).has_value();
}

} // namespace barnabas::sim
