#include "actors/broker/data_directories.hpp"
#include "actors/broker/small_files.hpp"
#include "cmd/barnabas/commands.hpp"
#include "cmd/barnabas/json_text.hpp"
#include "cmd/barnabas/start_config.hpp"
#include "cmd/barnabas/tools/kafka_releases.hpp"
#include "cmd/barnabas/tools/kafka_tool.hpp"
#include "runtime/config/broker_config.hpp"
#include "runtime/config/data_directories.hpp"
#include "runtime/disk/posix_files.hpp"

#include <array>
#include <filesystem>
#include <sys/random.h>

// `barnabas storage`, which is Kafka's kafka-storage.sh: data directories before their broker starts.
namespace barnabas {

namespace {

constexpr std::array storage_options{
    cli::option{"config", "FILE", "The broker's configuration.", {}, false, false, 'c'},
    cli::option{"cluster-id", "ID", "With format: the cluster's id.", {}, false, false, 't'},
    cli::option{
        "ignore-formatted", "", "With format: leave directories that are formatted.", {}, false, false, 'g'},
    cli::option{"standalone", "", "Accepted: a broker is its own controller.", {}, false, false, 's'},
    cli::option{"no-initial-controllers", "", "Accepted.", {}, false, false, 'N'},
    cli::option{
        "initial-controllers", "LIST", "Refused: there is one controller yet.", {}, false, false, 'I'},
    cli::option{"release-version",
                "VERSION",
                "A release of Kafka, such as 4.2. With format it is only told: levels are those of Barnabas.",
                {},
                false,
                false,
                'r'},
    cli::option{"feature",
                "NAME=LEVEL",
                "A feature to look up. With format only told: levels are those of Barnabas.",
                {},
                true,
                false,
                'f'},
    cli::option{"add-scram", "CREDENTIAL", "Refused: there are no credentials yet.", {}, true, false, 'S'},
    tools::output_format,
    tools::zookeeper,
    tools::version,
};

constexpr std::array storage_actions{
    cli::action{"info", "Shows the data directories, whose they are, and what is wrong with them."},
    cli::action{"format", "Makes the data directories of a configuration those of a cluster."},
    tools::version_mapping_action,
    tools::feature_dependencies_action,
    cli::action{"random-uuid", "Prints an id for a cluster."},
};

constexpr std::string_view storage_notes =
    "Options and exit status are those of Kafka's kafka-storage.sh. Nobody has to format: `barnabas start` "
    "formats empty\ndirectories itself, with an id of its own making.\n"
    "\n"
    "Example:\n"
    "  barnabas storage format -t $(barnabas storage random-uuid) -c server.properties\n";

/// The release that --release-version or --feature metadata.version=LEVEL names, or the newest.
result<tools::kafka_release> chosen_release(const cli::parsed_options& options) {
    const auto version = options.value("release-version");
    auto release = version ? tools::find_release(*version) : tools::newest_release();
    for (const auto& text : options.values("feature")) {
        const auto one = tools::parse_feature_level(text);
        if (!one)
            return one.failure();
        if (one->name != tools::metadata_feature)
            continue;
        if (version)
            return tools::wrong(
                "Use --release-version instead of --feature metadata.version=X to avoid ambiguity.");
        release = tools::find_release(std::int64_t{one->level});
    }
    return release;
}

std::optional<std::string> find_storage_misuse(const cli::parsed_options& options) {
    const auto& action = options.positionals().front();
    if (action == "random-uuid" || tools::is_about_releases(action))
        return std::nullopt;
    if (!options.has("config"))
        return "argument --config/-c is required";
    if (options.has("add-scram"))
        return "--add-scram: there are no users and credentials yet";
    if (options.has("initial-controllers"))
        return "--initial-controllers: there is one controller yet, in its broker; use --standalone";
    if (options.has("standalone") && options.has("no-initial-controllers"))
        return "argument --no-initial-controllers/-N: not allowed with argument --standalone/-s";
    if (action == "format" && !options.has("cluster-id"))
        return "argument --cluster-id/-t is required";
    if (action == "format" && !parse_uuid(*options.value("cluster-id")))
        return "Cluster ID string " + *options.value("cluster-id") +
               " does not appear to be a valid UUID: 22 characters of URL-safe base64, as `barnabas storage "
               "random-uuid` makes them";
    if (const auto release = chosen_release(options); !release)
        return release.failure().detail;
    return std::nullopt;
}

uuid random_uuid() {
    while (true) {
        uuid id;
        if (::getrandom(id.bytes.data(), id.bytes.size(), 0) != static_cast<ssize_t>(id.bytes.size()))
            continue;
        id.bytes[6] = static_cast<std::uint8_t>((id.bytes[6] & 0x0f) | 0x40);
        id.bytes[8] = static_cast<std::uint8_t>((id.bytes[8] & 0x3f) | 0x80);
        // A text that begins with '-' would be an option on command lines.
        if (to_string(id).front() != '-')
            return id;
    }
}

/// What a directory says it belongs to; empty where it is not formatted.
result<std::map<std::string, std::string>> identity_of(runtime::file_system& files,
                                                       const std::string& directory) {
    const auto text = read_small_file(files, join_path(directory, identity_file));
    if (text.code() == errc::not_found)
        return std::map<std::string, std::string>{};
    if (!text)
        return text.failure();
    const auto checked = checked_text(*text);
    if (!checked)
        return error{checked.code(), join_path(directory, identity_file) + " " + checked.failure().detail};
    return parse_lines(*checked, '=');
}

result<void> check_belongs(const std::string& directory, std::map<std::string, std::string> found,
                           const broker_config& config, const std::string& cluster_id) {
    if (found["cluster.id"] != cluster_id)
        return tools::wrong("Log directory " + directory + " belongs to the cluster " + found["cluster.id"] +
                            ", not to " + cluster_id + ": give that id, or another directory");
    if (found["node.id"] != std::to_string(config.node_id))
        return tools::wrong("Log directory " + directory + " belongs to the node " + found["node.id"] +
                            ", not to node.id=" + std::to_string(config.node_id));
    return {};
}

result<void> format_one(runtime::file_system& files, const std::string& directory,
                        const broker_config& config, const std::string& cluster_id) {
    if (auto made = make_durably(files, directory); !made)
        return made;
    return write_identity(files, directory, {cluster_id, node_id(config.node_id), random_uuid()});
}

/// What Kafka's tool calls it.
std::string_view kind_of(const std::string& directory, const broker_config& config, bool standalone) {
    if (directory != config.metadata_log_dir)
        return "data directory";
    return standalone ? "dynamic metadata voter directory" : "metadata directory";
}

/// Nothing is formatted when anything is wrong.
result<tools::said> format(const cli::parsed_options& options, const broker_config& config) {
    runtime::posix_files files;
    const auto cluster_id = *options.value("cluster-id");
    std::vector<std::string> wanted;
    for (const auto& directory : data_directories_of(config)) {
        const auto found = identity_of(files, directory);
        if (!found)
            return found.failure();
        if (found->empty()) {
            if (auto empty = check_unused(files, directory); !empty)
                return empty.failure();
            wanted.push_back(directory);
            continue;
        }
        if (!options.has("ignore-formatted"))
            return tools::wrong("Log directory " + directory +
                                " is already formatted. Use --ignore-formatted to ignore this directory and "
                                "format the others.");
        if (auto fits = check_belongs(directory, *found, config, cluster_id); !fits)
            return fits.failure();
    }
    const auto release = *chosen_release(options);
    tools::said told;
    for (const auto& directory : wanted) {
        if (auto done = format_one(files, directory, config, cluster_id); !done)
            return done.failure();
        told.out += "Formatting " + std::string(kind_of(directory, config, options.has("standalone"))) + " " +
                    directory + " with metadata.version " + release.name + ".\n";
    }
    if (wanted.empty())
        told.out = "All of the log directories are already formatted.\n";
    if (tools::wants_json(options))
        told.out = json_object()
                       .add("clusterId", cluster_id)
                       .add("formatted", wanted)
                       .add("metadataVersion", release.name)
                       .text() +
                   "\n";
    return told;
}

/// "Found log directory:" and the lines, or nothing.
std::string section(const std::string& one, const std::string& several,
                    const std::vector<std::string>& lines) {
    if (lines.empty())
        return "";
    std::string text = "Found " + (lines.size() == 1 ? one : several) + ":\n";
    for (const auto& line : lines)
        text += "  " + line + "\n";
    return text + "\n";
}

result<tools::said> info(const cli::parsed_options& options, const broker_config& config) {
    runtime::posix_files files;
    const auto directories = data_directories_of(config);
    std::vector<std::string> there, problems, facts;
    for (const auto& directory : directories) {
        const auto exists = files.exists(directory);
        const auto found = identity_of(files, directory);
        if (!exists || !*exists) {
            problems.push_back(directory + (exists ? " does not exist" : ": " + exists.failure().detail));
            continue;
        }
        there.push_back(directory);
        if (!found)
            problems.push_back(found.failure().detail);
        else if (found->empty())
            problems.push_back(directory + " is not formatted.");
        else if (facts.empty())
            for (const auto& [key, value] : *found)
                facts.push_back(key + "=" + value);
    }
    tools::said told;
    told.status = problems.empty() ? tools::exit_ok : tools::exit_failed;
    told.out = section("log directory", "log directories", there);
    if (!facts.empty())
        told.out += "Found metadata: {" + tools::joined(facts, ", ") + "}\n\n";
    told.out += section("problem", "problems", problems);
    if (tools::wants_json(options))
        told.out =
            json_object().add("directories", there).add("metadata", facts).add("problems", problems).text() +
            "\n";
    return told;
}

result<tools::said> run_storage_action(const cli::parsed_options& options) {
    const auto& action = options.positionals().front();
    if (action == "random-uuid") {
        const auto id = to_string(random_uuid());
        return tools::said{
            tools::wants_json(options) ? json_object().add("uuid", id).text() + "\n" : id + "\n", {}};
    }
    if (tools::is_about_releases(action))
        return tools::tell_of_releases(options);
    const auto config = config_here(options, {});
    if (!config)
        return config.failure();
    return action == "format" ? format(options, *config) : info(options, *config);
}

} // namespace

const cli::command& storage_command() {
    static const cli::command command = {
        "storage",       "Formats data directories, and shows whose they are.",
        storage_options, {"ACTION"},
        storage_notes,   true,
        storage_actions};
    return command;
}

int run_storage(const cli::parsed_options& options) {
    return tools::run_tool({"storage", find_storage_misuse, run_storage_action, ""}, options);
}

} // namespace barnabas
