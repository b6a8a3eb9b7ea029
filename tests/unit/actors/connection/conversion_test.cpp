#include "protocol/batch/message_builder.hpp"
#include "protocol/batch/message_set.hpp"
#include "protocol/batch/validate.hpp"
#include "tests/unit/actors/connection/connection_fixture.hpp"

namespace barnabas {
namespace {

using conversion_test = connection_test;

TEST_F(conversion_test, a_message_set_is_stored_as_one_batch_and_counted) {
    machine.start();
    batch::message_builder builder(batch::message_builder_options{});
    builder.append(log_offset(0), timestamp_ms(1000), std::nullopt, slice::copy_of("one").bytes());
    builder.append(log_offset(1), timestamp_ms(2000), std::nullopt, slice::copy_of("two").bytes());
    auto old = produce(0);
    old.topic_data[0].partition_data[0].records = builder.build();
    auto empty = produce(1);
    empty.topic_data[0].partition_data[0].records = slice();
    deliver(request(old, 2, 1) + request(empty, 2, 2));
    ASSERT_EQ(port.appends.size(), 1u);
    const auto& stored = port.appends[0].second.batches.at(0);
    EXPECT_EQ(stored.header.magic, 2);
    EXPECT_EQ(stored.header.record_count, 2);
    EXPECT_EQ(stored.header.max_timestamp, timestamp_ms(2000));
    EXPECT_EQ(port.converted_records, 2u);
    append_response done;
    done.token = port.appends[0].second.token;
    done.base_offset = log_offset(4);
    machine.on_append_response(done);
    EXPECT_EQ(response<kafka::produce_response>(0, 2, 1).responses[0].partition_responses[0].base_offset, 4);
    EXPECT_EQ(response<kafka::produce_response>(1, 2, 2).responses[0].partition_responses[0].error_code, 0);
}

slice zeros(std::size_t bytes, batch::codec which) {
    batch::builder_options options;
    options.compression = which;
    batch::batch_builder builder(options);
    builder.append_text(timestamp_ms(1000), "key", std::string(bytes, '\0'));
    return builder.build();
}

TEST_F(conversion_test, a_small_batch_that_unpacks_to_much_is_refused) {
    machine.start();
    auto message = produce(0);
    message.topic_data[0].partition_data[0].records = zeros(8 << 20, batch::codec::zstd);
    deliver(request(message, 8, 1));
    EXPECT_EQ(port.appends.size(), 1u) << "values that are all alike are no crime";
    message.topic_data[0].partition_data[0].records = zeros(17 << 20, batch::codec::zstd);
    deliver(request(message, 8, 2));
    EXPECT_EQ(port.appends.size(), 1u);
}

TEST_F(conversion_test, the_batches_of_a_request_share_what_they_may_unpack_to) {
    port.metadata = test::image_with("orders", 20);
    machine.start();
    auto message = produce(0);
    auto& partitions = message.topic_data[0].partition_data;
    partitions.clear();
    const auto bomb = zeros(12 << 20, batch::codec::zstd);
    for (std::int32_t index = 0; index < 10; ++index) {
        auto& each = partitions.emplace_back();
        each.index = index;
        each.records = slice::copy_of(bomb.bytes());
    }
    partitions.emplace_back(produce(10).topic_data[0].partition_data[0]);
    deliver(request(message, 8, 1));
    ASSERT_EQ(port.appends.size(), 6u) << "five make 60 of 64 MiB, and one is not packed";
    EXPECT_EQ(port.appends.back().first.partition, partition_index(10));
}

TEST_F(conversion_test, the_codec_of_the_topic_replaces_that_of_the_producer) {
    machine.start();
    for (const std::string type : {"producer", "uncompressed", "gzip", "snappy", "lz4", "zstd"}) {
        port.config.compression_type = type;
        deliver(request(produce(0), 8, 1));
        const auto& header = port.appends.back().second.batches.at(0).header;
        const auto kept = type == "producer" || type == "uncompressed";
        EXPECT_EQ(header.compression() == batch::codec::none, kept) << type;
    }
    batch::builder_options packed;
    packed.compression = batch::codec::lz4;
    batch::batch_builder builder(packed);
    builder.append_text(timestamp_ms(1000), "key", "value");
    auto message = produce(0);
    message.topic_data[0].partition_data[0].records = builder.build();
    port.config.compression_type = "uncompressed";
    deliver(request(message, 8, 7));
    const auto& stored = port.appends.back().second.batches.at(0);
    EXPECT_EQ(stored.header.compression(), batch::codec::none);
    EXPECT_TRUE(batch::validate_batch(stored, {}));
}

TEST_F(conversion_test, a_batch_that_has_grown_beyond_the_topics_limit_is_refused) {
    machine.start();
    batch::builder_options packed;
    packed.compression = batch::codec::gzip;
    batch::batch_builder builder(packed);
    builder.append_text(timestamp_ms(1000), "key", std::string(10'000, 'x'));
    auto message = produce(0);
    message.topic_data[0].partition_data[0].records = builder.build();
    port.config.max_message_bytes = 1'000;
    port.config.compression_type = "uncompressed";
    deliver(request(message, 8, 1));
    EXPECT_TRUE(port.appends.empty());
    EXPECT_EQ(response<kafka::produce_response>(0, 8, 1).responses[0].partition_responses[0].error_code,
              kafka::wire_value(error_code::message_too_large));
}

TEST_F(conversion_test, a_topic_of_zstd_is_not_for_consumers_before_fetch_10) {
    machine.start();
    port.config.compression_type = "zstd";
    deliver(request(fetch(1, 0, 1), 9, 1));
    EXPECT_EQ(response<kafka::fetch_response>(0, 9, 1).responses[0].partitions[0].error_code,
              kafka::wire_value(error_code::unsupported_compression_type));
    deliver(request(fetch(1, 0, 1), 10, 2));
    EXPECT_EQ(port.read_requests.size(), 1u);
}

TEST_F(conversion_test, a_topic_may_do_without_old_consumers) {
    machine.start();
    port.config.message_downconversion_enable = false;
    deliver(request(fetch(1, 0, 1), 3, 1));
    EXPECT_EQ(response<kafka::fetch_response>(0, 3, 1).responses[0].partitions[0].error_code,
              kafka::wire_value(error_code::unsupported_version));
    deliver(request(fetch(1, 0, 1), 4, 2));
    EXPECT_EQ(port.read_requests.size(), 1u);
}

TEST_F(conversion_test, an_old_fetch_gets_a_message_set_from_behind_what_is_not_for_it) {
    machine.start();
    deliver(request(fetch(1, 10, 1), 3, 1));
    ASSERT_EQ(port.read_requests.size(), 1u);
    batch::builder_options marker;
    marker.base_offset = log_offset(10);
    marker.control = true;
    marker.transactional = true;
    marker.producer_id = producer_id(1);
    marker.producer_epoch = producer_epoch(0);
    batch::batch_builder markers(marker);
    markers.append_text(timestamp_ms(1), "key!", "value!");
    read_response first;
    first.token = port.read_requests[0].second.token;
    first.high_watermark = log_offset(12);
    first.records = markers.build();
    machine.on_read_response(first);
    ASSERT_EQ(port.read_requests.size(), 2u) << "there was nothing but a marker, so it reads on";
    EXPECT_EQ(port.read_requests[1].second.fetch_offset, log_offset(11));
    batch::builder_options plain;
    plain.base_offset = log_offset(11);
    batch::batch_builder records(plain);
    records.append_text(timestamp_ms(1000), "key", "value");
    read_response second;
    second.token = port.read_requests[1].second.token;
    second.high_watermark = log_offset(12);
    second.records = records.build();
    machine.on_read_response(second);
    const auto answer = response<kafka::fetch_response>(0, 3, 1);
    const auto entries = batch::split_entries(*answer.responses[0].partitions[0].records);
    ASSERT_TRUE(entries.has_value());
    ASSERT_EQ(entries->size(), 1u);
    EXPECT_EQ(batch::magic_of(entries->front()), 1);
    EXPECT_EQ(std::get<batch::message_view>(entries->front()).header.offset, log_offset(11));
    EXPECT_EQ(port.converted_records, 1u);
}

} // namespace
} // namespace barnabas
