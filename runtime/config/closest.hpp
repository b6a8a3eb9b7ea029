#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

namespace barnabas {

/// Number of characters to insert, remove, replace or swap (two neighbours) to get from one text to the
/// other.
std::size_t edit_distance(std::string_view from, std::string_view to);

/// The candidate that was probably meant: the nearest one within a third of its length; the first of equals.
std::optional<std::string_view> closest(std::string_view text, std::span<const std::string_view> candidates);

} // namespace barnabas
