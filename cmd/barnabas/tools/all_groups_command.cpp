#include "cmd/barnabas/cluster_tool.hpp"
#include "cmd/barnabas/commands.hpp"
#include "cmd/barnabas/tools/groups_tool.hpp"

#include <algorithm>
#include <array>

// `barnabas groups`, which is Kafka's kafka-groups.sh: groups of all types.
namespace barnabas {

namespace {

constexpr std::array all_groups_options{
    tools::bootstrap_server,
    tools::command_config,
    cli::option{"list", "", "List the groups. Required."},
    cli::option{"group-type", "TYPE", "Only groups of this type: classic, consumer, share or streams."},
    cli::option{"protocol", "NAME", "Only groups of this protocol type, such as consumer or connect."},
    cli::option{"consumer", "", "Only groups of consumers, classic and simple ones too."},
    cli::option{"share", "", "Only share groups."},
    cli::option{"streams", "", "Only streams groups."},
    tools::output_format,
    tools::zookeeper,
    tools::version,
};

constexpr std::string_view all_groups_notes =
    "Options, output and exit status are those of Kafka's kafka-groups.sh.\n"
    "\n"
    "Examples:\n"
    "  barnabas groups --bootstrap-server localhost:9092 --list\n"
    "  barnabas groups --bootstrap-server localhost:9092 --list --consumer\n";

constexpr std::array<std::string_view, 4> group_types{"classic", "consumer", "share", "streams"};

std::optional<std::string> find_all_groups_misuse(const cli::parsed_options& options) {
    if (!options.has("bootstrap-server"))
        return "Missing required argument \"[bootstrap-server]\"";
    if (!options.has("list"))
        return "Command must include exactly one action: --list.";
    if (options.has("group-type") &&
        std::find(group_types.begin(), group_types.end(), groups::lower(*options.value("group-type"))) ==
            group_types.end())
        return "--group-type must be a valid group type.";
    for (const auto* one : {"consumer", "share", "streams"}) {
        std::vector<std::string_view> others{"group-type", "protocol", "consumer", "share", "streams"};
        std::erase(others, one);
        if (auto clash = find_clash(options, one, others))
            return clash;
    }
    return std::nullopt;
}

bool is_wanted(const client::group_listing& group, const cli::parsed_options& options) {
    const auto type = groups::lower(group.type);
    if (const auto wanted = options.value("group-type"); wanted && groups::lower(*wanted) != type)
        return false;
    if (const auto wanted = options.value("protocol"); wanted && *wanted != group.protocol_type)
        return false;
    if (options.has("consumer"))
        return type == "consumer" || group.protocol_type == "consumer" || group.protocol_type.empty();
    if (options.has("share") || options.has("streams"))
        return type == (options.has("share") ? "share" : "streams");
    return true;
}

result<tools::said> list_groups(const cli::parsed_options& options) {
    auto cluster = tools::connect("groups", options);
    if (!cluster)
        return cluster.failure();
    const auto found = cluster->admin_calls().list_groups().get();
    if (!found)
        return found.failure();
    if (!found->failures.empty())
        return found->failures.begin()->second;
    auto wanted = found->groups;
    std::erase_if(wanted, [&](const client::group_listing& one) { return !is_wanted(one, options); });
    if (tools::wants_json(options))
        return tools::said{groups::listing_json(wanted), {}};
    return tools::said{groups::all_groups_text(wanted), {}};
}

} // namespace

const cli::command& groups_command() {
    static const cli::command command = {
        "groups", "Lists groups of all types.", all_groups_options, {}, all_groups_notes, true};
    return command;
}

int run_groups(const cli::parsed_options& options) {
    return tools::run_tool({"groups", find_all_groups_misuse, list_groups,
                            "Error while executing groups command : ", tools::outlet::standard_output},
                           options);
}

} // namespace barnabas
