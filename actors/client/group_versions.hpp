#pragma once

#include <cstdint>

namespace barnabas::client {

/// The newest version of FindCoordinator that names one group only.
inline constexpr std::int16_t find_version_max = 3;
/// From this version of OffsetFetch on several groups are asked for at once.
inline constexpr std::int16_t fetch_version_of_groups = 8;

/// The epochs with which a member of the consumer protocol goes (KIP-848).
inline constexpr std::int32_t leaving_epoch = -1;
/// A static member that comes back.
inline constexpr std::int32_t pausing_epoch = -2;

} // namespace barnabas::client
