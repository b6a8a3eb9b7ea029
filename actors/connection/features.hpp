#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace barnabas {

/// A feature of the cluster that clients ask for, as ApiVersions advertises it.
struct cluster_feature {
    std::string_view name;
    std::int16_t lowest = 0;
    std::int16_t highest = 0;
    /// What holds now.
    std::int16_t level = 0;
};

/// The consumer protocol of groups (KIP-848) is always there, so its level cannot change.
inline constexpr std::array<cluster_feature, 1> cluster_features{{{"group.version", 1, 1, 1}}};

} // namespace barnabas
