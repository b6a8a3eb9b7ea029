#include "cmd/barnabas/cluster_tool.hpp"
#include "cmd/barnabas/commands.hpp"
#include "cmd/barnabas/console_reading.hpp"
#include "cmd/barnabas/tools/kafka_tool.hpp"

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
    cli::option{"end", "", "End when all is read that is there at the beginning.", {}, false, false, 'e'},
    cli::option{"key", "", "Show keys as well, with a tab behind.", {}, false, false, 'k'},
    cli::option{
        "group", "NAME", "Read as a member of this group, from where it is; commits.", {}, false, false, 'g'},
    cli::option{"command-config", "FILE", "Properties of the consumer, in Kafka's own keys."},
    cli::option{"output", "FORMAT", "text: values; json: a line with everything for each record.", "text",
                false, false, 'o'},
};

constexpr std::string_view consume_notes =
    "With --end and --group it ends as well, with status 1, when the group gives it nothing for\n"
    "session.timeout.ms (45 s) because other members have all partitions.\n"
    "\n"
    "Examples:\n"
    "  barnabas consume orders\n"
    "  barnabas consume orders --key --count 10\n"
    "  barnabas consume orders --end --output json\n";

int refuse(const std::string& why) {
    std::fprintf(stderr, "%s consume: %s\n", program_name, why.c_str());
    return 1;
}

/// Where each of these ends now.
result<std::map<client::partition_name, std::int64_t>>
ends_of(const client::admin& calls, const std::set<client::partition_name>& partitions,
        const client::call_options& asked) {
    std::map<client::partition_name, std::int64_t> ends;
    for (const auto& name : partitions)
        ends[name] = client::offset_times::latest;
    for (const auto& [name, one] : calls.list_offsets(ends, asked).get()) {
        if (!one)
            return one.failure();
        ends[name] = one->offset;
    }
    return ends;
}

/// Without a group all partitions of the topic, so that nobody waits for one to form; with --end where they
/// end.
result<void> ask_cluster(const cli::parsed_options& options, const client::properties& keys,
                         console_wishes& wishes) {
    auto cluster = connect_tool(keys_of_every_client(keys));
    if (!cluster)
        return cluster.failure();
    const auto& topic = options.positionals().front();
    const auto told = cluster->admin_calls().describe_topics({topic}).get();
    const auto& one = told.at(topic);
    if (one.code() == errc::unknown_topic_or_partition)
        return error{one.code(), "there is no topic '" + topic +
                                     "': barnabas topics --list shows all, --create makes one"};
    if (!one)
        return one.failure();
    std::set<client::partition_name> names;
    for (const auto& partition : one->partitions)
        names.insert({topic, partition.partition});
    if (options.has("end")) {
        auto ends = ends_of(cluster->admin_calls(), names, ends_of_reader(keys));
        if (!ends)
            return ends.failure();
        wishes.ends = std::move(*ends);
    }
    if (!options.has("group"))
        wishes.partitions = std::move(names);
    return {};
}

result<console_wishes> wishes_of(const cli::parsed_options& options) {
    console_wishes wishes;
    wishes.command = "consume";
    auto keys = tool_properties(options, *options.value("bootstrap-server"), "barnabas-consume",
                                {"command-config", client_kind::consumer});
    if (!keys)
        return keys.failure();
    const auto& topic = options.positionals().front();
    if (const auto group = options.value("group")) {
        (*keys)["group.id"] = *group;
        wishes.topics.insert(topic);
    }
    if (!options.has("group") || options.has("end"))
        if (const auto asked = ask_cluster(options, *keys, wishes); !asked)
            return asked.failure();
    keys->try_emplace("auto.offset.reset", options.has("latest") ? "latest" : "earliest");
    wishes.keys = std::move(*keys);
    wishes.json = options.value("output") == "json";
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
    if (!wishes && tools::wants_json(options))
        return tools::print({tools::error_json(wishes.failure()), {}, 1});
    if (!wishes)
        return refuse(wishes.failure().detail);
    const auto formatter = record_formatter::make("", {{"print.key", options.has("key") ? "true" : "false"}});
    return formatter ? read_to_console(*wishes, *formatter) : refuse(formatter.failure().detail);
}

} // namespace barnabas
