#include "protocol/batch/builder.hpp"
#include "protocol/batch/crc32c.hpp"
#include "protocol/batch/patch.hpp"
#include "protocol/batch/record_reader.hpp"
#include "protocol/batch/validate.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace barnabas::batch::record_batch_test {
namespace {

slice three_records(const builder_options& options = {}) {
    batch_builder builder(options);
    builder.append_text(timestamp_ms(1000), "a", "first");
    builder.append_text(timestamp_ms(3000), "b", "second");
    builder.append_text(timestamp_ms(2000), std::nullopt, std::nullopt);
    return builder.build();
}

batch_view only_batch(const slice& bytes) {
    auto batches = split_batches(bytes);
    EXPECT_TRUE(batches.has_value());
    EXPECT_EQ(batches->size(), 1u);
    return batches->front();
}

TEST(record_batch, header_fields_follow_the_options) {
    builder_options options;
    options.base_offset = log_offset(70);
    options.leader_epoch = leader_epoch(5);
    options.producer_id = producer_id(9);
    options.producer_epoch = producer_epoch(2);
    options.base_sequence = 41;
    options.transactional = true;
    const auto header = only_batch(three_records(options)).header;
    EXPECT_EQ(header.base_offset, log_offset(70));
    EXPECT_EQ(header.last_offset(), log_offset(72));
    EXPECT_EQ(header.next_offset(), log_offset(73));
    EXPECT_EQ(header.leader_epoch, leader_epoch(5));
    EXPECT_EQ(header.producer_id, producer_id(9));
    EXPECT_EQ(header.producer_epoch, producer_epoch(2));
    EXPECT_EQ(header.base_sequence, 41);
    EXPECT_EQ(header.last_sequence(), 43);
    EXPECT_TRUE(header.is_transactional());
    EXPECT_FALSE(header.is_control());
    EXPECT_EQ(header.base_timestamp, timestamp_ms(1000));
    EXPECT_EQ(header.max_timestamp, timestamp_ms(3000));
    EXPECT_EQ(header.delete_horizon(), std::nullopt);
}

TEST(record_batch, sequences_wrap_to_zero) {
    batch_header header;
    header.base_sequence = std::numeric_limits<std::int32_t>::max() - 1;
    header.last_offset_delta = 3;
    EXPECT_EQ(header.last_sequence(), 1);
    header.base_sequence = -1;
    EXPECT_EQ(header.last_sequence(), -1);
}

TEST(record_batch, offsets_wrap_instead_of_overflowing) {
    batch_header header;
    header.base_offset = log_offset(std::numeric_limits<std::int64_t>::max());
    header.last_offset_delta = std::numeric_limits<std::int32_t>::max();
    EXPECT_LT(header.next_offset(), log_offset(0));
}

TEST(record_batch, list_splits_without_copying) {
    const std::vector<slice> parts{three_records(), three_records(), three_records()};
    const auto list = join(parts);
    const auto batches = split_batches(list);
    ASSERT_TRUE(batches.has_value());
    ASSERT_EQ(batches->size(), 3u);
    EXPECT_EQ((*batches)[1].bytes.data(), list.data() + parts[0].size());
    const auto empty = split_batches(slice{});
    ASSERT_TRUE(empty.has_value());
    EXPECT_TRUE(empty->empty());
}

TEST(record_batch, truncation_at_every_byte_is_refused) {
    const auto whole = three_records();
    for (std::size_t size = 1; size < whole.size(); ++size) {
        const auto cut = whole.sub(0, size);
        EXPECT_EQ(split_batches(cut).code(), errc::corrupt_message) << size;
        const auto complete = split_complete_batches(cut);
        ASSERT_TRUE(complete.has_value()) << size;
        EXPECT_TRUE(complete->empty());
    }
}

TEST(record_batch, failure_names_the_position) {
    const auto good = three_records();
    const auto list = join(std::vector<slice>{good, good.sub(0, 30)});
    const auto batches = split_batches(list);
    ASSERT_FALSE(batches.has_value());
    EXPECT_NE(batches.failure().detail.find("byte " + std::to_string(good.size())), std::string::npos);
}

TEST(patch, base_offset_and_epoch_leave_the_crc_alone) {
    auto batch = only_batch(three_records());
    const auto crc = batch.header.crc;
    set_base_offset(batch, log_offset(1'000'000'000'000));
    set_leader_epoch(batch, leader_epoch(17));
    const auto again = only_batch(batch.bytes);
    EXPECT_EQ(again.header, batch.header);
    EXPECT_EQ(again.header.crc, crc);
    EXPECT_EQ(again.header.base_offset, log_offset(1'000'000'000'000));
    EXPECT_EQ(again.header.leader_epoch, leader_epoch(17));
    EXPECT_EQ(crc32c(again.bytes.bytes().subspan(at::attributes)), crc);
}

TEST(patch, log_append_time_covers_every_record) {
    auto batch = only_batch(three_records());
    set_log_append_time(batch, timestamp_ms(5555));
    const auto again = only_batch(batch.bytes);
    EXPECT_EQ(again.header, batch.header);
    validation_options options;
    options.origin = batch_origin::replica;
    const auto facts = validate_batch(again, options);
    ASSERT_TRUE(facts.has_value()) << to_string(facts.failure());
    EXPECT_EQ(facts->max_timestamp, timestamp_ms(5555));
    EXPECT_EQ(facts->min_timestamp, timestamp_ms(5555));
    EXPECT_EQ(facts->max_timestamp_delta, 0);
    int seen = 0;
    ASSERT_TRUE(for_each_record(again, [&](const record_view& record) -> result<void> {
                    EXPECT_EQ(record.timestamp, timestamp_ms(5555));
                    ++seen;
                    return {};
                }).has_value());
    EXPECT_EQ(seen, 3);
}

TEST(patch, maximum_timestamp_can_be_corrected) {
    auto batch = only_batch(three_records());
    set_max_timestamp(batch, timestamp_ms(9));
    auto facts = validate_batch(batch, {});
    ASSERT_TRUE(facts.has_value());
    EXPECT_FALSE(facts->max_timestamp_matches);
    set_max_timestamp(batch, facts->max_timestamp);
    facts = validate_batch(batch, {});
    ASSERT_TRUE(facts.has_value());
    EXPECT_TRUE(facts->max_timestamp_matches);
}

TEST(record_reader, uncompressed_records_lie_inside_the_batch) {
    const auto batch = only_batch(three_records());
    const auto* first = batch.bytes.data();
    const auto* last = first + batch.bytes.size();
    ASSERT_TRUE(for_each_record(batch, [&](const record_view& record) -> result<void> {
                    if (record.value) {
                        EXPECT_GE(record.value->data(), first);
                        EXPECT_LE(record.value->data() + record.value->size(), last);
                    }
                    return {};
                }).has_value());
}

TEST(record_reader, error_of_the_visitor_stops_the_walk) {
    int seen = 0;
    const auto walked = for_each_record(only_batch(three_records()), [&](const record_view&) -> result<void> {
        ++seen;
        return error{errc::closed, "enough"};
    });
    EXPECT_EQ(walked.code(), errc::closed);
    EXPECT_EQ(seen, 1);
}

} // namespace
} // namespace barnabas::batch::record_batch_test
