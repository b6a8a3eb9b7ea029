#include "cmd/barnabas/cluster_tool.hpp"
#include "cmd/barnabas/commands.hpp"
#include "cmd/barnabas/tools/groups_tool.hpp"
#include "runtime/config/time_text.hpp"

#include <algorithm>
#include <array>

// `barnabas consumer-groups`, which is Kafka's kafka-consumer-groups.sh: options and what is refused.
namespace barnabas {

namespace {

constexpr std::array groups_options{
    tools::bootstrap_server,
    tools::command_config,
    cli::option{"list", "", "List all consumer groups."},
    cli::option{"describe", "", "Show how far groups have read, or their members, or their state."},
    cli::option{"delete", "", "Delete groups that have no members."},
    cli::option{"delete-offsets", "", "Delete a group's offsets of topics."},
    cli::option{"reset-offsets", "", "Set the offsets of groups that have no members."},
    cli::option{"validate-regex", "REGEX", "Tell whether brokers understand the regular expression."},
    cli::option{"group", "NAME", "The group.", {}, true},
    cli::option{"all-groups", "", "All consumer groups."},
    cli::option{"topic", "NAME[:N,...]", "The topic, or some partitions of it.", {}, true},
    cli::option{"all-topics", "", "With --reset-offsets: all partitions of which the group has offsets."},
    cli::option{"offsets", "", "With --describe: partitions and lag. So it is without anything."},
    cli::option{"members", "", "With --describe: the members."},
    cli::option{"state", "[STATE,...]",
                "With --describe: the group's state. With --list: shown as well, and only those."},
    cli::option{"type", "[TYPE,...]",
                "With --list: the type (classic, consumer) is shown as well, and only those."},
    cli::option{"verbose", "", "With --describe: more columns."},
    cli::option{"to-earliest", "", "To the first record."},
    cli::option{"to-latest", "", "To the end."},
    cli::option{"to-offset", "OFFSET", "To that offset."},
    cli::option{"to-current", "", "To where the group is."},
    cli::option{"shift-by", "N", "By so many records, forward or (negative) back."},
    cli::option{"to-datetime", "TIME", "To the first record at or after YYYY-MM-DDTHH:mm:SS.sss."},
    cli::option{"by-duration", "DURATION", "To the first record of the last PnDTnHnMnS."},
    cli::option{"from-file", "FILE", "To what a file says that --export wrote."},
    cli::option{"dry-run", "", "With --reset-offsets: only show what would be set; so it is by default."},
    cli::option{"execute", "", "With --reset-offsets: set it."},
    cli::option{"export", "", "With --reset-offsets: write it as CSV."},
    cli::option{"timeout", "MS", "How long each call to the cluster may take.", "5000"},
    tools::output_format,
    tools::zookeeper,
    tools::version,
};

constexpr std::string_view groups_notes =
    "Options, output and exit status are those of Kafka's kafka-consumer-groups.sh. Called by that name it "
    "ends, as Kafka's\ndoes, with 0 also after a failure that it has told, else with 1.\n"
    "\n"
    "Examples:\n"
    "  barnabas consumer-groups --bootstrap-server localhost:9092 --list\n"
    "  barnabas consumer-groups --bootstrap-server localhost:9092 --describe --group billing\n"
    "  barnabas consumer-groups --bootstrap-server localhost:9092 --reset-offsets --group billing \\\n"
    "                           --topic orders --to-earliest --execute\n";

constexpr std::array<std::string_view, 6> actions{"list",          "describe",       "delete",
                                                  "reset-offsets", "delete-offsets", "validate-regex"};
constexpr std::array<std::string_view, 8> scenarios{"to-offset",   "shift-by",  "to-datetime", "by-duration",
                                                    "to-earliest", "to-latest", "from-file",   "to-current"};
constexpr std::array<std::string_view, 3> reports{"members", "offsets", "state"};

template <class Names>
auto given(const cli::parsed_options& options, const Names& names) {
    return std::count_if(names.begin(), names.end(), [&](auto one) { return options.has(one); });
}

bool names_groups(const cli::parsed_options& options) {
    return options.has("group") || options.has("all-groups");
}

std::optional<std::string> find_reset_misuse(const cli::parsed_options& options) {
    if (options.has("dry-run") && options.has("execute"))
        return "Option [reset-offsets] only accepts one of [execute, dry-run]";
    if (!names_groups(options))
        return "Option [reset-offsets] takes one of these options: [all-groups], [group]";
    if (given(options, scenarios) != 1)
        return "Option [reset-offsets] takes exactly one of these options: [by-duration], [from-file], "
               "[shift-by], [to-current], [to-datetime], [to-earliest], [to-latest], [to-offset]";
    if (!options.has("topic") && !options.has("all-topics") && !options.has("from-file"))
        return "One of the reset scopes should be defined: --all-topics, --topic.";
    for (const auto number : {"to-offset", "shift-by"})
        if (options.has(number) && !tools::whole_number(*options.value(number)))
            return "Cannot parse argument '" + *options.value(number) + "' of option " + number;
    if (options.has("to-datetime"))
        if (const auto time = parse_date_time(*options.value("to-datetime")); !time)
            return time.failure().detail;
    if (options.has("by-duration"))
        if (const auto time = parse_duration(*options.value("by-duration")); !time)
            return time.failure().detail;
    return std::nullopt;
}

std::optional<std::string> find_describe_misuse(const cli::parsed_options& options) {
    if (!names_groups(options))
        return "Option [describe] takes one of these options: [all-groups], [group]";
    if (given(options, reports) > 1)
        return "Option [describe] takes at most one of these options: [members], [offsets], [state]";
    if (options.has("state") && !options.value("state")->empty())
        return "Option [describe] does not take a value for [state]";
    return std::nullopt;
}

struct owned_option {
    std::string_view option;
    std::string_view action;
};
constexpr std::array<owned_option, 15> owned_options{{
    {"offsets", "describe"},
    {"members", "describe"},
    {"verbose", "describe"},
    {"to-offset", "reset-offsets"},
    {"shift-by", "reset-offsets"},
    {"to-datetime", "reset-offsets"},
    {"by-duration", "reset-offsets"},
    {"to-earliest", "reset-offsets"},
    {"to-latest", "reset-offsets"},
    {"from-file", "reset-offsets"},
    {"to-current", "reset-offsets"},
    {"execute", "reset-offsets"},
    {"dry-run", "reset-offsets"},
    {"export", "reset-offsets"},
    {"all-topics", "reset-offsets"},
}};

/// An option beside another action than its own.
std::optional<std::string> find_stray_option(const cli::parsed_options& options) {
    std::vector<std::string_view> others;
    for (const auto& row : owned_options) {
        others.assign(actions.begin(), actions.end());
        std::erase(others, row.action);
        if (auto clash = find_clash(options, row.option, others))
            return clash;
    }
    return std::nullopt;
}

std::optional<std::string> find_action_misuse(const cli::parsed_options& options) {
    if (given(options, actions) != 1)
        return "Command must include exactly one action: --list, --describe, --delete, --reset-offsets, "
               "--delete-offsets, --validate-regex";
    if (!options.number("timeout", 1, 0x7fffffff))
        return options.number("timeout", 1, 0x7fffffff).failure().detail;
    if (options.has("group") && options.has("all-groups"))
        return find_clash(options, "group", {"all-groups"});
    if (auto stray = find_stray_option(options))
        return stray;
    if (auto clash = find_clash(options, "group", {"list"}))
        return clash;
    if (auto clash = find_clash(options, "topic", {"list", "describe"}))
        return clash;
    if (options.has("list"))
        return groups::find_list_misuse(options);
    if (options.has("describe"))
        return find_describe_misuse(options);
    if (options.has("reset-offsets"))
        return find_reset_misuse(options);
    if (options.has("delete") && !names_groups(options))
        return "Option [delete] takes one of these options: [all-groups], [group]";
    if (options.has("delete") && options.has("topic"))
        return "The consumer does not support topic-specific offset deletion from a consumer group: use "
               "--delete-offsets";
    if (options.has("delete-offsets") && (!options.has("group") || !options.has("topic")))
        return "Option [delete-offsets] takes the following options: [group], [topic]";
    return std::nullopt;
}

std::optional<std::string> find_groups_misuse(const cli::parsed_options& options) {
    if (auto misuse = find_action_misuse(options))
        return misuse;
    if (!options.has("validate-regex") && !options.has("bootstrap-server"))
        return "Missing required argument \"[bootstrap-server]\"";
    return std::nullopt;
}

result<tools::said> run_on_cluster(const cli::parsed_options& options) {
    if (options.has("validate-regex"))
        return groups::validate_regex(*options.value("validate-regex"), tools::wants_json(options));
    auto cluster = tools::connect("consumer-groups", options);
    if (!cluster)
        return cluster.failure();
    client::call_options limits;
    limits.timeout_ms = static_cast<std::int32_t>(*options.number("timeout", 1, 0x7fffffff));
    const groups::context with{cluster->admin_calls(), options, limits};
    if (options.has("list"))
        return groups::list(with);
    if (options.has("describe"))
        return groups::describe(with);
    if (options.has("delete"))
        return groups::remove(with);
    return options.has("reset-offsets") ? groups::reset_offsets(with) : groups::remove_offsets(with);
}

} // namespace

const cli::command& consumer_groups_command() {
    static const cli::command command = {
        "consumer-groups", "Lists, describes, deletes and resets consumer groups.",
        groups_options,    {},
        groups_notes,      true};
    return command;
}

int run_consumer_groups(const cli::parsed_options& options) {
    return tools::run_tool({"consumer-groups", find_groups_misuse, run_on_cluster,
                            "\nError: Executing consumer group command failed due to ",
                            tools::outlet::standard_output, exit_told},
                           options);
}

} // namespace barnabas
