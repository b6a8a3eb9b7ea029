#include "cmd/barnabas/cluster_tool.hpp"
#include "cmd/barnabas/commands.hpp"
#include "cmd/barnabas/console_reading.hpp"

#include <array>
#include <cstdio>

// `barnabas consume`, the short form of console-consumer for daily use.
namespace barnabas {

namespace {

constexpr std::array consume_options{
    cli::option{"bootstrap-server", "HOST:PORT,...", "Brokers to begin with.", "localhost:9092", false, false,
                'b'},
    cli::option{
        "latest", "", "Only what comes from now on; else from the first record.", {}, false, false, 'l'},
    cli::option{"count", "N", "End after so many records.", {}, false, false, 'n'},
    cli::option{"end", "", "End when all is read that is there.", {}, false, false, 'e'},
    cli::option{"key", "", "Show keys as well, with a tab behind.", {}, false, false, 'k'},
    cli::option{
        "group", "NAME", "Read as a member of this group, from where it is; commits.", {}, false, false, 'g'},
    cli::option{"command-config", "FILE", "Properties of the consumer, in Kafka's own keys."},
    cli::option{"output", "FORMAT", "text: values; json: a line with everything for each record.", "text",
                false, false, 'o'},
};

constexpr std::string_view consume_notes = "Examples:\n"
                                           "  barnabas consume orders\n"
                                           "  barnabas consume orders --key --count 10\n"
                                           "  barnabas consume orders --end --output json\n";

/// How long nothing may come with --end.
constexpr std::int64_t end_ms = 1000;

int refuse(const std::string& why) {
    std::fprintf(stderr, "%s consume: %s\n", program_name, why.c_str());
    return 1;
}

/// All partitions of the topic: nobody waits for a group to form.
result<std::set<client::partition_name>> partitions_of(const std::string& topic,
                                                       const client::properties& keys) {
    auto cluster = connect_tool(keys_of_every_client(keys));
    if (!cluster)
        return cluster.failure();
    const auto told = cluster->admin_calls().describe_topics({topic}).get();
    const auto& one = told.at(topic);
    if (!one)
        return one.failure();
    std::set<client::partition_name> names;
    for (const auto& partition : one->partitions)
        names.insert({topic, partition.partition});
    return names;
}

result<console_wishes> wishes_of(const cli::parsed_options& options) {
    console_wishes wishes;
    auto keys = tool_properties(options, *options.value("bootstrap-server"), "barnabas-consume");
    if (!keys)
        return keys.failure();
    const auto& topic = options.positionals().front();
    if (const auto group = options.value("group")) {
        (*keys)["group.id"] = *group;
        wishes.topics.insert(topic);
    } else {
        auto partitions = partitions_of(topic, *keys);
        if (!partitions)
            return partitions.failure();
        wishes.partitions = std::move(*partitions);
    }
    keys->try_emplace("auto.offset.reset", options.has("latest") ? "latest" : "earliest");
    wishes.keys = std::move(*keys);
    wishes.json = options.value("output") == "json";
    if (options.has("end"))
        wishes.silence_ms = end_ms;
    wishes.silence_is_good = true;
    if (options.has("count")) {
        const auto count = options.number("count", 0, INT64_MAX);
        if (!count)
            return count.failure();
        wishes.messages_max = *count;
    }
    return wishes;
}

} // namespace

const cli::command& consume_command() {
    static const cli::command command = {"consume",
                                         "Shows the records of a topic; short for console-consumer.",
                                         consume_options,
                                         {"TOPIC"},
                                         consume_notes};
    return command;
}

int run_consume(const cli::parsed_options& options) {
    if (const auto format = options.value("output"); format != "text" && format != "json")
        return refuse("--output=" + *format + ": allowed are text and json");
    const auto wishes = wishes_of(options);
    if (!wishes)
        return refuse(wishes.failure().detail);
    const auto formatter = record_formatter::make("", {{"print.key", options.has("key") ? "true" : "false"}});
    return formatter ? read_to_console(*wishes, *formatter) : refuse(formatter.failure().detail);
}

} // namespace barnabas
