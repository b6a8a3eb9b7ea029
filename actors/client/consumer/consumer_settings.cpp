#include "actors/client/consumer/consumer_settings.hpp"

#include "actors/client/cluster/key_table.hpp"
#include "protocol/model/topic_name.hpp"
#include "runtime/config/closest.hpp"
#include "runtime/config/time_text.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace barnabas::client {

namespace {

constexpr std::array<key_row, 21> consumer_rows{{
    {{"group.id", "", "The group that this consumer belongs to."}, config_type::string, {}},
    {{"group.instance.id", "", "A name that lets the member come back without a rebalance."},
     config_type::string,
     {}},
    {{"group.protocol", "classic", "classic, or consumer: the coordinator decides who reads what (KIP-848)."},
     config_type::string,
     one_of_any_case("classic consumer")},
    {{"group.remote.assignor", "", "The assignor that the coordinator shall use: uniform, range."},
     config_type::string,
     {}},
    {{"auto.offset.reset", "latest",
      "Where to begin without a committed offset: earliest, latest, none, or by_duration:PnDTnHnMnS, so long "
      "before now."},
     config_type::string,
     not_empty()},
    {{"enable.auto.commit", "true", "Commits what was polled from time to time, and at the end."},
     config_type::boolean,
     {}},
    {{"auto.commit.interval.ms", "5000", "How often."}, config_type::int32, between(0, int32_most)},
    {{"session.timeout.ms", "45000", "A member without a sign of life for this long is put out."},
     config_type::int32,
     between(1, int32_most)},
    {{"heartbeat.interval.ms", "3000", "How often a member gives one."},
     config_type::int32,
     between(1, int32_most)},
    {{"max.poll.interval.ms", "300000", "A member that does not poll for this long leaves its group."},
     config_type::int32,
     between(1, int32_most)},
    {{"max.poll.records", "500", "How many records a poll gives at most."},
     config_type::int32,
     between(1, int32_most)},
    {{"fetch.min.bytes", "1", "The broker waits until it has as much."},
     config_type::int32,
     between(0, int32_most)},
    {{"fetch.max.wait.ms", "500", "But no longer than this."}, config_type::int32, between(0, int32_most)},
    {{"fetch.max.bytes", "52428800", "How much one answer brings, and how much is fetched ahead."},
     config_type::int32,
     between(0, int32_most)},
    {{"max.partition.fetch.bytes", "1048576",
      "How much of one partition; a larger batch comes all the same."},
     config_type::int32,
     between(0, int32_most)},
    {{"partition.assignment.strategy", "range,cooperative-sticky",
      "range, roundrobin, sticky, cooperative-sticky; the first that all members have."},
     config_type::list,
     not_empty()},
    {{"isolation.level", "read_uncommitted",
      "With read_committed records of open and aborted transactions stay out."},
     config_type::string,
     one_of("read_uncommitted read_committed")},
    {{"allow.auto.create.topics", "true", "Asking for a topic may create it."}, config_type::boolean, {}},
    {{"check.crcs", "true", "The checksum of every batch is looked at."}, config_type::boolean, {}},
    {{"exclude.internal.topics", "true", "A pattern does not mean the cluster's own topics."},
     config_type::boolean,
     {}},
    {{"client.rack", "", "Accepted; reading is from leaders."}, config_type::string, {}},
}};

constexpr auto keys_of_consumers = keys_of(consumer_rows);

/// What Java programs call the assignors.
struct assignor_name {
    std::string_view java;
    std::string_view name;
};
constexpr std::array<assignor_name, 4> assignor_names{{
    {"org.apache.kafka.clients.consumer.RangeAssignor", "range"},
    {"org.apache.kafka.clients.consumer.RoundRobinAssignor", "roundrobin"},
    {"org.apache.kafka.clients.consumer.StickyAssignor", "sticky"},
    {"org.apache.kafka.clients.consumer.CooperativeStickyAssignor", "cooperative-sticky"},
}};

/// What the coordinator decides in the consumer protocol, and what only that has.
constexpr std::array<std::string_view, 3> classic_keys{"partition.assignment.strategy",
                                                       "heartbeat.interval.ms", "session.timeout.ms"};
constexpr std::array<std::string_view, 1> consumer_protocol_keys{"group.remote.assignor"};

using properties = std::map<std::string, std::string>;
using values = key_values;

error wrong(std::string why) {
    return {errc::invalid_config, std::move(why)};
}

bool is_own(std::string_view name) {
    return is_among(consumer_rows, name);
}

/// An unknown key that looks like one of a consumer's is told of here; the others by `read_settings`.
std::optional<error> find_misspelt(const properties& all) {
    std::vector<std::string_view> names;
    for (const auto& one : client_keys())
        names.push_back(one.name);
    const auto common = names.size();
    for (const auto& row : consumer_rows)
        names.push_back(row.key.name);
    for (const auto& [name, value] : all) {
        if (std::find(names.begin(), names.end(), name) != names.end() || is_key_of_kafka(name))
            continue;
        const auto meant = closest(name, names);
        if (meant && std::find(names.begin() + common, names.end(), *meant) != names.end())
            return wrong("no consumer key is named " + name + "; did you mean " + std::string(*meant) + "?");
    }
    return std::nullopt;
}

result<std::vector<std::string>> read_assignors(const std::vector<std::string>& list) {
    std::vector<std::string> found;
    for (const auto& one : list) {
        const auto row = std::find_if(assignor_names.begin(), assignor_names.end(), [&](const auto& known) {
            return known.java == one || known.name == one;
        });
        if (row == assignor_names.end())
            return wrong("partition.assignment.strategy: '" + one +
                         "' is none of range, roundrobin, sticky, cooperative-sticky");
        found.emplace_back(row->name);
    }
    return found;
}

/// Brokers refuse such names too, but only when the program polls. That of an instance is held to the rules
/// of topics' names, as by Kafka's consumers.
std::optional<error> find_bad_name(const properties& all) {
    if (const auto group = all.find("group.id"); group != all.end() && group->second.empty())
        return wrong("group.id is empty: name a group, or leave the key out to read without one");
    const auto instance = all.find("group.instance.id");
    if (instance != all.end() && topic_name_fault(instance->second))
        return wrong("group.instance.id='" + instance->second +
                     "': allowed are 1 to 249 letters, digits, '.', '_' and '-', but not '.' or '..'");
    return std::nullopt;
}

std::optional<error> find_clash(const consumer_settings& made, const properties& all) {
    const auto foreign = made.by_heartbeat ? std::span<const std::string_view>(classic_keys)
                                           : std::span<const std::string_view>(consumer_protocol_keys);
    for (const auto key : foreign)
        if (all.contains(std::string(key)))
            return wrong(std::string(key) + " cannot be set when group.protocol=" +
                         (made.by_heartbeat ? "consumer" : "classic"));
    if (made.heartbeat_ns >= made.session_timeout_ns)
        return wrong("heartbeat.interval.ms must be below session.timeout.ms");
    const auto given = all.find("enable.auto.commit");
    if (!made.group && given != all.end() && made.auto_commit)
        return wrong("enable.auto.commit=true needs group.id, the group to commit for");
    return std::nullopt;
}

std::optional<std::string> text_unless_empty(const values& read, std::string_view key) {
    const auto& text = read.at(key).text;
    return text.empty() ? std::nullopt : std::optional(text);
}

void take_fetching(const values& read, consumer_settings& made) {
    const auto number = [&](std::string_view key) { return static_cast<std::int32_t>(read.at(key).number); };
    made.poll_records_max = static_cast<std::size_t>(number("max.poll.records"));
    made.fetch_bytes_min = number("fetch.min.bytes");
    made.fetch_wait_ms_max = number("fetch.max.wait.ms");
    made.fetch_bytes_max = number("fetch.max.bytes");
    made.partition_bytes_max = number("max.partition.fetch.bytes");
    made.read_committed = read.at("isolation.level").text == "read_committed";
    made.create_topics = read.at("allow.auto.create.topics").boolean;
    made.check_crcs = read.at("check.crcs").boolean;
    made.exclude_internal = read.at("exclude.internal.topics").boolean;
    made.rack = read.at("client.rack").text;
}

result<void> take_reset(std::string_view text, consumer_settings& made) {
    constexpr std::string_view by_duration = "by_duration:";
    constexpr std::array<std::pair<std::string_view, reset_policy>, 3> words{{
        {"earliest", reset_policy::earliest},
        {"latest", reset_policy::latest},
        {"none", reset_policy::none},
    }};
    const auto wrong_value = [&](const std::string& why) {
        return wrong("auto.offset.reset=" + std::string(text) + ": " + why);
    };
    const auto word =
        std::find_if(words.begin(), words.end(), [&](const auto& one) { return one.first == text; });
    if (word != words.end()) {
        made.reset = word->second;
        return {};
    }
    if (!text.starts_with(by_duration))
        return wrong_value("allowed are earliest, latest, none, and by_duration:PnDTnHnMnS");
    const auto duration = parse_duration(text.substr(by_duration.size()));
    if (!duration)
        return wrong_value(duration.failure().detail);
    if (*duration < 0)
        return wrong_value("the duration is negative, and nothing is read from the future");
    made.reset = reset_policy::by_duration;
    made.reset_before_ms = *duration;
    return {};
}

void take_group(const values& read, consumer_settings& made) {
    const auto ns = [&](std::string_view key) { return nanoseconds_of(read, key); };
    made.group = text_unless_empty(read, "group.id");
    made.instance = text_unless_empty(read, "group.instance.id");
    made.by_heartbeat = read.at("group.protocol").text == "consumer";
    made.remote_assignor = read.at("group.remote.assignor").text;
    made.auto_commit = read.at("enable.auto.commit").boolean;
    made.auto_commit_interval_ns = ns("auto.commit.interval.ms");
    made.session_timeout_ns = ns("session.timeout.ms");
    made.heartbeat_ns = ns("heartbeat.interval.ms");
    made.poll_interval_ns = ns("max.poll.interval.ms");
}

} // namespace

