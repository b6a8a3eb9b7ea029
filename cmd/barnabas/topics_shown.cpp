#include "cmd/barnabas/json_text.hpp"
#include "cmd/barnabas/topics_command.hpp"
#include "runtime/config/config_value.hpp"

#include <algorithm>
#include <charconv>

// What is read and shown by `barnabas topics`, apart from asking the cluster.
namespace barnabas::topics {

namespace {

using client::config_entry;
using client::partition_description;

error wrong(std::string why) {
    return {errc::invalid_request, std::move(why)};
}

std::vector<std::string_view> split(std::string_view text, char at) {
    std::vector<std::string_view> parts;
    while (true) {
        const auto end = text.find(at);
        parts.push_back(text.substr(0, end));
        if (end == std::string_view::npos)
            return parts;
        text.remove_prefix(end + 1);
    }
}

std::string joined(const std::vector<std::int32_t>& numbers) {
    std::string text;
    for (const auto number : numbers)
        text += (text.empty() ? "" : ",") + std::to_string(number);
    return text;
}

bool is_default(const config_entry& config) {
    return config.origin == client::config_origin::default_value;
}

/// The topic's min.insync.replicas; 1 when the broker does not tell.
std::int64_t min_isr_of(const shown_topic& topic) {
    for (const auto& config : topic.configs) {
        std::int64_t number = 1;
        if (config.name == "min.insync.replicas" && config.value) {
            std::from_chars(config.value->data(), config.value->data() + config.value->size(), number);
            return number;
        }
    }
    return 1;
}

bool passes(const partition_description& partition, const shown_topic& topic,
            const description_filter& filter, const std::set<std::int32_t>& live) {
    const auto in_sync = static_cast<std::int64_t>(partition.isr.size());
    if (filter.only_under_replicated && partition.isr.size() >= partition.replicas.size())
        return false;
    if (filter.only_unavailable && partition.leader && live.contains(*partition.leader))
        return false;
    if (filter.only_under_min_isr && partition.leader && in_sync >= min_isr_of(topic))
        return false;
    return !filter.only_at_min_isr || in_sync == min_isr_of(topic);
}

bool is_shown(const shown_topic& topic, const description_filter& filter) {
    return !filter.only_overrides || !std::all_of(topic.configs.begin(), topic.configs.end(), is_default);
}

std::size_t replication_factor(const shown_topic& topic) {
    return topic.what.partitions.empty() ? 0 : topic.what.partitions.front().replicas.size();
}

std::string topic_line(const shown_topic& topic) {
    std::string configs;
    for (const auto& config : topic.configs)
        if (!is_default(config))
            configs += (configs.empty() ? "" : ",") + config.name + "=" + config.value.value_or("null");
    std::string line = "Topic: " + topic.what.name;
    if (!topic.what.id.is_zero())
        line += "\tTopicId: " + to_string(topic.what.id);
    return line + "\tPartitionCount: " + std::to_string(topic.what.partitions.size()) +
           "\tReplicationFactor: " + std::to_string(replication_factor(topic)) + "\tConfigs: " + configs +
           "\n";
}

std::string partition_line(const std::string& name, const partition_description& one) {
    const auto elr = [](const std::optional<std::vector<std::int32_t>>& list) {
        return list ? joined(*list) : std::string("N/A");
    };
    return "\tTopic: " + name + "\tPartition: " + std::to_string(one.partition) +
           "\tLeader: " + (one.leader ? std::to_string(*one.leader) : "none") +
           "\tReplicas: " + joined(one.replicas) + "\tIsr: " + joined(one.isr) +
           "\tElr: " + elr(one.eligible) + "\tLastKnownElr: " + elr(one.last_eligible) + "\n";
}

json_object partition_json(const partition_description& one) {
    json_object made;
    made.add("partition", one.partition).add("leader", one.leader).add("leaderEpoch", one.leader_epoch);
    made.add("replicas", one.replicas).add("isr", one.isr).add("offline", one.offline);
    return made.add("elr", one.eligible).add("lastKnownElr", one.last_eligible);
}

} // namespace

result<std::map<std::int32_t, std::vector<std::int32_t>>> parse_replica_assignment(std::string_view text) {
    std::map<std::int32_t, std::vector<std::int32_t>> placed;
    for (const auto list : split(text, ',')) {
        std::vector<std::int32_t> brokers;
        for (const auto part : split(list, ':')) {
            const auto word = trimmed(part);
            std::int32_t id = -1;
            const auto read = std::from_chars(word.data(), word.data() + word.size(), id);
            if (word.empty() || read.ec != std::errc() || read.ptr != word.data() + word.size())
                return wrong("For input string: \"" + std::string(word) + "\"");
            if (std::find(brokers.begin(), brokers.end(), id) != brokers.end())
                return wrong("Partition replica lists may not contain duplicate entries: " +
                             std::to_string(id));
            brokers.push_back(id);
        }
        const auto partition = static_cast<std::int32_t>(placed.size());
        if (!placed.empty() && placed.at(0).size() != brokers.size())
            return wrong("Partition " + std::to_string(partition) +
                         " has different replication factor: " + joined(brokers));
        placed[partition] = std::move(brokers);
    }
    return placed;
}

result<std::map<std::string, std::string>> parse_topic_configs(const std::vector<std::string>& given) {
    std::map<std::string, std::string> configs;
    for (const auto& one : given) {
        const auto sign = one.find('=');
        if (sign == std::string::npos || trimmed(std::string_view(one).substr(0, sign)).empty())
            return wrong("requirement failed: Invalid topic config: all configs to be added must be in the "
                         "format \"key=val\".");
        configs[std::string(trimmed(std::string_view(one).substr(0, sign)))] =
            std::string(trimmed(std::string_view(one).substr(sign + 1)));
    }
    return configs;
}

std::string described_as_text(const std::vector<shown_topic>& topics, const description_filter& filter,
                              const std::set<std::int32_t>& live) {
    std::string text;
    for (const auto& topic : topics) {
        if (filter.shows_topics() && is_shown(topic, filter))
            text += topic_line(topic);
        for (const auto& one : topic.what.partitions)
            if (filter.shows_partitions() && passes(one, topic, filter, live))
                text += partition_line(topic.what.name, one);
    }
    return text;
}

std::string described_as_json(const std::vector<shown_topic>& topics, const description_filter& filter,
                              const std::set<std::int32_t>& live) {
    std::vector<json_object> all;
    for (const auto& topic : topics) {
        std::vector<json_object> partitions;
        for (const auto& one : topic.what.partitions)
            if (filter.shows_partitions() && passes(one, topic, filter, live))
                partitions.push_back(partition_json(one));
        if (!is_shown(topic, filter) || (partitions.empty() && !filter.shows_topics()))
            continue;
        json_object configs;
        for (const auto& config : topic.configs)
            if (!is_default(config))
                configs.add(config.name, config.value);
        json_object made;
        made.add("name", topic.what.name).add("topicId", to_string(topic.what.id));
        made.add("internal", topic.what.is_internal).add("partitionCount", topic.what.partitions.size());
        made.add("replicationFactor", replication_factor(topic)).add("configs", configs);
        all.push_back(made.add("partitions", partitions));
    }
    return json_object().add("topics", all).text() + "\n";
}

} // namespace barnabas::topics
