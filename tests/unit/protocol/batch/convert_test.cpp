#include "protocol/batch/convert_down.hpp"
#include "protocol/batch/convert_up.hpp"
#include "protocol/batch/patch.hpp"
#include "tests/unit/protocol/batch/messages.hpp"

#include <gtest/gtest.h>

namespace barnabas::batch::convert_test {
namespace {

constexpr std::array old_magics{std::int8_t{0}, std::int8_t{1}};
constexpr std::array old_codecs{codec::none, codec::gzip, codec::snappy, codec::lz4};

/// As a format gives them back: magic 0 has no timestamps.
std::vector<plain_message> sample(std::int8_t magic = 1) {
    const auto time = [magic](std::int64_t timestamp) { return magic == 0 ? -1 : timestamp; };
    return {{0, time(5000), "key", "value"},
            {1, time(4000), std::nullopt, ""},
            {2, time(6000), "", std::nullopt}};
}

std::vector<plain_message> read_batch(const batch_view& batch) {
    std::vector<plain_message> read;
    const auto walked = for_each_record(batch, [&](const record_view& record) -> result<void> {
        read.push_back(plain_of(record));
        return {};
    });
    EXPECT_TRUE(walked.has_value());
    return read;
}

/// A batch as it lies in a log, from `base` on.
slice batch_at(std::int64_t base, const std::vector<plain_message>& records, builder_options options = {}) {
    const std::vector<header_view> headers{{"header", bytes_of(std::string_view("dropped"))}};
    options.base_offset = log_offset(base);
    batch_builder builder(options);
    for (const auto& record : records)
        builder.append(timestamp_ms(record.timestamp), optional_bytes_of(record.key),
                       optional_bytes_of(record.value), headers);
    return builder.build();
}

slice packed_batch_at(std::int64_t base, codec which) {
    builder_options options;
    options.compression = which;
    return batch_at(base, sample(), options);
}

slice control_batch_at(std::int64_t base) {
    builder_options options;
    options.control = options.transactional = true;
    options.producer_id = producer_id(1);
    options.producer_epoch = producer_epoch(0);
    return batch_at(base, {{base, 1, std::string("\0\0\0\1", 4), std::string(6, '\0')}}, options);
}

down_options asking(std::int8_t magic, std::int64_t first = 0, std::size_t bytes = 1 << 20) {
    down_options options;
    options.magic = magic;
    options.first_offset = log_offset(first);
    options.bytes_max = bytes;
    return options;
}

std::vector<plain_message> read_parts(const down_converted& converted) {
    const auto read = read_set(join(converted.parts));
    EXPECT_TRUE(read.has_value());
    EXPECT_EQ(total_size(converted.parts), converted.total_bytes);
    return read ? *read : std::vector<plain_message>();
}

TEST(convert_up, set_becomes_one_batch_with_the_same_records) {
    for (const auto magic : old_magics)
        for (const auto which : old_codecs) {
            const auto up = convert_up(build_set(magic, which, sample()));
            ASSERT_TRUE(up.has_value()) << to_string(up.failure());
            EXPECT_EQ(read_batch(up->batch), sample(magic));
            EXPECT_EQ(up->batch.header.compression(), which);
            EXPECT_EQ(up->producer_codec, which);
            EXPECT_EQ(up->converted_records, 3);
        }
}

TEST(convert_up, facts_are_those_of_the_check) {
    for (const auto magic : old_magics)
        for (const auto which : old_codecs) {
            const auto up = convert_up(build_set(magic, which, sample()));
            validation_options options;
            options.max_timestamp = wrong_max_timestamp::refuse;
            const auto facts = validate_batch(up->batch, options);
            ASSERT_TRUE(facts.has_value()) << to_string(facts.failure());
            EXPECT_EQ(facts->record_count, up->facts.record_count);
            EXPECT_EQ(facts->max_timestamp, up->facts.max_timestamp);
            EXPECT_EQ(facts->max_timestamp_delta, up->facts.max_timestamp_delta);
            EXPECT_EQ(facts->min_timestamp, up->facts.min_timestamp);
            EXPECT_EQ(facts->uncompressed_bytes, up->facts.uncompressed_bytes);
            EXPECT_TRUE(up->facts.max_timestamp_matches);
        }
}

TEST(convert_up, without_timestamps_the_batch_has_none_until_the_topic_sets_one) {
    auto up = convert_up(build_set(0, codec::gzip, sample()));
    EXPECT_EQ(up->batch.header.base_timestamp, no_timestamp);
    EXPECT_EQ(up->batch.header.max_timestamp, no_timestamp);
    EXPECT_EQ(up->facts.min_timestamp, no_timestamp);
    set_log_append_time(up->batch, timestamp_ms(77));
    for (const auto& record : read_batch(up->batch))
        EXPECT_EQ(record.timestamp, 77);
}

TEST(convert_up, mixed_set_keeps_the_order_and_takes_the_last_codec) {
    const auto set = join(std::vector{build_set(0, codec::none, {{0, -1, "a", "1"}}),
                                      build_set(1, codec::gzip, {{0, 5, "b", "2"}}),
                                      build_set(0, codec::lz4, {{0, -1, "c", "3"}, {1, -1, "d", "4"}}),
                                      build_set(1, codec::none, {{0, 9, "e", "5"}})});
    const auto up = convert_up(set);
    ASSERT_TRUE(up.has_value()) << to_string(up.failure());
    EXPECT_EQ(up->producer_codec, codec::lz4);
    EXPECT_EQ(up->batch.header.compression(), codec::lz4);
    const std::vector<plain_message> expected{
        {0, -1, "a", "1"}, {1, 5, "b", "2"}, {2, -1, "c", "3"}, {3, -1, "d", "4"}, {4, 9, "e", "5"}};
    EXPECT_EQ(read_batch(up->batch), expected);
    EXPECT_EQ(up->facts.max_timestamp.get(), 9);
    EXPECT_EQ(up->facts.max_timestamp_delta, 4);
    EXPECT_EQ(up->facts.min_timestamp.get(), 5);
}

TEST(convert_up, topic_may_have_a_codec_of_its_own) {
    for (const auto own : {codec::none, codec::gzip, codec::zstd}) {
        up_options options;
        options.compression = own;
        const auto up = convert_up(build_set(1, codec::snappy, sample()), options);
        EXPECT_EQ(up->batch.header.compression(), own);
        EXPECT_EQ(up->producer_codec, codec::snappy);
        EXPECT_EQ(read_batch(up->batch), sample());
    }
    up_options options;
    options.compression = codec::gzip;
    options.compression_level = 10;
    EXPECT_EQ(convert_up(build_set(1, codec::none, sample()), options).code(), errc::invalid_config);
}

TEST(convert_up, what_old_producers_cannot_send_is_refused) {
    batch_builder builder;
    builder.append_text(timestamp_ms(1), "k", "v");
    EXPECT_EQ(convert_up(builder.build()).code(), errc::unsupported_for_message_format);
    EXPECT_EQ(convert_up({}).code(), errc::invalid_record);

    const auto set = build_set(1, codec::none, sample());
    EXPECT_EQ(convert_up(slice::copy_of(set.bytes().first(set.size() - 1))).code(), errc::corrupt_message);
    auto wrong = slice::copy_of(set.bytes());
    wrong.patch_before_sharing().back() ^= std::byte{1};
    const auto refused = convert_up(wrong);
    ASSERT_EQ(refused.code(), errc::corrupt_message);
    EXPECT_NE(refused.failure().detail.find("entry 2"), std::string::npos);

    message_builder_options stamped;
    stamped.time_type = timestamp_type::log_append_time;
    EXPECT_EQ(convert_up(build_set(sample(), stamped)).code(), errc::invalid_timestamp);
    for (const int bits : {4, 5}) {
        auto unknown = build_set(1, codec::none, {{0, 1, "k", "v"}});
        unknown.patch_before_sharing()[message_at::attributes] = static_cast<std::byte>(bits);
        mend_crc(unknown.patch_before_sharing());
        EXPECT_EQ(convert_up(unknown).code(), errc::unsupported_compression);
    }
    up_options keys;
    keys.require_keys = true;
    EXPECT_EQ(convert_up(set, keys).code(), errc::invalid_record);
    EXPECT_TRUE(convert_up(build_set(1, codec::gzip, {{0, 1, "k", "v"}}), keys).has_value());
}

TEST(convert_up, bound_holds_for_the_whole_set) {
    const std::string zeros(400'000, '\0');
    const auto one = build_set(1, codec::gzip, {{0, 1, "k", zeros}});
    up_options options;
    options.decompressed_floor = 1'000'000;
    options.decompressed_ratio = 1;
    EXPECT_TRUE(convert_up(join(std::vector{one, one}), options).has_value());
    EXPECT_EQ(convert_up(join(std::vector{one, one, one}), options).code(), errc::message_too_large);
    const auto plain = build_set(1, codec::none, {{0, 1, "k", "v"}});
    EXPECT_EQ(convert_up(join(std::vector{one, one, plain, one}), options).code(), errc::message_too_large);
}

TEST(convert_down, ends_when_enough_was_unpacked) {
    builder_options packed;
    packed.compression = codec::gzip;
    std::vector<slice> batches;
    for (std::int64_t base = 0; base < 5; ++base) {
        packed.base_offset = log_offset(base);
        batch_builder builder(packed);
        builder.append_text(timestamp_ms(1), "k", std::string(100'000, 'a'));
        batches.push_back(builder.build());
    }
    down_options options;
    options.unpacked_bytes_max = 150'000;
    const auto down = convert_down(join(batches), options);
    ASSERT_TRUE(down.has_value());
    EXPECT_EQ(down->next_offset, log_offset(2));
    EXPECT_GT(down->unpacked_bytes, 200'000u);
    options.unpacked_bytes_max = 0;
    EXPECT_EQ(convert_down(join(batches), options)->next_offset, log_offset(1)) << "one in any case";
}

TEST(convert_down, batches_become_messages_with_their_offsets) {
    const auto batches = join(std::vector{batch_at(100, sample()), batch_at(200, sample())});
    for (const auto magic : old_magics) {
        const auto down = convert_down(batches, asking(magic, 100));
        ASSERT_TRUE(down.has_value()) << to_string(down.failure());
        std::vector<plain_message> expected;
        for (const std::int64_t base : {100, 200})
            for (auto record : sample(magic)) {
                record.offset += base;
                expected.push_back(record);
            }
        EXPECT_EQ(read_parts(*down), expected);
        EXPECT_EQ(down->parts.size(), 2u);
        EXPECT_EQ(down->converted_records, 6);
        EXPECT_EQ(down->next_offset.get(), 203);
        EXPECT_EQ(down->source_bytes, batches.size());
    }
}

TEST(convert_down, compressed_batch_becomes_a_wrapper_of_its_codec) {
    for (const auto magic : old_magics)
        for (const auto which : {codec::gzip, codec::snappy, codec::lz4}) {
            const auto down = convert_down(packed_batch_at(100, which), asking(magic, 100));
            ASSERT_TRUE(down.has_value()) << to_string(down.failure());
            const auto message = only_message(down->parts.front());
            EXPECT_EQ(message.header.magic, magic);
            EXPECT_EQ(message.header.compression(), which);
            EXPECT_EQ(message.header.offset.get(), 102);
            EXPECT_EQ(message.header.timestamp.get(), magic == 0 ? -1 : 6000);
            const auto read = read_parts(*down);
            ASSERT_EQ(read.size(), 3u);
            EXPECT_EQ(read[1].offset, 101);
            EXPECT_EQ(read[1].timestamp, magic == 0 ? -1 : 4000);
            validation_options options;
            options.origin = batch_origin::replica;
            options.max_timestamp = wrong_max_timestamp::refuse;
            EXPECT_TRUE(validate_message(message, options).has_value());
        }
}

TEST(convert_down, log_append_time_goes_along) {
    for (const auto which : old_codecs) {
        const auto stored = packed_batch_at(10, which);
        auto batch = split_batches(stored)->front();
        set_log_append_time(batch, timestamp_ms(99));
        const auto down = convert_down(batch.bytes, asking(1));
        for (const auto& record : read_parts(*down))
            EXPECT_EQ(record.timestamp, 99);
        EXPECT_EQ(std::get<message_view>(split_entries(down->parts[0])->front()).header.time_type(),
                  timestamp_type::log_append_time);
    }
}

TEST(convert_down, control_batches_are_left_out_and_stepped_over) {
    const auto batches = join(std::vector{control_batch_at(4), batch_at(5, sample()), control_batch_at(8)});
    const auto down = convert_down(batches, asking(1, 4));
    ASSERT_TRUE(down.has_value()) << to_string(down.failure());
    EXPECT_EQ(read_parts(*down).front().offset, 5);
    EXPECT_EQ(down->converted_records, 3);
    EXPECT_EQ(down->next_offset.get(), 9);
    const auto nothing = convert_down(control_batch_at(4), asking(1, 4));
    EXPECT_TRUE(nothing->empty());
    EXPECT_EQ(nothing->next_offset.get(), 5);
    EXPECT_EQ(nothing->source_bytes, control_batch_at(4).size());
    EXPECT_TRUE(convert_down({}, asking(1, 4))->empty());
}

TEST(convert_down, records_before_the_fetch_offset_are_left_out) {
    const auto batches =
        join(std::vector{packed_batch_at(100, codec::zstd), packed_batch_at(103, codec::gzip)});
    const auto down = convert_down(batches, asking(1, 104));
    ASSERT_TRUE(down.has_value()) << to_string(down.failure());
    const auto read = read_parts(*down);
    ASSERT_EQ(read.size(), 2u);
    EXPECT_EQ(read.front().offset, 104);
    EXPECT_EQ(down->next_offset.get(), 106);
}

TEST(convert_down, zstd_is_refused_or_ends_the_set) {
    const auto zstd = packed_batch_at(103, codec::zstd);
    EXPECT_EQ(convert_down(zstd, asking(1)).code(), errc::unsupported_compression);
    const auto behind = convert_down(join(std::vector{batch_at(100, sample()), zstd}), asking(0));
    ASSERT_TRUE(behind.has_value());
    EXPECT_EQ(behind->converted_records, 3);
    EXPECT_EQ(behind->next_offset.get(), 103);
    EXPECT_EQ(behind->source_bytes, batch_at(100, sample()).size());
}

TEST(convert_down, size_bound_stops_between_messages_and_between_wrappers) {
    std::vector<slice> stored;
    for (int i = 0; i < 10; ++i)
        stored.push_back(batch_at(3 * i, sample()));
    const auto batches = join(stored);
    const auto all = convert_down(batches, asking(1));
    for (std::size_t bound = 0; bound <= all->total_bytes; ++bound) {
        const auto some = convert_down(batches, asking(1, 0, bound));
        ASSERT_FALSE(some->empty());
        EXPECT_TRUE(some->total_bytes <= bound || some->converted_records == 1);
        EXPECT_EQ(some->next_offset.get(), some->converted_records);
        // The rest is what a second request gets.
        const auto rest = convert_down(batches, asking(1, some->next_offset.get()));
        EXPECT_EQ(some->total_bytes + rest->total_bytes, all->total_bytes);
    }
    const auto packed = join(std::vector{packed_batch_at(0, codec::gzip), packed_batch_at(3, codec::gzip)});
    const auto both = convert_down(packed, asking(1));
    EXPECT_EQ(both->converted_records, 6);
    const auto one = convert_down(packed, asking(1, 0, both->total_bytes - 1));
    EXPECT_EQ(one->converted_records, 3);
    EXPECT_EQ(one->next_offset.get(), 3);
    EXPECT_EQ(convert_down(packed, asking(1, 0, 0))->converted_records, 3);
}

TEST(convert_down, batches_behind_the_bound_are_not_looked_at) {
    auto damaged = packed_batch_at(3, codec::gzip);
    damaged.patch_before_sharing().back() ^= std::byte{1};
    const auto down =
        convert_down(join(std::vector{packed_batch_at(0, codec::gzip), damaged}), asking(1, 0, 1));
    ASSERT_TRUE(down.has_value());
    EXPECT_EQ(down->converted_records, 3);
}

TEST(convert_down, damaged_batches_are_refused_though_their_messages_would_get_new_checksums) {
    auto damaged = batch_at(0, sample());
    damaged.patch_before_sharing().back() ^= std::byte{1};
    EXPECT_EQ(convert_down(damaged, asking(1)).code(), errc::corrupt_message);
    const auto whole = batch_at(0, sample());
    const auto two = join(std::vector{whole, whole});
    for (std::size_t size = 1; size < two.size(); ++size) {
        const auto down = convert_down(slice::copy_of(two.bytes().first(size)), asking(1));
        ASSERT_EQ(down.code(), size < whole.size() ? errc::corrupt_message : errc::ok);
        if (down) {
            EXPECT_EQ(down->converted_records, 3);
        }
    }
    EXPECT_EQ(convert_down(build_set(1, codec::none, sample()), asking(1)).code(),
              errc::unsupported_for_message_format);
}

TEST(convert_down, deltas_that_do_not_grow_are_refused) {
    // Offset delta of the second record: 1 becomes 0, under a right CRC.
    auto stored = batch_at(0, {{0, 1, "a", "b"}, {1, 1, "a", "b"}});
    auto batch = split_batches(stored)->front();
    const std::size_t record_bytes = batch.records().size() / 2;
    batch.bytes.patch_before_sharing()[at::records + record_bytes + 3] = std::byte{0};
    recompute_crc(batch);
    EXPECT_EQ(convert_down(batch.bytes, asking(1)).code(), errc::invalid_record);
}

TEST(convert_down, gaps_of_compaction_stay) {
    // Deltas 0 and 1 become 0 and 5; the header says that the batch ends at 7.
    auto stored = batch_at(50, {{0, 1, "a", "b"}, {1, 1, "a", "b"}});
    auto batch = split_batches(stored)->front();
    const auto bytes = batch.bytes.patch_before_sharing();
    bytes[at::records + batch.records().size() / 2 + 3] = std::byte{10};
    store_big_endian(bytes.data() + at::last_offset_delta, std::int32_t{7});
    recompute_crc(batch);
    const auto down = convert_down(batch.bytes, asking(0));
    ASSERT_TRUE(down.has_value()) << to_string(down.failure());
    EXPECT_EQ(read_parts(*down)[1].offset, 55);
    EXPECT_EQ(down->next_offset.get(), 58);
}

} // namespace
} // namespace barnabas::batch::convert_test
