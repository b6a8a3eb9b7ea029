#include "cmd/barnabas/commands.hpp"
#include "cmd/barnabas/text_file.hpp"
#include "cmd/barnabas/tools/configs_tool.hpp"
#include "runtime/config/config_value.hpp"
#include "runtime/config/properties.hpp"

#include <algorithm>
#include <array>

// `barnabas configs`: options, what is refused, what is read from the command line.
namespace barnabas {

namespace {

constexpr std::array configs_options{
    tools::bootstrap_server,
    cli::option{"bootstrap-controller", "HOST:PORT,...", "Accepted instead of --bootstrap-server."},
    tools::command_config,
    cli::option{"describe", "", "Show settings that were altered while the cluster runs."},
    cli::option{"alter", "", "Alter settings."},
    cli::option{"all", "", "With --describe: all settings, with their defaults."},
    cli::option{"entity-type",
                "TYPE",
                "What is configured: topics, brokers, broker-loggers, groups, client-metrics.",
                {},
                true},
    cli::option{"entity-name", "NAME", "Which of them.", {}, true},
    cli::option{"entity-default", "", "With brokers: the default of all brokers."},
    cli::option{"topic", "NAME", "Short for --entity-type topics --entity-name NAME."},
    cli::option{"broker", "ID", "Short for --entity-type brokers --entity-name ID."},
    cli::option{"broker-defaults", "", "Short for --entity-type brokers --entity-default."},
    cli::option{"broker-logger", "ID", "Short for --entity-type broker-loggers --entity-name ID."},
    cli::option{"group", "NAME", "Short for --entity-type groups --entity-name NAME."},
    cli::option{"client-metrics", "NAME", "Short for --entity-type client-metrics --entity-name NAME."},
    cli::option{"user", "NAME", "Quotas and credentials of a user; not built yet."},
    cli::option{"user-defaults", "", "Quotas of all users; not built yet."},
    cli::option{"client", "ID", "Quotas of a client; not built yet."},
    cli::option{"client-defaults", "", "Quotas of all clients; not built yet."},
    cli::option{"ip", "IP", "Quotas of an address; not built yet."},
    cli::option{"ip-defaults", "", "Quotas of all addresses; not built yet."},
    cli::option{"add-config", "KEY=VALUE,...", "With --alter: set these. A value with commas: KEY=[A,B]."},
    cli::option{"add-config-file", "FILE", "With --alter: set what a properties file says."},
    cli::option{"delete-config", "KEY,...", "With --alter: back to the default.", {}, true},
    cli::option{"force", "", "Accepted; nothing is asked here."},
    tools::output_format,
    tools::zookeeper,
    tools::version,
};

constexpr std::string_view configs_notes =
    "Options, output and exit status are those of Kafka's kafka-configs.sh.\n"
    "\n"
    "Examples:\n"
    "  barnabas configs --bootstrap-server localhost:9092 --alter --topic orders --add-config "
    "retention.ms=86400000\n"
    "  barnabas configs --bootstrap-server localhost:9092 --describe --entity-type topics --entity-name "
    "orders\n"
    "  barnabas configs --bootstrap-server localhost:9092 --describe --broker 1 --all\n";

struct short_form {
    std::string_view option;
    std::string_view type;
    bool is_default = false;
};
constexpr std::array<short_form, 12> short_forms{{
    {"topic", "topics"},
    {"broker", "brokers"},
    {"broker-defaults", "brokers", true},
    {"broker-logger", "broker-loggers"},
    {"group", "groups"},
    {"client-metrics", "client-metrics"},
    {"user", "users"},
    {"user-defaults", "users", true},
    {"client", "clients"},
    {"client-defaults", "clients", true},
    {"ip", "ips"},
    {"ip-defaults", "ips", true},
}};

constexpr std::array<std::string_view, 5> types{"topics", "brokers", "broker-loggers", "groups",
                                                "client-metrics"};
constexpr std::array<std::string_view, 3> types_not_built{"users", "clients", "ips"};

template <class List>
bool has_word(const List& list, const std::string& word) {
    return std::find(list.begin(), list.end(), word) != list.end();
}

std::optional<std::string> find_alter_misuse(const cli::parsed_options& options,
                                             const configs::entity& which) {
    const bool changes =
        options.has("add-config") || options.has("add-config-file") || options.has("delete-config");
    if (options.has("describe") && changes)
        return "--add-config, --add-config-file and --delete-config go with --alter";
    if (options.has("describe"))
        return std::nullopt;
    if (options.has("all"))
        return "--all goes with --describe";
    if (!changes)
        return "At least one of --add-config, --add-config-file, or --delete-config must be specified with "
               "--alter";
    if (options.has("add-config") && options.has("add-config-file"))
        return "Only one of --add-config or --add-config-file must be specified with --alter";
    if (!which.name)
        return "--entity-name or --entity-default must be specified with --alter of " + which.type;
    if (const auto read = configs::chosen_changes(options); !read)
        return read.failure().detail;
    return std::nullopt;
}

std::optional<std::string> find_configs_misuse(const cli::parsed_options& options) {
    if (options.has("describe") == options.has("alter"))
        return "Command must include exactly one action: --describe, --alter";
    if (options.has("bootstrap-server") && options.has("bootstrap-controller"))
        return "Only one of --bootstrap-server or --bootstrap-controller can be specified";
    if (!options.has("bootstrap-server") && !options.has("bootstrap-controller"))
        return "One of the required --bootstrap-server or --bootstrap-controller arguments must be specified";
    const auto which = configs::chosen_entity(options);
    if (!which)
        return which.failure().detail;
    return find_alter_misuse(options, *which);
}

error check_type(const std::string& type) {
    if (has_word(types_not_built, type))
        return tools::wrong("entity type " + type +
                            ": quotas and credentials are not built yet; what can be "
                            "configured are topics, brokers, broker-loggers, groups, client-metrics");
    return tools::wrong("Invalid entity type " + type +
                        ", the entity type must be one of topics, brokers, "
                        "broker-loggers, groups, client-metrics");
}

} // namespace

result<configs::entity> configs::chosen_entity(const cli::parsed_options& options) {
    std::vector<entity> found;
    for (const auto& form : short_forms)
        if (options.has(form.option))
            found.push_back({std::string(form.type),
                             form.is_default ? std::string() : options.value(form.option).value_or("")});
    const auto given = options.values("entity-type");
    const auto names = options.values("entity-name");
    if (names.size() > given.size())
        return tools::wrong("--entity-name needs an --entity-type before it");
    for (std::size_t i = 0; i < given.size(); ++i) {
        found.push_back({given[i], std::nullopt});
        if (i < names.size())
            found.back().name = names[i];
        else if (options.has("entity-default"))
            found.back().name = "";
    }
    if (found.empty())
        return tools::wrong("At least one entity type must be specified: --topic NAME, or --entity-type TYPE "
                            "--entity-name NAME");
    for (const auto& one : found)
        if (!has_word(types, one.type))
            return check_type(one.type);
    if (found.size() > 1)
        return tools::wrong("Only one entity type can be configured at a time: " + found[0].type + " or " +
                            found[1].type);
    if (found[0].name == "" && found[0].type != "brokers")
        return tools::wrong(found[0].type + " have no default; give --entity-name");
    return found[0];
}

namespace {

/// As Kafka's tool: where a list is closed before the next one opens, a sign is within a list.
std::vector<std::string> split_outside_lists(const std::string& text, char sign) {
    std::vector<std::string> parts(1);
    for (std::size_t at = 0; at < text.size(); ++at) {
        const auto bracket = text.find_first_of("[]", at);
        const bool in_list = bracket != std::string::npos && text[bracket] == ']';
        if (text[at] == sign && !in_list)
            parts.emplace_back();
        else
            parts.back() += text[at];
    }
    return parts;
}

bool closes_lists(std::string_view text) {
    bool open = false;
    for (const char c : text) {
        if ((c == '[' && open) || (c == ']' && !open))
            return false;
        open = c == '[' || (open && c != ']');
    }
    return !open;
}

} // namespace

result<std::map<std::string, std::string>> configs::parse_added(const std::string& text) {
    std::map<std::string, std::string> added;
    auto parts = split_outside_lists(text, ',');
    while (!parts.empty() && parts.back().empty())
        parts.pop_back();
    for (const auto& part : parts) {
        const auto sides = split_outside_lists(part, '=');
        const auto key = std::string(trimmed(sides.front()));
        if (sides.size() != 2 || key.empty() || !closes_lists(part))
            return tools::wrong(
                "Invalid entity config: all configs to be added must be in the format \"key=val\" "
                "or \"key=[val1,val2]\" to group values which contain commas.");
        auto value = sides.back();
        std::erase_if(value, [](char c) { return c == '[' || c == ']'; });
        added[key] = std::string(trimmed(value));
    }
    return added;
}

result<std::vector<client::config_change>> configs::chosen_changes(const cli::parsed_options& options) {
    std::map<std::string, std::string> added;
    if (const auto path = options.value("add-config-file")) {
        const auto text = read_text_file(*path);
        if (!text)
            return text.failure();
        const auto given = parse_properties(*path, *text);
        if (!given)
            return given.failure();
        for (const auto& one : *given)
            added[one.key] = one.value;
    }
    if (const auto text = options.value("add-config")) {
        auto parsed = parse_added(*text);
        if (!parsed)
            return parsed.failure();
        added = std::move(*parsed);
    }
    std::vector<client::config_change> changes;
    for (const auto& [key, value] : added)
        changes.push_back({key, client::config_change::operation::set, value});
    for (const auto& list : options.values("delete-config"))
        for (const auto& key : split_list(list)) {
            if (added.contains(key))
                return tools::wrong("the setting " + key + " cannot be added and deleted at once");
            changes.push_back({key, client::config_change::operation::remove, {}});
        }
    return changes;
}

const cli::command& configs_command() {
    static const cli::command command = {
        "configs",       "Shows and alters settings of topics, brokers and groups.",
        configs_options, {},
        configs_notes,   true};
    return command;
}

namespace {

result<tools::said> run_configs_on_cluster(const cli::parsed_options& options) {
    const auto which = configs::chosen_entity(options);
    auto cluster = tools::connect("configs", options,
                                  options.has("bootstrap-server") ? options.value("bootstrap-server")
                                                                  : options.value("bootstrap-controller"));
    if (!cluster)
        return cluster.failure();
    return options.has("alter") ? configs::alter(cluster->admin_calls(), options, *which)
                                : configs::describe(cluster->admin_calls(), options, *which);
}

} // namespace

int run_configs(const cli::parsed_options& options) {
    return tools::run_tool(
        {"configs", find_configs_misuse, run_configs_on_cluster, "Error while executing config command: "},
        options);
}

} // namespace barnabas
