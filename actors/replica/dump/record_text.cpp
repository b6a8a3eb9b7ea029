#include "actors/replica/dump/record_text.hpp"

#include "protocol/batch/big_endian.hpp"
#include "protocol/kafka/consumer_group_current_member_assignment_record.hpp"
#include "protocol/kafka/consumer_group_member_metadata_record.hpp"
#include "protocol/kafka/consumer_group_metadata_record.hpp"
#include "protocol/kafka/consumer_group_partition_metadata_record.hpp"
#include "protocol/kafka/consumer_group_regular_expression_record.hpp"
#include "protocol/kafka/consumer_group_target_assignment_member_record.hpp"
#include "protocol/kafka/consumer_group_target_assignment_metadata_record.hpp"
#include "protocol/kafka/consumer_protocol.hpp"
#include "protocol/kafka/group_metadata_record.hpp"
#include "protocol/kafka/legacy_offset_commit_record.hpp"
#include "protocol/kafka/offset_commit_record.hpp"
#include "protocol/kafka/share_group_current_member_assignment_record.hpp"
#include "protocol/kafka/share_group_member_metadata_record.hpp"
#include "protocol/kafka/share_group_metadata_record.hpp"
#include "protocol/kafka/share_group_state_partition_metadata_record.hpp"
#include "protocol/kafka/share_group_target_assignment_member_record.hpp"
#include "protocol/kafka/share_group_target_assignment_metadata_record.hpp"
#include "protocol/kafka/share_snapshot_record.hpp"
#include "protocol/kafka/share_update_record.hpp"
#include "protocol/kafka/streams_group_current_member_assignment_record.hpp"
#include "protocol/kafka/streams_group_member_metadata_record.hpp"
#include "protocol/kafka/streams_group_metadata_record.hpp"
#include "protocol/kafka/streams_group_target_assignment_member_record.hpp"
#include "protocol/kafka/streams_group_target_assignment_metadata_record.hpp"
#include "protocol/kafka/streams_group_topology_record.hpp"
#include "protocol/kafka/transaction_log_record.hpp"
#include "protocol/model/utf8_text.hpp"

#include <array>

