#include "actors/controller/topic_creation.hpp"

#include "actors/controller/limits.hpp"
#include "actors/controller/topic_names.hpp"
#include "protocol/model/assert.hpp"
#include "protocol/model/mark.hpp"
#include "runtime/config/cordon.hpp"
#include "runtime/config/topic_config.hpp"

#include <algorithm>

namespace barnabas {

namespace {

/// A new topic that passed all checks.
struct planned_topic {
    /// Replicas of partition 0, 1, 2 and so on.
    std::vector<std::vector<node_id>> partitions;
    std::int16_t replication_factor = 0;
};

/// What was accepted earlier in the same request.
struct request_progress {
    std::map<std::string, int> times_named;
    std::map<std::string, std::string> names_by_key;
    std::int64_t partitions = 0;
};

std::string quoted(std::string_view name) {
    return "'" + std::string(name) + "'";
}

result<void> check_name_is_free(const controller_state& state, const request_progress& progress,
                                const std::string& name) {
    if (auto valid = check_topic_name(name); !valid)
        return valid;
    if (BARNABAS_MARK_IF(progress.times_named.at(name) > 1, topic_named_twice))
        return error{errc::invalid_request,
                     "the request names the topic " + quoted(name) + " more than once"};
    if (BARNABAS_MARK_IF(state.image.find_topic(name) != nullptr, topic_exists_already))
        return error{errc::topic_already_exists, "topic " + quoted(name) + " already exists"};
    const auto key = collision_key(name);
    for (const auto* names : {&state.names_by_key, &progress.names_by_key})
        if (auto found = names->find(key); found != names->end())
            return error{errc::invalid_topic, "topic " + quoted(name) + " collides with the topic " +
                                                  quoted(found->second) +
                                                  ": '.' and '_' are the same in names of metrics"};
    return {};
}

result<planned_topic> plan_assigned(const metadata_image& image, const new_topic& topic) {
    if (topic.partition_count != -1)
        return error{errc::invalid_request,
                     "the request assigns replicas by hand, so the number of partitions must be -1"};
    if (topic.replication_factor != -1)
        return error{errc::invalid_request,
                     "the request assigns replicas by hand, so the replication factor must be -1"};
    planned_topic plan;
    for (const auto& [index, replicas] : topic.assignments) {
        if (index != static_cast<std::int32_t>(plan.partitions.size()))
            return error{errc::invalid_replica_assignment,
                         "partitions must be numbered from 0 without gaps, but " +
                             std::to_string(plan.partitions.size()) + " is not assigned"};
        if (auto valid = check_assignment(image, index, replicas); !valid)
            return valid.failure();
        if (!plan.partitions.empty() && replicas.size() != plan.partitions.front().size())
            return error{errc::invalid_replica_assignment,
                         "all partitions need the same number of replicas, but partition " +
                             std::to_string(index) + " has " + std::to_string(replicas.size()) +
                             " and partition 0 has " + std::to_string(plan.partitions.front().size())};
        plan.partitions.push_back(replicas);
    }
    plan.replication_factor = static_cast<std::int16_t>(plan.partitions.front().size());
    return plan;
}

result<planned_topic> plan_placed(const metadata_image& image, const controller_options& options,
                                  const new_topic& topic) {
    const auto count = topic.partition_count == -1 ? options.default_partition_count : topic.partition_count;
    const auto factor =
        topic.replication_factor == -1 ? options.default_replication_factor : topic.replication_factor;
    if (factor < 1)
        return error{errc::invalid_replication_factor,
                     "the replication factor must be at least 1, or -1 for the broker's default, but is " +
                         std::to_string(factor)};
    if (count < 1)
        return error{errc::invalid_partitions,
                     "the number of partitions must be at least 1, or -1 for the broker's default, but is " +
                         std::to_string(count)};
    if (static_cast<std::size_t>(factor) > image.brokers.size())
        return error{errc::invalid_replication_factor, "replication factor " + std::to_string(factor) +
                                                           " is larger than the number of brokers, " +
                                                           std::to_string(image.brokers.size())};
    if (count > controller_limits::partitions_per_request_max)
        return error{errc::policy_violation,
                     std::to_string(count) + " partitions are too many for one request; at most " +
                         std::to_string(controller_limits::partitions_per_request_max) +
                         " can be created at once"};
    planned_topic plan;
    plan.replication_factor = factor;
    for (std::int32_t index = 0; index < count; ++index)
        plan.partitions.push_back(place_replicas(image, index, factor));
    return plan;
}

result<planned_topic> plan_topic(const controller_state& state, const controller_options& options,
                                 const request_progress& progress, const new_topic& topic) {
    if (auto free = check_name_is_free(state, progress, topic.name); !free)
        return free.failure();
    if (auto takes = check_not_cordoned(state.image, options); !takes)
        return takes.failure();
    auto plan = topic.assignments.empty() ? plan_placed(state.image, options, topic)
                                          : plan_assigned(state.image, topic);
    if (!plan)
        return plan;
    const auto total = progress.partitions + static_cast<std::int64_t>(plan->partitions.size());
    if (total > controller_limits::partitions_per_request_max)
        return error{errc::policy_violation,
                     "the request creates more than " +
                         std::to_string(controller_limits::partitions_per_request_max) +
                         " partitions at once"};
    if (auto valid = check_topic_configs(topic.configs); !valid)
        return valid.failure();
    return plan;
}

/// A version 4 UUID that was never used: not zero, and its text does not begin with '-', which command lines
/// would take for an option.
topic_id draw_topic_id(const metadata_image& image, runtime::random& ids) {
    while (true) {
        topic_id id;
        for (std::size_t half = 0; half < 2; ++half) {
            const auto drawn = ids.next();
            for (std::size_t i = 0; i < 8; ++i)
                id.bytes[8 * half + i] = static_cast<std::uint8_t>(drawn >> (8 * i));
        }
        id.bytes[6] = static_cast<std::uint8_t>((id.bytes[6] & 0x0f) | 0x40);
        id.bytes[8] = static_cast<std::uint8_t>((id.bytes[8] & 0x3f) | 0x80);
        if (to_string(id).front() != '-' && !image.topic_names.contains(id))
            return id;
    }
}

void write_topic(const topic_id& id, const new_topic& topic, planned_topic plan,
                 std::vector<metadata_record>& records) {
    records.emplace_back(topic_created_record{topic.name, id});
    for (const auto& [key, value] : topic.configs)
        if (value)
            records.emplace_back(config_changed_record{id, key, value});
    for (std::size_t index = 0; index < plan.partitions.size(); ++index)
        records.emplace_back(
            new_partition(id, static_cast<std::int32_t>(index), std::move(plan.partitions[index])));
}

} // namespace

result<void> check_not_cordoned(const metadata_image& image, const controller_options& options) {
    const auto own = image.broker_configs.find(options.node);
    const auto cordoned =
        cordoned_now(options.log_dirs, options.cordoned_log_dirs, image.configs_of_all,
                     own == image.broker_configs.end() ? decltype(own->second){} : own->second);
    if (!BARNABAS_MARK_IF(!cordoned.empty() && cordoned.size() == options.log_dirs.size(),
                          no_broker_takes_partitions))
        return {};
    return error{errc::invalid_replication_factor,
                 "no broker takes new partitions: cordoned.log.dirs of broker " +
                     std::to_string(options.node.get()) +
                     " names all of its directories; take one out of it"};
}

std::vector<node_id> place_replicas(const metadata_image& image, std::int32_t partition,
                                    std::int16_t replicas) {
    BARNABAS_ASSERT(partition >= 0 && replicas >= 1);
    BARNABAS_ASSERT(static_cast<std::size_t>(replicas) <= image.brokers.size());
    std::vector<node_id> brokers;
    for (const auto& [id, broker] : image.brokers)
        brokers.push_back(id);
    std::vector<node_id> placed;
    for (std::int32_t i = 0; i < replicas; ++i)
        placed.push_back(brokers[static_cast<std::size_t>(partition + i) % brokers.size()]);
    return placed;
}

result<void> check_assignment(const metadata_image& image, std::int32_t partition,
                              const std::vector<node_id>& replicas) {
    const auto where = "partition " + std::to_string(partition);
    if (replicas.empty() || replicas.size() > metadata_limits::replicas_max)
        return error{errc::invalid_replica_assignment,
                     where + " is assigned to " + std::to_string(replicas.size()) + " brokers"};
    for (auto at = replicas.begin(); at != replicas.end(); ++at) {
        if (!image.brokers.contains(*at))
            return error{errc::invalid_replica_assignment, where + " is assigned to broker " +
                                                               std::to_string(at->get()) +
                                                               ", which does not exist"};
        if (std::find(replicas.begin(), at, *at) != at)
            return error{errc::invalid_replica_assignment,
                         where + " is assigned to broker " + std::to_string(at->get()) + " more than once"};
    }
    return {};
}

partition_record new_partition(const topic_id& topic, std::int32_t index, std::vector<node_id> replicas) {
    partition_record record;
    record.topic = topic;
    record.index = partition_index(index);
    record.leader = replicas.front();
    record.isr = replicas;
    record.replicas = std::move(replicas);
    return record;
}

decision<topics_response> decide_create_topics(const controller_state& state,
                                               const controller_options& options, runtime::random& ids,
                                               const create_topics_request& request) {
    decision<topics_response> decided;
    decided.response.token = request.token;
    request_progress progress;
    for (const auto& topic : request.topics)
        ++progress.times_named[topic.name];
    for (const auto& topic : request.topics) {
        auto& answer = decided.response.topics.emplace_back();
        answer.name = topic.name;
        auto plan = plan_topic(state, options, progress, topic);
        if (!plan) {
            answer.code = plan.failure().code;
            answer.detail = plan.failure().detail;
            continue;
        }
        answer.partition_count = static_cast<std::int32_t>(plan->partitions.size());
        answer.replication_factor = plan->replication_factor;
        progress.partitions += answer.partition_count;
        progress.names_by_key.emplace(collision_key(topic.name), topic.name);
        if (request.validate_only)
            continue;
        answer.id = draw_topic_id(state.image, ids);
        write_topic(answer.id, topic, std::move(*plan), decided.records);
    }
    return decided;
}

} // namespace barnabas
