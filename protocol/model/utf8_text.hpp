#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace barnabas {

/// Appends bytes as text: what is no UTF-8 becomes the replacement character, one per longest piece that
/// could have begun a character, as Java does it.
void append_utf8(std::string& to, std::span<const std::byte> bytes);

} // namespace barnabas
