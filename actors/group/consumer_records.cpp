#include "actors/group/consumer_records.hpp"

#include "actors/group/record_coding.hpp"
#include "protocol/kafka/consumer_group_current_member_assignment_record.hpp"
#include "protocol/kafka/consumer_group_member_metadata_record.hpp"
#include "protocol/kafka/consumer_group_metadata_record.hpp"
#include "protocol/kafka/consumer_group_partition_metadata_record.hpp"
#include "protocol/kafka/consumer_group_regular_expression_record.hpp"
#include "protocol/kafka/consumer_group_target_assignment_member_record.hpp"
#include "protocol/kafka/consumer_group_target_assignment_metadata_record.hpp"
#include "protocol/model/assert.hpp"

#include <algorithm>
#include <utility>

namespace barnabas::group {

namespace {

using epoch_key = kafka::consumer_group_metadata_key;
using epoch_value = kafka::consumer_group_metadata_value;
using legacy_key = kafka::consumer_group_partition_metadata_key;
using legacy_value = kafka::consumer_group_partition_metadata_value;
using member_key = kafka::consumer_group_member_metadata_key;
using member_value = kafka::consumer_group_member_metadata_value;
using target_epoch_key = kafka::consumer_group_target_assignment_metadata_key;
using target_epoch_value = kafka::consumer_group_target_assignment_metadata_value;
using target_key = kafka::consumer_group_target_assignment_member_key;
using target_value = kafka::consumer_group_target_assignment_member_value;
using current_key = kafka::consumer_group_current_member_assignment_key;
using current_value = kafka::consumer_group_current_member_assignment_value;
using pattern_key = kafka::consumer_group_regular_expression_key;
using pattern_value = kafka::consumer_group_regular_expression_value;

// All of these have had one version so far.
constexpr std::int16_t version = 0;

template <class Key, class Record>
Key key_of(const Record& record) {
    Key key;
    key.group_id = record.group;
    if constexpr (requires { key.member_id; })
        key.member_id = record.member_id;
    if constexpr (requires { key.regular_expression; })
        key.regular_expression = record.pattern;
    return key;
}

template <class Key, class Record>
Record from_key(Key&& key) {
    Record record;
    record.group = std::move(key.group_id);
    if constexpr (requires { key.member_id; })
        record.member_id = std::move(key.member_id);
    if constexpr (requires { key.regular_expression; })
        record.pattern = std::move(key.regular_expression);
    return record;
}

template <class Topics>
void put(Topics& to, const partitions_by_topic& from) {
    for (const auto& [topic, partitions] : from) {
        auto& entry = to.emplace_back();
        entry.topic_id = topic;
        for (const auto index : partitions)
            entry.partitions.push_back(index.get());
    }
}

/// Whoever wrote it.
template <class Topics>
partitions_by_topic taken(const Topics& from) {
    partitions_by_topic to;
    for (const auto& entry : from) {
        auto& partitions = to[entry.topic_id];
        for (const auto index : entry.partitions)
            partitions.emplace_back(index);
    }
    put_in_order(to);
    return to;
}

epoch_value to_wire(const consumer_epoch_record::state& value) {
    epoch_value wire;
    wire.epoch = value.epoch;
    wire.metadata_hash = value.topics_hash;
    return wire;
}

consumer_epoch_record::state from_wire(epoch_value&& wire) {
    return {wire.epoch, wire.metadata_hash};
}

member_value to_wire(const consumer_subscription& value) {
    member_value wire;
    wire.instance_id = value.instance_id;
    wire.rack_id = value.rack;
    wire.client_id = value.client_id;
    wire.client_host = value.host;
    wire.subscribed_topic_names = value.topics;
    wire.subscribed_topic_regex = value.pattern;
    wire.rebalance_timeout_ms = saturated_ms(value.rebalance_timeout);
    wire.server_assignor = value.assignor;
    wire.classic_member_metadata.reset();
    if (!value.classic)
        return wire;
    auto& classic = wire.classic_member_metadata.emplace();
    classic.session_timeout_ms = saturated_ms(value.classic->session_timeout);
    for (const auto& protocol : value.classic->protocols) {
        auto& one = classic.supported_protocols.emplace_back();
        one.name = protocol.name;
        one.metadata = protocol.metadata;
    }
    return wire;
}

/// An empty text stands for none; so it is with old values that had no null.
std::optional<std::string> unless_empty(std::optional<std::string>&& text) {
    return text && text->empty() ? std::nullopt : std::move(text);
}

consumer_subscription from_wire(member_value&& wire) {
    consumer_subscription value;
    value.instance_id = unless_empty(std::move(wire.instance_id));
    value.rack = unless_empty(std::move(wire.rack_id));
    value.client_id = std::move(wire.client_id);
    value.host = std::move(wire.client_host);
    value.topics = std::move(wire.subscribed_topic_names);
    std::sort(value.topics.begin(), value.topics.end());
    value.topics.erase(std::unique(value.topics.begin(), value.topics.end()), value.topics.end());
    value.pattern = unless_empty(std::move(wire.subscribed_topic_regex));
    value.rebalance_timeout = std::chrono::milliseconds(wire.rebalance_timeout_ms);
    value.assignor = unless_empty(std::move(wire.server_assignor));
    if (!wire.classic_member_metadata || wire.classic_member_metadata->supported_protocols.empty())
        return value;
    auto& classic = value.classic.emplace();
    classic.session_timeout = std::chrono::milliseconds(wire.classic_member_metadata->session_timeout_ms);
    for (auto& protocol : wire.classic_member_metadata->supported_protocols)
        classic.protocols.push_back({std::move(protocol.name), slice::copy_of(protocol.metadata.bytes())});
    return value;
}

target_epoch_value to_wire(const target_epoch_record::state& value) {
    target_epoch_value wire;
    wire.assignment_epoch = value.epoch;
    wire.assignment_timestamp = value.made_at.get();
    return wire;
}

target_epoch_record::state from_wire(target_epoch_value&& wire) {
    return {wire.assignment_epoch, timestamp_ms(wire.assignment_timestamp)};
}

target_value to_wire(const partitions_by_topic& value) {
    target_value wire;
    put(wire.topic_partitions, value);
    return wire;
}

partitions_by_topic from_wire(target_value&& wire) {
    return taken(wire.topic_partitions);
}

current_value to_wire(const current_assignment& value) {
    current_value wire;
    wire.member_epoch = value.epoch.get();
    wire.previous_member_epoch = value.previous_epoch.get();
    wire.state = static_cast<std::int8_t>(value.state);
    put(wire.assigned_partitions, value.assigned);
    put(wire.partitions_pending_revocation, value.pending);
    return wire;
}

current_assignment from_wire(current_value&& wire) {
    current_assignment value;
    value.epoch = member_epoch(wire.member_epoch);
    value.previous_epoch = member_epoch(wire.previous_member_epoch);
    value.assigned = taken(wire.assigned_partitions);
    value.pending = taken(wire.partitions_pending_revocation);
    const auto known = wire.state == static_cast<std::int8_t>(member_state::stable) ||
                       wire.state == static_cast<std::int8_t>(member_state::unrevoked);
    // What a newer broker means by another state shows in the assignment; who waits looks anew.
    value.state = known ? static_cast<member_state>(wire.state) : member_state::unreleased;
    return value;
}

pattern_value to_wire(const pattern_record::matches& value) {
    pattern_value wire;
    wire.topics = value.topics;
    wire.version = value.version;
    wire.timestamp = value.searched_at.get();
    return wire;
}

pattern_record::matches from_wire(pattern_value&& wire) {
    std::sort(wire.topics.begin(), wire.topics.end());
    return {std::move(wire.topics), wire.version, timestamp_ms(wire.timestamp)};
}

template <class Key, class Record>
encoded_record encode_as(const Record& record) {
    encoded_record encoded{encode_versioned(Key::api_key, key_of<Key>(record), version), std::nullopt};
    if (record.value)
        encoded.value = encode_versioned(version, to_wire(*record.value), version);
    return encoded;
}

encoded_record encode_one(const consumer_epoch_record& record) {
    return encode_as<epoch_key>(record);
}
encoded_record encode_one(const legacy_topics_record& record) {
    BARNABAS_ASSERT(!record.present);
    return {encode_versioned(legacy_key::api_key, key_of<legacy_key>(record), version), std::nullopt};
}
encoded_record encode_one(const consumer_member_record& record) {
    return encode_as<member_key>(record);
}
encoded_record encode_one(const target_epoch_record& record) {
    return encode_as<target_epoch_key>(record);
}
encoded_record encode_one(const target_record& record) {
    return encode_as<target_key>(record);
}
encoded_record encode_one(const current_record& record) {
    return encode_as<current_key>(record);
}
encoded_record encode_one(const pattern_record& record) {
    return encode_as<pattern_key>(record);
}

template <class Key, class Value, class Record>
result<consumer_record> decode_as(const batch::record_view& from) {
    auto key = decode_versioned<Key>(*from.key, version);
    if (!key)
        return key.failure();
    auto record = from_key<Key, Record>(std::move(*key));
    if (!from.value)
        return consumer_record(std::move(record));
    auto value = decode_value<Value>(*from.value);
    if (!value)
        return value.failure();
    if constexpr (requires { record.present; })
        record.present = true;
    else
        record.value = from_wire(std::move(*value));
    return consumer_record(std::move(record));
}

} // namespace

bool is_consumer_record(std::int16_t number) noexcept {
    return (number >= epoch_key::api_key && number <= current_key::api_key) || number == pattern_key::api_key;
}

encoded_record encode(const consumer_record& record) {
    return std::visit([](const auto& one) { return encode_one(one); }, record);
}

result<consumer_record> decode_consumer_record(const batch::record_view& record) {
    switch (leading_int16(*record.key)) {
    case epoch_key::api_key: return decode_as<epoch_key, epoch_value, consumer_epoch_record>(record);
    case legacy_key::api_key: return decode_as<legacy_key, legacy_value, legacy_topics_record>(record);
    case member_key::api_key: return decode_as<member_key, member_value, consumer_member_record>(record);
    case target_epoch_key::api_key:
        return decode_as<target_epoch_key, target_epoch_value, target_epoch_record>(record);
    case target_key::api_key: return decode_as<target_key, target_value, target_record>(record);
    case current_key::api_key: return decode_as<current_key, current_value, current_record>(record);
    case pattern_key::api_key: return decode_as<pattern_key, pattern_value, pattern_record>(record);
    default: BARNABAS_UNREACHABLE("a record of another kind");
    }
}

} // namespace barnabas::group
