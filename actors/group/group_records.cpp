#include "actors/group/group_records.hpp"

#include "actors/group/record_coding.hpp"
#include "protocol/kafka/group_metadata_record.hpp"
#include "protocol/kafka/legacy_offset_commit_record.hpp"
#include "protocol/kafka/offset_commit_record.hpp"

#include <utility>

namespace barnabas::group {

namespace {

// What Kafka 2.1 to 4 write, and what every newer one reads.
constexpr std::int16_t offset_value_version = 3;
// Kafka reads it from 3.5 on (KIP-915), and 4.1 tells by the id whose offset it is.
constexpr std::int16_t offset_value_version_with_id = 4;
constexpr std::int16_t classic_value_version = 3;

kafka::offset_commit_value to_wire(const committed_offset& value) {
    kafka::offset_commit_value wire;
    wire.offset = value.offset.get();
    wire.leader_epoch = value.epoch.get();
    wire.metadata = value.metadata;
    wire.commit_timestamp = value.committed_at.get();
    wire.expire_timestamp = value.expires_at.get();
    wire.topic_id = value.id;
    return wire;
}

committed_offset from_wire(kafka::offset_commit_value&& wire) {
    committed_offset value;
    value.offset = log_offset(wire.offset);
    value.epoch = leader_epoch(wire.leader_epoch);
    value.metadata = std::move(wire.metadata);
    value.committed_at = timestamp_ms(wire.commit_timestamp);
    value.expires_at = timestamp_ms(wire.expire_timestamp);
    value.id = wire.topic_id;
    return value;
}

kafka::group_metadata_value to_wire(const classic_state& value) {
    kafka::group_metadata_value wire;
    wire.protocol_type = value.protocol_type;
    wire.generation = value.generation.get();
    wire.protocol = value.protocol;
    wire.leader = value.leader;
    wire.current_state_timestamp = value.since.get();
    for (const auto& member : value.members) {
        auto& one = wire.members.emplace_back();
        one.member_id = member.member_id;
        one.group_instance_id = member.instance_id;
        one.client_id = member.client_id;
        one.client_host = member.host;
        one.rebalance_timeout = saturated_ms(member.rebalance_timeout);
        one.session_timeout = saturated_ms(member.session_timeout);
        one.subscription = member.metadata;
        one.assignment = member.assignment;
    }
    return wire;
}

classic_state from_wire(kafka::group_metadata_value&& wire) {
    classic_state value;
    value.protocol_type = std::move(wire.protocol_type);
    value.generation = generation_id(wire.generation);
    value.protocol = std::move(wire.protocol);
    value.leader = std::move(wire.leader);
    value.since = timestamp_ms(wire.current_state_timestamp);
    for (auto& member : wire.members) {
        auto& one = value.members.emplace_back();
        one.member_id = std::move(member.member_id);
        one.instance_id = std::move(member.group_instance_id);
        one.client_id = std::move(member.client_id);
        one.host = std::move(member.client_host);
        one.session_timeout = std::chrono::milliseconds(member.session_timeout);
        // Version 0 has none; Kafka then takes the session's.
        one.rebalance_timeout = std::chrono::milliseconds(
            member.rebalance_timeout < 0 ? member.session_timeout : member.rebalance_timeout);
        one.metadata = slice::copy_of(member.subscription.bytes());
        one.assignment = slice::copy_of(member.assignment.bytes());
    }
    return value;
}

/// Only version 1 has a place for the expiry that an old client asked for.
std::int16_t version_of(const committed_offset& value) {
    if (value.expires_at != no_timestamp)
        return 1;
    return value.id == topic_id{} ? offset_value_version : offset_value_version_with_id;
}

encoded_record encode_one(const offset_record& record) {
    kafka::offset_commit_key key;
    key.group = record.group;
    key.topic = record.topic;
    key.partition = record.partition.get();
    encoded_record encoded{encode_versioned(kafka::offset_commit_key::api_key, key, 0), std::nullopt};
    if (!record.value)
        return encoded;
    const auto version = version_of(*record.value);
    encoded.value = encode_versioned(version, to_wire(*record.value), version);
    return encoded;
}

encoded_record encode_one(const classic_record& record) {
    kafka::group_metadata_key key;
    key.group = record.group;
    encoded_record encoded{encode_versioned(kafka::group_metadata_key::api_key, key, 0), std::nullopt};
    if (record.value)
        encoded.value =
            encode_versioned(classic_value_version, to_wire(*record.value), classic_value_version);
    return encoded;
}

result<std::optional<group_record>> decode_offset(const batch::record_view& record) {
    auto key = decode_versioned<kafka::offset_commit_key>(*record.key, 0);
    if (!key)
        return key.failure();
    offset_record decoded{std::move(key->group), std::move(key->topic), partition_index(key->partition),
                          std::nullopt};
    if (record.value) {
        auto value = decode_value<kafka::offset_commit_value>(*record.value);
        if (!value)
            return value.failure();
        decoded.value = from_wire(std::move(*value));
    }
    return std::optional<group_record>(std::move(decoded));
}

result<std::optional<group_record>> decode_classic(const batch::record_view& record) {
    auto key = decode_versioned<kafka::group_metadata_key>(*record.key, 0);
    if (!key)
        return key.failure();
    classic_record decoded{std::move(key->group), std::nullopt};
    if (record.value) {
        auto value = decode_value<kafka::group_metadata_value>(*record.value);
        if (!value)
            return value.failure();
        decoded.value = from_wire(std::move(*value));
    }
    return std::optional<group_record>(std::move(decoded));
}

encoded_record encode_one(const consumer_record& record) {
    return encode(record);
}

} // namespace

const std::string& group_of(const consumer_record& record) {
    return std::visit([](const auto& one) -> const std::string& { return one.group; }, record);
}

const std::string& group_of(const group_record& record) {
    if (const auto* of_consumers = std::get_if<consumer_record>(&record))
        return group_of(*of_consumers);
    const auto* offset = std::get_if<offset_record>(&record);
    return offset != nullptr ? offset->group : std::get<classic_record>(record).group;
}

encoded_record encode(const group_record& record) {
    return std::visit([](const auto& one) { return encode_one(one); }, record);
}

result<std::optional<group_record>> decode_group_record(const batch::record_view& record) {
    if (!record.key || record.key->size() < 2)
        return error{errc::corrupt_message, "it has no key, or one without room for a number"};
    const auto number = leading_int16(*record.key);
    if (is_consumer_record(number)) {
        auto decoded = decode_consumer_record(record);
        if (!decoded)
            return decoded.failure();
        return std::optional<group_record>(std::move(*decoded));
    }
    switch (number) {
    case kafka::legacy_offset_commit_key::api_key: // the first layout; keys and values are as in version 0
    case kafka::offset_commit_key::api_key: return decode_offset(record);
    case kafka::group_metadata_key::api_key: return decode_classic(record);
    default: return std::optional<group_record>(std::nullopt);
    }
}

} // namespace barnabas::group
