#include "protocol/batch/convert_stored.hpp"
#include "protocol/batch/validate.hpp"
#include "tests/unit/protocol/batch/messages.hpp"

#include <gtest/gtest.h>

/// Messages that a log still holds become batches at the same offsets.
namespace barnabas::batch::convert_stored_test {
namespace {

using messages = std::vector<plain_message>;

struct converted {
    std::vector<batch_view> batches;
    messages records;
};

/// Of a set; the first error instead, if there is one.
result<converted> convert(const std::vector<slice>& sets) {
    stored_conversion conversion;
    for (const auto& set : sets) {
        const auto entries = split_entries(set);
        if (!entries)
            return entries.failure();
        for (const auto& entry : *entries)
            if (auto taken = conversion.take(std::get<message_view>(entry)); !taken)
                return taken.failure();
    }
    conversion.end_batch();
    converted made;
    for (const auto& bytes : conversion.take_batches()) {
        const batch_view batch{bytes, *parse_header(bytes.bytes())};
        validation_options options;
        options.origin = batch_origin::replica;
        options.max_timestamp = wrong_max_timestamp::refuse;
        const auto valid = validate_batch(batch, options);
        EXPECT_TRUE(valid) << to_string(valid.failure());
        EXPECT_TRUE(for_each_record(batch, [&](const record_view& record) {
            made.records.push_back(plain_of(record));
            return result<void>{};
        }));
        made.batches.push_back(batch);
    }
    EXPECT_EQ(conversion.record_count(), made.records.size());
    return made;
}

message_builder_options append_time(codec which = codec::none) {
    message_builder_options options;
    options.compression = which;
    options.time_type = timestamp_type::log_append_time;
    return options;
}

TEST(convert_stored, a_wrapper_is_one_batch_with_its_codec_and_its_gaps) {
    const messages some{{7, 30, "a", "1"}, {9, 20, std::nullopt, "2"}, {12, 25, "c", std::nullopt}};
    for (const auto which : {codec::gzip, codec::snappy, codec::lz4})
        for (const std::int8_t magic : {std::int8_t{0}, std::int8_t{1}}) {
            auto expected = some;
            for (auto& one : expected)
                one.timestamp = magic == 0 ? -1 : one.timestamp;
            const auto made = convert({build_set(magic, which, some)});
            ASSERT_TRUE(made) << to_string(made.failure());
            EXPECT_EQ(made->records, expected);
            ASSERT_EQ(made->batches.size(), 1u);
            const auto& header = made->batches.front().header;
            EXPECT_EQ(header.base_offset, log_offset(7));
            EXPECT_EQ(header.last_offset(), log_offset(12));
            EXPECT_EQ(header.compression(), which);
            EXPECT_EQ(header.max_timestamp.get(), magic == 0 ? -1 : 30);
            EXPECT_EQ(header.leader_epoch.get(), -1);
            EXPECT_EQ(header.producer_id, no_producer_id);
        }
}

TEST(convert_stored, plain_messages_share_a_batch_of_a_bounded_size) {
    messages some;
    for (std::int64_t i = 0; i < 1000; ++i)
        some.push_back({3 * i, 100 + i, "key", std::string(100, 'v')});
    const auto made = convert({build_set(1, codec::none, some)});
    ASSERT_TRUE(made);
    EXPECT_EQ(made->records, some);
    EXPECT_GT(made->batches.size(), 5u);
    EXPECT_LT(made->batches.size(), 10u);
    for (const auto& batch : made->batches)
        EXPECT_LE(batch.bytes.size(), 17u << 10);
}

TEST(convert_stored, a_batch_has_one_magic_and_one_log_append_time) {
    const auto made = convert({build_set(0, codec::none, {{1, -1, "a", "1"}}),
                               build_set(1, codec::none, {{2, 50, "b", "2"}}),
                               build_set({{3, 60, "c", "3"}, {4, 60, "d", "4"}}, append_time()),
                               build_set({{5, 61, "e", "5"}}, append_time())});
    ASSERT_TRUE(made);
    ASSERT_EQ(made->batches.size(), 4u);
    EXPECT_EQ(made->batches[2].header.record_count, 2);
    EXPECT_EQ(made->batches[2].header.time_type(), timestamp_type::log_append_time);
    EXPECT_EQ(made->batches[3].header.max_timestamp.get(), 61);
    EXPECT_EQ(made->batches[0].header.time_type(), timestamp_type::create_time);
}

TEST(convert_stored, log_append_time_of_a_wrapper_is_that_of_its_records) {
    auto set = build_set({{5, 900, "a", "1"}, {6, 900, "b", "2"}}, append_time(codec::lz4));
    const auto made = convert({set});
    ASSERT_TRUE(made);
    EXPECT_EQ(made->records, (messages{{5, 900, "a", "1"}, {6, 900, "b", "2"}}));
    EXPECT_EQ(made->batches.front().header.time_type(), timestamp_type::log_append_time);
}

/// The same set with another offset outside.
slice with_offset(const slice& set, std::int64_t offset) {
    std::vector<std::byte> bytes(set.bytes().begin(), set.bytes().end());
    store_big_endian(bytes.data() + message_at::offset, offset);
    return slice::copy_of(bytes);
}

TEST(convert_stored, a_wrapper_that_lost_its_last_record_keeps_the_last_offset) {
    const auto set = build_set(0, codec::gzip, {{5, -1, "a", "1"}, {6, -1, "b", "2"}});
    const auto made = convert({with_offset(set, 8)});
    ASSERT_TRUE(made) << to_string(made.failure());
    EXPECT_EQ(made->batches.front().header.next_offset(), log_offset(9));
}

TEST(convert_stored, offsets_that_make_no_sense_are_refused) {
    const auto set = build_set(0, codec::gzip, {{5, -1, "a", "1"}, {6, -1, "b", "2"}});
    EXPECT_EQ(convert({with_offset(set, 5)}).code(), errc::invalid_record) << "beyond the wrapper's";
    EXPECT_EQ(convert({with_offset(set, std::int64_t{1} << 40)}).code(), errc::invalid_record) << "too far";
    const auto newer = build_set(1, codec::gzip, {{5, 1, "a", "1"}, {6, 1, "b", "2"}});
    EXPECT_EQ(convert({with_offset(newer, 0)}).code(), errc::invalid_record) << "below 0";
    const auto plain = build_set(1, codec::none, {{5, 1, "a", "1"}});
    EXPECT_EQ(convert({with_offset(plain, -3)}).code(), errc::invalid_record) << "below 0";
}

TEST(convert_stored, after_an_error_it_goes_on_as_if_the_message_had_not_been_there) {
    stored_conversion conversion;
    const auto good = build_set(1, codec::none, {{1, 5, "a", "1"}});
    const auto bad = with_offset(build_set(0, codec::gzip, {{5, -1, "a", "1"}, {6, -1, "b", "2"}}), 5);
    const auto taken = [&](const slice& set) {
        return conversion.take(std::get<message_view>(split_entries(set)->front())).has_value();
    };
    EXPECT_TRUE(taken(good));
    EXPECT_FALSE(taken(bad));
    EXPECT_TRUE(taken(with_offset(good, 7)));
    conversion.end_batch();
    EXPECT_EQ(conversion.record_count(), 2u);
    EXPECT_EQ(conversion.take_batches().size(), 2u);
    EXPECT_TRUE(conversion.take_batches().empty());
}

} // namespace
} // namespace barnabas::batch::convert_stored_test
