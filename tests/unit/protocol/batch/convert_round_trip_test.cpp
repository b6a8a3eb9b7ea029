#include "protocol/batch/convert_down.hpp"
#include "protocol/batch/convert_up.hpp"
#include "protocol/batch/patch.hpp"
#include "tests/unit/protocol/batch/messages.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace barnabas::batch::convert_round_trip_test {
namespace {

using records = std::vector<plain_message>;

rc::Gen<std::optional<std::string>> any_text() {
    return rc::gen::map(rc::gen::pair(rc::gen::arbitrary<bool>(), rc::gen::arbitrary<std::string>()),
                        [](std::pair<bool, std::string> drawn) {
                            return drawn.first ? std::optional(std::move(drawn.second)) : std::nullopt;
                        });
}

rc::Gen<plain_message> any_record() {
    return rc::gen::build<plain_message>(rc::gen::set(&plain_message::timestamp),
                                         rc::gen::set(&plain_message::key, any_text()),
                                         rc::gen::set(&plain_message::value, any_text()));
}

/// Records with the offsets 0, 1, 2, ...
records any_records() {
    auto drawn = *rc::gen::nonEmpty(rc::gen::container<records>(any_record()));
    for (std::size_t i = 0; i < drawn.size(); ++i)
        drawn[i].offset = static_cast<std::int64_t>(i);
    return drawn;
}

std::int8_t any_old_magic() {
    return static_cast<std::int8_t>(*rc::gen::inRange(0, 2));
}

codec any_old_codec() {
    return static_cast<codec>(*rc::gen::inRange(0, 4));
}

/// What is left of records in a format.
records in_magic(std::int8_t magic, records given) {
    if (magic == 0)
        for (auto& record : given)
            record.timestamp = -1;
    return given;
}

slice stored_batch(const records& given, codec which) {
    const std::vector<header_view> headers{{"h", std::nullopt}};
    builder_options options;
    options.compression = which;
    options.base_offset = log_offset(given.front().offset);
    batch_builder builder(options);
    for (const auto& record : given)
        builder.append(timestamp_ms(record.timestamp), optional_bytes_of(record.key),
                       optional_bytes_of(record.value), headers);
    return builder.build();
}

down_options asking(std::int8_t magic) {
    down_options options;
    options.magic = magic;
    options.bytes_max = 1 << 30;
    return options;
}

RC_GTEST_PROP(convert_round_trip, down_and_up_again_gives_the_same_records, ()) {
    const auto given = any_records();
    const auto magic = any_old_magic();
    const auto which = any_old_codec();
    const auto down = convert_down(stored_batch(given, which), asking(magic));
    RC_ASSERT(down.has_value());
    RC_ASSERT(down->converted_records == static_cast<std::int64_t>(given.size()));
    RC_ASSERT(*read_set(join(down->parts)) == in_magic(magic, given));
    const auto up = convert_up(join(down->parts));
    RC_ASSERT(up.has_value());
    RC_ASSERT(up->batch.header.compression() == which);
    RC_ASSERT(*read_set(up->batch.bytes) == in_magic(magic, given));
    RC_ASSERT(validate_batch(up->batch, {}).has_value());
}

RC_GTEST_PROP(convert_round_trip, up_and_down_again_gives_the_same_bytes, ()) {
    const auto magic = any_old_magic();
    const auto which = any_old_codec();
    const auto given = in_magic(magic, any_records());
    const auto set = build_set(magic, which, given);
    const auto up = convert_up(set);
    RC_ASSERT(up.has_value());
    const auto down = convert_down(up->batch.bytes, asking(magic));
    RC_ASSERT(down.has_value());
    RC_ASSERT(join(down->parts) == set);
}

/// However small the pieces are that are asked for, together they are everything, once.
RC_GTEST_PROP(convert_round_trip, fetching_in_pieces_gives_every_record_once, ()) {
    std::vector<slice> batches;
    records expected;
    const auto magic = any_old_magic();
    for (auto count = *rc::gen::inRange(1, 5); count > 0; --count) {
        auto given = any_records();
        const auto base = static_cast<std::int64_t>(expected.size());
        for (auto& record : given)
            record.offset += base;
        batches.push_back(stored_batch(given, any_old_codec()));
        expected.insert(expected.end(), given.begin(), given.end());
    }
    const auto log = join(batches);
    auto options = asking(magic);
    records fetched;
    while (static_cast<std::size_t>(options.first_offset.get()) < expected.size()) {
        options.bytes_max = *rc::gen::inRange<std::size_t>(0, 500);
        const auto down = convert_down(log, options);
        RC_ASSERT(down.has_value());
        RC_ASSERT(down->next_offset > options.first_offset);
        RC_ASSERT(down->total_bytes <= options.bytes_max || down->parts.size() == 1);
        const auto part = read_set(join(down->parts));
        RC_ASSERT(part.has_value());
        fetched.insert(fetched.end(), part->begin(), part->end());
        options.first_offset = down->next_offset;
    }
    RC_ASSERT(fetched == in_magic(magic, expected));
}

/// Sets every CRC right that can be found, so that damage gets past them; the inside of wrappers stays
/// packed.
void mend_crcs(std::span<std::byte> set) {
    while (set.size() >= message_overhead(0)) {
        const auto size = batch_size_of(set);
        if (!size || *size > set.size())
            return;
        mend_crc(set.first(*size));
        set = set.subspan(*size);
    }
}

RC_GTEST_PROP(convert_round_trip, damage_under_a_right_crc_never_crashes, ()) {
    const auto magic = any_old_magic();
    const auto plain = build_set(magic, codec::none, any_records());
    auto inside = std::vector(plain.bytes().begin(), plain.bytes().end());
    for (auto damages = *rc::gen::inRange(1, 6); damages > 0; --damages)
        inside[*rc::gen::inRange<std::size_t>(0, inside.size())] =
            static_cast<std::byte>(*rc::gen::inRange(0, 256));
    if (*rc::gen::arbitrary<bool>())
        mend_crcs(inside);
    const auto which = any_old_codec();
    const auto set = which == codec::none ? slice::copy_of(inside) : wrap(magic, which, inside);
    const auto read = read_set(set);
    const auto up = convert_up(set);
    if (!up)
        RC_ASSERT(!up.failure().detail.empty());
    if (up) {
        RC_ASSERT(read.has_value());
        RC_ASSERT(static_cast<std::size_t>(up->converted_records) == read->size());
        RC_ASSERT(validate_batch(up->batch, {}).has_value());
    }
}

RC_GTEST_PROP(convert_round_trip, damaged_batches_never_crash_on_the_way_down, ()) {
    const auto stored = stored_batch(any_records(), any_old_codec());
    auto batch = split_batches(stored)->front();
    const auto target = stored.patch_before_sharing();
    for (auto damages = *rc::gen::inRange(1, 6); damages > 0; --damages)
        target[*rc::gen::inRange<std::size_t>(at::attributes, target.size())] =
            static_cast<std::byte>(*rc::gen::inRange(0, 256));
    recompute_crc(batch);
    const auto down = convert_down(stored, asking(any_old_magic()));
    if (!down)
        RC_ASSERT(!down.failure().detail.empty());
    if (down && !down->empty())
        RC_ASSERT(read_set(join(down->parts)).has_value());
}

RC_GTEST_PROP(convert_round_trip, garbage_never_crashes, (std::vector<std::uint8_t> bytes)) {
    const auto garbage = slice::copy_of(std::as_bytes(std::span(bytes)));
    (void)split_complete_entries(garbage);
    (void)convert_up(garbage);
    (void)convert_down(garbage, asking(any_old_magic()));
}

TEST(convert_round_trip, cut_at_every_byte_is_a_clean_error) {
    const records given{{0, 1, "key", "value"}, {1, 2, std::nullopt, "x"}};
    for (const auto magic : {std::int8_t{0}, std::int8_t{1}})
        for (const auto which : {codec::none, codec::gzip, codec::snappy, codec::lz4}) {
            const auto set = build_set(magic, which, given);
            const std::size_t first =
                split_entries(set)->size() == 1 ? set.size() : message_overhead(magic) + 8;
            for (std::size_t size = 1; size < set.size(); ++size)
                EXPECT_EQ(convert_up(slice::copy_of(set.bytes().first(size))).code(),
                          size == first ? errc::ok : errc::corrupt_message);
        }
}

} // namespace
} // namespace barnabas::batch::convert_round_trip_test
