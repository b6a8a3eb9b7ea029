#include "protocol/batch/builder.hpp"
#include "protocol/batch/patch.hpp"
#include "protocol/batch/record_reader.hpp"
#include "protocol/batch/repack.hpp"
#include "protocol/batch/validate.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <string>

namespace barnabas::batch::round_trip_test {
namespace {

using optional_text = std::optional<std::string>;

struct plain_record {
    std::int64_t timestamp = 0;
    optional_text key;
    optional_text value;
    std::vector<std::pair<std::string, optional_text>> headers;

    bool operator==(const plain_record&) const = default;
};

rc::Gen<optional_text> any_text() {
    return rc::gen::map(rc::gen::pair(rc::gen::arbitrary<bool>(), rc::gen::arbitrary<std::string>()),
                        [](std::pair<bool, std::string> drawn) {
                            return drawn.first ? optional_text(std::move(drawn.second)) : std::nullopt;
                        });
}

rc::Gen<plain_record> any_record() {
    return rc::gen::build<plain_record>(
        rc::gen::set(&plain_record::timestamp), rc::gen::set(&plain_record::key, any_text()),
        rc::gen::set(&plain_record::value, any_text()),
        rc::gen::set(&plain_record::headers,
                     rc::gen::container<std::vector<std::pair<std::string, optional_text>>>(
                         rc::gen::pair(rc::gen::arbitrary<std::string>(), any_text()))));
}

std::optional<std::span<const std::byte>> view_of(const optional_text& text) {
    return text ? std::optional(bytes_of(*text)) : std::nullopt;
}

optional_text text_of(const std::optional<std::span<const std::byte>>& bytes) {
    if (!bytes)
        return std::nullopt;
    return std::string(reinterpret_cast<const char*>(bytes->data()), bytes->size());
}

slice build(const std::vector<plain_record>& records, codec which) {
    builder_options options;
    options.compression = which;
    batch_builder builder(options);
    for (const auto& record : records) {
        std::vector<header_view> headers;
        for (const auto& [key, value] : record.headers)
            headers.push_back(header_view{key, view_of(value)});
        builder.append(timestamp_ms(record.timestamp), view_of(record.key), view_of(record.value), headers);
    }
    return builder.build();
}

std::vector<plain_record> read_back(const batch_view& batch) {
    std::vector<plain_record> records;
    const auto walked = for_each_record(batch, [&](const record_view& record) -> result<void> {
        plain_record plain{record.timestamp.get(), text_of(record.key), text_of(record.value), {}};
        for (const auto& header : record.headers)
            plain.headers.emplace_back(std::string(header.key), text_of(header.value));
        records.push_back(std::move(plain));
        return {};
    });
    RC_ASSERT(walked.has_value());
    return records;
}

codec any_codec() {
    return static_cast<codec>(*rc::gen::inRange(0, 5));
}

batch_view split_one(const slice& bytes) {
    const auto batches = split_batches(bytes);
    BARNABAS_ASSERT(batches.has_value());
    BARNABAS_ASSERT(batches->size() == 1);
    return batches->front();
}

RC_GTEST_PROP(round_trip, built_batch_is_valid_and_reads_back, ()) {
    const auto records = *rc::gen::nonEmpty(rc::gen::container<std::vector<plain_record>>(any_record()));
    const auto batch = split_one(build(records, any_codec()));
    validation_options options;
    options.max_timestamp = wrong_max_timestamp::refuse;
    const auto facts = validate_batch(batch, options);
    RC_ASSERT(facts.has_value());
    RC_ASSERT(facts->record_count == static_cast<std::int32_t>(records.size()));
    const auto largest = std::max_element(records.begin(), records.end(), [](const auto& a, const auto& b) {
        return a.timestamp < b.timestamp;
    });
    RC_ASSERT(facts->max_timestamp.get() == largest->timestamp);
    RC_ASSERT(facts->max_timestamp_delta == static_cast<std::int32_t>(largest - records.begin()));
    RC_ASSERT(read_back(batch) == records);
}

RC_GTEST_PROP(round_trip, any_flipped_bit_behind_the_crc_is_refused, ()) {
    const auto records = *rc::gen::nonEmpty(rc::gen::container<std::vector<plain_record>>(any_record()));
    const auto bytes = build(records, any_codec());
    const auto bit = *rc::gen::inRange<std::size_t>(8 * at::crc, 8 * bytes.size());
    const auto target = bytes.patch_before_sharing();
    target[bit / 8] ^= static_cast<std::byte>(1 << (bit % 8));
    const auto facts = validate_batch(split_one(bytes), {});
    RC_ASSERT(facts.code() == errc::corrupt_message);
}

RC_GTEST_PROP(round_trip, a_batch_packed_again_is_the_same_but_for_its_codec, ()) {
    const auto records = *rc::gen::nonEmpty(rc::gen::container<std::vector<plain_record>>(any_record()));
    const auto batch = split_one(build(records, any_codec()));
    const auto wanted = any_codec();
    const auto packed = repack(batch, {wanted, {}, nullptr});
    RC_ASSERT(packed.has_value());
    RC_ASSERT(split_one(packed->bytes).header == packed->header);
    RC_ASSERT(packed->header.compression() == wanted);
    RC_ASSERT(validate_batch(*packed, {}).has_value());
    RC_ASSERT(read_back(*packed) == records);
    auto header = packed->header;
    header.attributes = batch.header.attributes;
    header.batch_length = batch.header.batch_length;
    header.crc = batch.header.crc;
    RC_ASSERT(header == batch.header);
}

/// The reader is written apart from the check, so that it can be asked whether what passed is right.
void expect_same_as_read(const batch_view& batch, const batch_facts& facts, batch_origin origin) {
    std::int32_t count = 0;
    std::int32_t last_delta = -1;
    timestamp_ms newest = no_timestamp;
    const auto walked = for_each_record(batch, [&](const record_view& record) -> result<void> {
        const bool follows =
            origin == batch_origin::client ? record.offset_delta == count : record.offset_delta > last_delta;
        RC_ASSERT(follows);
        newest = count == 0 ? record.timestamp : std::max(newest, record.timestamp);
        last_delta = record.offset_delta;
        ++count;
        return {};
    });
    RC_ASSERT(walked.has_value());
    RC_ASSERT(count == facts.record_count);
    RC_ASSERT(last_delta <= batch.header.last_offset_delta);
    RC_ASSERT(count == 0 || newest == facts.max_timestamp);
}

/// The attacker knows how to compute a CRC: whatever is inside, the check ends with facts or an error, and
/// what it accepts can be read.
RC_GTEST_PROP(round_trip, damage_under_a_right_crc_never_crashes, ()) {
    const auto records = *rc::gen::nonEmpty(rc::gen::container<std::vector<plain_record>>(any_record()));
    const auto bytes = build(records, any_codec());
    const auto target = bytes.patch_before_sharing();
    const auto damages = *rc::gen::inRange(1, 6);
    for (int i = 0; i < damages; ++i) {
        const auto position = *rc::gen::inRange<std::size_t>(at::attributes, bytes.size());
        target[position] = static_cast<std::byte>(*rc::gen::inRange(0, 256));
    }
    auto batch = split_one(bytes);
    recompute_crc(batch);
    for (const auto origin : {batch_origin::client, batch_origin::replica}) {
        validation_options options;
        options.origin = origin;
        const auto facts = validate_batch(batch, options);
        if (facts)
            expect_same_as_read(batch, *facts, origin);
        else
            RC_ASSERT(!facts.failure().detail.empty());
    }
    // The reader meets unchecked batches too, in tools.
    if (batch.header.codec_bits() <= 4)
        (void)for_each_record(batch, [](const record_view&) { return result<void>{}; });
}

RC_GTEST_PROP(round_trip, garbage_never_crashes, (std::vector<std::uint8_t> bytes)) {
    auto garbage = slice::copy_of(std::as_bytes(std::span(bytes)));
    for (const auto& batches : {split_batches(garbage), split_complete_batches(garbage)})
        if (batches)
            for (const auto& batch : *batches)
                (void)validate_batch(batch, {});
}

/// Records with short numbers, at hand in one piece, are checked one way, all others another.
void expect_passes(const batch_view& batch, std::int64_t stride) {
    for (const auto origin : {batch_origin::client, batch_origin::replica}) {
        validation_options options;
        options.origin = origin;
        options.max_timestamp = wrong_max_timestamp::refuse;
        const auto facts = validate_batch(batch, options);
        ASSERT_TRUE(facts.has_value()) << to_string(facts.failure());
        EXPECT_EQ(facts->record_count, 40);
        EXPECT_EQ(facts->max_timestamp.get(), std::max<std::int64_t>(0, 39 * stride));
        EXPECT_EQ(facts->max_timestamp_delta, stride > 0 ? 39 : 0);
    }
    validation_options keys;
    keys.require_keys = true;
    EXPECT_EQ(validate_batch(batch, keys).code(), errc::invalid_record);
}

TEST(round_trip, ordinary_and_odd_records_pass_side_by_side) {
    const optional_text small(std::string(20, 's'));
    const optional_text large(std::string(3'000'000, 'l'));
    for (const auto which : {codec::none, codec::gzip, codec::snappy, codec::lz4, codec::zstd})
        for (const std::int64_t stride : {0ll, 1ll, -1ll, 1ll << 20, 1ll << 21, -(1ll << 40), 1ll << 56}) {
            std::vector<plain_record> records;
            for (std::int64_t i = 0; i < 40; ++i) {
                auto& record = records.emplace_back();
                record.timestamp = i * stride;
                record.key = i % 3 == 0 ? std::nullopt : small;
                record.value = i % 5 == 0 ? std::nullopt : i == 17 ? large : small;
                record.headers.assign(static_cast<std::size_t>(i % 4),
                                      {"header", i % 7 == 0 ? std::nullopt : small});
            }
            expect_passes(split_one(build(records, which)), stride);
        }
}

TEST(round_trip, record_longer_than_the_window_passes) {
    std::string value(1'000'000, 'x');
    for (std::size_t i = 0; i < value.size(); i += 3)
        value[i] = static_cast<char>(i * 2654435761u >> 13);
    for (const auto which : {codec::none, codec::gzip, codec::snappy, codec::lz4, codec::zstd}) {
        const std::vector<plain_record> records{{1, "k", value, {{"h", value}}}, {2, value, "v", {}}};
        const auto batch = split_one(build(records, which));
        const auto facts = validate_batch(batch, {});
        ASSERT_TRUE(facts.has_value()) << to_string(facts.failure());
        EXPECT_GT(facts->uncompressed_bytes, 3'000'000u);
        EXPECT_EQ(read_back(batch), records);
    }
}

} // namespace
} // namespace barnabas::batch::round_trip_test
