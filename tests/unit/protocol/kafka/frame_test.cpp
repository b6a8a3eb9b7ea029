#include "protocol/kafka/api_versions.hpp"
#include "protocol/kafka/fetch.hpp"
#include "protocol/kafka/frame.hpp"
#include "protocol/kafka/metadata.hpp"
#include "protocol/kafka/produce.hpp"
#include "tests/golden/messages.hpp"

#include <gtest/gtest.h>

namespace barnabas::kafka::frame_test {
namespace {

using testing::from_hex;
using testing::to_hex;

TEST(frame, a_request_is_read_back_with_its_header) {
    produce_request request;
    request.acks = -1;
    auto& topic = request.topic_data.emplace_back();
    topic.name = slice::copy_of("orders");
    topic.partition_data.emplace_back().records = slice::copy_of(std::string(1000, 'r'));
    for (std::int16_t version = 3; version <= 12; ++version) {
        const auto frame = join(frame_request(42, "tester", request, version));
        wire_reader in(frame);
        EXPECT_EQ(in.int32(), static_cast<std::int32_t>(frame.size() - 4));
        const auto header = decode_request_header(in);
        ASSERT_TRUE(header);
        EXPECT_EQ(header->request_api_key, 0);
        EXPECT_EQ(header->request_api_version, version);
        EXPECT_EQ(header->correlation_id, 42);
        EXPECT_EQ(header->client_id, "tester");
        const auto body = produce_request::decode(in, version);
        ASSERT_TRUE(body);
        EXPECT_EQ(*body, request);
        EXPECT_TRUE(in.finish("ProduceRequest", version));
    }
}

TEST(frame, a_response_refers_to_record_slices_and_allocates_its_rest_once) {
    const auto records = slice::copy_of(std::string(100'000, 'r'));
    fetch_response response;
    auto& topic = response.responses.emplace_back();
    topic.topic = "orders";
    for (int i = 0; i < 3; ++i)
        topic.partitions.emplace_back().records = records;
    const auto parts = frame_response(7, response, 12);
    ASSERT_EQ(parts.size(), 7u);
    EXPECT_EQ(parts[1].data(), records.data());
    EXPECT_EQ(parts[5].data(), records.data());
    // One buffer: each own part starts where the one before ended.
    EXPECT_EQ(parts[2].data(), parts[0].data() + parts[0].size());
    EXPECT_EQ(parts[4].data(), parts[2].data() + parts[2].size());
    wire_reader in(join(parts));
    EXPECT_EQ(in.int32(), static_cast<std::int32_t>(total_size(parts) - 4));
    EXPECT_EQ(response_header::decode(in, 1)->correlation_id, 7);
    const auto body = fetch_response::decode(in, 12);
    ASSERT_TRUE(body);
    EXPECT_EQ(*body, response);
}

TEST(frame, an_answer_longer_than_its_length_field_can_say_is_none) {
    // One MiB of records told often enough: nothing is copied, so the answer's size costs no memory.
    const auto records = slice::copy_of(std::string(1 << 20, 'r'));
    fetch_response response;
    auto& partitions = response.responses.emplace_back().partitions;
    for (int i = 0; i < 2047; ++i)
        partitions.emplace_back().records = records;
    const auto most = frame_response(7, response, 12);
    EXPECT_GT(total_size(most), std::size_t{2047} << 20);
    partitions.emplace_back().records = records;
    EXPECT_TRUE(frame_response(7, response, 12).empty());
}

TEST(frame, api_versions_answers_with_header_v0_in_every_version) {
    api_versions_response response;
    response.error_code = 35;
    EXPECT_EQ(to_hex(join(frame_response(9, response, 0))), "0000000a00000009002300000000");
    // Flexible body: no tag section between correlation id and error code.
    EXPECT_EQ(to_hex(join(frame_response(9, response, 3))).substr(0, 22), "0000000c00000009002301");
}

TEST(frame, a_header_cut_short_is_an_error) {
    for (const char* bytes :
         {"", "0000", "000000", "00030009000000", "0003000900000001ffff", "000300090000000100056162"}) {
        wire_reader in(from_hex(bytes));
        EXPECT_FALSE(decode_request_header(in)) << bytes;
    }
}

TEST(frame, an_unknown_api_key_still_gives_a_header) {
    wire_reader in(from_hex("03e7000500000001ffff"));
    const auto header = decode_request_header(in);
    ASSERT_TRUE(header);
    EXPECT_EQ(header->request_api_key, 999);
    EXPECT_FALSE(is_known(api_key{header->request_api_key}));
}

TEST(messages, null_becomes_empty_in_a_version_without_null) {
    metadata_request request;
    ASSERT_FALSE(request.topics);
    wire_writer out;
    request.encode(out, 0);
    EXPECT_EQ(to_hex(out.finish_contiguous()), "00000000");
    request.encode(out, 1);
    EXPECT_EQ(to_hex(out.finish_contiguous()), "ffffffff");
}

TEST(messages, fields_that_a_version_lacks_are_left_out) {
    produce_response response;
    response.throttle_time_ms = 5;
    response.node_endpoints.emplace_back().host = "nowhere";
    wire_writer out;
    response.encode(out, 0);
    EXPECT_EQ(to_hex(out.finish_contiguous()), "00000000");
}

TEST(messages, a_tagged_field_is_sent_only_when_it_differs_from_its_default) {
    api_versions_response response;
    const auto without = response.encoded_size(3);
    response.finalized_features_epoch = 4;
    EXPECT_EQ(response.encoded_size(3), without + 1 + 1 + 8);
    EXPECT_EQ(response.encoded_size(2), api_versions_response().encoded_size(2));
}

} // namespace
} // namespace barnabas::kafka::frame_test
