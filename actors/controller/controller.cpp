#include "actors/controller/controller.hpp"

#include "actors/controller/config_changes.hpp"
#include "actors/controller/limits.hpp"
#include "actors/controller/topic_changes.hpp"
#include "actors/controller/topic_creation.hpp"
#include "actors/controller/topic_names.hpp"
#include "protocol/model/assert.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace barnabas {

namespace {

error contradiction(const std::string& what) {
    return {errc::corrupt_message, "the metadata log contradicts itself: " + what};
}

/// Readers of a lower one do not know such a record.
std::uint16_t level_of(const config_changed_record& record) {
    if (std::holds_alternative<named_group>(record.resource))
        return group_configs_level;
    return std::holds_alternative<topic_id>(record.resource) ? 1 : broker_configs_level;
}

void apply_change(std::map<std::string, std::string>& configs, const config_changed_record& record) {
    if (record.value)
        configs[record.key] = *record.value;
    else
        configs.erase(record.key);
}

} // namespace

controller::controller(controller_options options, runtime::random ids)
    : options_(std::move(options)), ids_(ids) {
    BARNABAS_ASSERT(options_.node.get() >= 0);
    BARNABAS_ASSERT(!options_.cluster_id.empty());
    state_.image.cluster_id = options_.cluster_id;
    state_.image.controller = options_.node;
}

decision<topics_response> controller::on_create_topics(const create_topics_request& request) {
    return decide_create_topics(state_, options_, ids_, request);
}

decision<topics_response> controller::on_delete_topics(const delete_topics_request& request) const {
    return decide_delete_topics(state_, options_, request);
}

decision<topics_response> controller::on_create_partitions(const create_partitions_request& request) const {
    return decide_create_partitions(state_, options_, request);
}

decision<topics_response> controller::on_alter_configs(const alter_configs_request& request) const {
    auto decided = decide_alter_configs(state_, options_, request);
    std::uint16_t needed = 0;
    for (const auto& one : decided.records)
        needed = std::max(needed, level_of(std::get<config_changed_record>(one)));
    // Until then the log can be read by versions that do not know them.
    if (state_.feature_level < needed)
        decided.records.insert(decided.records.begin(), feature_level_record{needed});
    return decided;
}

decision<allocate_producer_ids_response>
controller::on_allocate_producer_ids(const allocate_producer_ids_request& request) const {
    constexpr auto count = controller_limits::producer_ids_per_block;
    const auto first = state_.image.next_producer_id;
    decision<allocate_producer_ids_response> decided;
    decided.response.token = request.token;
    if (first.get() > std::numeric_limits<std::int64_t>::max() - count) {
        decided.response.code = errc::internal;
        return decided;
    }
    decided.records.emplace_back(producer_ids_allocated_record{options_.node, first, count});
    decided.response.first = first;
    decided.response.count = count;
    return decided;
}

std::vector<metadata_record> controller::on_broker_started(const broker_registered_record& broker) const {
    std::vector<metadata_record> records;
    if (state_.feature_level == 0)
        records.emplace_back(feature_level_record{supported_feature_level});
    records.emplace_back(broker);
    return records;
}

result<void> controller::apply(log_offset offset, const metadata_record& record) {
    if (offset != state_.image.applied)
        return contradiction("a record at offset " + std::to_string(offset.get()) +
                             " follows the one at offset " + std::to_string(state_.image.applied.get() - 1));
    auto applied = std::visit([this](const auto& one) { return apply_one(one); }, record);
    if (!applied)
        return error{applied.failure().code, applied.failure().detail + " (record '" + name_of(record) +
                                                 "' at offset " + std::to_string(offset.get()) + ")"};
    state_.image.applied = offset + 1;
    return {};
}

metadata_image_ptr controller::image() const {
    return std::make_shared<const metadata_image>(state_.image);
}

std::set<topic_id> controller::take_removed_topics() {
    return std::exchange(removed_topics_, std::nullopt).value_or(std::set<topic_id>());
}

result<void> controller::apply_one(const no_op_record&) {
    return {};
}

result<void> controller::apply_one(const feature_level_record& record) {
    if (record.level > supported_feature_level)
        return error{errc::unsupported_version,
                     "the cluster is at feature level " + std::to_string(record.level) +
                         ", this Barnabas knows level " + std::to_string(supported_feature_level) +
                         ": start the version that raised it, or a newer one"};
    if (record.level < state_.feature_level)
        return contradiction("the feature level goes down");
    state_.feature_level = record.level;
    return {};
}

