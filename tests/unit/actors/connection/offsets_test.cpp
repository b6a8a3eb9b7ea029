#include "protocol/kafka/list_offsets.hpp"
#include "tests/unit/actors/connection/connection_fixture.hpp"

/// ListOffsets between client and partitions.
namespace barnabas::offsets_test {
namespace {

TEST_F(connection_test, special_times_of_list_offsets_belong_to_versions) {
    machine.start();
    struct expected {
        std::int64_t timestamp;
        std::int16_t version;
        error_code code;
    };
    std::int32_t number = 0;
    for (const auto& [timestamp, version, code] : std::vector<expected>{
             {-5, 8, error_code::unsupported_version},
             {-5, 9, error_code::none},
             {-3, 6, error_code::unsupported_version},
             {-3, 7, error_code::none},
             {-4, 7, error_code::unsupported_version},
             {-6, 10, error_code::unsupported_version},
             {-6, 11, error_code::none},
             {-7, 11, error_code::unsupported_version},
         }) {
        kafka::list_offsets_request message;
        auto& topic = message.topics.emplace_back();
        topic.name = "orders";
        topic.partitions.emplace_back().timestamp = timestamp;
        deliver(request(message, version, number));
        // What the version has is the partition's to answer, with its leader epoch.
        if (code == error_code::none) {
            EXPECT_EQ(port.offset_queries.back().second.timestamp, timestamp_ms(timestamp));
            offset_query_response none;
            none.token = port.offset_queries.back().second.token;
            machine.on_offset_query_response(none);
        }
        const auto answer =
            response<kafka::list_offsets_response>(static_cast<std::size_t>(number), version, number);
        EXPECT_EQ(answer.topics[0].partitions[0].error_code, kafka::wire_value(code))
            << timestamp << " in " << version;
        EXPECT_EQ(answer.topics[0].partitions[0].offset, -1);
        ++number;
    }
    EXPECT_EQ(port.offset_queries.size(), 3u);
}

TEST_F(connection_test, a_partition_that_list_offsets_names_twice_is_refused) {
    machine.start();
    kafka::list_offsets_request message;
    auto& topic = message.topics.emplace_back();
    topic.name = "orders";
    for (const std::int32_t index : {0, 1, 0})
        topic.partitions.emplace_back().partition_index = index;
    deliver(request(message, 7, 0));
    ASSERT_EQ(port.offset_queries.size(), 1u);
    offset_query_response found;
    found.token = port.offset_queries.back().second.token;
    found.offset = log_offset(5);
    machine.on_offset_query_response(found);
    const auto answer = response<kafka::list_offsets_response>(0, 7, 0);
    const auto& told = answer.topics[0].partitions;
    ASSERT_EQ(told.size(), 3u);
    EXPECT_EQ(told[0].error_code, kafka::wire_value(error_code::invalid_request));
    EXPECT_EQ(told[1].offset, 5);
    EXPECT_EQ(told[2].error_code, kafka::wire_value(error_code::invalid_request));
}

TEST_F(connection_test, the_first_version_of_list_offsets_asks_for_what_was_before) {
    machine.start();
    struct expected {
        std::int64_t found;
        std::int32_t offsets_max;
        std::vector<std::int64_t> told;
    };
    std::int32_t number = 0;
    for (const auto& [found, offsets_max, told] : std::vector<expected>{
             {7, 1, {7}},
             {-1, 1, {9}},
             {2, 1, {}},
             {7, 0, {}},
         }) {
        kafka::list_offsets_request message;
        auto& topic = message.topics.emplace_back();
        topic.name = "orders";
        auto& asked = topic.partitions.emplace_back();
        asked.timestamp = 1000;
        asked.max_num_offsets = offsets_max;
        deliver(request(message, 0, number));
        offset_query_response answer;
        answer.token = port.offset_queries.back().second.token;
        answer.offset = log_offset(found);
        answer.log_start_offset = log_offset(2);
        answer.high_watermark = log_offset(9);
        machine.on_offset_query_response(answer);
        EXPECT_EQ(response<kafka::list_offsets_response>(static_cast<std::size_t>(number), 0, number)
                      .topics[0]
                      .partitions[0]
                      .old_style_offsets,
                  told);
        ++number;
    }
}

TEST_F(connection_test, isolation_level_reaches_the_partition) {
    machine.start();
    for (const auto isolation : {std::int8_t{0}, std::int8_t{1}}) {
        kafka::list_offsets_request message;
        message.isolation_level = isolation;
        auto& topic = message.topics.emplace_back();
        topic.name = "orders";
        topic.partitions.emplace_back().timestamp = -1;
        deliver(request(message, 5, isolation));
        EXPECT_EQ(port.offset_queries.back().second.committed_only, isolation == 1);
        offset_query_response answer;
        answer.token = port.offset_queries.back().second.token;
        machine.on_offset_query_response(answer);
    }
}

} // namespace
} // namespace barnabas::offsets_test