namespace barnabas::replica::dump {
namespace {

using json_maker = result<std::string> (*)(const slice& bytes, std::int16_t version);

template <class Message>
result<std::string> json_of(const slice& bytes, std::int16_t version) {
    if (version < Message::lowest_version || version > Message::highest_known_version)
        return error{errc::unsupported_version, "the record has no version " + std::to_string(version)};
    kafka::wire_reader reader(bytes);
    const auto message = Message::decode(reader, version);
    if (!message)
        return message.failure();
    return message->to_json(version);
}

/// Types count anew in every coordinator's topic.
struct record_type {
    record_decoder decoder;
    std::int16_t type;
    json_maker key_json;
    json_maker value_json;
};

template <class Key, class Value>
constexpr record_type row(record_decoder decoder) {
    return {decoder, Key::api_key, &json_of<Key>, &json_of<Value>};
}

/// Not the table of all messages, which would make the program half as large again.
constexpr std::array record_types{
    row<kafka::legacy_offset_commit_key, kafka::legacy_offset_commit_value>(record_decoder::offsets),
    row<kafka::offset_commit_key, kafka::offset_commit_value>(record_decoder::offsets),
    row<kafka::group_metadata_key, kafka::group_metadata_value>(record_decoder::offsets),
    row<kafka::consumer_group_metadata_key, kafka::consumer_group_metadata_value>(record_decoder::offsets),
    row<kafka::consumer_group_partition_metadata_key, kafka::consumer_group_partition_metadata_value>(
        record_decoder::offsets),
    row<kafka::consumer_group_member_metadata_key, kafka::consumer_group_member_metadata_value>(
        record_decoder::offsets),
    row<kafka::consumer_group_target_assignment_metadata_key,
        kafka::consumer_group_target_assignment_metadata_value>(record_decoder::offsets),
    row<kafka::consumer_group_target_assignment_member_key,
        kafka::consumer_group_target_assignment_member_value>(record_decoder::offsets),
    row<kafka::consumer_group_current_member_assignment_key,
        kafka::consumer_group_current_member_assignment_value>(record_decoder::offsets),
    row<kafka::consumer_group_regular_expression_key, kafka::consumer_group_regular_expression_value>(
        record_decoder::offsets),
    row<kafka::share_group_metadata_key, kafka::share_group_metadata_value>(record_decoder::offsets),
    row<kafka::share_group_member_metadata_key, kafka::share_group_member_metadata_value>(
        record_decoder::offsets),
    row<kafka::share_group_target_assignment_metadata_key,
        kafka::share_group_target_assignment_metadata_value>(record_decoder::offsets),
    row<kafka::share_group_target_assignment_member_key, kafka::share_group_target_assignment_member_value>(
        record_decoder::offsets),
    row<kafka::share_group_current_member_assignment_key, kafka::share_group_current_member_assignment_value>(
        record_decoder::offsets),
    row<kafka::share_group_state_partition_metadata_key, kafka::share_group_state_partition_metadata_value>(
        record_decoder::offsets),
    row<kafka::streams_group_metadata_key, kafka::streams_group_metadata_value>(record_decoder::offsets),
    row<kafka::streams_group_member_metadata_key, kafka::streams_group_member_metadata_value>(
        record_decoder::offsets),
    row<kafka::streams_group_target_assignment_metadata_key,
        kafka::streams_group_target_assignment_metadata_value>(record_decoder::offsets),
    row<kafka::streams_group_target_assignment_member_key,
        kafka::streams_group_target_assignment_member_value>(record_decoder::offsets),
    row<kafka::streams_group_current_member_assignment_key,
        kafka::streams_group_current_member_assignment_value>(record_decoder::offsets),
    row<kafka::streams_group_topology_key, kafka::streams_group_topology_value>(record_decoder::offsets),
    row<kafka::transaction_log_key, kafka::transaction_log_value>(record_decoder::transaction),
    row<kafka::share_snapshot_key, kafka::share_snapshot_value>(record_decoder::share_state),
    row<kafka::share_update_key, kafka::share_update_value>(record_decoder::share_state),
};

const record_type* find_type(record_decoder decoder, std::int16_t type) {
    for (const auto& one : record_types)
        if (one.decoder == decoder && one.type == type)
            return &one;
    return nullptr;
}

/// What members put into their opaque bytes, with its version in front; none when it is no such thing.
template <class Message>
std::optional<std::string> embedded_json(const slice& bytes) {
    kafka::wire_reader reader(bytes);
    const auto version = reader.int16("version");
    if (!reader.ok() || version < Message::lowest_version || version > Message::highest_known_version)
        return std::nullopt;
    const auto message = Message::decode(reader, version);
    return message ? std::optional(message->to_json(version)) : std::nullopt;
}

/// Puts `json` in the place of the next base64 text of that field, and moves behind it.
void replace_bytes(std::string& text, std::size_t& from, const std::string& field,
                   const std::optional<std::string>& json) {
    const auto name = "\"" + field + "\":";
    const auto at = text.find(name + "\"", from);
    if (at == std::string::npos)
        return;
    const auto begin = at + name.size();
    const auto end = text.find('"', begin + 1) + 1;
    if (json)
        text.replace(begin, end - begin, *json);
    from = json ? begin + json->size() : end;
}

/// Members of consumer groups say in Kafka's own format what they want and what they were given.
std::string with_members_shown(std::string json, const slice& bytes, std::int16_t version) {
    kafka::wire_reader reader(bytes);
    const auto group = kafka::group_metadata_value::decode(reader, version);
    if (!group || group->protocol_type != "consumer")
        return json;
    std::size_t from = 0;
    for (const auto& member : group->members) {
        replace_bytes(json, from, "subscription",
                      embedded_json<kafka::consumer_protocol_subscription>(member.subscription));
        replace_bytes(json, from, "assignment",
                      embedded_json<kafka::consumer_protocol_assignment>(member.assignment));
    }
    return json;
}

/// The int16 in front, and what follows.
struct prefixed {
    std::int16_t number = 0;
    slice rest;
};

std::optional<prefixed> split_prefix(std::span<const std::byte> bytes) {
    if (bytes.size() < sizeof(std::int16_t))
        return std::nullopt;
    return prefixed{batch::load_big_endian<std::int16_t>(bytes.data()), slice::copy_of(bytes.subspan(2))};
}

result<std::string> key_json(const prefixed& key, const record_type& type) {
    auto json = type.key_json(key.rest, 0);
    if (!json)
        return json.failure();
    return "{\"type\":\"" + std::to_string(key.number) + "\",\"data\":" + *json + "}";
}

/// A value, and its fields as they are in the schema.
struct read_value {
    prefixed bytes;
    std::string json;
};

result<read_value> value_of(std::span<const std::byte> bytes, const record_type& type) {
    auto value = split_prefix(bytes);
    if (!value)
        return error{errc::malformed, "the value is too short for a version"};
    auto json = type.value_json(value->rest, value->number);
    if (!json)
        return json.failure();
    return read_value{std::move(*value), std::move(*json)};
}

result<std::string> value_json(std::span<const std::byte> bytes, const record_type& type) {
    auto value = value_of(bytes, type);
    if (!value)
        return value.failure();
    if (type.value_json == &json_of<kafka::group_metadata_value>)
        value->json = with_members_shown(std::move(value->json), value->bytes.rest, value->bytes.number);
    return "{\"version\":\"" + std::to_string(value->bytes.number) + "\",\"data\":" + value->json + "}";
}

record_decoder decoder_of(shown_records which) {
    switch (which) {
    case shown_records::transactions: return record_decoder::transaction;
    case shown_records::share_state: return record_decoder::share_state;
    case shown_records::offsets:
    case shown_records::group_metadata:
    case shown_records::consumer_groups:
    case shown_records::share_groups: break;
    }
    return record_decoder::offsets;
}

bool is_shown(shown_records which, std::int16_t type) {
    const auto between = [type](std::int16_t first, std::int16_t last) {
        return type >= first && type <= last;
    };
    switch (which) {
    case shown_records::offsets:
        return between(kafka::legacy_offset_commit_key::api_key, kafka::offset_commit_key::api_key);
    case shown_records::group_metadata: return type == kafka::group_metadata_key::api_key;
    case shown_records::consumer_groups:
        return between(kafka::consumer_group_metadata_key::api_key,
                       kafka::consumer_group_current_member_assignment_key::api_key) ||
               type == kafka::consumer_group_regular_expression_key::api_key;
    case shown_records::share_groups:
        return between(kafka::share_group_member_metadata_key::api_key,
                       kafka::share_group_state_partition_metadata_key::api_key);
    case shown_records::transactions:
    case shown_records::share_state: break;
    }
    return true;
}

std::string hexadecimal(std::span<const std::byte> bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    text.reserve(2 * bytes.size());
    for (const auto one : bytes) {
        text += digits[std::to_integer<unsigned>(one) >> 4];
        text += digits[std::to_integer<unsigned>(one) & 15];
    }
    return text;
}

/// What follows the number is passed over, as in Kafka.
template <class Number>
std::string number_text(std::span<const std::byte> bytes, log_offset offset) {
    if (bytes.empty())
        return "null";
    if (bytes.size() < sizeof(Number))
        return "Error at offset " + std::to_string(offset.get()) + ", skipping. " +
               std::to_string(bytes.size()) + " bytes are too few for a number of " +
               std::to_string(sizeof(Number));
    return std::to_string(batch::load_big_endian<Number>(bytes.data()));
}

std::string field_text(std::span<const std::byte> bytes, field_decoder decoder, log_offset offset) {
    switch (decoder) {
    case field_decoder::bytes: return hexadecimal(bytes);
    case field_decoder::int64: return number_text<std::int64_t>(bytes, offset);
    case field_decoder::int32: return number_text<std::int32_t>(bytes, offset);
    case field_decoder::utf8: break;
    }
    std::string text;
    append_utf8(text, bytes);
    return text;
}

} // namespace

record_text plain_text_of(const batch::record_view& record, field_decoder key, field_decoder value) {
    record_text text;
    if (record.key)
        text.key = field_text(*record.key, key, record.offset);
    if (record.value)
        text.payload = field_text(*record.value, value, record.offset);
    return text;
}

record_text coordinator_text_of(const batch::record_view& record, record_decoder decoder) {
    const auto offset = std::to_string(record.offset.get());
    const auto failed = [&](const std::string& why) {
        return record_text{"Error at offset " + offset + ", skipping. " + why, std::nullopt};
    };
    const auto key = record.key ? split_prefix(*record.key) : std::nullopt;
    if (!key)
        return failed("the record has no key, or one that is too short for a type");
    const auto* type = find_type(decoder, key->number);
    if (type == nullptr)
        return {"Unknown record type " + std::to_string(key->number) + " at offset " + offset + ", skipping.",
                std::nullopt};
    auto key_text = key_json(*key, *type);
    if (!key_text)
        return failed(key_text.failure().detail);
    auto value_text = record.value ? value_json(*record.value, *type) : std::string("<DELETE>");
    if (!value_text)
        return failed(value_text.failure().detail);
    return {std::move(*key_text), std::move(*value_text)};
}

result<std::optional<std::string>> formatted_json_of(const record_bytes& key, const record_bytes& value,
                                                     shown_records which) {
    if (!key)
        return std::optional<std::string>();
    const auto parts = split_prefix(*key);
    if (!parts)
        return error{errc::malformed, "the key is too short for a type"};
    const auto* type = is_shown(which, parts->number) ? find_type(decoder_of(which), parts->number) : nullptr;
    if (type == nullptr)
        return std::optional<std::string>();
    const auto key_fields = type->key_json(parts->rest, 0);
    if (!key_fields)
        return key_fields.failure();
    auto line = "{\"key\":{\"type\":" + std::to_string(parts->number) + ",\"data\":" + *key_fields + "},";
    if (!value)
        return std::optional(line + "\"value\":null}");
    const auto read = value_of(*value, *type);
    if (!read)
        return read.failure();
    return std::optional(line + "\"value\":{\"version\":" + std::to_string(read->bytes.number) +
                         ",\"data\":" + read->json + "}}");
}

} // namespace barnabas::replica::dump
