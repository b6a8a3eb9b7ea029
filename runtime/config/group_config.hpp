#pragma once

#include "protocol/model/error.hpp"
#include "runtime/config/config_value.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// Configurations of single groups, of the consumer protocol (KIP-848).
namespace barnabas {

struct broker_config;

/// What a broker lets groups have, and gives to those that have nothing of their own.
struct group_rules {
    struct range {
        std::int32_t min;
        std::int32_t max;
        std::int32_t unset;
    };
    range session_timeout_ms{45'000, 60'000, 45'000};
    range heartbeat_interval_ms{5'000, 15'000, 5'000};
};

group_rules group_rules_of(const broker_config& broker);

using group_config_texts = std::map<std::string, std::string>;

/// Checks all that a group is to have. Errors have code invalid_config and Kafka's words.
result<void> check_group_configs(const group_rules& rules, const group_config_texts& configs);

/// What a group has of its own.
struct group_config {
    std::optional<std::int32_t> session_timeout_ms;
    std::optional<std::int32_t> heartbeat_interval_ms;
};

/// `configs` have passed `check_group_configs`, maybe under other rules: they are brought within these. What
/// would leave members no time for a heartbeat then, the group does not have.
group_config own_group_config(const group_rules& rules, const group_config_texts& configs);

/// Kafka's ConfigSource of what is set for a group.
inline constexpr int source_group = 8;

/// Rows of DescribeConfigs for a group, sorted by name.
std::vector<config_row> describe_group_configs(const broker_config& broker,
                                               const group_config_texts& configs);

struct group_key {
    std::string_view name;
    config_type type;
    const char* default_text;
    value_check check;
    std::string_view documentation;
    /// Keys of the broker: for groups that have nothing of their own, and the bounds.
    std::string_view broker_key;
    std::string_view least_key;
    std::string_view most_key;
    group_rules::range group_rules::*bounds;
    std::optional<std::int32_t> group_config::*field;
};

/// Sorted by name.
std::span<const group_key> group_keys();
/// Null when there is none of that name.
const group_key* find_group_key(std::string_view name);

} // namespace barnabas
