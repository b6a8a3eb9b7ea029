#pragma once

#include "actors/client/limits.hpp"

#include <cstddef>
#include <cstdint>

/// More bounds of the client role: those of consumers (style rule S18).
namespace barnabas::client::limits {

/// A Fetch that takes longer than the broker was allowed to wait is a reason to ask who leads.
inline constexpr std::int64_t fetch_patience_ns = 1'000 * millisecond;
/// Commits that wait for the one before them: programs that commit without waiting are slower than that.
inline constexpr std::size_t commits_max = 1'000;
/// Records that a poll makes room for before it looks at them.
inline constexpr std::size_t room_records_max = 10'000;

} // namespace barnabas::client::limits
