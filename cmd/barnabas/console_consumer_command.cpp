#include "cmd/barnabas/cluster_tool.hpp"
#include "cmd/barnabas/commands.hpp"
#include "cmd/barnabas/console_reading.hpp"
#include "runtime/config/config_value.hpp"

#include <array>
#include <charconv>
#include <cstdio>
#include <random>
#include <set>

// `barnabas console-consumer`, which is Kafka's kafka-console-consumer.sh.
namespace barnabas {

namespace {

constexpr std::array console_consumer_options{
    cli::option{"bootstrap-server", "HOST:PORT,...", "Brokers to begin with. Required."},
    cli::option{"topic", "NAME", "The topic to read."},
    cli::option{"include", "PATTERN", "Topics that the regular expression matches, also later ones."},
    cli::option{"partition", "NUMBER", "Only this partition, without a group."},
    cli::option{"offset", "OFFSET", "With --partition: a number, earliest or latest (default)."},
    cli::option{"from-beginning", "", "Begin at the first record when the group has no offset yet."},
    cli::option{"max-messages", "COUNT", "End after so many records."},
    cli::option{"timeout-ms", "MS", "End when no record comes for this long."},
    cli::option{"skip-message-on-error", "", "Go on behind an error."},
    cli::option{"group", "NAME", "The group to be a member of; without it one that nobody else has."},
    cli::option{"isolation-level", "LEVEL", "read_committed leaves records of open transactions out.",
                "read_uncommitted"},
    cli::option{"key-deserializer", "CLASS", "How keys are shown: StringDeserializer, LongDeserializer, ..."},
    cli::option{"value-deserializer", "CLASS", "How values are shown."},
    cli::option{"formatter", "CLASS",
                "DefaultMessageFormatter (default), LoggingMessageFormatter, NoOpMessageFormatter, or for "
                "coordinators' topics OffsetsMessageFormatter, GroupMetadataMessageFormatter, "
                "ConsumerGroupMessageFormatter, ShareGroupMessageFormatter, TransactionLogMessageFormatter, "
                "ShareGroupStateMessageFormatter; packages in front do not matter."},
    cli::option{"formatter-config", "FILE", "Properties of the formatter."},
    cli::option{"formatter-property",
                "NAME=VALUE",
                "print.timestamp, print.partition, print.offset, print.epoch, print.headers, print.key, "
                "print.value, key.separator, line.separator, headers.separator, null.literal, "
                "key.deserializer, value.deserializer, headers.deserializer.",
                {},
                true},
    cli::option{"property", "NAME=VALUE", "The old name of --formatter-property.", {}, true},
    cli::option{
        "command-property", "NAME=VALUE", "A property of the consumer, in Kafka's own keys.", {}, true},
    cli::option{"consumer-property", "NAME=VALUE", "The old name of --command-property.", {}, true},
    cli::option{"command-config", "FILE", "Properties of the consumer."},
    cli::option{"consumer.config", "FILE", "The old name of --command-config."},
    cli::option{"enable-systest-events", "", "Tell the end on standard output."},
    cli::option{"output", "FORMAT", "text, as Kafka's tool, or json: a line for each record.", "text"},
    cli::option{"whitelist", "PATTERN", "Gone; use --include."},
    cli::option{"zookeeper", "HOST:PORT", "Gone; use --bootstrap-server."},
    cli::option{"version", "", "Show the version."},
};

constexpr std::string_view console_consumer_notes =
    "Options, output and exit status are those of Kafka's kafka-console-consumer.sh.\n"
    "\n"
    "Examples:\n"
    "  barnabas console-consumer --bootstrap-server localhost:9092 --topic orders --from-beginning\n"
    "  barnabas console-consumer --bootstrap-server localhost:9092 --topic orders --partition 0 --offset 5 "
    "\\\n"
    "      --formatter-property print.key=true --max-messages 10\n"
    "  barnabas console-consumer --bootstrap-server localhost:9092 --topic __consumer_offsets "
    "--from-beginning "
    "\\\n"
    "      --formatter org.apache.kafka.tools.consumer.OffsetsMessageFormatter\n";

error wrong(std::string why) {
    return {errc::invalid_request, std::move(why)};
}

struct renamed {
    std::string_view old_name;
    std::string_view new_name;
};
constexpr std::array<renamed, 3> renamed_options{{{"property", "formatter-property"},
                                                  {"consumer-property", "command-property"},
                                                  {"consumer.config", "command-config"}}};

std::optional<std::string> find_misuse(const cli::parsed_options& options) {
    if (options.has("zookeeper"))
        return zookeeper_sentence("console-consumer");
    if (options.has("whitelist"))
        return "--whitelist is gone; use --include";
    if (const auto format = options.value("output"); format != "text" && format != "json")
        return "--output=" + *format + ": allowed are text and json";
    for (const auto& one : renamed_options)
        if (auto clash = find_clash(options, one.old_name, {one.new_name}))
            return clash;
    if (!options.has("bootstrap-server"))
        return "Missing required argument \"[bootstrap-server]\"";
    if (options.has("topic") == options.has("include"))
        return "Exactly one of --include/--topic is required. ";
    if (options.has("partition") && !options.has("topic"))
        return "The topic is required when partition is specified.";
    if (options.has("offset") && !options.has("partition"))
        return "The partition is required when offset is specified.";
    if (options.has("offset") && options.has("from-beginning"))
        return "from-beginning and offset cannot be specified together.";
    if (options.has("group") && options.has("partition"))
        return "Options group and partition cannot be specified together.";
    return std::nullopt;
}

/// "name=value" each; a name alone has an empty value.
void add_pairs(const std::vector<std::string>& pairs, std::map<std::string, std::string>& to) {
    for (const auto& one : pairs) {
        const auto sign = one.find('=');
        to[one.substr(0, sign)] = sign == std::string::npos ? "" : one.substr(sign + 1);
    }
}

result<void> add_file(const cli::parsed_options& options, std::string_view option,
                      std::map<std::string, std::string>& to) {
    const auto path = options.value(option);
    if (!path)
        return {};
    const auto given = file_properties(*path);
    if (!given)
        return given.failure();
    for (const auto& [key, value] : *given)
        to[key] = value;
    return {};
}

/// The group of all places must be the same; without one a name is drawn, and nothing is committed.
result<void> choose_group(const cli::parsed_options& options, client::properties& keys) {
    const auto given = options.value("group");
    const auto set = keys.find("group.id");
    if (given && set != keys.end() && set->second != *given)
        return wrong("The group ids provided in different places (directly using '--group', via "
                     "'--command-property', or via '--command-config') do not match. Detected group ids: '" +
                     *given + "', '" + set->second + "'");
    if (given)
        keys["group.id"] = *given;
    if (keys.contains("group.id") || options.has("partition"))
        return {};
    constexpr unsigned names = 100'000;
    keys["group.id"] = "console-consumer-" + std::to_string(std::random_device()() % names);
    keys.try_emplace("enable.auto.commit", "false");
    return {};
}

result<client::properties> consumer_keys_of(const cli::parsed_options& options) {
    client::properties keys{{"client.id", "console-consumer"}};
    for (const auto* file : {"command-config", "consumer.config"})
        if (auto added = add_file(options, file, keys); !added)
            return added.failure();
    add_pairs(options.values("consumer-property"), keys);
    add_pairs(options.values("command-property"), keys);
    keys["bootstrap.servers"] = *options.value("bootstrap-server");
    keys.try_emplace("isolation.level", *options.value("isolation-level"));
    const auto reset = keys.find("auto.offset.reset");
    const bool contradicts = reset != keys.end() && reset->second != "earliest";
    if (options.has("from-beginning") && contradicts)
        return wrong("Can't simultaneously specify --from-beginning and 'auto.offset.reset=" + reset->second +
                     "', please remove one option");
    if (options.has("from-beginning"))
        keys["auto.offset.reset"] = "earliest";
    if (auto chosen = choose_group(options, keys); !chosen)
        return chosen.failure();
    return without_unknown_keys(client_kind::consumer, std::move(keys));
}

result<void> choose_offset(const cli::parsed_options& options, console_wishes& wishes) {
    const auto text = options.value("offset").value_or(options.has("from-beginning") ? "earliest" : "latest");
    if (text == "earliest" || text == "latest") {
        wishes.time = text == "earliest" ? client::offset_times::earliest : client::offset_times::latest;
        return {};
    }
    std::int64_t number = -1;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
    if (read.ec != std::errc() || read.ptr != text.data() + text.size() || number < 0)
        return wrong("The provided offset value '" + text +
                     "' is incorrect. Valid values are 'earliest', 'latest', or a non-negative long.");
    wishes.offset = number;
    return {};
}

result<console_wishes> wishes_of(const cli::parsed_options& options) {
    console_wishes wishes;
    auto keys = consumer_keys_of(options);
    if (!keys)
        return keys.failure();
    wishes.keys = std::move(*keys);
    if (const auto text = options.value("include")) {
        auto pattern = topic_pattern::parse(*text);
        if (!pattern)
            return pattern.failure();
        wishes.pattern = std::move(*pattern);
    }
    if (const auto topic = options.value("topic"); topic && !options.has("partition"))
        wishes.topics.insert(*topic);
    constexpr std::int64_t most = INT64_MAX;
    if (options.has("partition")) {
        const auto partition = options.number("partition", 0, INT32_MAX);
        if (!partition)
            return partition.failure();
        wishes.partitions.insert({*options.value("topic"), static_cast<std::int32_t>(*partition)});
        if (auto chosen = choose_offset(options, wishes); !chosen)
            return chosen.failure();
    }
    for (const auto& [name, into] :
         {std::pair{"max-messages", &wishes.messages_max}, std::pair{"timeout-ms", &wishes.silence_ms}}) {
        if (!options.has(name))
            continue;
        const auto number = options.number(name, -1, most);
        if (!number)
            return number.failure();
        if (*number >= 0)
            *into = *number;
    }
    wishes.json = options.value("output") == "json";
    wishes.skip_errors = options.has("skip-message-on-error");
    wishes.systest_events = options.has("enable-systest-events");
    return wishes;
}

result<record_formatter> formatter_of(const cli::parsed_options& options) {
    record_formatter::properties wanted;
    if (auto added = add_file(options, "formatter-config", wanted); !added)
        return added.failure();
    add_pairs(options.values("property"), wanted);
    add_pairs(options.values("formatter-property"), wanted);
    for (const auto* side : {"key", "value"})
        if (const auto given = options.value(std::string(side) + "-deserializer"))
            wanted[std::string(side) + ".deserializer"] = *given;
    return record_formatter::make(options.value("formatter").value_or(""), wanted);
}

int refuse(const std::string& why) {
    std::fprintf(stderr, "%s console-consumer: %s (see --help)\n", program_name, why.c_str());
    return 1;
}

} // namespace

const cli::command& console_consumer_command() {
    static const cli::command command = {
        "console-consumer",       "Shows records of topics on standard output.",
        console_consumer_options, {},
        console_consumer_notes,   true};
    return command;
}

int run_console_consumer(const cli::parsed_options& options) {
    if (options.has("version")) {
        std::printf("%s\n", BARNABAS_VERSION);
        return 0;
    }
    if (const auto misuse = find_misuse(options))
        return refuse(*misuse);
    const auto wishes = wishes_of(options);
    if (!wishes)
        return refuse(wishes.failure().detail);
    const auto formatter = formatter_of(options);
    if (!formatter)
        return refuse(formatter.failure().detail);
    if (!wishes->json)
        for (const auto& one : renamed_options)
            say_renamed(options, renamed_words::of_most, one.old_name, one.new_name);
    return read_to_console(*wishes, *formatter);
}

} // namespace barnabas
