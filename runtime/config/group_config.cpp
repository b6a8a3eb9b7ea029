#include "runtime/config/group_config.hpp"

#include "runtime/config/broker_config.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace barnabas {

namespace {

constexpr std::string_view session_key = "consumer.session.timeout.ms";
constexpr std::string_view heartbeat_key = "consumer.heartbeat.interval.ms";

constexpr std::array keys{
    group_key{heartbeat_key, config_type::int32, "5000", at_least(1),
              "How often members of the group are told to send a heartbeat.",
              "group.consumer.heartbeat.interval.ms", "group.consumer.min.heartbeat.interval.ms",
              "group.consumer.max.heartbeat.interval.ms", &group_rules::heartbeat_interval_ms,
              &group_config::heartbeat_interval_ms},
    group_key{session_key, config_type::int32, "45000", at_least(1),
              "A member of the group that was silent for so long is removed.",
              "group.consumer.session.timeout.ms", "group.consumer.min.session.timeout.ms",
              "group.consumer.max.session.timeout.ms", &group_rules::session_timeout_ms,
              &group_config::session_timeout_ms},
};

error invalid(std::string why) {
    return {errc::invalid_config, std::move(why)};
}

/// Nothing when the group has none of its own, or one that another version let pass.
std::optional<std::int32_t> number_of(const group_key& key, const group_config_texts& configs) {
    const auto set = configs.find(std::string(key.name));
    if (set == configs.end())
        return std::nullopt;
    const auto value = parse_config_value(key.type, key.check, set->second);
    return value ? std::optional(static_cast<std::int32_t>(value->number)) : std::nullopt;
}

result<void> check_bounds(const group_key& key, std::int32_t number, const group_rules::range& bounds) {
    if (number < bounds.min)
        return invalid(std::string(key.name) + " must be greater than or equal to " +
                       std::string(key.least_key));
    if (number > bounds.max)
        return invalid(std::string(key.name) + " must be less than or equal to " + std::string(key.most_key));
    return {};
}

group_config within_bounds(const group_rules& rules, const group_config_texts& configs) {
    group_config own;
    for (const auto& key : keys) {
        const auto& bounds = rules.*(key.bounds);
        if (const auto number = number_of(key, configs))
            own.*(key.field) = std::clamp(*number, bounds.min, std::max(bounds.min, bounds.max));
    }
    return own;
}

/// Between two heartbeats no session ends.
bool leaves_time(const group_rules& rules, const group_config& own) {
    return own.session_timeout_ms.value_or(rules.session_timeout_ms.unset) >
           own.heartbeat_interval_ms.value_or(rules.heartbeat_interval_ms.unset);
}

config_row describe(const broker_config& broker, const group_key& key, const group_config_texts& configs) {
    config_row row;
    row.name = key.name;
    row.type = key.type;
    row.documentation = key.documentation;
    if (const auto own = configs.find(row.name); own != configs.end())
        row.synonyms.push_back({row.name, own->second, source_group});
    const auto from_file = broker.set_values.find(std::string(key.broker_key));
    if (from_file != broker.set_values.end())
        row.synonyms.push_back({from_file->first, from_file->second, source_static_broker});
    row.synonyms.push_back({std::string(key.broker_key), key.default_text, source_default});
    // What does not fit this broker's bounds is told as it is set, and its value as it counts.
    const auto counts = own_group_config(group_rules_of(broker), configs).*(key.field);
    const bool is_left_out = !counts && row.synonyms.front().source == source_group;
    const auto& in_force = row.synonyms[is_left_out ? 1 : 0];
    row.value = counts ? std::to_string(*counts) : in_force.value;
    row.source = in_force.source;
    return row;
}

} // namespace

std::span<const group_key> group_keys() {
    return keys;
}

const group_key* find_group_key(std::string_view name) {
    const auto found =
        std::find_if(keys.begin(), keys.end(), [&](const group_key& one) { return one.name == name; });
    return found == keys.end() ? nullptr : &*found;
}

group_rules group_rules_of(const broker_config& broker) {
    return {{broker.group_consumer_min_session_timeout_ms, broker.group_consumer_max_session_timeout_ms,
             broker.group_consumer_session_timeout_ms},
            {broker.group_consumer_min_heartbeat_interval_ms, broker.group_consumer_max_heartbeat_interval_ms,
             broker.group_consumer_heartbeat_interval_ms}};
}

result<void> check_group_configs(const group_rules& rules, const group_config_texts& configs) {
    for (const auto& [name, value] : configs) {
        const auto* key = find_group_key(name);
        if (key == nullptr)
            return invalid("Unknown group config name: " + name);
        const auto parsed = parse_config_value(key->type, key->check, value);
        if (!parsed)
            return invalid("Invalid value " + value + " for configuration " + name + ": " +
                           parsed.failure().detail);
        if (auto within = check_bounds(*key, static_cast<std::int32_t>(parsed->number), rules.*(key->bounds));
            !within)
            return within;
    }
    if (!configs.empty() && !leaves_time(rules, within_bounds(rules, configs)))
        return invalid(std::string(session_key) + " must be greater than " + std::string(heartbeat_key));
    return {};
}

group_config own_group_config(const group_rules& rules, const group_config_texts& configs) {
    auto own = within_bounds(rules, configs);
    if (!leaves_time(rules, own))
        own.heartbeat_interval_ms.reset();
    if (!leaves_time(rules, own))
        own.session_timeout_ms.reset();
    return own;
}

std::vector<config_row> describe_group_configs(const broker_config& broker,
                                               const group_config_texts& configs) {
    std::vector<config_row> rows;
    for (const auto& key : keys)
        rows.push_back(describe(broker, key, configs));
    return rows;
}

} // namespace barnabas
