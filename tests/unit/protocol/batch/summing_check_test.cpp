#include "protocol/batch/summing_check.hpp"

#include "protocol/batch/builder.hpp"
#include "protocol/batch/compression.hpp"
#include "protocol/batch/crc32c.hpp"
#include "protocol/batch/patch.hpp"
#include "protocol/batch/validate.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

namespace barnabas::batch::summing_check_test {
namespace {

/// Draws many numbers of one seed: the properties here are about bytes, of which shrinking finds no fewer.
class draw {
public:
    explicit draw(std::uint32_t seed) : state_(seed) {}
    std::size_t below(std::size_t bound) {
        state_ = state_ * 6364136223846793005u + 1442695040888963407u;
        return static_cast<std::size_t>(state_ >> 33) % bound;
    }
    bool one_in(std::size_t bound) { return below(bound) == 0; }

private:
    std::uint64_t state_;
};

struct sample {
    slice bytes;
    /// Where each record begins.
    std::vector<std::size_t> records;
};

struct sample_options {
    std::size_t records = 300;
    std::size_t value_least = 100;
    std::size_t value_most = 100;
    std::size_t key_bytes = 10;
    bool keys = true;
    std::int64_t time_step = 1;
    /// One in so many records has headers, a long key, or goes back in time; 0 for none.
    std::size_t one_is_odd_in = 0;
};

sample make_sample(draw& numbers, const sample_options& options) {
    sample made;
    batch_builder builder;
    std::int64_t time = 1'700'000'000'000;
    for (std::size_t i = 0; i < options.records; ++i) {
        const bool odd = options.one_is_odd_in != 0 && numbers.one_in(options.one_is_odd_in);
        const std::string key(odd && numbers.one_in(3) ? 70 : options.key_bytes, 'k');
        const std::string value(
            options.value_least + numbers.below(options.value_most - options.value_least + 1), 'v');
        std::vector<header_view> headers;
        if (odd && numbers.one_in(2))
            headers.push_back({"header", std::nullopt});
        const auto shown_time = timestamp_ms(odd && numbers.one_in(3) ? time - 5 : time);
        made.records.push_back(builder.uncompressed_size());
        builder.append_text(shown_time, options.keys ? std::optional<std::string_view>(key) : std::nullopt,
                            odd && numbers.one_in(4) ? std::nullopt : std::optional<std::string_view>(value),
                            headers);
        time += options.time_step;
    }
    made.bytes = builder.build();
    return made;
}

sample_options any_options(draw& numbers) {
    constexpr std::array<std::size_t, 6> sizes{0, 40, 62, 100, 700, 9000};
    constexpr std::array<std::int64_t, 5> steps{0, 1, 7, 300, 100'000};
    sample_options options;
    options.records = 1 + numbers.below(numbers.one_in(20) ? 9000 : 300);
    options.value_least = sizes[numbers.below(options.records > 300 ? 3 : sizes.size())];
    options.value_most = options.value_least + (numbers.one_in(2) ? 0 : numbers.below(60));
    options.key_bytes = numbers.below(70);
    options.keys = !numbers.one_in(3);
    options.time_step = steps[numbers.below(steps.size())];
    options.one_is_odd_in = numbers.one_in(2) ? 0 : 2 + numbers.below(40);
    return options;
}

batch_view view_of(const slice& bytes) {
    const auto batches = split_batches(bytes);
    BARNABAS_ASSERT(batches.has_value() && batches->size() == 1);
    return batches->front();
}

/// Puts wrong bytes where numbers of records stand: near the beginning of one, or at its end.
void damage(draw& numbers, const sample& made) {
    constexpr std::array<std::uint8_t, 8> bytes{0x00, 0x01, 0x02, 0x7e, 0x7f, 0x80, 0x81, 0xff};
    const auto target = made.bytes.patch_before_sharing();
    for (auto left = numbers.below(3); left > 0; --left) {
        const auto record = made.records[numbers.below(made.records.size())];
        const auto position = numbers.one_in(4) ? record - 1 : record + numbers.below(24);
        if (position >= at::records && position < target.size())
            target[position] = static_cast<std::byte>(numbers.one_in(4) ? numbers.below(256)
                                                                        : bytes[numbers.below(bytes.size())]);
    }
}

/// The same records behind a codec, where they are looked at without the checksum and through a window.
slice packed(const batch_view& batch, codec which) {
    const auto body = compress(which, batch.records());
    BARNABAS_ASSERT(body.has_value());
    const auto bytes = slice::copy_of(std::vector<std::byte>(batch_header_size + body->size()));
    auto header = batch.header;
    header.attributes = static_cast<std::uint16_t>(which);
    header.batch_length = static_cast<std::int32_t>(bytes.size() - batch_prefix_size);
    write_header(header, bytes.patch_before_sharing());
    std::copy(body->begin(), body->end(), bytes.patch_before_sharing().begin() + at::records);
    auto view = view_of(bytes);
    recompute_crc(view);
    return bytes;
}

std::string text_of(const result<batch_facts>& facts) {
    if (!facts)
        return to_string(facts.failure());
    return std::to_string(facts->record_count) + " records, newest " +
           std::to_string(facts->max_timestamp.get()) + " at " + std::to_string(facts->max_timestamp_delta) +
           ", oldest " + std::to_string(facts->min_timestamp.get()) + ", " +
           std::to_string(facts->uncompressed_bytes) + " bytes, " +
           std::to_string(facts->max_timestamp_matches);
}

RC_GTEST_PROP(summing_check, what_is_found_is_what_is_found_behind_a_codec, (std::uint32_t seed)) {
    draw numbers(seed);
    const auto made = make_sample(numbers, any_options(numbers));
    damage(numbers, made);
    auto batch = view_of(made.bytes);
    recompute_crc(batch);
    const auto unpacked_later = packed(batch, numbers.one_in(2) ? codec::lz4 : codec::snappy);
    validation_options options;
    options.require_keys = numbers.one_in(4);
    RC_ASSERT(text_of(validate_batch(batch, options)) ==
              text_of(validate_batch(view_of(unpacked_later), options)));
}

RC_GTEST_PROP(summing_check, wrong_checksum_comes_before_what_the_records_show, (std::uint32_t seed)) {
    draw numbers(seed);
    const auto made = make_sample(numbers, any_options(numbers));
    damage(numbers, made);
    auto batch = view_of(made.bytes);
    recompute_crc(batch);
    const auto target = made.bytes.patch_before_sharing();
    target[at::attributes + numbers.below(target.size() - at::attributes)] ^= std::byte{0x10};
    RC_ASSERT(validate_batch(view_of(made.bytes), {}).code() == errc::corrupt_message);
}

/// The bytes have memory of their own without room behind them, for the sanitizers.
RC_GTEST_PROP(summing_check, any_bytes_give_their_checksum_and_a_place_inside, (std::uint32_t seed)) {
    draw numbers(seed);
    const auto made = make_sample(numbers, any_options(numbers));
    damage(numbers, made);
    const auto covered = made.bytes.bytes().subspan(at::attributes);
    std::vector<std::byte> summed(covered.begin(), covered.end());
    summed.resize(numbers.below(summed.size() + 1));
    summed.shrink_to_fit();
    const auto head = std::min<std::size_t>(at::records - at::attributes, summed.size());
    const auto records = std::span<const std::byte>(summed).subspan(head);
    record_rules rules;
    rules.base_timestamp = timestamp_ms(numbers.one_in(4) ? -1 : 1'700'000'000'000);
    rules.record_count = static_cast<std::int32_t>(numbers.below(2 * made.records.size())) - 1;
    rules.consecutive = !numbers.one_in(8);
    rules.last_offset_delta = rules.record_count - 1;
    records_seen seen;
    const auto checked = check_and_sum(summed, records, rules, seen);
    RC_ASSERT(checked.checksum == crc32c(summed));
    RC_ASSERT(checked.behind >= records.data() && checked.behind <= records.data() + records.size());
    RC_ASSERT(seen.count <= std::max(rules.record_count, 0));
    records_seen after_sum;
    const auto* const behind = check_quickly(records, rules, after_sum);
    // Either may give up a little earlier near the end.
    if (seen.count == after_sum.count) {
        RC_ASSERT(checked.behind == behind);
        RC_ASSERT(seen.max_timestamp == after_sum.max_timestamp);
        RC_ASSERT(seen.max_timestamp_delta == after_sum.max_timestamp_delta);
        RC_ASSERT(seen.min_timestamp == after_sum.min_timestamp);
        RC_ASSERT(seen.last_offset_delta == after_sum.last_offset_delta);
    } else {
        RC_ASSERT(records.data() + records.size() - std::min(checked.behind, behind) < 200 + 9100);
    }
}

TEST(summing_check, ordinary_records_are_left_to_nobody_else) {
    draw numbers(1);
    std::vector<sample_options> cases(6);
    cases[1].keys = false;
    cases[2].records = 20'000;
    cases[3].value_least = 20;
    cases[4].time_step = 3'000;
    cases[5].one_is_odd_in = 10;
    for (const auto& options : cases) {
        const auto batch = view_of(make_sample(numbers, options).bytes);
        const auto& header = batch.header;
        const record_rules rules{header.base_timestamp, header.record_count, header.last_offset_delta, true,
                                 false};
        records_seen seen;
        const auto checked =
            check_and_sum(batch.bytes.bytes().subspan(at::attributes), batch.records(), rules, seen);
        EXPECT_EQ(checked.checksum, header.crc);
        EXPECT_LE(header.record_count - seen.count, 2) << &options - cases.data();
    }
}

} // namespace
} // namespace barnabas::batch::summing_check_test
