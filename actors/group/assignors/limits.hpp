#pragma once

#include <cstdint>

/// Bounds of the assignors (style rule S18).
namespace barnabas::group::limits {

/// What one compiled pattern may take, with the states that RE2 keeps while it matches; a pattern whose
/// program needs more than two thirds of it is refused. Members of a group hold one each, and names of topics
/// have 249 characters.
inline constexpr std::int64_t regex_bytes_max = 1 << 20;

} // namespace barnabas::group::limits
