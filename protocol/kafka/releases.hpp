#pragma once

#include "protocol/kafka/api_key.hpp"

#include <cstdint>
#include <span>
#include <string_view>

namespace barnabas::kafka {

/// An API that has a schema, with the releases of Kafka that brought its versions. A release behind `early:`
/// had the version for trial only, and none offered it since.
struct api_releases {
    api_key key;
    std::int16_t lowest_version;
    /// One per version, from the lowest on.
    std::span<const std::string_view> since;

    std::int16_t highest_version() const noexcept {
        return static_cast<std::int16_t>(lowest_version + static_cast<std::int16_t>(since.size()) - 1);
    }
};

/// By key.
std::span<const api_releases> releases() noexcept;

} // namespace barnabas::kafka
