#include "protocol/batch/big_endian.hpp"
#include "protocol/batch/builder.hpp"
#include "protocol/batch/patch.hpp"
#include "protocol/batch/validate.hpp"
#include "protocol/batch/varint.hpp"
#include "tests/unit/protocol/batch/allocations.hpp"

#include <gtest/gtest.h>

namespace barnabas::batch::validate_test {
namespace {

slice sample(const builder_options& options = {}) {
    batch_builder builder(options);
    for (int i = 0; i < 5; ++i)
        builder.append_text(timestamp_ms(100 + i % 3), "key", "value " + std::to_string(i));
    return builder.build();
}

batch_view view_of(const slice& bytes) {
    auto batches = split_batches(bytes);
    BARNABAS_ASSERT(batches.has_value());
    return batches->front();
}

/// Writes `value` over a header field and makes the CRC fit again.
template <class Integer>
batch_view with_field(const slice& bytes, std::size_t position, Integer value) {
    store_big_endian(bytes.patch_before_sharing().data() + position, value);
    auto batch = view_of(bytes);
    recompute_crc(batch);
    return batch;
}

/// A batch whose records section is exactly `body`.
batch_view with_body(const std::vector<std::byte>& body, std::int32_t record_count) {
    const auto bytes = slice::copy_of(std::vector<std::byte>(batch_header_size + body.size()));
    batch_header header;
    header.batch_length = static_cast<std::int32_t>(bytes.size() - batch_prefix_size);
    header.record_count = record_count;
    header.last_offset_delta = record_count - 1;
    write_header(header, bytes.patch_before_sharing());
    std::copy(body.begin(), body.end(), bytes.patch_before_sharing().begin() + at::records);
    auto batch = view_of(bytes);
    recompute_crc(batch);
    return batch;
}

/// One record from raw numbers: attributes, timestamp delta, offset delta, key and value length, header
/// count.
std::vector<std::byte> record_of(std::initializer_list<std::int32_t> numbers, std::int32_t length_error = 0) {
    std::vector<std::byte> fields{std::byte{0}};
    for (const auto number : numbers)
        append_varint(fields, number);
    std::vector<std::byte> record;
    append_varint(record, static_cast<std::int32_t>(fields.size()) + length_error);
    record.insert(record.end(), fields.begin(), fields.end());
    return record;
}

errc code_of(const batch_view& batch, const validation_options& options = {}) {
    return validate_batch(batch, options).code();
}

std::string detail_of(const batch_view& batch) {
    const auto facts = validate_batch(batch, {});
    return facts ? std::string() : facts.failure().detail;
}

validation_options from_replica() {
    validation_options options;
    options.origin = batch_origin::replica;
    return options;
}

TEST(validate, facts_describe_the_records) {
    const auto batch = view_of(sample());
    const auto facts = validate_batch(batch, {});
    ASSERT_TRUE(facts.has_value()) << to_string(facts.failure());
    EXPECT_EQ(facts->record_count, 5);
    EXPECT_EQ(facts->max_timestamp, timestamp_ms(102));
    EXPECT_EQ(facts->max_timestamp_delta, 2);
    EXPECT_EQ(facts->min_timestamp, timestamp_ms(100));
    EXPECT_TRUE(facts->max_timestamp_matches);
    EXPECT_EQ(facts->uncompressed_bytes, batch.records().size());
}

TEST(validate, uncompressed_batch_needs_no_memory) {
    const auto batch = view_of(sample());
    const auto before = allocations_so_far();
    const auto facts = validate_batch(batch, {});
    const auto after = allocations_so_far();
    EXPECT_TRUE(facts.has_value());
    EXPECT_EQ(after, before);
}

TEST(validate, unknown_codecs_are_refused) {
    for (std::int16_t bits = 5; bits <= 7; ++bits)
        EXPECT_EQ(code_of(with_field(sample(), at::attributes, bits)), errc::unsupported_compression);
}

TEST(validate, zstd_needs_a_new_enough_request) {
    builder_options zstd;
    zstd.compression = codec::zstd;
    validation_options options;
    EXPECT_EQ(code_of(view_of(sample(zstd)), options), errc::ok);
    options.allow_zstd = false;
    EXPECT_EQ(code_of(view_of(sample(zstd)), options), errc::unsupported_compression);
}

TEST(validate, count_must_equal_last_offset_delta_plus_one) {
    EXPECT_EQ(code_of(with_field<std::int32_t>(sample(), at::record_count, 4)), errc::invalid_record);
    EXPECT_EQ(code_of(with_field<std::int32_t>(sample(), at::record_count, 0)), errc::invalid_record);
    EXPECT_EQ(code_of(with_field<std::int32_t>(sample(), at::record_count, -5)), errc::invalid_record);
    EXPECT_EQ(code_of(with_field<std::int32_t>(sample(), at::last_offset_delta, 7)), errc::invalid_record);
}

TEST(validate, control_batch_of_a_client_is_refused) {
    builder_options control;
    control.control = true;
    EXPECT_EQ(code_of(view_of(sample(control))), errc::invalid_record);
    EXPECT_EQ(code_of(view_of(sample(control)), from_replica()), errc::ok);
}

TEST(validate, clients_start_at_offset_zero_and_leave_the_clock_to_the_broker) {
    builder_options options;
    options.base_offset = log_offset(1);
    EXPECT_EQ(code_of(view_of(sample(options))), errc::invalid_record);
    EXPECT_EQ(code_of(view_of(sample(options)), from_replica()), errc::ok);
    auto batch = view_of(sample());
    set_log_append_time(batch, timestamp_ms(5));
    EXPECT_EQ(code_of(batch), errc::invalid_timestamp);
}

TEST(validate, producer_fields_must_agree) {
    builder_options options;
    options.producer_id = producer_id(7);
    EXPECT_EQ(code_of(view_of(sample(options))), errc::invalid_record);
    options.producer_epoch = producer_epoch(0);
    EXPECT_EQ(code_of(view_of(sample(options))), errc::invalid_record);
    options.base_sequence = 0;
    EXPECT_EQ(code_of(view_of(sample(options))), errc::ok);
    // kafkajs sends epoch 0 and sequence 0 without a producer id.
    options.producer_id = no_producer_id;
    EXPECT_EQ(code_of(view_of(sample(options))), errc::ok);
    options.transactional = true;
    EXPECT_EQ(code_of(view_of(sample(options))), errc::invalid_record);
}

TEST(validate, compacted_topics_need_keys) {
    batch_builder builder;
    builder.append_text(timestamp_ms(1), "key", "value");
    builder.append_text(timestamp_ms(1), std::nullopt, "value");
    validation_options options;
    EXPECT_EQ(code_of(view_of(builder.build()), options), errc::ok);
    options.require_keys = true;
    const auto facts = validate_batch(view_of(builder.build()), options);
    ASSERT_EQ(facts.code(), errc::invalid_record);
    EXPECT_NE(facts.failure().detail.find("record 1 of 2: it has no key"), std::string::npos);
}

TEST(validate, wrong_maximum_timestamp_is_reported_or_refused) {
    const auto batch = with_field<std::int64_t>(sample(), at::max_timestamp, 999);
    const auto facts = validate_batch(batch, {});
    ASSERT_TRUE(facts.has_value());
    EXPECT_FALSE(facts->max_timestamp_matches);
    EXPECT_EQ(facts->max_timestamp, timestamp_ms(102));
    validation_options options;
    options.max_timestamp = wrong_max_timestamp::refuse;
    EXPECT_EQ(code_of(batch, options), errc::invalid_record);
}

TEST(validate, records_without_timestamp_have_no_minimum) {
    batch_builder builder;
    builder.append_text(no_timestamp, "k", "v");
    builder.append_text(no_timestamp, "k", "v");
    const auto facts = validate_batch(view_of(builder.build()), {});
    ASSERT_TRUE(facts.has_value());
    EXPECT_EQ(facts->max_timestamp, no_timestamp);
    EXPECT_EQ(facts->min_timestamp, no_timestamp);
    EXPECT_TRUE(facts->max_timestamp_matches);
}

TEST(validate, damaged_record_is_named) {
    // The numbers: timestamp delta, offset delta, key length, value length, header count.
    EXPECT_EQ(code_of(with_body(record_of({0, 0, -1, -1, 0}), 1)), errc::ok);
    EXPECT_NE(detail_of(with_body(record_of({0, 1, -1, -1, 0}), 1)).find("offset delta"), std::string::npos);
    EXPECT_NE(detail_of(with_body(record_of({0, 0, -2, -1, 0}), 1)).find("key length"), std::string::npos);
    EXPECT_NE(detail_of(with_body(record_of({0, 0, 50, -1, 0}), 1)).find("key runs"), std::string::npos);
    EXPECT_NE(detail_of(with_body(record_of({0, 0, -1, -2, 0}), 1)).find("value length"), std::string::npos);
    EXPECT_NE(detail_of(with_body(record_of({0, 0, -1, 50, 0}), 1)).find("value runs"), std::string::npos);
    EXPECT_NE(detail_of(with_body(record_of({0, 0, -1, -1, -1}), 1)).find("negative"), std::string::npos);
    EXPECT_NE(detail_of(with_body(record_of({0, 0, -1, -1, 99}), 1)).find("header count"), std::string::npos);
    EXPECT_NE(detail_of(with_body(record_of({0, 0, -1, -1, 1, -1, -1}), 1)).find("a header has no key"),
              std::string::npos);
    EXPECT_NE(detail_of(with_body(record_of({0, 0, -1, -1, 0}, 1), 1)).find("length"), std::string::npos);
    EXPECT_NE(detail_of(with_body(record_of({0, 0, -1, -1, 0}, -1), 1)).find("length"), std::string::npos);
    EXPECT_NE(detail_of(with_body({}, 1)).find("record 0 of 1"), std::string::npos);
    auto two = record_of({0, 0, -1, -1, 0});
    const auto one = two;
    two.insert(two.end(), one.begin(), one.end());
    EXPECT_NE(detail_of(with_body(two, 1)).find("left over"), std::string::npos);
    EXPECT_NE(detail_of(with_body(two, 2)).find("record 1 of 2"), std::string::npos);
}

TEST(validate, replica_may_have_gaps_and_emptied_batches) {
    auto body = record_of({0, 1, -1, -1, 0});
    const auto second = record_of({0, 4, -1, -1, 0});
    body.insert(body.end(), second.begin(), second.end());
    const auto batch = with_body(body, 2);
    const auto gaps = with_field<std::int32_t>(batch.bytes, at::last_offset_delta, 6);
    EXPECT_EQ(code_of(gaps), errc::invalid_record);
    EXPECT_EQ(code_of(gaps, from_replica()), errc::ok);
    EXPECT_EQ(code_of(with_field<std::int32_t>(batch.bytes, at::last_offset_delta, 3), from_replica()),
              errc::invalid_record);
    const auto empty = with_field<std::int32_t>(with_body({}, 0).bytes, at::last_offset_delta, 3);
    EXPECT_EQ(code_of(empty), errc::invalid_record);
    EXPECT_EQ(code_of(empty, from_replica()), errc::ok);
}

TEST(validate, batch_that_grows_beyond_the_bound_is_refused) {
    for (const auto which : {codec::gzip, codec::snappy, codec::lz4, codec::zstd}) {
        builder_options options;
        options.compression = which;
        batch_builder builder(options);
        builder.append_text(timestamp_ms(1), "k", std::string(1 << 20, 'a'));
        const auto batch = view_of(builder.build());
        validation_options limits;
        EXPECT_EQ(code_of(batch, limits), errc::ok);
        limits.decompressed_floor = 1000;
        limits.decompressed_ratio = 2;
        EXPECT_EQ(code_of(batch, limits), errc::message_too_large);
    }
}

TEST(validate, header_check_leaves_the_inside_alone) {
    validation_options options;
    options.inside = inside_check::header;
    const auto batch = with_body({std::byte{0xff}}, 1);
    EXPECT_EQ(code_of(batch, options), errc::ok);
    EXPECT_EQ(code_of(batch), errc::invalid_record);
}

TEST(validate, size_must_be_the_one_of_the_header) {
    auto batch = view_of(sample());
    batch.bytes = batch.bytes.sub(0, batch.bytes.size() - 1);
    EXPECT_EQ(code_of(batch), errc::corrupt_message);
}

} // namespace
} // namespace barnabas::batch::validate_test
