#include "actors/controller/topic_changes.hpp"

#include "actors/controller/limits.hpp"
#include "actors/controller/topic_creation.hpp"
#include "actors/controller/topic_names.hpp"
#include "actors/group/group_names.hpp"

#include <algorithm>
#include <set>

namespace barnabas {

namespace {

/// The topic meant, or why there is none.
result<const topic_metadata*> find_to_delete(const metadata_image& image,
                                             const delete_topics_request::item& item) {
    if (!item.name && item.id.is_zero())
        return error{errc::invalid_request, "a topic to delete needs a name or an id"};
    if (item.name && !item.id.is_zero())
        return error{errc::invalid_request, "a topic to delete is given by name or by id, not by both"};
    if (item.name && *item.name == metadata_topic_name)
        return error{errc::invalid_topic, "'" + *item.name + "' is the cluster's own metadata log"};
    const auto* topic = item.name ? image.find_topic(*item.name) : image.find_topic(item.id);
    if (topic != nullptr)
        return topic;
    if (item.name)
        return error{errc::unknown_topic_or_partition, "there is no topic of this name"};
    return error{errc::unknown_topic_id, "there is no topic with the id " + to_string(item.id)};
}

/// A topic has partitions as soon as its batch is applied; a damaged log may say otherwise.
std::size_t replication_factor(const topic_metadata& topic) {
    return topic.partitions.empty() ? 1 : topic.partitions.front().replicas.size();
}

void refuse(topic_result& answer, const error& why) {
    answer.code = why.code;
    answer.detail = why.detail;
}

using partitions_item = create_partitions_request::item;

result<void> check_growth(const metadata_image& image, const partitions_item& item,
                          const topic_metadata* topic) {
    if (topic == nullptr)
        return error{errc::unknown_topic_or_partition, "there is no topic of this name"};
    if (group::is_internal_topic(item.name))
        return error{errc::invalid_partitions,
                     "groups are spread over the partitions of an internal topic for ever: with more of them "
                     "their offsets would not be found"};
    const auto now = static_cast<std::int32_t>(topic->partitions.size());
    if (item.count == now)
        return error{errc::invalid_partitions,
                     "topic '" + item.name + "' already has " + std::to_string(now) + " partitions"};
    if (item.count < now)
        return error{errc::invalid_partitions, "topic '" + item.name + "' has " + std::to_string(now) +
                                                   " partitions, which cannot be reduced to " +
                                                   std::to_string(item.count)};
    const auto added = std::int64_t{item.count} - now;
    if (added > controller_limits::partitions_per_request_max)
        return error{errc::policy_violation,
                     std::to_string(added) + " new partitions are too many for one request"};
    if (!item.assignments)
        return {};
    if (static_cast<std::int64_t>(item.assignments->size()) != added)
        return error{errc::invalid_replica_assignment, std::to_string(item.assignments->size()) +
                                                           " assignments are given for " +
                                                           std::to_string(added) + " new partitions"};
    const auto factor = replication_factor(*topic);
    for (std::size_t i = 0; i < item.assignments->size(); ++i) {
        const auto index = now + static_cast<std::int32_t>(i);
        const auto& replicas = (*item.assignments)[i];
        if (auto valid = check_assignment(image, index, replicas); !valid)
            return valid;
        if (replicas.size() != factor)
            return error{errc::invalid_replica_assignment, "partition " + std::to_string(index) + " needs " +
                                                               std::to_string(factor) +
                                                               " replicas, as many as the topic's others"};
    }
    return {};
}

void write_growth(const metadata_image& image, const partitions_item& item, const topic_metadata& topic,
                  std::vector<metadata_record>& records) {
    const auto now = static_cast<std::int32_t>(topic.partitions.size());
    const auto factor = std::min(replication_factor(topic), image.brokers.size());
    for (auto index = now; index < item.count; ++index)
        records.emplace_back(new_partition(
            topic.id, index,
            item.assignments ? (*item.assignments)[static_cast<std::size_t>(index - now)]
                             : place_replicas(image, index, static_cast<std::int16_t>(factor))));
}

} // namespace

decision<topics_response> decide_delete_topics(const controller_state& state,
                                               const controller_options& options,
                                               const delete_topics_request& request) {
    decision<topics_response> decided;
    decided.response.token = request.token;
    std::set<topic_id> removed;
    for (const auto& item : request.topics) {
        auto& answer = decided.response.topics.emplace_back();
        answer.name = item.name.value_or("");
        answer.id = item.id;
        if (!options.delete_topics_enabled) {
            refuse(answer, {errc::topic_deletion_disabled, "delete.topic.enable is false on this cluster"});
            continue;
        }
        auto topic = find_to_delete(state.image, item);
        if (!topic) {
            refuse(answer, topic.failure());
            continue;
        }
        answer.name = (*topic)->name;
        answer.id = (*topic)->id;
        if (!removed.insert(answer.id).second) {
            refuse(answer, {errc::invalid_request,
                            "the request names the topic '" + answer.name + "' more than once"});
            continue;
        }
        decided.records.emplace_back(topic_removed_record{answer.id});
    }
    return decided;
}

decision<topics_response> decide_create_partitions(const controller_state& state,
                                                   const controller_options& options,
                                                   const create_partitions_request& request) {
    decision<topics_response> decided;
    decided.response.token = request.token;
    std::map<std::string, int> times_named;
    for (const auto& item : request.topics)
        ++times_named[item.name];
    std::int64_t added = 0;
    for (const auto& item : request.topics) {
        auto& answer = decided.response.topics.emplace_back();
        answer.name = item.name;
        if (times_named.at(item.name) > 1) {
            refuse(answer,
                   {errc::invalid_request, "the request names the topic '" + item.name + "' more than once"});
            continue;
        }
        const auto* topic = state.image.find_topic(item.name);
        auto valid = check_growth(state.image, item, topic);
        if (valid)
            valid = check_not_cordoned(state.image, options);
        if (!valid) {
            refuse(answer, valid.failure());
            continue;
        }
        added += item.count - static_cast<std::int64_t>(topic->partitions.size());
        if (added > controller_limits::partitions_per_request_max) {
            refuse(answer, {errc::policy_violation, "the request creates too many partitions at once"});
            continue;
        }
        answer.id = topic->id;
        answer.partition_count = item.count;
        if (!request.validate_only)
            write_growth(state.image, item, *topic, decided.records);
    }
    return decided;
}

} // namespace barnabas
