#include "runtime/config/environment_keys.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

namespace barnabas {

namespace {

/// Of Kafka's images and start scripts; no keys.
constexpr std::array<std::string_view, 15> for_java = {"KAFKA_VERSION",       "KAFKA_HEAP_OPTS",
                                                       "KAFKA_LOG4J_OPTS",    "KAFKA_OPTS",
                                                       "KAFKA_JMX_OPTS",      "KAFKA_JVM_PERFORMANCE_OPTS",
                                                       "KAFKA_GC_LOG_OPTS",   "KAFKA_LOG4J_ROOT_LOGLEVEL",
                                                       "KAFKA_LOG4J_LOGGERS", "KAFKA_TOOLS_LOG4J_LOGLEVEL",
                                                       "KAFKA_JMX_HOSTNAME",  "KAFKA_JMX_PORT",
                                                       "KAFKA_HOME",          "KAFKA_DEBUG",
                                                       "KAFKA_USER"};

struct prefix {
    std::string_view of_variable;
    std::string_view of_key;
};
/// The longer one first, where one begins with another.
constexpr std::array<prefix, 3> prefixes = {{{"KAFKA_CFG_", ""}, {"KAFKA_", ""}, {"BARNABAS_", "barnabas."}}};

/// Kafka's rule, by which underscores are read three at a time from the left.
std::string key_of(std::string_view name) {
    constexpr std::array<char, 4> stands_for = {0, '.', '_', '-'};
    std::string key;
    for (std::size_t at = 0; at < name.size();) {
        if (name[at] != '_') {
            key += static_cast<char>(std::tolower(static_cast<unsigned char>(name[at++])));
            continue;
        }
        std::size_t count = 0;
        while (count + 1 < stands_for.size() && at < name.size() && name[at] == '_') {
            ++count;
            ++at;
        }
        key += stands_for[count];
    }
    return key;
}

std::optional<std::string> key_of_variable(std::string_view name) {
    if (std::find(for_java.begin(), for_java.end(), name) != for_java.end())
        return std::nullopt;
    for (const auto& one : prefixes)
        if (name.starts_with(one.of_variable) && name.size() > one.of_variable.size())
            return std::string(one.of_key) + key_of(name.substr(one.of_variable.size()));
    return std::nullopt;
}

/// `PLAINTEXT://broker-1:9092` → `PLAINTEXT://0.0.0.0:9092`, for each of a list.
std::string on_all_addresses(std::string_view listeners) {
    std::string out;
    while (!listeners.empty()) {
        const auto end = std::min(listeners.find(','), listeners.size());
        const auto one = listeners.substr(0, end);
        const auto host = one.find("://");
        const auto port = one.rfind(':');
        if (!out.empty())
            out += ',';
        if (host == std::string_view::npos || port <= host)
            out += one;
        else
            out.append(one.substr(0, host)).append("://0.0.0.0").append(one.substr(port));
        listeners.remove_prefix(std::min(end + 1, listeners.size()));
    }
    return out;
}

} // namespace

std::vector<property> properties_of_environment(std::span<const std::string> variables) {
    std::map<std::string, property> by_key;
    for (const std::string_view variable : variables) {
        const auto sign = variable.find('=');
        if (sign == std::string_view::npos)
            continue;
        const auto name = variable.substr(0, sign);
        if (auto key = key_of_variable(name))
            by_key.insert_or_assign(
                *key, property{*key, std::string(variable.substr(sign + 1)), std::string(name)});
    }
    const auto advertised = by_key.find("advertised.listeners");
    if (advertised != by_key.end() && !by_key.contains("listeners"))
        by_key["listeners"] = {"listeners", on_all_addresses(advertised->second.value),
                               advertised->second.origin};
    std::vector<property> all;
    for (auto& [key, one] : by_key)
        all.push_back(std::move(one));
    return all;
}

} // namespace barnabas