std::span<const client_key> consumer_keys() {
    return keys_of_consumers;
}

bool is_used_by_consumers(std::string_view name) {
    return is_own(name) || is_used_by_clients(name);
}

result<consumer_settings> read_consumer_settings(const properties& all) {
    if (auto misspelt = find_misspelt(all))
        return std::move(*misspelt);
    const auto read = read_key_values(consumer_rows, all);
    if (!read)
        return read.failure();
    if (auto bad = find_bad_name(all))
        return std::move(*bad);
    properties common;
    std::copy_if(all.begin(), all.end(), std::inserter(common, common.end()),
                 [](const auto& one) { return !is_own(one.first); });
    common.try_emplace("connections.max.idle.ms", "540000");
    auto client = read_settings(common);
    if (!client)
        return client.failure();
    auto assignors = read_assignors(read->at("partition.assignment.strategy").list);
    if (!assignors)
        return assignors.failure();
    consumer_settings made;
    made.client = std::move(*client);
    made.assignors = std::move(*assignors);
    take_fetching(*read, made);
    take_group(*read, made);
    if (auto taken = take_reset(read->at("auto.offset.reset").text, made); !taken)
        return taken.failure();
    if (auto clash = find_clash(made, all))
        return std::move(*clash);
    return made;
}

} // namespace barnabas::client
