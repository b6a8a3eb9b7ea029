#include "cmd/barnabas/commands.hpp"
#include "cmd/barnabas/json_text.hpp"
#include "cmd/barnabas/tools/kafka_tool.hpp"
#include "runtime/config/config_value.hpp"

#include <algorithm>
#include <array>

// `barnabas log-dirs`, which is Kafka's kafka-log-dirs.sh.
namespace barnabas {

namespace {

constexpr std::array log_dirs_options{
    tools::bootstrap_server,
    tools::command_config,
    cli::option{"describe", "", "Show what lies in the data directories of brokers. Required."},
    cli::option{"broker-list", "ID,...", "Only these brokers."},
    cli::option{"topic-list", "NAME,...", "Only these topics."},
    tools::output_format,
    tools::zookeeper,
    tools::version,
};

constexpr std::string_view log_dirs_notes =
    "Options, output and exit status are those of Kafka's kafka-log-dirs.sh: two lines, and one line of "
    "JSON. "
    "With\n--output json only that line.\n"
    "\n"
    "Example:\n"
    "  barnabas log-dirs --bootstrap-server localhost:9092 --describe --topic-list orders\n";

std::optional<std::string> find_log_dirs_misuse(const cli::parsed_options& options) {
    for (const auto* name : {"bootstrap-server", "describe"})
        if (!options.has(name))
            return std::string("Missing required argument \"[") + name + "]\"";
    for (const auto& one : split_list(options.value("broker-list").value_or("")))
        if (const auto number = tools::whole_number(one); !number || *number < 0 || *number > 0x7fffffff)
            return "--broker-list expects numbers, got: " + one;
    return std::nullopt;
}

std::string joined_numbers(const std::vector<std::int32_t>& numbers) {
    std::vector<std::string> texts;
    for (const auto one : numbers)
        texts.push_back(std::to_string(one));
    return tools::joined(texts, ",");
}

/// Those of --broker-list, or all.
result<std::vector<std::int32_t>> chosen_brokers(const client::admin& calls,
                                                 const cli::parsed_options& options) {
    const auto cluster = calls.describe_cluster().get();
    if (!cluster)
        return cluster.failure();
    std::vector<std::int32_t> there;
    for (const auto& one : cluster->brokers)
        there.push_back(one.id);
    std::vector<std::int32_t> wanted, missing;
    for (const auto& one : split_list(options.value("broker-list").value_or("")))
        wanted.push_back(static_cast<std::int32_t>(*tools::whole_number(one)));
    if (wanted.empty())
        return there;
    std::sort(wanted.begin(), wanted.end());
    for (const auto one : wanted)
        if (std::find(there.begin(), there.end(), one) == there.end())
            missing.push_back(one);
    if (missing.empty())
        return wanted;
    return error{errc::broker_not_available,
                 "ERROR: The given brokers do not exist from --broker-list: " + joined_numbers(missing) +
                     ". Current existent brokers: " + joined_numbers(there)};
}

/// Kafka's tool shows the class of the exception that its client makes of the code. A broker has no other
/// codes for a directory than these two.
std::string exception_class(const error& failure) {
    return std::string("org.apache.kafka.common.errors.") +
           (failure.code == errc::storage_error ? "KafkaStorageException" : "UnknownServerException");
}

json_object directory_json(const client::log_dir_description& directory,
                           const std::vector<std::string>& topics) {
    std::vector<json_object> partitions;
    for (const auto& one : directory.replicas) {
        const auto& topic = one.partition.topic;
        if (!topics.empty() && std::find(topics.begin(), topics.end(), topic) == topics.end())
            continue;
        partitions.push_back(json_object()
                                 .add("partition", topic + "-" + std::to_string(one.partition.partition))
                                 .add("size", one.bytes)
                                 .add("offsetLag", one.offset_lag)
                                 .add("isFuture", one.is_future));
    }
    json_object made;
    made.add("logDir", directory.path);
    made.add("error", directory.failure ? std::optional(exception_class(*directory.failure)) : std::nullopt);
    return made.add("partitions", partitions);
}

result<tools::said> describe_log_dirs(const cli::parsed_options& options) {
    auto cluster = tools::connect("log-dirs", options);
    if (!cluster)
        return cluster.failure();
    const auto& calls = cluster->admin_calls();
    const auto brokers = chosen_brokers(calls, options);
    if (!brokers)
        return brokers.failure();
    const auto topics = split_list(options.value("topic-list").value_or(""));
    const auto found = calls.describe_log_dirs(*brokers).get();
    std::vector<json_object> shown;
    for (const auto& [broker, directories] : found) {
        if (!directories)
            return error{directories.code(),
                         "broker " + std::to_string(broker) +
                             " did not describe its log directories: " + directories.failure().detail};
        std::vector<json_object> rows;
        for (const auto& one : *directories)
            rows.push_back(directory_json(one, topics));
        shown.push_back(json_object().add("broker", broker).add("logDirs", rows));
    }
    tools::said told;
    if (!tools::wants_json(options))
        told.out = "Querying brokers for log directories information\n"
                   "Received log directory information from brokers " +
                   joined_numbers(*brokers) + "\n";
    told.out += json_object().add("version", 1).add("brokers", shown).text() + "\n";
    return told;
}

} // namespace

const cli::command& log_dirs_command() {
    static const cli::command command = {"log-dirs",       "Shows data directories and what lies in them.",
                                         log_dirs_options, {},
                                         log_dirs_notes,   true};
    return command;
}

int run_log_dirs(const cli::parsed_options& options) {
    return tools::run_tool({"log-dirs", find_log_dirs_misuse, describe_log_dirs, ""}, options);
}

} // namespace barnabas
