#include "protocol/batch/builder.hpp"
#include "protocol/batch/message_builder.hpp"
#include "protocol/batch/message_reader.hpp"
#include "protocol/batch/patch.hpp"
#include "protocol/batch/record_reader.hpp"
#include "protocol/batch/validate.hpp"
#include "tests/unit/protocol/batch/golden.hpp"

#include <boost/json.hpp>
#include <gtest/gtest.h>

namespace barnabas::batch {
namespace {

using boost::json::object;
using boost::json::value;

/// Whether message sets of old clients are in it.
bool has_old_magic(const object& line) {
    for (const auto& entry : line.at("batches").as_array())
        if (entry.at("magic").as_int64() != current_magic)
            return true;
    return std::string_view(line.at("note").as_string()).starts_with("v0") ||
           std::string_view(line.at("note").as_string()).starts_with("v1");
}

slice bytes_of_line(const object& line) {
    return slice::copy_of(golden::from_hex(line.at("hex").as_string()));
}

void expect_bytes(const value& expected, const std::optional<std::span<const std::byte>>& actual) {
    ASSERT_EQ(expected.is_null(), !actual.has_value());
    if (!actual)
        return;
    const auto bytes = golden::from_base64(expected.as_string());
    EXPECT_TRUE(std::equal(bytes.begin(), bytes.end(), actual->begin(), actual->end()));
}

void expect_header(const object& expected, const batch_header& header) {
    EXPECT_EQ(header.total_size(), expected.at("sizeInBytes").to_number<std::size_t>());
    EXPECT_EQ(header.crc, expected.at("crc").to_number<std::uint32_t>());
    EXPECT_EQ(header.attributes, expected.at("attributes").as_int64() & 0xffff);
    EXPECT_EQ(header.base_offset.get(), expected.at("baseOffset").as_int64());
    EXPECT_EQ(header.last_offset().get(), expected.at("lastOffset").as_int64());
    EXPECT_EQ(header.leader_epoch.get(), expected.at("partitionLeaderEpoch").as_int64());
    EXPECT_EQ(header.max_timestamp.get(), expected.at("maxTimestamp").as_int64());
    EXPECT_EQ(header.base_timestamp.get(), expected.at("baseTimestamp").as_int64());
    EXPECT_EQ(header.producer_id.get(), expected.at("producerId").as_int64());
    EXPECT_EQ(header.producer_epoch.get(), expected.at("producerEpoch").as_int64());
    EXPECT_EQ(header.base_sequence, expected.at("baseSequence").as_int64());
    EXPECT_EQ(header.last_sequence(), expected.at("lastSequence").as_int64());
    EXPECT_EQ(header.is_transactional(), expected.at("isTransactional").as_bool());
    EXPECT_EQ(header.is_control(), expected.at("isControlBatch").as_bool());
    EXPECT_EQ(header.record_count, expected.at("count").as_int64());
    EXPECT_EQ(header.time_type() == timestamp_type::log_append_time,
              expected.at("timestampType").as_string() == "LogAppendTime");
    const auto& horizon = expected.at("deleteHorizonMs");
    ASSERT_EQ(header.delete_horizon().has_value(), !horizon.is_null());
    if (!horizon.is_null()) {
        EXPECT_EQ(header.delete_horizon()->get(), horizon.as_int64());
    }
    static constexpr std::array<std::string_view, 5> names{"none", "gzip", "snappy", "lz4", "zstd"};
    EXPECT_EQ(names.at(header.codec_bits()), std::string_view(expected.at("compression").as_string()));
}

void expect_record(const object& expected, const record_view& record) {
    EXPECT_EQ(record.offset.get(), expected.at("offset").as_int64());
    EXPECT_EQ(record.timestamp.get(), expected.at("timestamp").as_int64());
    expect_bytes(expected.at("key"), record.key);
    expect_bytes(expected.at("value"), record.value);
    const auto* headers = expected.if_contains("headers");
    const std::size_t header_count = headers != nullptr ? headers->as_array().size() : 0;
    ASSERT_EQ(record.headers.size(), header_count);
    for (std::size_t i = 0; i < header_count; ++i) {
        const auto& header = headers->as_array()[i].as_object();
        EXPECT_EQ(record.headers[i].key, std::string_view(header.at("key").as_string()));
        expect_bytes(header.at("value"), record.headers[i].value);
    }
}

void expect_records(const object& expected, const batch_view& batch) {
    const auto& records = expected.at("records").as_array();
    std::size_t index = 0;
    const auto walked = for_each_record(batch, [&](const record_view& record) -> result<void> {
        if (index < records.size())
            expect_record(records[index].as_object(), record);
        ++index;
        return {};
    });
    EXPECT_TRUE(walked.has_value());
    EXPECT_EQ(index, records.size());
}

/// The same batch again from its records; only the base offset of gaps keeps it from being equal.
slice rebuilt(const batch_view& batch) {
    const auto& header = batch.header;
    builder_options options;
    options.base_offset = header.base_offset;
    options.leader_epoch = header.leader_epoch;
    options.producer_id = header.producer_id;
    options.producer_epoch = header.producer_epoch;
    options.base_sequence = header.base_sequence;
    options.transactional = header.is_transactional();
    options.control = header.is_control();
    options.delete_horizon = header.delete_horizon();
    batch_builder builder(options);
    const auto walked = for_each_record(batch, [&](const record_view& record) -> result<void> {
        builder.append(record.timestamp, record.key, record.value, record.headers);
        return {};
    });
    EXPECT_TRUE(walked.has_value());
    return builder.build();
}

TEST(golden_batches, valid_ones_read_as_expected) {
    GOLDEN_LINES(lines, "record-batches.jsonl.gz");
    int batches_seen = 0;
    int rebuilt_equal = 0;
    for (const auto& line : *lines) {
        if (has_old_magic(line) || !line.at("valid").as_bool())
            continue;
        SCOPED_TRACE("vector " + std::to_string(line.at("id").as_int64()));
        const auto bytes = bytes_of_line(line);
        const auto batches = split_batches(bytes);
        ASSERT_TRUE(batches.has_value()) << to_string(batches.failure());
        const auto& expected = line.at("batches").as_array();
        ASSERT_EQ(batches->size(), expected.size());
        for (std::size_t i = 0; i < expected.size(); ++i) {
            const auto& batch = (*batches)[i];
            expect_header(expected[i].as_object(), batch.header);
            expect_records(expected[i].as_object(), batch);
            validation_options options;
            options.origin = batch_origin::replica;
            const auto facts = validate_batch(batch, options);
            ASSERT_TRUE(facts.has_value()) << to_string(facts.failure());
            EXPECT_EQ(facts->record_count, batch.header.record_count);
            ++batches_seen;
            if (batch.header.codec_bits() == 0 && batch.header.time_type() == timestamp_type::create_time &&
                batch.header.record_count == batch.header.last_offset_delta + 1) {
                EXPECT_TRUE(rebuilt(batch) == batch.bytes);
                ++rebuilt_equal;
            }
        }
    }
    EXPECT_GT(batches_seen, 60);
    EXPECT_GT(rebuilt_equal, 10);
}

/// How a broker takes what a producer sends: every batch is cut out and checked.
result<void> accept(const slice& records) {
    auto batches = split_batches(records);
    if (!batches)
        return batches.failure();
    for (auto& batch : *batches) {
        validation_options options;
        options.origin = batch_origin::replica;
        if (const auto facts = validate_batch(batch, options); !facts)
            return facts.failure();
    }
    return {};
}

errc expected_code(std::string_view note) {
    if (note.starts_with("unknown compression"))
        return errc::unsupported_compression;
    for (const auto* text : {"record", "varint", "negative header count", "header count", "header key"})
        if (note.starts_with(text))
            return errc::invalid_record;
    return errc::corrupt_message;
}

TEST(golden_batches, invalid_ones_are_refused_with_the_right_code) {
    GOLDEN_LINES(lines, "record-batches.jsonl.gz");
    int refused = 0;
    for (const auto& line : *lines) {
        if (has_old_magic(line) || line.at("valid").as_bool())
            continue;
        const std::string_view note(line.at("note").as_string());
        SCOPED_TRACE("vector " + std::to_string(line.at("id").as_int64()) + ": " + std::string(note));
        const auto outcome = accept(bytes_of_line(line));
        EXPECT_EQ(outcome.code(), expected_code(note));
        if (!outcome) {
            EXPECT_FALSE(outcome.failure().detail.empty());
        }
        ++refused;
    }
    EXPECT_GT(refused, 40);
}

TEST(golden_batches, cut_off_tail_is_left_out_where_allowed) {
    GOLDEN_LINES(lines, "record-batches.jsonl.gz");
    for (const auto& line : *lines) {
        const auto* behaviour = line.if_contains("javaBehaviour");
        if (has_old_magic(line) || behaviour == nullptr ||
            behaviour->as_string() != "ignores-incomplete-tail")
            continue;
        const auto batches = split_complete_batches(bytes_of_line(line));
        ASSERT_TRUE(batches.has_value());
        EXPECT_EQ(batches->size(), line.at("batches").as_array().size());
    }
}

TEST(golden_batches, old_magic_is_named) {
    GOLDEN_LINES(lines, "record-batches.jsonl.gz");
    for (const auto& line : *lines) {
        if (!line.at("valid").as_bool() || !has_old_magic(line))
            continue;
        EXPECT_EQ(split_batches(bytes_of_line(line)).code(), errc::unsupported_for_message_format);
    }
}

void expect_message(const object& expected, const message_header& header) {
    EXPECT_EQ(header.magic, expected.at("magic").as_int64());
    EXPECT_EQ(header.total_size(), expected.at("sizeInBytes").to_number<std::size_t>());
    EXPECT_EQ(header.crc, expected.at("crc").to_number<std::uint32_t>());
    EXPECT_EQ(header.offset.get(), expected.at("lastOffset").as_int64());
    EXPECT_EQ(header.timestamp.get(), expected.at("maxTimestamp").as_int64());
    const std::string_view type(expected.at("timestampType").as_string());
    EXPECT_EQ(header.magic == 0, type == "NoTimestampType");
    EXPECT_EQ(header.time_type() == timestamp_type::log_append_time, type == "LogAppendTime");
    static constexpr std::array<std::string_view, 4> names{"none", "gzip", "snappy", "lz4"};
    EXPECT_EQ(names.at(header.codec_bits()), std::string_view(expected.at("compression").as_string()));
}

void expect_records(const object& expected, const message_view& message, const message_reading& reading) {
    const auto& records = expected.at("records").as_array();
    std::size_t index = 0;
    const auto walked = for_each_record(
        message,
        [&](const record_view& record) -> result<void> {
            if (index < records.size())
                expect_record(records[index].as_object(), record);
            ++index;
            return {};
        },
        reading);
    EXPECT_TRUE(walked.has_value()) << to_string(walked.failure());
    EXPECT_EQ(index, records.size());
}

void expect_valid(const object& expected, const message_view& message) {
    expect_message(expected, message.header);
    codec_workspace workspace;
    for (auto* kept : {static_cast<codec_workspace*>(nullptr), &workspace}) {
        message_reading reading;
        reading.check_crc = true;
        reading.workspace = kept;
        expect_records(expected, message, reading);
        validation_options options;
        options.origin = batch_origin::replica;
        options.max_timestamp = wrong_max_timestamp::refuse;
        options.workspace = kept;
        const auto facts = validate_message(message, options);
        ASSERT_TRUE(facts.has_value()) << to_string(facts.failure());
        EXPECT_EQ(static_cast<std::size_t>(facts->record_count), expected.at("records").as_array().size());
        EXPECT_EQ(facts->max_timestamp.get(), expected.at("maxTimestamp").as_int64());
    }
}

/// The same message again from its record.
slice rebuilt(const message_view& message) {
    message_builder_options options;
    options.magic = message.header.magic;
    options.time_type = message.header.time_type();
    message_builder builder(options);
    const auto walked = for_each_record(message, [&](const record_view& record) -> result<void> {
        builder.append(record.offset, record.timestamp, record.key, record.value);
        return {};
    });
    EXPECT_TRUE(walked.has_value());
    return builder.build();
}

TEST(golden_message_sets, valid_ones_read_as_expected_beside_batches) {
    GOLDEN_LINES(lines, "record-batches.jsonl.gz");
    std::array<int, 3> seen{};
    int rebuilt_equal = 0;
    for (const auto& line : *lines) {
        if (!line.at("valid").as_bool())
            continue;
        SCOPED_TRACE("vector " + std::to_string(line.at("id").as_int64()));
        const auto entries = split_entries(bytes_of_line(line));
        ASSERT_TRUE(entries.has_value()) << to_string(entries.failure());
        const auto& expected = line.at("batches").as_array();
        ASSERT_EQ(entries->size(), expected.size());
        for (std::size_t i = 0; i < expected.size(); ++i) {
            ++seen.at(static_cast<std::size_t>(magic_of((*entries)[i])));
            if (const auto* batch = std::get_if<batch_view>(&(*entries)[i])) {
                expect_header(expected[i].as_object(), batch->header);
                expect_records(expected[i].as_object(), *batch);
                continue;
            }
            const auto& message = std::get<message_view>((*entries)[i]);
            expect_valid(expected[i].as_object(), message);
            if (!message.header.is_wrapper()) {
                EXPECT_TRUE(rebuilt(message) == message.bytes);
                ++rebuilt_equal;
            }
        }
    }
    EXPECT_GE(seen[0], 20);
    EXPECT_GE(seen[1], 25);
    EXPECT_GT(seen[2], 60);
    EXPECT_GE(rebuilt_equal, 20);
}

/// Wrappers packed again with our libraries hold the same messages, byte for byte.
TEST(golden_message_sets, wrappers_pack_again_to_the_same_inside) {
    GOLDEN_LINES(lines, "record-batches.jsonl.gz");
    int packed_again = 0;
    for (const auto& line : *lines) {
        if (!line.at("valid").as_bool() || !has_old_magic(line))
            continue;
        SCOPED_TRACE("vector " + std::to_string(line.at("id").as_int64()));
        const auto entries = split_entries(bytes_of_line(line));
        for (std::size_t i = 0; i < entries->size(); ++i) {
            const auto* message = std::get_if<message_view>(&(*entries)[i]);
            if (message == nullptr || !message->header.is_wrapper())
                continue;
            message_builder_options options;
            options.magic = message->header.magic;
            options.compression = message->header.compression();
            options.time_type = message->header.time_type();
            message_builder builder(options);
            const auto walked = for_each_record(*message, [&](const record_view& record) -> result<void> {
                builder.append(record.offset, record.timestamp, record.key, record.value);
                return {};
            });
            ASSERT_TRUE(walked.has_value());
            const auto again = split_entries(builder.build());
            ASSERT_TRUE(again.has_value());
            const auto& wrapper = std::get<message_view>(again->front());
            EXPECT_EQ(wrapper.header.attributes, message->header.attributes);
            EXPECT_EQ(wrapper.header.timestamp, message->header.timestamp);
            expect_records(line.at("batches").as_array()[i].as_object(), wrapper, {});
            ++packed_again;
        }
    }
    EXPECT_GE(packed_again, 25);
}

result<void> accept_entries(const slice& records) {
    const auto entries = split_entries(records);
    if (!entries)
        return entries.failure();
    validation_options options;
    options.origin = batch_origin::replica;
    for (const auto& entry : *entries) {
        const auto* message = std::get_if<message_view>(&entry);
        const auto facts = message != nullptr ? validate_message(*message, options)
                                              : validate_batch(std::get<batch_view>(entry), options);
        if (!facts)
            return facts.failure();
    }
    return {};
}

TEST(golden_message_sets, every_invalid_vector_is_refused_with_the_right_code) {
    GOLDEN_LINES(lines, "record-batches.jsonl.gz");
    std::array<int, 2> refused{};
    for (const auto& line : *lines) {
        if (line.at("valid").as_bool())
            continue;
        const std::string_view note(line.at("note").as_string());
        SCOPED_TRACE("vector " + std::to_string(line.at("id").as_int64()) + ": " + std::string(note));
        const auto outcome = accept_entries(bytes_of_line(line));
        ASSERT_EQ(outcome.code(), expected_code(note));
        EXPECT_FALSE(outcome.failure().detail.empty());
        if (note.find("wrong CRC32") != std::string_view::npos) {
            EXPECT_NE(outcome.failure().detail.find("CRC"), std::string::npos);
        }
        ++refused[has_old_magic(line) ? 0 : 1];
    }
    EXPECT_EQ(refused[0], 6);
    EXPECT_EQ(refused[1], 48);
}

TEST(golden_message_sets, cut_off_tail_is_left_out_where_allowed) {
    GOLDEN_LINES(lines, "record-batches.jsonl.gz");
    int cut = 0;
    for (const auto& line : *lines) {
        const auto* behaviour = line.if_contains("javaBehaviour");
        if (behaviour == nullptr || behaviour->as_string() != "ignores-incomplete-tail")
            continue;
        const auto entries = split_complete_entries(bytes_of_line(line));
        ASSERT_TRUE(entries.has_value());
        EXPECT_EQ(entries->size(), line.at("batches").as_array().size());
        ++cut;
    }
    EXPECT_EQ(cut, 10);
}

} // namespace
} // namespace barnabas::batch