result<void> controller::apply_one(const topic_created_record& record) {
    if (record.name.empty() || record.id.is_zero())
        return contradiction("a topic without name or id");
    if (state_.image.find_topic(record.name) != nullptr || state_.image.find_topic(record.id) != nullptr)
        return contradiction("the topic '" + record.name + "' is created twice");
    topic_metadata topic;
    topic.name = record.name;
    topic.id = record.id;
    state_.image.topic_names.emplace(record.id, record.name);
    state_.names_by_key.emplace(collision_key(record.name), record.name);
    state_.image.topics.emplace(record.name, std::move(topic));
    return {};
}

result<void> controller::apply_one(const partition_record& record) {
    const auto name = state_.image.topic_names.find(record.topic);
    if (name == state_.image.topic_names.end())
        return contradiction("a partition of the topic with the id " + to_string(record.topic) +
                             ", which does not exist");
    auto& partitions = state_.image.topics.find(name->second)->second.partitions;
    const auto index = static_cast<std::size_t>(record.index.get());
    if (index > partitions.size())
        return contradiction("partition " + std::to_string(index) + " of '" + name->second +
                             "' comes before partition " + std::to_string(partitions.size()));
    if (index == partitions.size())
        partitions.emplace_back().created_at = state_.image.applied;
    partitions[index] = {record.index,    record.leader, record.leader_epoch,         record.partition_epoch,
                         record.replicas, record.isr,    partitions[index].created_at};
    return {};
}

result<void> controller::apply_one(const topic_removed_record& record) {
    const auto name = state_.image.topic_names.find(record.id);
    if (name == state_.image.topic_names.end())
        return contradiction("the topic with the id " + to_string(record.id) +
                             " is removed but does not exist");
    state_.names_by_key.erase(collision_key(name->second));
    state_.image.topics.erase(name->second);
    state_.image.topic_names.erase(name);
    if (removed_topics_)
        removed_topics_->insert(record.id);
    return {};
}

result<void> controller::apply_one(const config_changed_record& record) {
    const auto level = level_of(record);
    if (const auto* id = std::get_if<topic_id>(&record.resource))
        return apply_topic_config(*id, record);
    if (state_.feature_level < level)
        return contradiction("a config of brokers or groups before feature level " + std::to_string(level));
    if (const auto* group = std::get_if<named_group>(&record.resource))
        return apply_group_config(*group, record);
    auto& image = state_.image;
    const auto* broker = std::get_if<node_id>(&record.resource);
    apply_change(broker == nullptr ? image.configs_of_all : image.broker_configs[*broker], record);
    image.broker_configs_at = image.applied + 1;
    image.default_policy_altered |= record.key == "log.cleanup.policy";
    return {};
}

result<void> controller::apply_group_config(const named_group& group, const config_changed_record& record) {
    auto& image = state_.image;
    auto& configs = image.group_configs[group.name];
    apply_change(configs, record);
    if (configs.empty())
        image.group_configs.erase(group.name);
    image.group_configs_at = image.applied + 1;
    return {};
}

result<void> controller::apply_topic_config(const topic_id& id, const config_changed_record& record) {
    auto& image = state_.image;
    const auto name = image.topic_names.find(id);
    if (name == image.topic_names.end())
        return contradiction("a config of the topic with the id " + to_string(id) + ", which does not exist");
    auto& topic = image.topics.find(name->second)->second;
    apply_change(topic.configs, record);
    topic.configs_at = image.applied + 1;
    // Those of a new topic come before its partitions.
    topic.policy_altered |= record.key == "cleanup.policy" && !topic.partitions.empty();
    return {};
}

result<void> controller::apply_one(const broker_registered_record& record) {
    broker_metadata broker;
    broker.id = record.id;
    if (!record.listeners.empty()) {
        broker.host = record.listeners.front().host;
        broker.port = record.listeners.front().port;
    }
    broker.rack = record.rack;
    state_.image.brokers[record.id] = std::move(broker);
    return {};
}

result<void> controller::apply_one(const producer_ids_allocated_record& record) {
    if (record.first < state_.image.next_producer_id)
        return contradiction("a block of producer ids from " + std::to_string(record.first.get()) +
                             " overlaps an earlier one");
    const auto count = options_.planted.producer_ids_given_again ? 0 : record.count;
    state_.image.next_producer_id = producer_id(record.first.get() + count);
    return {};
}

} // namespace barnabas
