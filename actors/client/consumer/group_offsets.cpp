#include "actors/client/consumer/group_offsets.hpp"

#include "actors/client/consumer/by_topic.hpp"
#include "protocol/kafka/offset_commit.hpp"
#include "protocol/kafka/offset_fetch.hpp"

#include <utility>

namespace barnabas::client {

using kafka::error_code;

namespace {

constexpr std::int16_t first_with_stable = 7;
constexpr std::int16_t first_with_epochs = 9;

kafka::offset_fetch_request fetch_request(const consumer_settings& settings, const member_identity& identity,
                                          const std::set<partition_name>& partitions, std::int16_t version) {
    kafka::offset_fetch_request asked;
    const auto& group = *settings.group;
    asked.require_stable = settings.read_committed;
    asked.group_id = group;
    asked.topics.emplace();
    if (version >= fetch_version_of_groups) {
        auto& one = asked.groups.emplace_back();
        one.group_id = group;
        one.topics.emplace();
        if (version >= first_with_epochs && identity.generation > 0) {
            one.member_id = identity.id;
            one.member_epoch = identity.generation;
        }
    }
    for (const auto& [topic, numbers] : by_topic(partitions)) {
        if (version >= fetch_version_of_groups) {
            auto& entry = asked.groups.front().topics->emplace_back();
            entry.name = topic;
            entry.partition_indexes = numbers;
        } else {
            auto& entry = asked.topics->emplace_back();
            entry.name = topic;
            entry.partition_indexes = numbers;
        }
    }
    return asked;
}

template <class Topics>
error_code take_offsets(const Topics& topics, error_code code, committed_offsets_by_partition& offsets) {
    for (const auto& topic : topics)
        for (const auto& one : topic.partitions) {
            if (one.error_code != 0)
                code = error_code{one.error_code};
            if (one.error_code == 0 && one.committed_offset >= 0)
                offsets[{topic.name, one.partition_index}] = {
                    one.committed_offset, one.committed_leader_epoch, one.metadata.value_or("")};
        }
    return code;
}

result<committed_offsets_by_partition> offsets_in(const kafka::offset_fetch_response& said) {
    committed_offsets_by_partition offsets;
    auto code = take_offsets(said.topics, error_code{said.error_code}, offsets);
    for (const auto& group : said.groups)
        code = take_offsets(group.topics, error_code{group.error_code}, offsets);
    if (code != error_code::none)
        return error_of(code, {});
    return offsets;
}

kafka::offset_commit_request commit_request(const consumer_settings& settings,
                                            const member_identity& identity,
                                            const committed_offsets_by_partition& offsets) {
    kafka::offset_commit_request asked;
    asked.group_id = *settings.group;
    asked.member_id = identity.id;
    asked.generation_id_or_member_epoch = identity.generation;
    if (identity.generation >= 0)
        asked.group_instance_id = settings.instance;
    for (const auto& [name, offset] : offsets) {
        if (asked.topics.empty() || asked.topics.back().name != name.topic)
            asked.topics.emplace_back().name = name.topic;
        auto& partition = asked.topics.back().partitions.emplace_back();
        partition.partition_index = name.partition;
        partition.committed_offset = offset.offset;
        partition.committed_leader_epoch = offset.leader_epoch;
        partition.committed_metadata = offset.metadata;
    }
    return asked;
}

result<void> outcome_of(const kafka::offset_commit_response& said) {
    for (const auto& topic : said.topics)
        for (const auto& one : topic.partitions)
            if (one.error_code != 0)
                return error{
                    errc_of(error_code{one.error_code}),
                    "offsets of " + topic.name + "-" + std::to_string(one.partition_index) +
                        " were not committed: " + std::string(kafka::name_of(error_code{one.error_code}))};
    return {};
}

} // namespace

std::optional<error> fault_of_offsets(const committed_offsets_by_partition& offsets) {
    for (const auto& [name, offset] : offsets)
        if (offset.offset < 0)
            return error{errc::invalid_request, "offset " + std::to_string(offset.offset) + " of " +
                                                    to_string(name) + " cannot be committed: it is below 0"};
    return std::nullopt;
}

void ask_committed(const consumer_settings& settings, const consumer_ports& ports,
                   const member_identity& identity, const std::set<partition_name>& partitions,
                   std::function<void(result<committed_offsets_by_partition>, monotonic_ns)> done) {
    question_rules rules;
    rules.target = call_target::coordinator(*settings.group);
    rules.highest_version = last_offsets_with_names;
    rules.lowest_version = settings.read_committed ? first_with_stable : 2;
    ports.ask<kafka::offset_fetch_request, kafka::offset_fetch_response>(
        consumer_ports::lane::questions, std::move(rules), std::nullopt,
        [settings, identity, partitions](std::int16_t version) {
            return fetch_request(settings, identity, partitions, version);
        },
        [done = std::move(done)](result<kafka::offset_fetch_response> said, monotonic_ns now) {
            done(said ? offsets_in(*said) : result<committed_offsets_by_partition>(said.failure()), now);
        });
}

void send_commit(const consumer_settings& settings, const consumer_ports& ports, const wanted_commit& what,
                 std::function<void(result<void>, monotonic_ns)> done) {
    question_rules rules;
    rules.target = call_target::coordinator(*settings.group);
    rules.highest_version = last_offsets_with_names;
    rules.lowest_version = 2;
    rules.changes_something = true;
    ports.ask<kafka::offset_commit_request, kafka::offset_commit_response>(
        consumer_ports::lane::questions, std::move(rules), what.timeout_ns,
        [asked = commit_request(settings, what.identity, what.offsets)](std::int16_t) { return asked; },
        [done = std::move(done)](result<kafka::offset_commit_response> said, monotonic_ns now) {
            done(said ? outcome_of(*said) : result<void>(said.failure()), now);
        });
}

} // namespace barnabas::client
