#include "cmd/barnabas/cluster_tool.hpp"
#include "cmd/barnabas/commands.hpp"
#include "cmd/barnabas/json_text.hpp"
#include "cmd/barnabas/tools/kafka_tool.hpp"
#include "cmd/barnabas/topic_pattern.hpp"
#include "runtime/config/config_value.hpp"

#include <algorithm>
#include <array>
#include <limits>

// `barnabas get-offsets`, which is Kafka's kafka-get-offsets.sh.
namespace barnabas {

namespace {

using client::partition_name;
using tools::whole_number;
using tools::wrong;

constexpr std::array get_offsets_options{
    tools::bootstrap_server,
    cli::option{"broker-list", "HOST:PORT,...", "The old name of --bootstrap-server."},
    tools::command_config,
    cli::option{"topic", "PATTERN",
                "Only topics that the regular expression matches, or of a list with commas."},
    cli::option{"partitions", "N,...", "Only partitions with these numbers."},
    cli::option{
        "topic-partitions", "PATTERN:N,...",
        "Both at once: names or patterns, each with a number or a range behind a colon; 0-3 is 0, 1 and 2."},
    cli::option{
        "time", "TIME",
        "Which offset: that of the first record at or after a time in ms, or -1 latest, -2 earliest, -3 "
        "max-timestamp, -4 earliest-local, -5 latest-tiered.",
        "latest"},
    cli::option{"exclude-internal-topics", "", "Without the cluster's own topics."},
    tools::output_format,
    tools::zookeeper,
    tools::version,
};

constexpr std::string_view get_offsets_notes =
    "Options, output and exit status are those of Kafka's kafka-get-offsets.sh: a line "
    "TOPIC:PARTITION:OFFSET "
    "each.\n"
    "\n"
    "Examples:\n"
    "  barnabas get-offsets --bootstrap-server localhost:9092 --topic orders\n"
    "  barnabas get-offsets --bootstrap-server localhost:9092 --topic-partitions orders:0-2 --time "
    "earliest\n";

struct time_word {
    std::string_view word;
    std::int64_t time;
};
constexpr std::array<time_word, 5> time_words{{
    {"latest", client::offset_times::latest},
    {"earliest", client::offset_times::earliest},
    {"max-timestamp", client::offset_times::max_timestamp},
    {"earliest-local", client::offset_times::earliest_local},
    {"latest-tiered", client::offset_times::latest_tiered},
}};

result<std::int64_t> parse_time(const std::string& text) {
    for (const auto& one : time_words)
        if (one.word == text)
            return one.time;
    const auto number = whole_number(text);
    if (!number || *number < client::offset_times::latest_tiered)
        return wrong(
            "Malformed time argument " + text +
            ". Please use -1 or latest / -2 or earliest / -3 or max-timestamp / -4 or earliest-local / "
            "-5 or latest-tiered, or a specified long format timestamp");
    return *number;
}

/// Topics by a pattern, and of them the partitions in [from, to).
struct partition_rule {
    topic_pattern topics;
    std::int64_t from = 0;
    std::int64_t to = std::numeric_limits<std::int64_t>::max();
};

/// "orders", "orders:3", "orders:0-3", "orders:2-", ":-4".
result<partition_rule> parse_rule(const std::string& text) {
    const auto colon = text.find(':');
    auto topics = colon == 0 ? topic_pattern::all() : topic_pattern::parse(text.substr(0, colon));
    if (!topics)
        return topics.failure();
    partition_rule rule{std::move(*topics)};
    if (colon == std::string::npos)
        return rule;
    const auto range = std::string_view(text).substr(colon + 1);
    const auto dash = range.find('-');
    const auto from = range.substr(0, dash);
    const auto first = from.empty() && dash != std::string_view::npos ? 0 : whole_number(from);
    const auto to = dash == std::string_view::npos ? from : range.substr(dash + 1);
    const auto last = to.empty() ? rule.to : whole_number(to);
    if (!first || !last)
        return wrong("Invalid topic partition rule: " + text);
    rule.from = *first;
    rule.to = dash == std::string_view::npos ? *first + 1 : *last;
    return rule;
}

result<std::vector<partition_rule>> rules_of(const cli::parsed_options& options) {
    std::vector<partition_rule> rules;
    const auto both = options.value("topic-partitions");
    if (both && (options.has("topic") || options.has("partitions")))
        return wrong("--topic-partitions cannot be used with --topic or --partitions");
    if (both) {
        for (const auto& one : split_list(*both)) {
            auto rule = parse_rule(one);
            if (!rule)
                return rule.failure();
            rules.push_back(std::move(*rule));
        }
        return rules;
    }
    const auto pattern = options.value("topic");
    auto topics = pattern ? topic_pattern::parse(*pattern) : topic_pattern::all();
    if (!topics)
        return topics.failure();
    const auto numbers = options.value("partitions");
    if (!numbers)
        rules.push_back({std::move(*topics)});
    for (const auto& one : split_list(numbers.value_or(""))) {
        const auto number = whole_number(one);
        if (!number)
            return wrong("--partitions expects a list of numbers, got: " + *numbers);
        rules.push_back({*topics, *number, *number + 1});
    }
    return rules;
}

bool fits(const std::vector<partition_rule>& rules, const std::string& topic, std::int32_t partition) {
    return std::any_of(rules.begin(), rules.end(), [&](const partition_rule& rule) {
        return rule.from <= partition && partition < rule.to && rule.topics.matches(topic);
    });
}

result<std::map<partition_name, std::int64_t>> wanted_partitions(const client::admin& calls,
                                                                 const cli::parsed_options& options) {
    const auto time = parse_time(*options.value("time"));
    const auto rules = rules_of(options);
    if (!time || !rules)
        return !time ? time.failure() : rules.failure();
    const auto all = calls.list_topics().get();
    if (!all)
        return all.failure();
    std::vector<std::string> names;
    for (const auto& one : *all)
        if (!one.is_internal || !options.has("exclude-internal-topics"))
            names.push_back(one.name);
    std::map<partition_name, std::int64_t> wanted;
    for (const auto& [name, topic] : calls.describe_topics(names).get()) {
        const auto partitions = topic ? topic->partitions : std::vector<client::partition_description>{};
        for (const auto& one : partitions)
            if (fits(*rules, name, one.partition))
                wanted[{name, one.partition}] = *time;
    }
    for (const auto& rule : *rules)
        if (auto gave_up = rule.topics.trouble())
            return std::move(*gave_up);
    if (wanted.empty())
        return error{errc::unknown_topic_or_partition,
                     "Could not match any topic-partitions with the specified filters"};
    return wanted;
}

tools::said shown(const client::results<partition_name, client::listed_offset>& offsets, bool json) {
    tools::said told;
    std::vector<json_object> rows;
    for (const auto& [name, one] : offsets) {
        const auto partition = std::to_string(name.partition);
        if (!one) {
            told.complaints += "Skip getting offsets for topic-partition " + name.topic + ":" + partition +
                               " due to error: " + one.failure().detail + "\n";
            continue;
        }
        if (one->offset < 0)
            continue;
        rows.push_back(json_object()
                           .add("topic", name.topic)
                           .add("partition", name.partition)
                           .add("offset", one->offset)
                           .add("timestamp", one->timestamp));
        told.out += name.topic + ":" + partition + ":" + std::to_string(one->offset) + "\n";
    }
    if (json)
        told.out = json_object().add("offsets", rows).text() + "\n";
    return told;
}

std::optional<std::string> find_get_offsets_misuse(const cli::parsed_options& options) {
    if (!options.has("bootstrap-server") && !options.has("broker-list"))
        return "Missing required argument \"[bootstrap-server]\"";
    return std::nullopt;
}

result<tools::said> get_offsets(const cli::parsed_options& options) {
    auto cluster =
        tools::connect("get-offsets", options,
                       options.value(options.has("bootstrap-server") ? "bootstrap-server" : "broker-list"));
    if (!cluster)
        return cluster.failure();
    auto wanted = wanted_partitions(cluster->admin_calls(), options);
    if (!wanted)
        return wanted.failure();
    return shown(cluster->admin_calls().list_offsets(std::move(*wanted)).get(), tools::wants_json(options));
}

} // namespace

const cli::command& get_offsets_command() {
    static const cli::command command = {
        "get-offsets", "Shows offsets of partitions.", get_offsets_options, {}, get_offsets_notes, true};
    return command;
}

int run_get_offsets(const cli::parsed_options& options) {
    return tools::run_tool({"get-offsets", find_get_offsets_misuse, get_offsets, "Error occurred: "},
                           options);
}

} // namespace barnabas
