#pragma once

#include "protocol/model/strong.hpp"

#include <cstdint>

namespace barnabas::sim {

/// The one true time of a run: nanoseconds since its start. What a node sees of it is a view (`host_clock`).
using virtual_time = strong_point<struct virtual_time_tag, std::int64_t>;

inline constexpr std::int64_t microsecond = 1'000;
inline constexpr std::int64_t millisecond = 1'000'000;
inline constexpr std::int64_t second = 1'000'000'000;

inline constexpr virtual_time end_of_time{INT64_MAX};

/// Who an event belongs to: the world itself or one incarnation of a node. Never reused within a run.
using owner_id = strong<struct owner_id_tag, std::uint32_t>;
inline constexpr owner_id world_owner{0};

} // namespace barnabas::sim
