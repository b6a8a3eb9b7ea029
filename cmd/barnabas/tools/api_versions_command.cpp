#include "cmd/barnabas/cluster_tool.hpp"
#include "cmd/barnabas/commands.hpp"
#include "cmd/barnabas/json_text.hpp"
#include "cmd/barnabas/tools/kafka_tool.hpp"
#include "protocol/kafka/api_key.hpp"
#include "protocol/kafka/message_table.hpp"

#include <algorithm>
#include <array>
#include <map>

// `barnabas broker-api-versions`, which is Kafka's kafka-broker-api-versions.sh.
namespace barnabas {

namespace {

constexpr std::array api_versions_options{
    tools::bootstrap_server, tools::command_config, tools::output_format, tools::zookeeper, tools::version,
};

constexpr std::string_view api_versions_notes =
    "Options, output and exit status are those of Kafka's kafka-broker-api-versions.sh.\n"
    "\n"
    "Example (a readiness check: 0 when all brokers answer):\n"
    "  barnabas broker-api-versions --bootstrap-server localhost:9092\n"
    "It fails at once when no server can be connected to, and after 5 s (request.timeout.ms) without an "
    "answer.\n";

std::optional<std::string> find_api_versions_misuse(const cli::parsed_options& options) {
    if (!options.has("bootstrap-server"))
        return "Missing required argument \"[bootstrap-server]\"";
    return std::nullopt;
}

struct version_range {
    std::int16_t min = 0;
    std::int16_t max = 0;
};

/// What this program speaks of each API.
std::map<std::int16_t, version_range> own_versions() {
    std::map<std::int16_t, version_range> all;
    for (const auto& one : kafka::message_table())
        if (one.kind == kafka::message_kind::request)
            all[one.api_key] = {one.lowest_version, one.highest_known_version};
    return all;
}

/// Spoken between brokers and controllers: their clients do not miss them.
bool is_for_clients(std::int16_t key) {
    constexpr std::array<std::int16_t, 21> others{4,  5,  6,  7,  52, 53, 54, 56, 58, 59, 62,
                                                  63, 67, 70, 73, 82, 83, 84, 85, 86, 87};
    return std::find(others.begin(), others.end(), key) == others.end();
}

std::string usable_text(const client::served_api& api, const std::map<std::int16_t, version_range>& own) {
    const auto found = own.find(api.key);
    if (found == own.end())
        return "";
    if (api.max_version < found->second.min)
        return " [unusable: node too old]";
    if (api.min_version > found->second.max)
        return " [unusable: node too new]";
    return " [usable: " + std::to_string(std::min(api.max_version, found->second.max)) + "]";
}

std::string api_line(const client::served_api& api, const std::map<std::int16_t, version_range>& own) {
    const bool known = kafka::is_known(kafka::api_key{api.key});
    std::string line = (known ? api.name : "UNKNOWN") + "(" + std::to_string(api.key) +
                       "): " + std::to_string(api.min_version);
    if (api.max_version != api.min_version)
        line += " to " + std::to_string(api.max_version);
    return line + usable_text(api, own);
}

std::string broker_text(const client::broker_description& broker,
                        const std::vector<client::served_api>& apis) {
    const auto own = own_versions();
    std::map<std::int16_t, std::string> lines;
    for (const auto& [key, range] : own)
        if (is_for_clients(key) && kafka::is_known(kafka::api_key{key}))
            lines[key] = std::string(kafka::name_of(kafka::api_key{key})) + "(" + std::to_string(key) +
                         "): UNSUPPORTED";
    for (const auto& one : apis)
        lines[one.key] = api_line(one, own);
    std::vector<std::string> shown;
    for (const auto& [key, line] : lines)
        shown.push_back("\t" + line);
    return broker.host + ":" + std::to_string(broker.port) + " (id: " + std::to_string(broker.id) +
           " rack: " + broker.rack.value_or("null") + " isFenced: false) -> (\n" +
           tools::joined(shown, ",\n") + "\n)\n";
}

json_object broker_json(const client::broker_description& broker,
                        const std::vector<client::served_api>& apis) {
    std::vector<json_object> rows;
    for (const auto& one : apis)
        rows.push_back(json_object()
                           .add("key", one.key)
                           .add("name", one.name)
                           .add("min", one.min_version)
                           .add("max", one.max_version));
    json_object made;
    made.add("id", broker.id).add("host", broker.host).add("port", broker.port).add("rack", broker.rack);
    return made.add("apis", rows);
}

/// As in Kafka's tool, which is asked whether a broker is there: whoever cannot be connected to is not, and
/// who has not answered for 5 s is not either.
result<client::cluster_admin> connect_at_once(const cli::parsed_options& options) {
    auto keys = tool_properties(options, *options.value("bootstrap-server"), "barnabas-broker-api-versions");
    if (!keys)
        return keys.failure();
    if (!keys->contains("default.api.timeout.ms"))
        keys->try_emplace("request.timeout.ms", "5000");
    return connect_tool(*keys, tool_patience::none);
}

/// A broker that does not answer is told, and the others are shown.
result<tools::said> show_versions(const cli::parsed_options& options) {
    auto cluster = connect_at_once(options);
    if (!cluster)
        return cluster.failure();
    const auto described = cluster->admin_calls().describe_cluster().get();
    if (!described)
        return described.failure();
    std::vector<std::int32_t> ids;
    for (const auto& one : described->brokers)
        ids.push_back(one.id);
    const auto found = cluster->admin_calls().describe_versions(ids).get();
    tools::said told;
    std::vector<json_object> shown;
    for (const auto& broker : described->brokers) {
        const auto& apis = found.at(broker.id);
        const auto at = broker.host + ":" + std::to_string(broker.port);
        if (!apis) {
            told.complaints +=
                at + " (id: " + std::to_string(broker.id) + ") -> ERROR: " + apis.failure().detail + "\n";
            told.status = exit_told;
            continue;
        }
        told.out += broker_text(broker, *apis);
        shown.push_back(broker_json(broker, *apis));
    }
    if (tools::wants_json(options))
        told.out = json_object().add("brokers", shown).text() + "\n";
    return told;
}

} // namespace

const cli::command& broker_api_versions_command() {
    static const cli::command command = {
        "broker-api-versions", "Shows which versions of the protocol brokers speak.",
        api_versions_options,  {},
        api_versions_notes,    true};
    return command;
}

int run_broker_api_versions(const cli::parsed_options& options) {
    return tools::run_tool({"broker-api-versions", find_api_versions_misuse, show_versions, "Error: "},
                           options);
}

} // namespace barnabas
