#include "protocol/batch/message_builder.hpp"
#include "protocol/batch/message_set.hpp"
#include "protocol/batch/validate.hpp"
#include "tests/unit/actors/connection/connection_fixture.hpp"

namespace barnabas::conversion_test {
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
    EXPECT_EQ(port.appends[0].second.earliest, timestamp_ms(1000));
    EXPECT_EQ(port.converted_records, 0u) << "nothing is stored yet";
    append_response done;
    done.token = port.appends[0].second.token;
    done.base_offset = log_offset(4);
    machine.on_append_response(done);
    EXPECT_EQ(port.converted_records, 2u);
    EXPECT_EQ(response<kafka::produce_response>(0, 2, 1).responses[0].partition_responses[0].base_offset, 4);
    EXPECT_EQ(response<kafka::produce_response>(1, 2, 2).responses[0].partition_responses[0].error_code, 0);
}

TEST_F(conversion_test, what_the_log_refuses_does_not_count_as_converted) {
    machine.start();
    batch::message_builder builder(batch::message_builder_options{});
    builder.append(log_offset(0), timestamp_ms(1000), std::nullopt, slice::copy_of("one").bytes());
    for (const auto version : {std::int16_t{2}, std::int16_t{3}}) {
        auto message = produce(0);
        if (version < 3)
            message.topic_data[0].partition_data[0].records = builder.build();
        deliver(request(message, version, version));
        append_response refused;
        refused.token = port.appends.back().second.token;
        refused.code = errc::storage_error;
        machine.on_append_response(refused);
    }
    EXPECT_EQ(port.converted_records, 0u);
    // Version 4 is the first with KAFKA_STORAGE_ERROR.
    for (const std::size_t index : {0, 1}) {
        const auto version = static_cast<std::int16_t>(index + 2);
        EXPECT_EQ(response<kafka::produce_response>(index, version, version)
                      .responses[0]
                      .partition_responses[0]
                      .error_code,
                  kafka::wire_value(error_code::not_leader_or_follower));
    }
}

TEST_F(conversion_test, the_earliest_timestamp_is_that_of_a_record_not_of_the_header) {
    machine.start();
    batch::batch_builder builder;
    builder.append_text(timestamp_ms(5000), "key", "value");
    builder.append_text(timestamp_ms(3000), "key", "value");
    builder.append_text(timestamp_ms(4000), "key", "value");
    auto message = produce(0);
    message.topic_data[0].partition_data[0].records = builder.build();
    deliver(request(message, 8, 1));
    ASSERT_EQ(port.appends.size(), 1u);
    EXPECT_EQ(port.appends[0].second.batches.at(0).header.base_timestamp, timestamp_ms(5000));
    EXPECT_EQ(port.appends[0].second.earliest, timestamp_ms(3000));
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

slice stored_record(std::int64_t offset) {
    batch::builder_options plain;
    plain.base_offset = log_offset(offset);
    batch::batch_builder records(plain);
    records.append_text(timestamp_ms(1000), "key", "value");
    return records.build();
}

TEST_F(conversion_test, an_old_fetch_that_waits_for_more_converts_what_it_tells_only) {
    machine.start();
    deliver(request(fetch(1, 10, 100'000), 3, 1));
    const auto answer_last_read = [&](std::int64_t end, const slice& records) {
        read_response answer;
        answer.token = port.read_requests.back().second.token;
        answer.high_watermark = log_offset(end);
        answer.records = records;
        machine.on_read_response(answer);
    };
    answer_last_read(11, stored_record(10));
    ASSERT_EQ(port.read_requests.size(), 2u) << "it watches what comes behind";
    answer_last_read(12, {});
    ASSERT_EQ(port.read_requests.size(), 3u) << "there is more: both are read";
    EXPECT_EQ(port.read_requests.back().second.fetch_offset, log_offset(10));
    EXPECT_EQ(port.converted_records, 0u);
    const std::vector<slice> both{stored_record(10), stored_record(11)};
    answer_last_read(12, join(both));
    ASSERT_TRUE(port.written.empty());
    port.time = port.time + 600'000'000;
    machine.on_timer();
    const auto told = response<kafka::fetch_response>(0, 3, 1);
    const auto entries = batch::split_entries(*told.responses[0].partitions[0].records);
    ASSERT_TRUE(entries.has_value());
    EXPECT_EQ(entries->size(), 2u);
    EXPECT_EQ(batch::magic_of(entries->front()), 1);
    EXPECT_EQ(port.converted_records, 2u);
}

TEST_F(conversion_test, a_late_read_leaves_no_batch_in_an_old_answer) {
    machine.start();
    auto message = fetch(1, 10, 100'000);
    auto& second = message.topics[0].partitions.emplace_back(message.topics[0].partitions[0]);
    second.partition = 2;
    deliver(request(message, 3, 1));
    ASSERT_EQ(port.read_requests.size(), 2u);
    read_response answer;
    answer.token = port.read_requests[0].second.token;
    answer.high_watermark = log_offset(11);
    answer.records = stored_record(10);
    machine.on_read_response(answer);
    for (int late = 0; late < 2; ++late) {
        port.time = port.time + 2'000'000'000;
        machine.on_timer();
    }
    const auto told = response<kafka::fetch_response>(0, 3, 1);
    ASSERT_EQ(told.responses[0].partitions.size(), 1u);
    const auto entries = batch::split_entries(*told.responses[0].partitions[0].records);
    ASSERT_TRUE(entries.has_value());
    EXPECT_EQ(batch::magic_of(entries->front()), 1);
}

TEST_F(conversion_test, fetch_5_does_not_know_of_storage_errors) {
    machine.start();
    for (const auto version : {std::int16_t{5}, std::int16_t{6}}) {
        deliver(request(fetch(1, 0, 1), version, version));
        read_response refused;
        refused.token = port.read_requests.back().second.token;
        refused.code = errc::storage_error;
        machine.on_read_response(refused);
    }
    const auto code = [&](std::size_t index, std::int16_t version) {
        return response<kafka::fetch_response>(index, version, version).responses[0].partitions[0].error_code;
    };
    EXPECT_EQ(code(0, 5), kafka::wire_value(error_code::not_leader_or_follower));
    EXPECT_EQ(code(1, 6), kafka::wire_value(error_code::kafka_storage_error));
}

} // namespace
} // namespace barnabas::conversion_test
