#include "actors/client/producer/open_batch.hpp"

#include "protocol/batch/builder.hpp"
#include "protocol/batch/record_reader.hpp"
#include "protocol/batch/validate.hpp"

#include <gtest/gtest.h>

namespace barnabas::client::open_batch_test {
namespace {

const record_header headers[] = {{"trace", "17"}, {"empty", std::nullopt}};

std::vector<producer_record> some_records() {
    return {{"t", "key", "value", headers, {}, 1000},
            {"t", std::nullopt, "later", {}, {}, 1005},
            {"t", "gone", std::nullopt, {}, {}, 990},
            {"t", "", "", {}, {}, {}}};
}

/// What the project's own builder makes of them.
slice built(const std::vector<producer_record>& records, const batch::builder_options& options) {
    batch::batch_builder builder(options);
    for (const auto& one : records) {
        std::vector<batch::header_view> views;
        for (const auto& header : one.headers)
            views.push_back({header.key, header.value ? std::optional(std::as_bytes(std::span(*header.value)))
                                                      : std::nullopt});
        builder.append_text(timestamp_ms(one.timestamp_ms.value_or(2000)), one.key, one.value, views);
    }
    return builder.build();
}

TEST(open_batch, writes_what_the_builder_writes) {
    const auto records = some_records();
    for (const auto codec : {batch::codec::none, batch::codec::gzip, batch::codec::snappy, batch::codec::lz4,
                             batch::codec::zstd}) {
        open_batch batch(4096, records.front());
        for (const auto& one : records)
            ASSERT_TRUE(batch.append(one, timestamp_ms(2000)));
        batch::codec_workspace workspace;
        batch.close(codec, std::nullopt, workspace);
        batch::builder_options options;
        options.compression = codec;
        options.producer_id = producer_id(7);
        options.producer_epoch = producer_epoch(2);
        options.base_sequence = 40;
        EXPECT_EQ(batch.stamp(producer_id(7), producer_epoch(2), 40), built(records, options));
    }
}

TEST(open_batch, a_second_stamp_leaves_the_first_alone) {
    const auto records = some_records();
    open_batch batch(4096, records.front());
    ASSERT_TRUE(batch.append(records.front(), timestamp_ms(1)));
    batch::codec_workspace workspace;
    batch.close(batch::codec::none, std::nullopt, workspace);
    const auto first = batch.stamp(producer_id(1), producer_epoch(0), 5);
    const auto before = slice::copy_of(first.bytes());
    const auto second = batch.stamp(producer_id(1), producer_epoch(1), 0);
    EXPECT_EQ(first, before);
    EXPECT_FALSE(first == second);
}

TEST(open_batch, has_room_for_one_record_of_any_size) {
    const std::string large(100'000, 'x');
    const producer_record record{"t", std::nullopt, large};
    open_batch batch(100, record);
    EXPECT_EQ(batch.capacity(), batch_bytes_of(record));
    EXPECT_TRUE(batch.append(record, timestamp_ms(1)));
    EXPECT_FALSE(batch.append({"t", std::nullopt, ""}, timestamp_ms(1)));
    EXPECT_EQ(batch.size(), batch.capacity());
}

} // namespace
} // namespace barnabas::client::open_batch_test
