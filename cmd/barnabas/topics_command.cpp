#include "cmd/barnabas/topics_command.hpp"

#include "cmd/barnabas/cluster_tool.hpp"
#include "cmd/barnabas/commands.hpp"
#include "cmd/barnabas/json_text.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace barnabas {

namespace {

constexpr std::array topics_options{
    cli::option{"bootstrap-server", "HOST:PORT,...", "Brokers to begin with. Required."},
    cli::option{"command-config", "FILE", "Properties of the client, in Kafka's own keys."},
    cli::option{"create", "", "Create a topic."},
    cli::option{"list", "", "List the names of all topics, or of those that --topic matches."},
    cli::option{"describe", "", "Show topics with their settings and partitions."},
    cli::option{"alter", "", "Give a topic more partitions."},
    cli::option{"delete", "", "Delete a topic with all its records."},
    cli::option{
        "topic", "NAME",
        "The topic. But for --create also a regular expression, or several names with commas between."},
    cli::option{"topic-id", "ID", "With --describe: the id of the topic."},
    cli::option{"partitions", "COUNT", "How many partitions; the broker's default if not given."},
    cli::option{"replication-factor", "COUNT", "How many replicas; the broker's default if not given."},
    cli::option{"replica-assignment", "ID:ID,...",
                "Replicas placed by hand: partitions by commas, their brokers by colons."},
    cli::option{"config", "NAME=VALUE", "With --create: a setting of the topic.", {}, true},
    cli::option{
        "delete-config", "NAME", "Refused since Kafka 4.0; settings are kafka-configs' business.", {}, true},
    cli::option{"if-exists", "", "With --alter, --delete, --describe: no error when there is no such topic."},
    cli::option{"if-not-exists", "", "With --create: no error when the topic is there already."},
    cli::option{"exclude-internal", "", "With --list, --describe: without the cluster's own topics."},
    cli::option{"under-replicated-partitions", "",
                "With --describe: only partitions that lack in-sync replicas."},
    cli::option{"unavailable-partitions", "", "With --describe: only partitions without a live leader."},
    cli::option{"under-min-isr-partitions", "",
                "With --describe: only partitions with fewer in-sync replicas than min.insync.replicas."},
    cli::option{"at-min-isr-partitions", "",
                "With --describe: only partitions with as many in-sync replicas as min.insync.replicas."},
    cli::option{"topics-with-overrides", "",
                "With --describe: only topics with settings that are no defaults."},
    cli::option{"partition-size-limit-per-response", "COUNT", "Accepted; answers here are whole."},
    cli::option{"output", "FORMAT", "text, as Kafka's tool, or json.", "text"},
    cli::option{"zookeeper", "HOST:PORT", "Gone; use --bootstrap-server."},
    cli::option{"version", "", "Show the version."},
};

constexpr std::string_view topics_notes =
    "Options, output and exit status are those of Kafka's kafka-topics.sh: 0 when it is done, 1 when not. An "
    "error is one line\non standard output.\n"
    "\n"
    "Examples:\n"
    "  barnabas topics --bootstrap-server localhost:9092 --create --topic orders --partitions 3\n"
    "  barnabas topics --bootstrap-server localhost:9092 --describe --topic orders\n"
    "  barnabas topics --bootstrap-server localhost:9092 --list --output json\n";

using names = std::vector<std::string_view>;

constexpr std::array<std::string_view, 5> actions{"list", "describe", "create", "alter", "delete"};

/// All actions but these.
names other_actions(const names& allowed) {
    names others;
    for (const auto one : {"alter", "create", "describe", "list", "delete"})
        if (std::find(allowed.begin(), allowed.end(), one) == allowed.end())
            others.emplace_back(one);
    return others;
}

struct clash_row {
    std::string_view option;
    names actions;
};

std::optional<std::string> find_wrong_action(const cli::parsed_options& options) {
    const std::array<clash_row, 13> rows{{
        {"config", {"create", "alter"}},
        {"partitions", {"create", "alter"}},
        {"replication-factor", {"create"}},
        {"replica-assignment", {"create", "alter"}},
        {"under-replicated-partitions", {"describe"}},
        {"unavailable-partitions", {"describe"}},
        {"under-min-isr-partitions", {"describe"}},
        {"at-min-isr-partitions", {"describe"}},
        {"topics-with-overrides", {"describe"}},
        {"topic-id", {"describe"}},
        {"if-exists", {"alter", "delete", "describe"}},
        {"if-not-exists", {"create"}},
        {"exclude-internal", {"list", "describe"}},
    }};
    for (const auto& row : rows)
        if (auto clash = find_clash(options, row.option, other_actions(row.actions)))
            return clash;
    return std::nullopt;
}

/// Wishes for certain partitions exclude each other.
std::optional<std::string> find_two_reports(const cli::parsed_options& options) {
    const std::array<std::string_view, 5> reports{"under-replicated-partitions", "unavailable-partitions",
                                                  "under-min-isr-partitions", "at-min-isr-partitions",
                                                  "topics-with-overrides"};
    for (std::size_t i = 0; i < reports.size(); ++i)
        if (auto clash = find_clash(options, reports[i], {reports.begin() + i + 1, reports.end()}))
            return clash;
    return std::nullopt;
}

std::string missing(std::string_view option) {
    return "Missing required argument \"[" + std::string(option) + "]\"";
}

/// What Kafka's tool refuses as wrong usage.
std::optional<std::string> find_misuse(const cli::parsed_options& options) {
    const auto given =
        std::count_if(actions.begin(), actions.end(), [&](auto one) { return options.has(one); });
    if (given != 1)
        return "Command must include exactly one action: --list, --describe, --create, --alter or --delete";
    if (options.has("describe") && options.has("if-exists") && !options.has("topic") &&
        !options.has("topic-id"))
        return "--topic or --topic-id is required to describe a topic";
    if (!options.has("list") && !options.has("describe") && !options.has("topic"))
        return missing("topic");
    if (options.has("alter") && options.has("config"))
        return "Option combination \"[bootstrap-server, config]\" can't be used with option \"[alter]\": "
               "settings of a topic are altered by kafka-configs.sh --alter --entity-type topics";
    if (options.has("alter") && !options.has("partitions"))
        return missing("partitions");
    if (options.has("delete-config"))
        return "--delete-config is gone: use kafka-configs.sh --alter --entity-type topics --delete-config";
    if (auto clash = find_wrong_action(options))
        return clash;
    if (options.has("create"))
        if (auto clash = find_clash(options, "replica-assignment", {"partitions", "replication-factor"}))
            return clash;
    return find_two_reports(options);
}

result<std::string> run_action(const client::admin& calls, const cli::parsed_options& options) {
    if (options.has("create"))
        return topics::create(calls, options);
    if (options.has("list"))
        return topics::list(calls, options);
    if (options.has("describe"))
        return topics::describe(calls, options);
    return options.has("alter") ? topics::alter(calls, options) : topics::remove(calls, options);
}

result<tools::said> run_on_cluster(const cli::parsed_options& options) {
    auto cluster = tools::connect("topics", options);
    if (!cluster)
        return cluster.failure();
    auto shown = run_action(cluster->admin_calls(), options);
    if (!shown)
        return shown.failure();
    return tools::said{std::move(*shown), {}};
}

} // namespace

const cli::command& topics_command() {
    static const cli::command command = {
        "topics", "Creates, lists, describes, alters and deletes topics.", topics_options, {}, topics_notes,
        true};
    return command;
}

int run_topics(const cli::parsed_options& options) {
    return tools::run_tool({"topics", find_misuse, run_on_cluster,
                            "Error while executing topic command : ", tools::outlet::standard_output},
                           options);
}

} // namespace barnabas
