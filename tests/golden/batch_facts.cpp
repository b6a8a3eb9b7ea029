#include "tests/golden/batch_facts.hpp"

#include "protocol/batch/crc32.hpp"
#include "protocol/batch/crc32c.hpp"
#include "protocol/batch/message_reader.hpp"
#include "protocol/kafka/control_records.hpp"
#include "tests/golden/messages.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <array>
#include <limits>

namespace barnabas::golden {

namespace json = boost::json;

namespace {

using bytes_view = std::optional<std::span<const std::byte>>;

std::string_view codec_name(std::uint8_t bits) {
    static constexpr std::array<std::string_view, 5> names{"none", "gzip", "snappy", "lz4", "zstd"};
    return bits < names.size() ? names[bits] : "unknown";
}

std::string_view name_of(batch::timestamp_type type) {
    return type == batch::timestamp_type::log_append_time ? "LogAppendTime" : "CreateTime";
}

json::value or_null(const std::optional<timestamp_ms>& time) {
    return time ? json::value(time->get()) : json::value(nullptr);
}

json::object facts_of(const batch::batch_view& batch) {
    const auto& header = batch.header;
    const auto computed = batch::crc32c(batch.bytes.bytes().subspan(batch::at::attributes));
    return {{"magic", header.magic},
            {"sizeInBytes", header.total_size()},
            {"crcValid", computed == header.crc},
            {"crc", header.crc},
            {"compression", codec_name(header.codec_bits())},
            {"attributes", static_cast<std::int16_t>(header.attributes)},
            {"baseOffset", header.base_offset.get()},
            {"lastOffset", header.last_offset().get()},
            {"partitionLeaderEpoch", header.leader_epoch.get()},
            {"baseTimestamp", header.base_timestamp.get()},
            {"maxTimestamp", header.max_timestamp.get()},
            {"timestampType", name_of(header.time_type())},
            {"producerId", header.producer_id.get()},
            {"producerEpoch", header.producer_epoch.get()},
            {"baseSequence", header.base_sequence},
            {"lastSequence", header.last_sequence()},
            {"isTransactional", header.is_transactional()},
            {"isControlBatch", header.is_control()},
            {"deleteHorizonMs", or_null(header.delete_horizon())},
            {"count", header.record_count}};
}

/// The base offset of a message is that of its first record, which may lie in a wrapper.
json::object facts_of(const batch::message_view& message) {
    const auto& header = message.header;
    const auto computed = batch::crc32(message.bytes.bytes().subspan(batch::message_at::magic));
    json::object facts{
        {"magic", header.magic},
        {"sizeInBytes", header.total_size()},
        {"crcValid", computed == header.crc},
        {"crc", header.crc},
        {"compression", codec_name(header.codec_bits())},
        {"lastOffset", header.offset.get()},
        {"maxTimestamp", header.timestamp.get()},
        {"timestampType", header.magic == 0 ? "NoTimestampType" : name_of(header.time_type())}};
    auto reader = batch::message_reader::open(message);
    if (!reader)
        return facts;
    if (const auto first = reader->next(); first && *first != nullptr)
        facts["baseOffset"] = (*first)->offset.get();
    return facts;
}

json::value bytes_json(const bytes_view& bytes) {
    if (!bytes)
        return nullptr;
    return json::value(kafka::testing::to_base64(*bytes));
}

/// The sequence wraps from the largest number to 0.
std::int32_t sequence_of(const batch::batch_header& header, std::int32_t delta) {
    if (header.base_sequence < 0)
        return -1;
    const auto sum = std::int64_t{header.base_sequence} + delta;
    return static_cast<std::int32_t>(sum & std::numeric_limits<std::int32_t>::max());
}

std::string_view control_name(std::int16_t type) {
    static constexpr std::array<std::string_view, 7> names{
        "ABORT",           "COMMIT",        "LEADER_CHANGE", "SNAPSHOT_HEADER",
        "SNAPSHOT_FOOTER", "KRAFT_VERSION", "KRAFT_VOTERS"};
    return type >= 0 && static_cast<std::size_t>(type) < names.size() ? names[static_cast<std::size_t>(type)]
                                                                      : "UNKNOWN";
}

/// What key and value of a control record mean; nothing when they cannot be read.
json::value control_of(const batch::record_view& record) {
    if (!record.key || !record.value)
        return nullptr;
    const auto key_bytes = slice::copy_of(*record.key);
    kafka::wire_reader key(key_bytes);
    const auto type = kafka::control_record_type_schema::decode(key, key.int16());
    if (!type)
        return nullptr;
    json::object control{{"type", control_name(type->type)}, {"typeId", type->type}};
    if (type->type > 1)
        return control;
    const auto value_bytes = slice::copy_of(*record.value);
    kafka::wire_reader value(value_bytes);
    const auto marker = kafka::end_txn_marker::decode(value, value.int16());
    if (!marker)
        return nullptr;
    control["coordinatorEpoch"] = marker->coordinator_epoch;
    return control;
}

json::object record_facts(const batch::record_entry& entry, const batch::record_view& record) {
    json::object facts{{"offset", record.offset.get()},
                       {"timestamp", record.timestamp.get()},
                       {"key", bytes_json(record.key)},
                       {"value", bytes_json(record.value)}};
    const auto* batch = std::get_if<batch::batch_view>(&entry);
    if (batch == nullptr)
        return facts;
    json::array headers;
    for (const auto& header : record.headers)
        headers.push_back(json::object{{"key", header.key}, {"value", bytes_json(header.value)}});
    facts["headers"] = std::move(headers);
    facts["sequence"] = sequence_of(batch->header, record.offset_delta);
    if (batch->header.is_control())
        facts["control"] = control_of(record);
    return facts;
}

std::optional<std::string> compare_facts(const json::object& said, const json::object& ours,
                                         entry_extent extent) {
    for (const auto& [name, value] : said) {
        if (name == "records")
            continue;
        const auto* found = ours.if_contains(name);
        if (found == nullptr)
            return "has a " + std::string(name) + ", which nobody checks";
        if (*found != value)
            return "has " + std::string(name) + " " + json::serialize(*found) + " instead of " +
                   json::serialize(value);
    }
    if (extent == entry_extent::begun)
        return std::nullopt;
    for (const auto& [name, value] : ours)
        if (!said.contains(name))
            return "has a " + std::string(name) + ", of which the line says nothing";
    return std::nullopt;
}

} // namespace

result<void> for_each_record_of(const batch::record_entry& entry, const batch::record_visitor& visit) {
    const auto* message = std::get_if<batch::message_view>(&entry);
    if (message == nullptr)
        return batch::for_each_record(std::get<batch::batch_view>(entry), visit);
    batch::message_reading reading;
    reading.check_crc = true;
    return batch::for_each_record(*message, visit, reading);
}

std::optional<std::string> compare_entry(const json::object& said, const batch::record_entry& entry,
                                         entry_extent extent) {
    const auto ours = std::visit([](const auto& view) { return facts_of(view); }, entry);
    if (auto wrong = compare_facts(said, ours, extent))
        return wrong;
    static const json::array no_records;
    const auto* listed = said.if_contains("records");
    const auto& records = listed == nullptr ? no_records : listed->as_array();
    std::size_t seen = 0;
    std::optional<std::string> wrong;
    const auto walked = for_each_record_of(entry, [&](const batch::record_view& record) -> result<void> {
        if (!wrong && seen < records.size())
            wrong =
                compare_facts(records[seen].as_object(), record_facts(entry, record), entry_extent::whole);
        if (wrong && seen < records.size())
            *wrong = "record " + std::to_string(seen) + " " + *wrong;
        ++seen;
        return wrong ? result<void>(error{errc::internal, *wrong}) : result<void>();
    });
    if (wrong)
        return wrong;
    if (!walked && extent == entry_extent::whole)
        return to_string(walked.failure());
    if (extent == entry_extent::whole ? seen != records.size() : seen < records.size())
        return "has " + std::to_string(seen) + " records instead of " + std::to_string(records.size());
    return std::nullopt;
}

} // namespace barnabas::golden
