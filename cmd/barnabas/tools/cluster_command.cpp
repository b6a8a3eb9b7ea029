#include "cmd/barnabas/cluster_tool.hpp"
#include "cmd/barnabas/commands.hpp"
#include "cmd/barnabas/json_text.hpp"
#include "cmd/barnabas/tools/kafka_tool.hpp"

#include <algorithm>
#include <array>

// `barnabas cluster`, which is Kafka's kafka-cluster.sh.
namespace barnabas {

namespace {

constexpr std::array cluster_options{
    cli::option{
        "bootstrap-server", "HOST:PORT,...", "Brokers to begin with. Required.", {}, false, false, 'b'},
    cli::option{"bootstrap-controller",
                "HOST:PORT,...",
                "Accepted instead of --bootstrap-server.",
                {},
                false,
                false,
                'C'},
    cli::option{"command-config", "FILE", "Properties of the client, in Kafka's own keys."},
    cli::option{"config", "FILE", "The old name of --command-config.", {}, false, false, 'c'},
    cli::option{"id", "ID", "With unregister: the broker.", {}, false, false, 'i'},
    cli::option{"include-fenced-brokers", "", "With list-endpoints: those that are shut out as well."},
    tools::output_format,
    tools::zookeeper,
    tools::version,
};

constexpr std::array cluster_actions{
    cli::action{"cluster-id", "Shows the cluster's id."},
    cli::action{"list-endpoints", "Shows where brokers are (with --bootstrap-controller: controllers)."},
    cli::action{"unregister", "Takes a broker out of the cluster that will not come back."},
};

constexpr std::string_view cluster_notes =
    "Options, output and exit status are those of Kafka's kafka-cluster.sh.\n"
    "\n"
    "Example:\n"
    "  barnabas cluster cluster-id --bootstrap-server localhost:9092\n";

std::optional<std::string> find_cluster_misuse(const cli::parsed_options& options) {
    const auto& action = options.positionals().front();
    if (!options.has("bootstrap-server") && !options.has("bootstrap-controller"))
        return "Please specify --bootstrap-server.";
    if (options.has("bootstrap-server") && options.has("bootstrap-controller"))
        return "--bootstrap-server and --bootstrap-controller exclude each other";
    if (options.has("command-config") && options.has("config"))
        return "--config and --command-config cannot be specified together.";
    if (action == "unregister" && !options.has("id"))
        return "argument --id/-i is required";
    if (action == "unregister" && !options.number("id", 0, 0x7fffffff))
        return options.number("id", 0, 0x7fffffff).failure().detail;
    if (options.has("include-fenced-brokers") && options.has("bootstrap-controller"))
        return "The option --include-fenced-brokers is only supported with --bootstrap-server option";
    return std::nullopt;
}

result<tools::said> show_id(const client::admin& calls, bool json) {
    const auto cluster = calls.describe_cluster().get();
    if (!cluster)
        return cluster.failure();
    if (json)
        return tools::said{json_object().add("clusterId", cluster->id).text() + "\n", {}};
    if (cluster->id.empty())
        return tools::said{"No cluster ID found. The Kafka version is probably too old.\n", {}};
    return tools::said{"Cluster ID: " + cluster->id + "\n", {}};
}

std::string endpoints_text(const std::vector<client::endpoint_description>& endpoints, bool of_controllers) {
    std::vector<std::vector<std::string>> rows{{"ID", "HOST", "PORT", "RACK"}};
    if (!of_controllers)
        rows[0].emplace_back("STATE");
    rows[0].emplace_back("ENDPOINT_TYPE");
    std::size_t host = 4, rack = 0;
    for (const auto& one : endpoints) {
        rows.push_back({std::to_string(one.broker.id), one.broker.host, std::to_string(one.broker.port),
                        one.broker.rack.value_or("null")});
        host = std::max(host, one.broker.host.size());
        rack = std::max(rack, one.broker.rack.value_or("").size());
        if (!of_controllers)
            rows.back().emplace_back(one.is_fenced ? "fenced" : "unfenced");
        rows.back().emplace_back(of_controllers ? "controller" : "broker");
    }
    constexpr std::size_t rack_of_nobody = 10;
    auto widths = std::vector<std::size_t>{10, host, 10, rack > 0 ? rack : rack_of_nobody};
    if (!of_controllers)
        widths.push_back(10);
    widths.push_back(15);
    std::string text;
    for (const auto& row : rows)
        text += tools::columns(row, widths) + "\n";
    return text;
}

result<tools::said> list_endpoints(const client::admin& calls, const cli::parsed_options& options) {
    const bool of_controllers = options.has("bootstrap-controller");
    const auto kind = of_controllers ? client::endpoint_kind::controller : client::endpoint_kind::broker;
    const auto found = calls.list_endpoints(kind, options.has("include-fenced-brokers")).get();
    if (!found)
        return found.failure();
    if (!tools::wants_json(options))
        return tools::said{endpoints_text(*found, of_controllers), {}};
    std::vector<json_object> rows;
    for (const auto& one : *found) {
        json_object row;
        row.add("id", one.broker.id).add("host", one.broker.host).add("port", one.broker.port);
        row.add("rack", one.broker.rack).add("fenced", one.is_fenced);
        rows.push_back(row.add("type", of_controllers ? "controller" : "broker"));
    }
    return tools::said{json_object().add("endpoints", rows).text() + "\n", {}};
}

result<tools::said> unregister(const client::admin& calls, const cli::parsed_options& options) {
    const auto id = static_cast<std::int32_t>(*options.number("id", 0, 0x7fffffff));
    const auto outcome = calls.unregister_brokers({id}).get().at(id);
    if (outcome.code() == errc::unsupported_version)
        return error{outcome.code(), "The target cluster does not support the broker unregistration API: " +
                                         outcome.failure().detail};
    if (!outcome)
        return error{outcome.code(),
                     "broker " + std::to_string(id) + " was not unregistered: " + outcome.failure().detail};
    if (tools::wants_json(options))
        return tools::said{json_object().add("unregistered", id).text() + "\n", {}};
    return tools::said{"Broker " + std::to_string(id) + " is no longer registered.\n", {}};
}

result<tools::said> run_cluster_action(const cli::parsed_options& options) {
    const auto servers =
        options.value(options.has("bootstrap-server") ? "bootstrap-server" : "bootstrap-controller");
    auto cluster = tools::connect_by_old_name("cluster", options, *servers);
    if (!cluster)
        return cluster.failure();
    const auto& action = options.positionals().front();
    const auto& calls = cluster->admin_calls();
    if (action == "cluster-id")
        return show_id(calls, tools::wants_json(options));
    return action == "list-endpoints" ? list_endpoints(calls, options) : unregister(calls, options);
}

/// What Kafka's tool says first of an option that has another name now.
result<tools::said> run_cluster_by_old_names(const cli::parsed_options& options) {
    auto told = run_cluster_action(options);
    if (told && options.has("config") && !tools::wants_json(options))
        told->out.insert(0, renamed_sentence(renamed_words::of_most, "config", "command-config"));
    return told;
}

} // namespace

const cli::command& cluster_command() {
    static const cli::command command = {"cluster",       "Shows the cluster's id and its brokers.",
                                         cluster_options, {"ACTION"},
                                         cluster_notes,   true,
                                         cluster_actions};
    return command;
}

int run_cluster(const cli::parsed_options& options) {
    return tools::run_tool({"cluster", find_cluster_misuse, run_cluster_by_old_names, ""}, options);
}

} // namespace barnabas
