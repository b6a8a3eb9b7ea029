#include "protocol/batch/batch_fault.hpp"

#include "protocol/batch/big_endian.hpp"
#include "protocol/batch/builder.hpp"
#include "protocol/batch/convert_up.hpp"
#include "protocol/batch/patch.hpp"
#include "protocol/batch/validate.hpp"
#include "tests/unit/protocol/batch/messages.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string_view>

namespace barnabas::batch::batch_fault_test {
namespace {

slice batch_of(std::optional<std::string_view> key) {
    batch_builder builder;
    builder.append_text(timestamp_ms(1000), key, "value");
    builder.append_text(timestamp_ms(1000), key, "other");
    return builder.build();
}

/// Writes over bytes of a batch, and makes the CRC fit again.
template <class Integer>
slice with_field(const slice& records, std::size_t position, Integer value) {
    store_big_endian(records.patch_before_sharing().data() + position, value);
    auto batches = split_batches(records);
    EXPECT_TRUE(batches.has_value());
    recompute_crc(batches->front());
    return records;
}

batch_fault fault_in(const slice& records, bool require_keys = false) {
    validation_options options;
    options.require_keys = require_keys;
    auto batches = split_batches(records);
    if (!batches)
        return fault_of(batches.failure(), records.bytes());
    const auto facts = validate_batch(batches->front(), options);
    EXPECT_FALSE(facts.has_value());
    return facts ? batch_fault::other : fault_of(facts.failure(), records.bytes());
}

TEST(batch_fault, damage_and_unknown_formats_are_told_apart) {
    auto damaged = batch_of("key");
    damaged.patch_before_sharing().back() ^= std::byte{1};
    EXPECT_EQ(fault_in(damaged), batch_fault::damaged);
    EXPECT_EQ(fault_in(batch_of("key").sub(0, 70)), batch_fault::damaged) << "a length that is not there";
    for (const int magic : {0, 1, 3, -1}) {
        const auto records = batch_of("key");
        records.patch_before_sharing()[at::magic] = static_cast<std::byte>(magic);
        EXPECT_EQ(fault_in(records), batch_fault::magic) << magic;
    }
}

TEST(batch_fault, offsets_counts_and_sequences_are_order) {
    EXPECT_EQ(fault_in(with_field(batch_of("key"), at::base_offset, std::int64_t{4})), batch_fault::order);
    EXPECT_EQ(fault_in(with_field(batch_of("key"), at::last_offset_delta, std::int32_t{7})),
              batch_fault::order);
    EXPECT_EQ(fault_in(with_field(batch_of("key"), at::record_count, std::int32_t{0})), batch_fault::order);
    auto numbered = with_field(batch_of("key"), at::producer_id, std::int64_t{5});
    numbered = with_field(numbered, at::producer_epoch, std::int16_t{0});
    EXPECT_EQ(fault_in(with_field(numbered, at::base_sequence, std::int32_t{-1})), batch_fault::order);
    // Length, attributes and timestamp delta of the first record take a byte each.
    EXPECT_EQ(fault_in(with_field(batch_of("key"), at::records + 3, std::int8_t{2})), batch_fault::order);
}

TEST(batch_fault, missing_keys_have_a_kind_in_all_formats) {
    EXPECT_EQ(fault_in(batch_of(std::nullopt), true), batch_fault::no_key);
    up_options options;
    options.require_keys = true;
    const auto set = build_set(1, codec::none, {{0, 1000, std::nullopt, "value"}});
    const auto converted = convert_up(set, options);
    ASSERT_FALSE(converted.has_value());
    EXPECT_EQ(fault_of(converted.failure(), set.bytes()), batch_fault::no_key);
}

TEST(batch_fault, what_kafka_does_not_count_is_other) {
    const auto control = static_cast<std::uint16_t>(1u << 5);
    auto records = with_field(batch_of("key"), at::attributes, control);
    EXPECT_EQ(fault_in(records), batch_fault::other);
    EXPECT_EQ(fault_of({errc::message_too_large, "large"}, records.bytes()), batch_fault::other);
}

} // namespace
} // namespace barnabas::batch::batch_fault_test
