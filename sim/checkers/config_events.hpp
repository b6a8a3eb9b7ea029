#pragma once

#include "runtime/config/topic_config.hpp"
#include "sim/world/virtual_time.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

/// What the administrator who alters configs of topics asks and is told. One question at a time.
namespace barnabas::sim {

struct config_change {
    std::string key;
    config_operation what = config_operation::set;
    std::string value;

    friend bool operator==(const config_change&, const config_change&) = default;
};

/// All changes of one topic at once, or none.
struct configs_asked {
    std::uint32_t topic = 0;
    std::vector<config_change> changes;
    /// Keys that are not named go back to their defaults.
    bool replaces = false;
    virtual_time at;
};

/// Of the question before; without a confirmation it may land late, as long as that life of the broker lasts.
struct configs_answered {
    bool confirmed = false;
    virtual_time at;
};

/// DescribeConfigs: all that is set for the topic.
struct configs_told {
    std::uint32_t topic = 0;
    std::map<std::string, std::string> set;
    virtual_time at;
};

} // namespace barnabas::sim
