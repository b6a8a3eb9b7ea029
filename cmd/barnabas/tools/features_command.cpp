#include "cmd/barnabas/commands.hpp"
#include "cmd/barnabas/json_text.hpp"
#include "cmd/barnabas/tools/kafka_releases.hpp"
#include "cmd/barnabas/tools/kafka_tool.hpp"

#include <array>

// `barnabas features`, which is Kafka's kafka-features.sh.
namespace barnabas {

namespace {

using direction = client::feature_change::direction;

constexpr std::array features_options{
    tools::bootstrap_server,
    cli::option{"bootstrap-controller", "HOST:PORT,...", "Accepted instead of --bootstrap-server."},
    tools::command_config,
    cli::option{
        "feature", "NAME=LEVEL", "The feature to change or look up; with disable only NAME.", {}, true},
    cli::option{"release-version", "VERSION",
                "A release of Kafka, such as 4.2: its levels of all features that the cluster has."},
    cli::option{"metadata", "VERSION", "Refused: there is no metadata.version here; use --release-version."},
    cli::option{"dry-run", "", "Only check."},
    cli::option{"unsafe", "", "With downgrade, disable: even if something is lost."},
    cli::option{"node-id", "ID", "Accepted; any broker tells."},
    tools::output_format,
    tools::zookeeper,
    tools::version,
};

constexpr std::array features_actions{
    cli::action{"describe", "Shows features with their levels."},
    cli::action{"upgrade", "Raises levels."},
    cli::action{"downgrade", "Lowers levels."},
    cli::action{"disable", "Switches features off."},
    tools::version_mapping_action,
    tools::feature_dependencies_action,
};

constexpr std::string_view features_notes =
    "Options, output and exit status are those of Kafka's kafka-features.sh.\n"
    "\n"
    "Examples:\n"
    "  barnabas features --bootstrap-server localhost:9092 describe\n"
    "  barnabas features --bootstrap-server localhost:9092 upgrade --release-version 4.2\n"
    "  barnabas features version-mapping --release-version 4.2\n";

direction direction_of(const cli::parsed_options& options) {
    if (options.positionals().front() == "upgrade")
        return direction::upgrade;
    return options.has("unsafe") ? direction::unsafe_downgrade : direction::safe_downgrade;
}

result<std::map<std::string, client::feature_change>> chosen_changes(const cli::parsed_options& options) {
    std::map<std::string, client::feature_change> changes;
    const auto& action = options.positionals().front();
    for (const auto& text : options.values("feature")) {
        tools::feature_level wish{text, 0};
        if (action != "disable") {
            const auto parsed = tools::parse_feature_level(text);
            if (!parsed)
                return parsed.failure();
            wish = *parsed;
        }
        if (!changes.emplace(wish.name, client::feature_change{wish.level, direction_of(options)}).second)
            return tools::wrong("Feature " + wish.name + " was specified more than once.");
    }
    return changes;
}

std::optional<std::string> find_features_misuse(const cli::parsed_options& options) {
    const auto& action = options.positionals().front();
    if (tools::is_about_releases(action))
        return std::nullopt;
    if (options.has("bootstrap-server") == options.has("bootstrap-controller"))
        return "exactly one of the arguments --bootstrap-server --bootstrap-controller is required";
    if (action == "describe")
        return std::nullopt;
    if (options.has("release-version") && (options.has("feature") || options.has("metadata")))
        return "Can not specify `release-version` with other feature flags.";
    if (options.has("metadata"))
        return "--metadata: there is no metadata.version here; --release-version VERSION means all features "
               "that "
               "there are";
    const auto version = options.value("release-version");
    if (version && action == "disable")
        return "--release-version says nothing to disable: name features with --feature";
    if (version && !tools::find_release(*version))
        return tools::find_release(*version).failure().detail;
    if (version)
        return std::nullopt;
    if (!options.has("feature"))
        return "You must specify at least one feature to " + action;
    if (const auto changes = chosen_changes(options); !changes)
        return changes.failure().detail;
    return std::nullopt;
}

result<tools::said> describe_features(const client::admin& calls, bool json) {
    const auto found = calls.describe_features().get();
    if (!found)
        return found.failure();
    tools::said told;
    std::vector<json_object> rows;
    for (const auto& [name, one] : found->features) {
        told.out += "Feature: " + name + "\tSupportedMinVersion: " + std::to_string(one.min_level) +
                    "\tSupportedMaxVersion: " + std::to_string(one.max_level) +
                    "\tFinalizedVersionLevel: " + std::to_string(one.level) +
                    "\tEpoch: " + (found->epoch ? std::to_string(*found->epoch) : "-") + "\n";
        rows.push_back(json_object()
                           .add("feature", name)
                           .add("supportedMin", one.min_level)
                           .add("supportedMax", one.max_level)
                           .add("finalized", one.level));
    }
    if (json)
        told.out = json_object().add("features", rows).add("epoch", found->epoch).text() + "\n";
    return told;
}

/// "was upgraded to 3." or "Could not upgrade group.version to 3. Why."
std::string outcome_text(const std::string& name, std::int16_t level, const result<client::no_value>& outcome,
                         const cli::parsed_options& options) {
    const auto& action = options.positionals().front();
    const bool dry = options.has("dry-run");
    const auto to = action == "disable" ? std::string() : " to " + std::to_string(level);
    if (!outcome)
        return std::string(dry ? "Can not " : "Could not ") + action + " " + name + to + ". " +
               outcome.failure().detail;
    return name + (dry ? " can be " : " was ") + action + "d" + to + ".";
}

/// The levels of a release, for the features that the cluster has. Nothing is raised to 0.
result<std::map<std::string, client::feature_change>> changes_to(const tools::kafka_release& release,
                                                                 const client::admin& calls,
                                                                 const cli::parsed_options& options) {
    const auto found = calls.describe_features().get();
    if (!found)
        return found.failure();
    std::map<std::string, client::feature_change> changes;
    const auto how = direction_of(options);
    for (const auto& [name, one] : found->features) {
        const auto level = name == tools::metadata_feature ? release.level : tools::level_in(name, release);
        if (how != direction::upgrade || level > 0)
            changes[name] = {level, how};
    }
    if (changes.empty())
        return tools::wrong("You must specify at least one feature to " + options.positionals().front() +
                            ": of those that the cluster has none is in " + release.name);
    return changes;
}

result<tools::said> update_features(const client::admin& calls, const cli::parsed_options& options) {
    const auto version = options.value("release-version");
    const auto wanted =
        version ? changes_to(*tools::find_release(*version), calls, options) : chosen_changes(options);
    if (!wanted)
        return wanted.failure();
    const auto& changes = *wanted;
    client::call_options how;
    how.validate_only = options.has("dry-run");
    tools::said told;
    std::vector<json_object> rows;
    std::size_t failed = 0;
    for (const auto& [name, outcome] : calls.update_features(changes, how).get()) {
        failed += outcome ? 0 : 1;
        told.out += outcome_text(name, changes.at(name).level, outcome, options) + "\n";
        json_object row;
        row.add("feature", name).add("level", changes.at(name).level);
        rows.push_back(row.add("error", outcome ? std::nullopt : std::optional(outcome.failure().detail)));
    }
    if (tools::wants_json(options))
        told.out = json_object().add("features", rows).text() + "\n";
    if (failed > 0) {
        told.status = tools::exit_failed;
        told.complaints =
            std::to_string(failed) + " out of " + std::to_string(changes.size()) + " operation(s) failed.\n";
    }
    return told;
}

result<tools::said> run_features_action(const cli::parsed_options& options) {
    if (tools::is_about_releases(options.positionals().front()))
        return tools::tell_of_releases(options);
    auto cluster = tools::connect("features", options,
                                  options.has("bootstrap-server") ? options.value("bootstrap-server")
                                                                  : options.value("bootstrap-controller"));
    if (!cluster)
        return cluster.failure();
    if (options.positionals().front() == "describe")
        return describe_features(cluster->admin_calls(), tools::wants_json(options));
    return update_features(cluster->admin_calls(), options);
}

} // namespace

const cli::command& features_command() {
    static const cli::command command = {"features",       "Shows and changes levels of features.",
                                         features_options, {"ACTION"},
                                         features_notes,   true,
                                         features_actions};
    return command;
}

int run_features(const cli::parsed_options& options) {
    return tools::run_tool({"features", find_features_misuse, run_features_action, ""}, options);
}

} // namespace barnabas
