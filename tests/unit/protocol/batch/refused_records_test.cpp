#include "protocol/batch/refused_records.hpp"

#include "protocol/batch/builder.hpp"
#include "protocol/batch/validate.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace barnabas::batch::refused_records_test {
namespace {

/// Every third record has no key.
batch_view thirds_without_key(int records, codec packing = codec::none) {
    builder_options options;
    options.compression = packing;
    batch_builder builder(options);
    for (int i = 0; i < records; ++i)
        builder.append_text(timestamp_ms(1000),
                            i % 3 == 1 ? std::nullopt : std::optional<std::string_view>("k"), "value");
    auto batches = split_batches(builder.build());
    EXPECT_TRUE(batches.has_value());
    return batches->front();
}

TEST(refused_records, are_named_by_their_places_with_the_words_of_the_check) {
    for (const auto packing : {codec::none, codec::gzip, codec::snappy, codec::lz4, codec::zstd}) {
        const auto batch = thirds_without_key(8, packing);
        const std::string why = "it has no key, which a compacted topic needs";
        EXPECT_EQ(find_refused(batch, complaint_without_key),
                  (std::vector<refused_record>{{1, why}, {4, why}, {7, why}}));
        validation_options rules;
        rules.require_keys = true;
        EXPECT_EQ(validate_batch(batch, rules).failure().detail, "record 1 of 8: " + why);
    }
}

TEST(refused_records, nothing_is_named_where_nothing_is_wrong) {
    EXPECT_TRUE(find_refused(thirds_without_key(1), complaint_without_key).empty());
}

TEST(refused_records, of_a_batch_that_cannot_be_read_to_its_end_those_before_are_named) {
    auto batch = thirds_without_key(8);
    batch.bytes = batch.bytes.sub(0, batch.bytes.size() - 3);
    const auto found = find_refused(batch, complaint_without_key);
    ASSERT_EQ(found.size(), 2u);
    EXPECT_EQ(found[1].index, 4);
}

TEST(refused_records, both_the_names_and_the_sentences_are_bounded) {
    const auto found = find_refused(thirds_without_key(40'000, codec::lz4), complaint_without_key);
    ASSERT_EQ(found.size(), refused_records_max);
    EXPECT_FALSE(found[refused_sentences_max - 1].why.empty());
    EXPECT_TRUE(found[refused_sentences_max].why.empty());
    EXPECT_EQ(found.back().index, 3 * static_cast<int>(refused_records_max) - 2);
}

} // namespace
} // namespace barnabas::batch::refused_records_test
