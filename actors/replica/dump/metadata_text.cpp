#include "actors/replica/dump/metadata_text.hpp"

#include "protocol/internal/metadata_records.hpp"
#include "protocol/kafka/codec.hpp"

#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

namespace barnabas::replica::dump {
namespace {

using kafka::json_sink;

/// JSON knows no flexible forms; any will do.
constexpr auto any_form = kafka::wire_form::plain;

void put_text(json_sink& to, const char* name, const std::optional<std::string>& value) {
    value ? to.text(name, any_form, *value) : to.null_text(name, any_form);
}

void put_nodes(json_sink& to, const char* name, const std::vector<node_id>& nodes) {
    to.begin_array(name, any_form, nodes.size());
    for (const auto node : nodes)
        to.value(nullptr, node.get());
    to.end_array();
}

void put(json_sink&, const no_op_record&) {}

void put(json_sink& to, const feature_level_record& record) {
    to.value("level", record.level);
}

void put(json_sink& to, const topic_created_record& record) {
    to.text("name", any_form, record.name);
    to.value("topicId", record.id);
}

void put(json_sink& to, const partition_record& record) {
    to.value("partitionId", record.index.get());
    to.value("topicId", record.topic);
    put_nodes(to, "replicas", record.replicas);
    put_nodes(to, "isr", record.isr);
    to.value("leader", record.leader.get());
    to.value("leaderEpoch", record.leader_epoch.get());
    to.value("partitionEpoch", record.partition_epoch);
}

void put(json_sink& to, const topic_removed_record& record) {
    to.value("topicId", record.id);
}

void put(json_sink& to, const config_changed_record& record) {
    if (const auto* topic = std::get_if<topic_id>(&record.resource))
        to.value("topicId", *topic);
    else if (const auto* broker = std::get_if<node_id>(&record.resource))
        to.value("brokerId", broker->get());
    else if (const auto* group = std::get_if<named_group>(&record.resource))
        to.text("groupId", any_form, group->name);
    to.text("name", any_form, record.key);
    put_text(to, "value", record.value);
}

void put(json_sink& to, const broker_registered_record& record) {
    to.value("brokerId", record.id.get());
    to.begin_array("endPoints", any_form, record.listeners.size());
    for (const auto& listener : record.listeners) {
        to.begin_struct(nullptr);
        to.text("name", any_form, listener.name);
        to.text("host", any_form, listener.host);
        to.value("port", listener.port);
        to.end_struct();
    }
    to.end_array();
    put_text(to, "rack", record.rack);
}

void put(json_sink& to, const producer_ids_allocated_record& record) {
    to.value("brokerId", record.broker.get());
    to.value("firstProducerId", record.first.get());
    to.value("count", record.count);
}

} // namespace

std::string metadata_text_of(const batch::record_view& record) {
    const auto failed = [&](const std::string& why) {
        return "Error at " + std::to_string(record.offset.get()) + ", skipping. " + why;
    };
    if (!record.value)
        return failed("the record has no value");
    const auto decoded = decode_metadata_record(*record.value);
    if (!decoded)
        return failed(decoded.failure().detail);
    json_sink to;
    to.begin_struct(nullptr);
    to.text("type", any_form, name_of(*decoded));
    to.value("version", metadata_format_version);
    to.begin_struct("data");
    std::visit([&](const auto& one) { put(to, one); }, *decoded);
    to.end_struct();
    to.end_struct();
    return to.take();
}

} // namespace barnabas::replica::dump
