#include "protocol/kafka/metadata.hpp"
#include "tests/unit/actors/connection/connection_fixture.hpp"

/// What of the traffic a connection tells to those who count.
namespace barnabas::traffic_test {
namespace {

TEST_F(connection_test, batches_count_when_they_go_to_their_partition_and_refused_ones_apart) {
    machine.start();
    const auto good = produce(0);
    deliver(request(good, 7, 1) + request(produce(0, -1, "nowhere"), 7, 2));
    EXPECT_EQ(port.taken_records, 1u);
    EXPECT_EQ(port.taken_bytes, good.topic_data[0].partition_data[0].records->size());
    EXPECT_EQ(port.refused_parts[kafka::api_key::produce], 1u);
}

TEST_F(connection_test, errors_count_by_request_and_wherever_they_stand_in_a_response) {
    machine.start();
    deliver(request(produce(0, -1, "nowhere"), 7, 1));
    deliver(request(fetch(9, 0, 1), 11, 2));
    using counted = decltype(port.errors);
    constexpr auto unknown = static_cast<std::int16_t>(kafka::error_code::unknown_topic_or_partition);
    EXPECT_EQ(port.errors,
              (counted{{{kafka::api_key::produce, unknown}, 1}, {{kafka::api_key::fetch, unknown}, 1}}));
}

TEST_F(connection_test, bytes_of_batches_that_are_too_large_count) {
    machine.start();
    port.config.max_message_bytes = 10;
    const auto large = produce(0);
    deliver(request(large, 7, 1));
    EXPECT_EQ(port.too_large_bytes, large.topic_data[0].partition_data[0].records->size());
    EXPECT_EQ(port.taken_bytes, 0u);
}

TEST_F(connection_test, bytes_that_a_fetch_gives_count_and_so_does_its_refusal) {
    machine.start();
    deliver(request(fetch(1, 10, 1), 11, 1));
    ASSERT_EQ(port.read_requests.size(), 1u);
    read_response full;
    full.token = port.read_requests[0].second.token;
    full.high_watermark = log_offset(11);
    full.records = slice::copy_of("records");
    machine.on_read_response(full);
    EXPECT_EQ(port.given_bytes, 7u);
    EXPECT_TRUE(port.refused_parts.empty());
    deliver(request(fetch(9, 0, 1), 11, 2));
    EXPECT_EQ(port.given_bytes, 7u);
    EXPECT_EQ(port.refused_parts[kafka::api_key::fetch], 1u);
}

TEST_F(connection_test, what_is_wrong_with_a_batch_counts_by_its_kind) {
    machine.start();
    port.config.cleanup_compact = true;
    const auto with = [&](auto change) {
        auto message = produce(0);
        auto& records = *message.topic_data[0].partition_data[0].records;
        auto bytes = std::string(records.text());
        change(bytes);
        records = slice::copy_of(bytes);
        deliver(request(message, 7, 1));
    };
    with([](std::string& bytes) { bytes.back() ^= 1; });
    with([](std::string& bytes) { bytes[16] = 1; });
    with([](std::string& bytes) { bytes[16] = 9; });
    // The base offset is not part of what the CRC covers.
    with([](std::string& bytes) { bytes[7] = 5; });
    batch::batch_builder keyless;
    keyless.append_text(timestamp_ms(1000), std::nullopt, "value");
    auto message = produce(0);
    message.topic_data[0].partition_data[0].records = keyless.build();
    deliver(request(message, 7, 1));
    using counted = decltype(port.faulty);
    EXPECT_EQ(port.faulty, (counted{{batch::batch_fault::damaged, 1},
                                    {batch::batch_fault::magic, 2},
                                    {batch::batch_fault::order, 1},
                                    {batch::batch_fault::no_key, 1}}));
    EXPECT_EQ(port.refused_parts[kafka::api_key::produce], 5u);
    deliver(request(produce(0), 7, 2));
    EXPECT_EQ(port.appends.size(), 1u);
}

TEST_F(connection_test, a_request_is_timed_from_its_arrival_over_its_waits_to_its_response) {
    machine.start();
    const auto came = port.time;
    deliver(request(produce(0), 7, 1) + request(produce(1), 7, 2) + request(kafka::metadata_request{}, 1, 3));
    EXPECT_EQ(port.waiting_told, (std::vector<std::size_t>{1})) << "Metadata waits for Produce";
    ASSERT_EQ(port.appends.size(), 2u);
    const auto stored = [&](std::size_t which) {
        append_response answer;
        answer.token = port.appends[which].second.token;
        machine.on_append_response(answer);
    };
    port.time = came + 10;
    stored(1);
    EXPECT_TRUE(port.finished_requests.empty());
    port.time = came + 30;
    stored(0);
    ASSERT_EQ(port.finished_requests.size(), 3u);
    const auto& first = port.finished_requests[0];
    const auto& second = port.finished_requests[1];
    const auto& third = port.finished_requests[2];
    EXPECT_EQ(first.version, 7);
    EXPECT_EQ(first.parked_at, came);
    EXPECT_EQ(first.answered_at, came + 30);
    EXPECT_EQ(first.sent_at, came + 30);
    EXPECT_EQ(second.answered_at, came + 10);
    EXPECT_EQ(second.sent_at, came + 30) << "its response waited for the first one";
    EXPECT_EQ(third.version, 1);
    EXPECT_EQ(third.arrived_at, came);
    EXPECT_EQ(third.begun_at, came + 30);
    EXPECT_EQ(third.parked_at, third.answered_at) << "it never waited for others";
    EXPECT_EQ(port.waiting_told, (std::vector<std::size_t>{1, 0}));
}

} // namespace
} // namespace barnabas::traffic_test
