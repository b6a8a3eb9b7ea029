#include "protocol/batch/message_set.hpp"

#include "tests/unit/protocol/batch/messages.hpp"

#include <gtest/gtest.h>
#include <snappy.h>

namespace barnabas::batch::message_set_test {
namespace {

constexpr std::array old_magics{std::int8_t{0}, std::int8_t{1}};
constexpr std::array old_codecs{codec::none, codec::gzip, codec::snappy, codec::lz4};
constexpr std::array packing_codecs{codec::gzip, codec::snappy, codec::lz4};

/// As magic 0 gives them back: without timestamps.
std::vector<plain_message> sample(std::int8_t magic) {
    std::vector<plain_message> messages{
        {100, 5000, "key", "value"}, {103, 4000, std::nullopt, ""}, {104, 6000, "", std::nullopt}};
    if (magic == 0)
        for (auto& message : messages)
            message.timestamp = -1;
    return messages;
}

errc refusal(const slice& records, const validation_options& options = {}) {
    const auto message = only_message(records);
    const auto facts = validate_message(message, options);
    if (!facts) {
        EXPECT_FALSE(facts.failure().detail.empty());
    }
    return facts.code();
}

validation_options of_replica() {
    validation_options options;
    options.origin = batch_origin::replica;
    return options;
}

TEST(message_set, what_is_built_reads_back) {
    for (const auto magic : old_magics)
        for (const auto which : old_codecs) {
            const auto set = build_set(magic, which, sample(magic));
            message_reading reading;
            reading.check_crc = true;
            const auto read = read_set(set, reading);
            ASSERT_TRUE(read.has_value()) << to_string(read.failure());
            EXPECT_EQ(*read, sample(magic));
            EXPECT_EQ(split_entries(set)->size(), which == codec::none ? 3u : 1u);
        }
}

TEST(message_set, bytes_are_those_of_the_format) {
    const auto set = build_set(1, codec::none, {{258, 3, "k", std::nullopt}});
    ASSERT_EQ(set.size(), message_overhead(1) + 1);
    const std::vector<int> behind_crc{1, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 1, 'k', 255, 255, 255, 255};
    for (std::size_t i = 0; i < behind_crc.size(); ++i)
        EXPECT_EQ(std::to_integer<int>(set.bytes()[message_at::magic + i]), behind_crc[i]) << i;
    EXPECT_EQ(load_big_endian<std::int64_t>(set.data()), 258);
    EXPECT_EQ(load_big_endian<std::int32_t>(set.data() + message_at::size), 23);
    EXPECT_EQ(crc32(bytes_of(std::string_view("123456789"))), 0xcbf43926u);
}

TEST(message_set, entries_of_all_magics_are_cut_without_copying) {
    batch_builder builder;
    builder.append_text(timestamp_ms(1), "k", "v");
    const auto mixed =
        join(std::vector{build_set(0, codec::none, {{1, -1, "a", "b"}}), builder.build(),
                         build_set(1, codec::gzip, sample(1)), build_set(0, codec::lz4, sample(0))});
    const auto entries = split_entries(mixed);
    ASSERT_TRUE(entries.has_value()) << to_string(entries.failure());
    ASSERT_EQ(entries->size(), 4u);
    const std::byte* next = mixed.data();
    const std::array magics{0, 2, 1, 0};
    for (std::size_t i = 0; i < entries->size(); ++i) {
        EXPECT_EQ(magic_of((*entries)[i]), magics[i]);
        const auto bytes = std::visit([](const auto& entry) { return entry.bytes; }, (*entries)[i]);
        EXPECT_EQ(bytes.data(), next);
        next += bytes.size();
    }
    EXPECT_TRUE(split_entries({})->empty());
}

TEST(message_set, truncation_at_every_byte_is_an_error_and_leaves_whole_entries) {
    for (const auto magic : old_magics) {
        const auto one = build_set(magic, codec::none, {{1, 1, "a", "b"}});
        const auto set = join(std::vector{one, one});
        for (std::size_t size = 1; size < set.size(); ++size) {
            // Memory of exactly that size, so that a sanitizer sees a step too far.
            const auto cut = slice::copy_of(set.bytes().first(size));
            EXPECT_EQ(split_entries(cut).code(), size == one.size() ? errc::ok : errc::corrupt_message);
            EXPECT_EQ(split_complete_entries(cut)->size(), size / one.size());
            EXPECT_EQ(parse_message_header(cut.bytes()).code(),
                      size < message_overhead(magic) ? errc::corrupt_message : errc::ok);
        }
    }
}

TEST(message_set, wrappers_cut_at_every_byte_inside_are_refused) {
    for (const auto magic : old_magics)
        for (const auto which : packing_codecs) {
            const auto inside = build_set(magic, codec::none, sample(magic));
            for (std::size_t size = 0; size < inside.size(); ++size) {
                const bool whole =
                    size == 0 ? false : split_entries(slice::copy_of(inside.bytes().first(size))).has_value();
                const auto code = refusal(wrap(magic, which, inside.bytes().first(size), 104));
                EXPECT_EQ(code, whole ? errc::ok : errc::invalid_record) << size;
            }
        }
}

TEST(message_set, packed_bytes_cut_at_every_byte_are_refused) {
    for (const auto magic : old_magics)
        for (const auto which : packing_codecs) {
            const auto set = build_set(magic, which, sample(magic));
            for (std::size_t size = message_overhead(magic); size < set.size(); ++size) {
                auto cut = slice::copy_of(set.bytes().first(size));
                const auto bytes = cut.patch_before_sharing();
                store_big_endian(bytes.data() + message_at::size, static_cast<std::int32_t>(size - 12));
                store_big_endian(bytes.data() + message_overhead(magic) - 4,
                                 static_cast<std::int32_t>(size - message_overhead(magic)));
                mend_crc(bytes);
                const auto code = refusal(cut);
                // A cut may fall between two blocks of snappy, and behind lz4's last block.
                EXPECT_NE(code, errc::ok) << size << ' ' << static_cast<int>(which);
            }
        }
}

/// A copy with another number where a length stands, and the CRC that belongs to it.
slice with_length(const slice& set, std::size_t at, std::int32_t lie) {
    auto copy = slice::copy_of(set.bytes());
    const auto bytes = copy.patch_before_sharing();
    store_big_endian(bytes.data() + at, lie);
    mend_crc(bytes);
    return copy;
}

TEST(message_set, flipped_lengths_are_clean_errors) {
    const std::vector<std::int32_t> lies{-2147483647 - 1, -2, -1, 0, 1, 2, 4, 13, 21, 1000, 2147483647};
    for (const auto magic : old_magics) {
        const auto set = build_set(magic, codec::none, {{1, 1, "key", "value"}});
        const std::size_t key_at = message_key_at(magic);
        for (const auto lie : lies) {
            EXPECT_EQ(read_set(with_length(set, message_at::size, lie)).code(), errc::corrupt_message) << lie;
            EXPECT_EQ(read_set(with_length(set, key_at, lie)).code(), errc::invalid_record) << lie;
            EXPECT_EQ(read_set(with_length(set, key_at + 4 + 3, lie)).code(), errc::invalid_record) << lie;
        }
    }
}

TEST(message_set, any_flipped_bit_behind_the_crc_is_refused) {
    for (const auto magic : old_magics) {
        const auto set = build_set(magic, codec::none, {{1, 1, "key", "value"}});
        for (std::size_t bit = 8 * message_at::crc; bit < 8 * set.size(); ++bit) {
            auto copy = slice::copy_of(set.bytes());
            copy.patch_before_sharing()[bit / 8] ^= static_cast<std::byte>(1 << (bit % 8));
            const auto entries = split_entries(copy);
            if (!entries || magic_of(entries->front()) != magic)
                continue; // a flipped magic byte
            EXPECT_EQ(validate_message(std::get<message_view>(entries->front()), {}).code(),
                      errc::corrupt_message)
                << bit;
        }
    }
}

TEST(message_set, crc_of_a_message_inside_is_checked) {
    for (const auto magic : old_magics) {
        const auto inside = build_set(magic, codec::none, {{104, 1, "key", "value"}});
        inside.patch_before_sharing().back() ^= std::byte{1};
        const auto wrapper = wrap(magic, codec::gzip, inside.bytes(), 104);
        EXPECT_EQ(refusal(wrapper), errc::corrupt_message);
        EXPECT_TRUE(read_set(wrapper).has_value()) << "the reader looks only when it is asked to";
    }
}

TEST(message_set, zstd_and_unknown_codecs_are_refused) {
    for (const auto magic : old_magics)
        for (const int bits : {4, 5, 6, 7}) {
            const auto set = build_set(magic, codec::none, {{0, 1, "k", "v"}});
            set.patch_before_sharing()[message_at::attributes] = static_cast<std::byte>(bits);
            mend_crc(set.patch_before_sharing());
            EXPECT_EQ(refusal(set), errc::unsupported_compression) << bits;
            EXPECT_EQ(read_set(set).code(), errc::unsupported_compression);
        }
}

TEST(message_set, wrapper_must_have_messages_of_its_own_magic_and_no_wrapper_inside) {
    for (const auto magic : old_magics) {
        const auto other = static_cast<std::int8_t>(1 - magic);
        batch_builder builder;
        builder.append_text(timestamp_ms(1), "k", "v");
        const auto batch = builder.build();
        for (const auto& inside : {build_set(other, codec::none, sample(other)), batch,
                                   build_set(magic, codec::gzip, sample(magic)), slice()}) {
            EXPECT_EQ(refusal(wrap(magic, codec::gzip, inside.bytes(), 104)), errc::invalid_record);
            EXPECT_EQ(read_set(wrap(magic, codec::gzip, inside.bytes(), 104)).code(), errc::invalid_record);
        }
        auto null_value = build_set(magic, codec::none, {{0, 1, "k", std::nullopt}});
        null_value.patch_before_sharing()[message_at::attributes] = std::byte{1};
        mend_crc(null_value.patch_before_sharing());
        EXPECT_EQ(refusal(null_value), errc::invalid_record);
    }
}

TEST(message_set, offsets_inside_of_magic_1_count_from_the_last_one) {
    const auto inside = build_set(1, codec::none, {{0, 1, "a", "x"}, {2, 2, "b", "x"}, {5, 3, "c", "x"}});
    const auto read = read_set(wrap(1, codec::snappy, inside.bytes(), 1005));
    ASSERT_TRUE(read.has_value());
    EXPECT_EQ((*read)[0].offset, 1000);
    EXPECT_EQ((*read)[1].offset, 1002);
    EXPECT_EQ((*read)[2].offset, 1005);
    message_reading stored;
    stored.offsets = inner_offsets::as_stored;
    EXPECT_EQ((*read_set(wrap(1, codec::snappy, inside.bytes(), 1005), stored))[1].offset, 2);
    // Magic 0 knows absolute ones only, whatever the wrapper says.
    const auto old_inside = build_set(0, codec::none, {{7, -1, "a", "x"}, {9, -1, "b", "x"}});
    EXPECT_EQ((*read_set(wrap(0, codec::snappy, old_inside.bytes(), 9)))[0].offset, 7);
}

TEST(message_set, offsets_inside_matter_for_a_replica_only) {
    const auto forward = [](std::int8_t magic, std::int64_t first, std::int64_t second) {
        return join(std::vector{build_set(magic, codec::none, {{first, 1, "a", "x"}}),
                                build_set(magic, codec::none, {{second, 1, "b", "x"}})});
    };
    for (const auto magic : old_magics) {
        EXPECT_EQ(refusal(wrap(magic, codec::gzip, forward(magic, 3, 4).bytes(), 4), of_replica()), errc::ok);
        for (const auto& wrong : {forward(magic, 4, 3), forward(magic, 4, 4), forward(magic, -1, 4)}) {
            EXPECT_EQ(refusal(wrap(magic, codec::gzip, wrong.bytes(), 4), of_replica()),
                      errc::invalid_record);
            EXPECT_EQ(refusal(wrap(magic, codec::gzip, wrong.bytes(), 4)), errc::ok);
        }
        EXPECT_EQ(refusal(wrap(magic, codec::gzip, forward(magic, 3, 4).bytes(), 3), of_replica()),
                  errc::invalid_record);
    }
}

TEST(message_set, log_append_time_of_a_wrapper_holds_for_all_inside) {
    message_builder_options options;
    options.compression = codec::gzip;
    options.time_type = timestamp_type::log_append_time;
    const auto set = build_set({{1, 10, "a", "x"}, {2, 30, "b", "x"}, {3, 20, "c", "x"}}, options);
    const auto read = read_set(set);
    ASSERT_EQ(read->size(), 3u);
    for (const auto& message : *read)
        EXPECT_EQ(message.timestamp, 30);
    EXPECT_EQ(refusal(set), errc::invalid_timestamp);
    EXPECT_EQ(refusal(set, of_replica()), errc::ok);
    // The bit means nothing in magic 0.
    const auto old = build_set(0, codec::none, {{0, -1, "k", "v"}});
    old.patch_before_sharing()[message_at::attributes] = std::byte{8};
    mend_crc(old.patch_before_sharing());
    EXPECT_EQ(refusal(old), errc::ok);
}

TEST(message_set, facts_are_those_of_the_records) {
    const auto facts = validate_message(only_message(build_set(1, codec::lz4, sample(1))), {});
    ASSERT_TRUE(facts.has_value());
    EXPECT_EQ(facts->record_count, 3);
    EXPECT_EQ(facts->max_timestamp.get(), 6000);
    EXPECT_EQ(facts->max_timestamp_delta, 2);
    EXPECT_EQ(facts->min_timestamp.get(), 4000);
    EXPECT_TRUE(facts->max_timestamp_matches);
    EXPECT_EQ(facts->uncompressed_bytes, build_set(1, codec::none, sample(1)).size());
    const auto old = validate_message(only_message(build_set(0, codec::none, {{0, -1, "k", "v"}})), {});
    EXPECT_EQ(old->max_timestamp, no_timestamp);
    EXPECT_EQ(old->min_timestamp, no_timestamp);
}

TEST(message_set, wrong_maximum_timestamp_and_missing_keys_are_refused_on_request) {
    const auto inside = build_set(1, codec::none, {{0, 9, "a", "x"}, {1, 8, std::nullopt, "x"}});
    const auto set = wrap(1, codec::gzip, inside.bytes(), 1);
    EXPECT_FALSE(validate_message(only_message(set), {})->max_timestamp_matches);
    validation_options options;
    options.max_timestamp = wrong_max_timestamp::refuse;
    EXPECT_EQ(refusal(set, options), errc::invalid_record);
    options = {};
    options.require_keys = true;
    EXPECT_EQ(refusal(set, options), errc::invalid_record);
    options.inside = inside_check::header;
    EXPECT_EQ(refusal(set, options), errc::ok);
}

TEST(message_set, raw_snappy_and_both_lz4_checksums_are_read) {
    const auto inside = build_set(0, codec::none, sample(0));
    std::string raw;
    snappy::Compress(reinterpret_cast<const char*>(inside.data()), inside.size(), &raw);
    auto message = build_set(0, codec::none, {{104, -1, std::nullopt, raw}});
    message.patch_before_sharing()[message_at::attributes] = std::byte{2};
    mend_crc(message.patch_before_sharing());
    EXPECT_EQ(*read_set(message), sample(0));

    for (const auto magic : old_magics) {
        const auto set = build_set(magic, codec::lz4, sample(magic));
        const std::size_t at = message_overhead(magic) + 6;
        EXPECT_EQ(std::to_integer<int>(set.bytes()[at]), magic == 0 ? 0x1a : 0x82);
        // The other one: magic 0 does not care, magic 1 does.
        set.patch_before_sharing()[at] = static_cast<std::byte>(magic == 0 ? 0x82 : 0x1a);
        mend_crc(set.patch_before_sharing());
        EXPECT_EQ(refusal(set), magic == 0 ? errc::ok : errc::corrupt_message);
    }
}

TEST(message_set, wrapper_that_grows_beyond_the_bound_is_refused) {
    const std::string zeros(3'000'000, '\0');
    for (const auto magic : old_magics)
        for (const auto which : packing_codecs) {
            const auto set = build_set(magic, which, {{0, 1, "k", zeros}});
            validation_options options;
            options.decompressed_floor = 1'000'000;
            options.decompressed_ratio = 1;
            EXPECT_EQ(refusal(set, options), errc::message_too_large);
            message_reading reading;
            reading.unpacked_bytes_max = 1'000'000;
            EXPECT_EQ(read_set(set, reading).code(), errc::message_too_large);
            reading.offsets = inner_offsets::as_stored;
            EXPECT_EQ(read_set(set, reading).code(), errc::message_too_large);
            EXPECT_EQ(refusal(set), errc::ok);
        }
}

TEST(message_set, magic_2_is_named_where_a_message_is_wanted) {
    batch_builder builder;
    builder.append_text(timestamp_ms(1), "k", "v");
    EXPECT_EQ(parse_message_header(builder.build().bytes()).code(), errc::unsupported_for_message_format);
    for (const int magic : {3, 127, 128, 255}) {
        const auto set = build_set(1, codec::none, sample(1));
        set.patch_before_sharing()[message_at::magic] = static_cast<std::byte>(magic);
        EXPECT_EQ(parse_message_header(set.bytes()).code(), errc::corrupt_message);
        EXPECT_EQ(split_entries(set).code(), errc::corrupt_message);
    }
}

} // namespace
} // namespace barnabas::batch::message_set_test
