#include "actors/replica/dump/record_lines.hpp"

#include "actors/replica/dump/metadata_text.hpp"
#include "protocol/batch/big_endian.hpp"
#include "protocol/model/utf8_text.hpp"

#include <algorithm>

namespace barnabas::replica::dump {
namespace {

using bytes_or_null = std::optional<std::span<const std::byte>>;

std::int64_t size_of(const bytes_or_null& bytes) {
    return bytes ? static_cast<std::int64_t>(bytes->size()) : -1;
}

fact_line sizes_of(std::string_view time_type, const batch::record_view& record) {
    fact_line line("record", "| ");
    line.add("offset", record.offset.get());
    line.add(time_type, record.timestamp.get());
    line.add("keySize", size_of(record.key));
    line.add("valueSize", size_of(record.value));
    return line;
}

/// Sequences count modulo 2^31.
std::int32_t sequence_of(const batch::batch_header& batch, const batch::record_view& record) {
    if (batch.base_sequence < 0)
        return -1;
    const std::int64_t sum = std::int64_t{batch.base_sequence} + record.offset_delta;
    return static_cast<std::int32_t>(sum & 0x7fffffff);
}

std::string header_keys(const batch::record_view& record) {
    std::string text;
    for (const auto& header : record.headers) {
        text += text.empty() ? "" : ",";
        append_utf8(text, std::as_bytes(std::span(header.key)));
    }
    return "[" + text + "]";
}

std::string control_type_name(std::int16_t type) {
    switch (type) {
    case 0: return "ABORT";
    case 1: return "COMMIT";
    case 2: return "LEADER_CHANGE";
    case 3: return "SNAPSHOT_HEADER";
    case 4: return "SNAPSHOT_FOOTER";
    case 5: return "KRAFT_VERSION";
    case 6: return "KRAFT_VOTERS";
    default: return "UNKNOWN";
    }
}

/// Key: int16 version, int16 type. Value of a transaction's end: int16 version, int32 coordinator epoch.
result<void> add_control(const batch::record_view& record, fact_line& line) {
    const auto damaged = [&](const char* what) {
        return error{errc::invalid_record, "the control record at offset " +
                                               std::to_string(record.offset.get()) + " has no " + what};
    };
    if (!record.key || record.key->size() < 4)
        return damaged("type");
    const auto type = batch::load_big_endian<std::int16_t>(record.key->data() + 2);
    if (type != 0 && type != 1) {
        line.add_text("controlType", control_type_name(type) + "(" + std::to_string(type) + ")");
        return {};
    }
    if (!record.value || record.value->size() < 6)
        return damaged("coordinator epoch");
    line.add_text("endTxnMarker", control_type_name(type));
    line.add("coordinatorEpoch", batch::load_big_endian<std::int32_t>(record.value->data() + 2));
    return {};
}

/// A message has a CRC of its own, also inside of a wrapper.
fact_line message_facts(std::string_view time_type, const batch::record_view& record,
                        std::span<const std::byte> bytes, const batch::message_header& header) {
    auto line = sizes_of(time_type, record);
    line.add("isValid", static_cast<bool>(batch::check_message_crc(bytes, header)));
    line.add("crc", header.crc);
    return line;
}

std::string_view time_type_of(const batch::message_header& message) {
    if (message.magic == 0)
        return "NoTimestampType";
    return message.time_type() == batch::timestamp_type::create_time ? "CreateTime" : "LogAppendTime";
}

template <class Entry>
result<timestamp_ms> largest_in(const Entry& entry) {
    auto largest = no_timestamp;
    auto read = batch::for_each_record(entry, [&](const batch::record_view& record) -> result<void> {
        largest = std::max(largest, record.timestamp);
        return {};
    });
    if (!read)
        return read.failure();
    return largest;
}

} // namespace

void record_lines::check_offset(log_offset offset) {
    // Their difference may not fit.
    if (last_offset_ && (offset <= *last_offset_ || offset != *last_offset_ + 1))
        found_.add(finding::offset_gap, path_, last_offset_->get(), offset.get());
    last_offset_ = offset;
}

result<fact_line> record_lines::facts_of(const batch::batch_header& batch,
                                         const batch::record_view& record) const {
    const auto* type =
        batch.time_type() == batch::timestamp_type::create_time ? "CreateTime" : "LogAppendTime";
    auto line = sizes_of(type, record);
    line.add("sequence", sequence_of(batch, record));
    line.add_text("headerKeys", header_keys(record));
    if (batch.is_control())
        if (auto added = add_control(record, line); !added)
            return added.failure();
    return line;
}

record_text record_lines::contents_of(const batch::record_view& record) const {
    if (options_.decoder == record_decoder::text)
        return plain_text_of(record, options_.key_decoder, options_.value_decoder);
    // Such records have no keys.
    if (options_.decoder == record_decoder::metadata)
        return {std::nullopt, metadata_text_of(record)};
    return coordinator_text_of(record, options_.decoder);
}

void record_lines::put_line(fact_line line, const batch::record_view& record, bool contents) {
    auto shown = contents ? contents_of(record) : record_text{};
    if (options_.skip_record_metadata)
        // A line without a key has no mark, but its blank.
        line = fact_line("record", shown.key ? "| " : shown.payload ? " " : "");
    if (shown.key)
        line.add_text("key", std::move(*shown.key));
    if (shown.payload)
        line.add_text("payload", std::move(*shown.payload));
    output_.facts(line);
}

result<void> record_lines::show(const batch::batch_view& batch) {
    const bool contents = options_.print_data_log && !batch.header.is_control();
    const auto show_one = [&](const batch::record_view& record) -> result<void> {
        check_offset(record.offset);
        auto facts = facts_of(batch.header, record);
        if (!facts)
            return facts.failure();
        put_line(std::move(*facts), record, contents);
        return {};
    };
    return batch::for_each_record(batch, show_one, &workspace_);
}

result<void> record_lines::show(const batch::message_view& message) {
    batch::message_reading reading;
    reading.workspace = &workspace_;
    auto reader = batch::message_reader::open(message, reading);
    if (!reader)
        return reader.failure();
    while (true) {
        const auto record = reader->next();
        if (!record)
            return record.failure();
        if (*record == nullptr)
            return {};
        const auto stored = reader->stored_bytes();
        const auto header = batch::parse_message_header(stored);
        if (!header)
            return header.failure();
        check_offset((*record)->offset);
        put_line(message_facts(time_type_of(message.header), **record, stored, *header), **record,
                 options_.print_data_log);
    }
}

result<timestamp_ms> largest_timestamp(const batch::batch_view& batch) {
    return largest_in(batch);
}

result<timestamp_ms> largest_timestamp(const batch::message_view& message) {
    return largest_in(message);
}

} // namespace barnabas::replica::dump
