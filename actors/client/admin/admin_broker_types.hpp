#pragma once

#include "actors/client/admin/admin_types.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>

/// What admin calls about brokers themselves take and give. Nothing here needs more than the standard
/// library.
namespace barnabas::client {

/// An API of the protocol as a broker serves it.
struct served_api {
    std::int16_t key = 0;
    /// Kafka's ("Produce"); "Unknown" for a number that has no name here.
    std::string name;
    std::int16_t min_version = 0;
    std::int16_t max_version = 0;
};

struct feature_description {
    std::int16_t min_level = 0;
    std::int16_t max_level = 0;
    /// Of the whole cluster; 0 while it is off.
    std::int16_t level = 0;
};

struct feature_levels {
    std::map<std::string, feature_description> features;
    /// Nothing when the broker does not tell.
    std::optional<std::int64_t> epoch;
};

struct feature_change {
    enum class direction : std::int8_t { upgrade = 1, safe_downgrade = 2, unsafe_downgrade = 3 };

    /// 0 switches it off.
    std::int16_t level = 0;
    direction how = direction::upgrade;
};

enum class endpoint_kind : std::int8_t { broker = 1, controller = 2 };

struct endpoint_description {
    broker_description broker;
    /// Shut out until it has caught up.
    bool is_fenced = false;
};

} // namespace barnabas::client
