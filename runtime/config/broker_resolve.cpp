#include "runtime/config/broker_keys.hpp"
#include "runtime/config/cordon.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <limits>

namespace barnabas {

namespace {

bool is_set(const broker_config& config, std::string_view key) {
    return config.set_values.contains(std::string(key));
}

/// The number of a key whose text has been checked.
std::int64_t number_of(const broker_config& config, std::string_view key) {
    const auto text = config.text_of(key).value_or("0");
    std::int64_t number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

/// Negative durations mean "never" in every unit.
std::int64_t in_ms(std::int64_t number, std::int64_t ms_per_unit) {
    if (number < 0)
        return -1;
    return number > std::numeric_limits<std::int64_t>::max() / ms_per_unit
               ? std::numeric_limits<std::int64_t>::max()
               : number * ms_per_unit;
}

constexpr std::int64_t ms_per_minute = 60'000;
constexpr std::int64_t ms_per_hour = 60 * ms_per_minute;

void resolve_durations(broker_config& config) {
    config.log_roll_ms = is_set(config, "log.roll.ms")
                             ? number_of(config, "log.roll.ms")
                             : in_ms(number_of(config, "log.roll.hours"), ms_per_hour);
    if (is_set(config, "log.retention.ms"))
        config.log_retention_ms = number_of(config, "log.retention.ms");
    else if (is_set(config, "log.retention.minutes"))
        config.log_retention_ms = in_ms(number_of(config, "log.retention.minutes"), ms_per_minute);
    else
        config.log_retention_ms = in_ms(number_of(config, "log.retention.hours"), ms_per_hour);
}

std::optional<config_problem> resolve_identity(broker_config& config) {
    const bool both = is_set(config, "node.id") && is_set(config, "broker.id");
    if (both && number_of(config, "node.id") != number_of(config, "broker.id"))
        return config_problem{"broker.id", "broker.id=" + *config.text_of("broker.id") +
                                               " contradicts node.id=" + *config.text_of("node.id") +
                                               "; remove broker.id"};
    config.node_id = 1;
    for (const auto* key : {"broker.id", "node.id"})
        if (is_set(config, key))
            config.node_id = static_cast<std::int32_t>(number_of(config, key));
    const auto& roles = config.process_roles;
    for (const auto* role : {"broker", "controller"})
        if (std::find(roles.begin(), roles.end(), role) == roles.end())
            return config_problem{"process.roles",
                                  "process.roles=" + *config.text_of("process.roles") + " lacks " + role +
                                      "; this version runs one node that is both, so allowed "
                                      "is broker,controller"};
    return std::nullopt;
}

std::optional<config_problem> resolve_directories(broker_config& config) {
    const std::string key =
        is_set(config, "log.dirs") && !config.text_of("log.dirs")->empty() ? "log.dirs" : "log.dir";
    config.log_dirs = split_list(*config.text_of(key));
    if (config.log_dirs.empty())
        return config_problem{key, key + " names no directory; allowed is a list of directories with commas"};
    config.metadata_log_dir = config.text_of("metadata.log.dir").value_or("");
    if (config.metadata_log_dir.empty())
        config.metadata_log_dir = config.log_dirs.front();
    return std::nullopt;
}

/// Security protocol of a listener name, after listener.security.protocol.map.
std::string protocol_of(const broker_config& config, const std::string& listener) {
    for (const auto& entry : split_list(*config.text_of("listener.security.protocol.map"))) {
        const auto colon = std::min(entry.find(':'), entry.size());
        std::string name(trimmed(std::string_view(entry).substr(0, colon)));
        std::transform(name.begin(), name.end(), name.begin(),
                       [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
        if (name == listener && colon < entry.size())
            return std::string(trimmed(std::string_view(entry).substr(colon + 1)));
    }
    return "";
}

bool is_controller_listener(const broker_config& config, const listener_endpoint& one) {
    const auto& names = config.controller_listener_names;
    return std::find(names.begin(), names.end(), one.name) != names.end();
}

std::vector<listener_endpoint> without_controllers(const broker_config& config,
                                                   std::vector<listener_endpoint> all) {
    std::erase_if(all, [&](const auto& one) { return is_controller_listener(config, one); });
    return all;
}

std::optional<config_problem> check_protocols(const broker_config& config) {
    for (const auto& one : config.listeners) {
        const auto protocol = protocol_of(config, one.name);
        if (protocol.empty())
            return config_problem{"listeners", "listener " + one.name +
                                                   " has no security protocol; add it to "
                                                   "listener.security.protocol.map as " +
                                                   one.name + ":PLAINTEXT"};
        if (protocol != "PLAINTEXT")
            return config_problem{"listeners",
                                  "listener " + to_string(one) + " wants security protocol " + protocol +
                                      ", which this version does not serve; allowed is PLAINTEXT"};
    }
    return std::nullopt;
}

std::optional<config_problem> resolve_listeners(broker_config& config) {
    auto all = parse_listeners(*config.text_of("listeners"));
    if (!all)
        return config_problem{"listeners", "listeners: " + all.failure().detail};
    config.listeners = without_controllers(config, std::move(*all));
    if (config.listeners.empty())
        return config_problem{"listeners", "listeners names none for clients; allowed is for example "
                                           "PLAINTEXT://127.0.0.1:9092"};
    if (auto problem = check_protocols(config))
        return problem;
    config.advertised_listeners = config.listeners;
    const auto advertised = config.text_of("advertised.listeners").value_or("");
    if (advertised.empty())
        return std::nullopt;
    auto parsed = parse_listeners(advertised);
    if (!parsed)
        return config_problem{"advertised.listeners", "advertised.listeners: " + parsed.failure().detail};
    config.advertised_listeners = without_controllers(config, std::move(*parsed));
    for (const auto& one : config.advertised_listeners) {
        const auto same_name = [&](const auto& other) { return other.name == one.name; };
        if (std::none_of(config.listeners.begin(), config.listeners.end(), same_name))
            return config_problem{"advertised.listeners", "advertised.listeners names " + one.name +
                                                              ", but listeners has no listener of this name"};
    }
    return std::nullopt;
}

/// `key` must lie between its two bounds.
std::optional<config_problem> check_between(const std::string& key, std::int32_t value, std::int32_t least,
                                            std::int32_t most) {
    if (value >= least && value <= most)
        return std::nullopt;
    return config_problem{key, key + " is " + std::to_string(value) + ", but its bounds are " +
                                   std::to_string(least) + " and " + std::to_string(most)};
}

std::optional<config_problem> check_consumer_groups(const broker_config& config) {
    if (config.group_consumer_assignors.empty())
        return config_problem{"group.consumer.assignors",
                              "group.consumer.assignors is empty; allowed is for example uniform,range"};
    if (auto problem = check_between(
            "group.consumer.session.timeout.ms", config.group_consumer_session_timeout_ms,
            config.group_consumer_min_session_timeout_ms, config.group_consumer_max_session_timeout_ms))
        return problem;
    return check_between("group.consumer.heartbeat.interval.ms", config.group_consumer_heartbeat_interval_ms,
                         config.group_consumer_min_heartbeat_interval_ms,
                         config.group_consumer_max_heartbeat_interval_ms);
}

} // namespace

std::optional<config_problem> resolve(broker_config& config) {
    resolve_durations(config);
    if (auto problem = resolve_identity(config))
        return problem;
    if (auto problem = resolve_directories(config))
        return problem;
    if (auto problem = check_consumer_groups(config))
        return problem;
    return resolve_listeners(config);
}

std::vector<std::string> warnings_of(const broker_config& config) {
    std::vector<std::string> warnings;
    if (config.group_consumer_heartbeat_interval_ms >= config.group_consumer_session_timeout_ms)
        warnings.push_back(
            "group.consumer.heartbeat.interval.ms is not below "
            "group.consumer.session.timeout.ms: members lose their place between two heartbeats");
    auto all = parse_listeners(*config.text_of("listeners"));
    if (!all)
        return warnings;
    for (const auto& one : *all)
        if (is_controller_listener(config, one))
            warnings.push_back("listener " + to_string(one) +
                               " is for controllers; one node needs none, so it is not opened");
    return warnings;
}

result<void> make_directories_absolute(broker_config& config, const std::string& working_directory) {
    const auto make_absolute = [&](std::string& path) {
        path = (std::filesystem::path(working_directory) / path).lexically_normal().string();
        if (path.size() > 1 && path.ends_with('/'))
            path.pop_back();
    };
    std::for_each(config.log_dirs.begin(), config.log_dirs.end(), make_absolute);
    make_absolute(config.metadata_log_dir);
    auto named = config.cordoned_log_dirs;
    for (auto& one : named)
        if (one != "*")
            make_absolute(one);
    auto cordoned = cordoned_directories(config.log_dirs, named);
    if (!cordoned)
        return error{errc::invalid_config,
                     cordoned.failure().detail +
                         "; allowed are directories of log.dirs, or * alone for all of them"};
    config.cordoned_log_dirs = std::move(*cordoned);
    return {};
}

} // namespace barnabas
