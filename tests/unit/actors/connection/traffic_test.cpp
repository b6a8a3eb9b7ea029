#include "tests/unit/actors/connection/connection_fixture.hpp"

/// What of the traffic a connection tells to those who count.
namespace barnabas {
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

} // namespace
} // namespace barnabas
