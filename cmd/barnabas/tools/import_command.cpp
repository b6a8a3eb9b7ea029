#include "actors/importing/kafka_import.hpp"
#include "cmd/barnabas/commands.hpp"
#include "cmd/barnabas/json_text.hpp"
#include "cmd/barnabas/start_config.hpp"
#include "cmd/barnabas/text_file.hpp"
#include "cmd/barnabas/tools/kafka_tool.hpp"
#include "cmd/cli/status_line.hpp"
#include "runtime/config/data_directories.hpp"
#include "runtime/disk/posix_files.hpp"

#include <array>
#include <chrono>
#include <filesystem>
#include <sys/random.h>

// `barnabas import`: the data of a broker of Kafka's, for a broker of ours.
namespace barnabas {

namespace {

constexpr std::array import_options{
    cli::option{"config",
                "FILE",
                "The new broker's configuration; without it the default one.",
                {},
                false,
                false,
                'c'},
    cli::option{"override", "KEY=VALUE", "Wins over the file.", {}, true},
    cli::option{
        "from", "DIR", "A data directory of Kafka's, of one broker that is stopped. Required.", {}, true},
    cli::option{
        "topics", "FILE",
        "What `kafka-topics.sh --describe` printed: how many partitions the topics have, and their configs. "
        "Without it nothing of what is "
        "imported is deleted by time or size, and what Kafka has compacted goes on being compacted."},
    cli::option{"leave-out", "TOPIC", "A topic that is not imported.", {}, true},
    cli::option{"missing-are-empty", "",
                "Partitions that are not there begin empty; else the import is refused."},
    cli::option{"output", "FORMAT", "text or json.", "text"},
};

constexpr std::string_view import_notes =
    "Copies the partitions of a broker of Apache Kafka (with ZooKeeper or without) into the empty data "
    "directories of a\nconfiguration, recovers each copy by Kafka's rules, and writes what a broker needs to "
    "know of "
    "them: topics, ids,\ncommitted offsets, where DeleteRecords has moved a log's start. Kafka's directories "
    "stay as "
    "they are. An import that is\ninterrupted leaves directories that no broker starts with: remove them and "
    "begin "
    "again.\n"
    "\n"
    "Example:\n"
    "  kafka-topics.sh --bootstrap-server localhost:9092 --describe > topics.txt   # before Kafka is "
    "stopped\n"
    "  barnabas import --from /var/lib/kafka/data --topics topics.txt --config server.properties\n"
    "  barnabas start --config server.properties\n";

std::uint64_t random_seed() {
    std::uint64_t seed = 0;
    while (::getrandom(&seed, sizeof seed, 0) != static_cast<ssize_t>(sizeof seed)) {
    }
    return seed;
}

result<importing::import_request> request_of(const cli::parsed_options& options) {
    const auto overrides = overrides_of(options);
    if (!overrides)
        return overrides.failure();
    auto config = config_here(options, *overrides);
    if (!config)
        return config.failure();
    importing::import_request request;
    request.config = std::move(*config);
    std::error_code unknown;
    for (const auto& source : options.values("from"))
        request.sources.push_back(std::filesystem::absolute(source, unknown).lexically_normal().string());
    for (const auto& topic : options.values("leave-out"))
        request.left_out.insert(topic);
    request.missing_are_empty = options.has("missing-are-empty");
    request.seed = random_seed();
    request.now = timestamp_ms(std::chrono::duration_cast<std::chrono::milliseconds>(
                                   std::chrono::system_clock::now().time_since_epoch())
                                   .count());
    if (const auto path = options.value("topics")) {
        const auto text = read_text_file(*path);
        if (!text)
            return text.failure();
        auto described = importing::parse_described_topics(*text);
        if (!described)
            return error{described.code(), *path + ": " + described.failure().detail};
        request.described = std::move(*described);
    }
    return request;
}

std::string range_of(const importing::imported_partition& one) {
    return std::to_string(one.start.get()) + " to " + std::to_string(one.end.get());
}

tools::said shown(const importing::import_outcome& outcome, const broker_config& config) {
    tools::said told;
    std::size_t partitions = 0;
    std::vector<std::string> guessed;
    for (const auto& topic : outcome.topics) {
        for (const auto& one : topic.partitions)
            told.out +=
                tools::columns({one.name, "offsets " + range_of(one), one.recovery}, {40, 32, 0}) + "\n";
        partitions += topic.partitions.size();
        if (topic.configs_guessed)
            guessed.push_back(topic.name);
    }
    for (const auto& remark : outcome.remarks)
        told.complaints += std::string(program_name) + ": " + remark + "\n";
    if (!guessed.empty())
        told.complaints +=
            std::string(program_name) + ": nobody said how these topics are configured, so they keep " +
            "everything (retention.ms=-1, retention.bytes=-1) until `barnabas configs --alter` says "
            "more: " +
            tools::joined(guessed, ", ") + "\n";
    told.out += "Imported " + std::to_string(partitions) + " partitions of " +
                std::to_string(outcome.topics.size()) + " topics of the cluster " + outcome.cluster_id +
                " into " + tools::joined(data_directories_of(config), ", ") + ".\n";
    return told;
}

tools::said shown_as_json(const importing::import_outcome& outcome) {
    std::vector<json_object> rows;
    for (const auto& topic : outcome.topics)
        for (const auto& one : topic.partitions)
            rows.push_back(json_object()
                               .add("topic", topic.name)
                               .add("topicId", to_string(topic.id))
                               .add("directory", one.directory)
                               .add("startOffset", one.start.get())
                               .add("endOffset", one.end.get())
                               .add("recovery", one.recovery)
                               .add("configsGuessed", topic.configs_guessed));
    return {json_object()
                    .add("clusterId", outcome.cluster_id)
                    .add("partitions", rows)
                    .add("remarks", outcome.remarks)
                    .text() +
                "\n",
            {},
            tools::exit_ok};
}

result<tools::said> import(const cli::parsed_options& options) {
    auto request = request_of(options);
    if (!request)
        return request.failure();
    using clock = cli::status_line::clock;
    cli::status_line status(cli::terminal_sink(), clock::now());
    request->progress = [&status](const std::string& partition) {
        status.tell("importing " + partition, clock::now());
    };
    runtime::posix_files files;
    const auto outcome = importing::import_from_kafka(files, *request);
    status.clear();
    if (!outcome)
        return outcome.failure();
    return tools::wants_json(options) ? shown_as_json(*outcome) : shown(*outcome, request->config);
}

std::optional<std::string> find_import_misuse(const cli::parsed_options& options) {
    if (!options.has("from"))
        return "--from is required: a data directory of Kafka's";
    const auto format = options.value("output");
    if (format != "text" && format != "json")
        return "--output=" + *format + ": allowed are text and json";
    return std::nullopt;
}

} // namespace

const cli::command& import_command() {
    static const cli::command command = {"import",
                                         "Takes over the data directories of a broker of Apache Kafka.",
                                         import_options,
                                         {},
                                         import_notes};
    return command;
}

int run_import(const cli::parsed_options& options) {
    if (const auto misuse = find_import_misuse(options)) {
        tools::refuse("import", *misuse);
        return exit_usage;
    }
    const auto told = import(options);
    if (told)
        return tools::print(*told);
    if (tools::wants_json(options))
        return tools::print({tools::error_json(told.failure()), {}, tools::exit_failed});
    return tools::refuse("import", told.failure().detail);
}

} // namespace barnabas
