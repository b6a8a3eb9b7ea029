#include "cmd/barnabas/commands.hpp"
#include "cmd/barnabas/json_text.hpp"
#include "cmd/barnabas/text_file.hpp"
#include "cmd/barnabas/tools/kafka_tool.hpp"

#include <boost/json.hpp>

#include <array>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <utility>

// `barnabas delete-records`, which is Kafka's kafka-delete-records.sh.
namespace barnabas {

namespace {

using client::partition_name;

constexpr std::array delete_records_options{
    tools::bootstrap_server,
    tools::command_config,
    cli::option{"offset-json-file", "FILE",
                "The partitions, each with the first offset that stays; -1: all is deleted. Required."},
    tools::output_format,
    tools::zookeeper,
    tools::version,
};

constexpr std::string_view delete_records_notes =
    "Options, output and exit status are those of Kafka's kafka-delete-records.sh. The file:\n"
    "  {\"partitions\":[{\"topic\":\"orders\",\"partition\":1,\"offset\":100}],\"version\":1}\n"
    "\n"
    "Example:\n"
    "  barnabas delete-records --bootstrap-server localhost:9092 --offset-json-file trim.json\n";

std::optional<std::string> find_delete_records_misuse(const cli::parsed_options& options) {
    for (const auto* name : {"bootstrap-server", "offset-json-file"})
        if (!options.has(name))
            return std::string("Missing required argument \"[") + name + "]\"";
    return std::nullopt;
}

/// One of "partitions".
std::optional<std::pair<partition_name, std::int64_t>> offset_of(const boost::json::value& given) {
    const auto* members = given.if_object();
    if (members == nullptr)
        return std::nullopt;
    const auto *topic = members->if_contains("topic"), *partition = members->if_contains("partition"),
               *offset = members->if_contains("offset");
    if (topic == nullptr || !topic->is_string() || partition == nullptr || !partition->is_int64() ||
        partition->get_int64() < 0 || partition->get_int64() > std::numeric_limits<std::int32_t>::max() ||
        offset == nullptr || !offset->is_int64())
        return std::nullopt;
    return std::pair{
        partition_name{std::string(topic->get_string()), static_cast<std::int32_t>(partition->get_int64())},
        offset->get_int64()};
}

result<std::map<partition_name, std::int64_t>> read_offsets(const std::string& path) {
    const auto text = read_text_file(path);
    if (!text)
        return text.failure();
    boost::system::error_code wrong;
    const auto parsed = boost::json::parse(*text, wrong);
    if (wrong)
        return tools::wrong(path + " is no JSON: " + wrong.message());
    const auto bad = [&](const std::string& why) { return tools::wrong(path + ": " + why); };
    const auto* members = parsed.if_object();
    if (members != nullptr)
        if (const auto* version = members->if_contains("version"); version != nullptr && *version != 1)
            return bad("Not supported version field value, allowed is 1");
    const auto* list = members == nullptr ? nullptr : members->if_contains("partitions");
    if (list == nullptr || !list->is_array())
        return bad("Missing partitions field");
    std::map<partition_name, std::int64_t> before;
    for (const auto& one : list->get_array()) {
        const auto given = offset_of(one);
        if (!given)
            return bad("each of partitions needs a topic, a partition and an offset");
        if (!before.insert(*given).second)
            return bad("Offset json file contains duplicate topic partitions: " + given->first.topic + "-" +
                       std::to_string(given->first.partition));
    }
    return before;
}

std::string sentence_of(const partition_name& name, const error& why) {
    if (why.code != errc::unknown_topic_or_partition)
        return why.detail;
    return "there is no partition " + std::to_string(name.partition) + " of a topic '" + name.topic +
           "': barnabas topics --describe shows what there is";
}

result<tools::said> delete_records(const cli::parsed_options& options) {
    auto before = read_offsets(*options.value("offset-json-file"));
    if (!before)
        return before.failure();
    auto cluster = tools::connect("delete-records", options);
    if (!cluster)
        return cluster.failure();
    tools::said told;
    told.out = "Executing records delete operation\nRecords delete operation completed:\n";
    std::vector<json_object> rows;
    for (const auto& [name, outcome] : cluster->admin_calls().delete_records(std::move(*before)).get()) {
        const auto shown = name.topic + "-" + std::to_string(name.partition);
        json_object row;
        row.add("topic", name.topic).add("partition", name.partition);
        if (outcome)
            row.add("lowWatermark", *outcome);
        else
            row.add("error", sentence_of(name, outcome.failure()));
        rows.push_back(row);
        told.out += "partition: " + shown + "\t" +
                    (outcome ? "low_watermark: " + std::to_string(*outcome)
                             : "error: " + sentence_of(name, outcome.failure())) +
                    "\n";
        // Kafka's tool ends with 0 all the same.
        if (!outcome)
            told.status = exit_told;
    }
    if (tools::wants_json(options))
        told.out = json_object().add("partitions", rows).text() + "\n";
    return told;
}

} // namespace

const cli::command& delete_records_command() {
    static const cli::command command = {"delete-records",       "Deletes the oldest records of partitions.",
                                         delete_records_options, {},
                                         delete_records_notes,   true};
    return command;
}

int run_delete_records(const cli::parsed_options& options) {
    return tools::run_tool({"delete-records", find_delete_records_misuse, delete_records, "Error: "},
                           options);
}

} // namespace barnabas
