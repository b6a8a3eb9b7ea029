#pragma once

#include "actors/connection/connection.hpp"
#include "fake_port.hpp"
#include "protocol/batch/builder.hpp"
#include "protocol/kafka/error_codes.hpp"
#include "protocol/kafka/fetch.hpp"
#include "protocol/kafka/frame.hpp"
#include "protocol/kafka/produce.hpp"
#include "runtime/memory/reserve.hpp"

#include <gtest/gtest.h>

#include <cstring>

namespace barnabas {

using kafka::error_code;

/// A connection with nothing but a played port around it, and requests to deliver.
class connection_test : public testing::Test {
protected:
    connection_test() { port.metadata = test::image_with("orders", 3); }

    void deliver(const std::string& bytes) {
        auto wanted = port.reads.back();
        auto into = chunk::allocate(bytes.size());
        std::memcpy(into->data(), bytes.data(), bytes.size());
        ASSERT_EQ(wanted.into, nullptr) << "a frame was left half read";
        machine.on_read({into, 0, bytes.size()});
    }

    template <class Request>
    std::string request(const Request& message, std::int16_t version, std::int32_t correlation_id) {
        return std::string(join(kafka::frame_request(correlation_id, "tester", message, version)).text());
    }

    template <class Response>
    Response response(std::size_t index, std::int16_t version, std::int32_t correlation_id) {
        kafka::wire_reader in(port.written.at(index).from(4));
        auto header = kafka::response_header::decode(
            in, kafka::response_header_version(kafka::api_key{Response::api_key}, version));
        EXPECT_TRUE(header.has_value());
        EXPECT_EQ(header->correlation_id, correlation_id);
        auto decoded = Response::decode(in, version);
        EXPECT_TRUE(decoded.has_value());
        EXPECT_TRUE(in.at_end());
        return *decoded;
    }

    kafka::produce_request produce(std::int32_t partition, std::int16_t acks = -1,
                                   const std::string& topic = "orders") {
        batch::batch_builder builder;
        builder.append_text(timestamp_ms(1000), "key", "value");
        kafka::produce_request message;
        message.acks = acks;
        message.timeout_ms = 30000;
        auto& topic_entry = message.topic_data.emplace_back();
        topic_entry.name = slice::copy_of(topic);
        auto& entry = topic_entry.partition_data.emplace_back();
        entry.index = partition;
        entry.records = builder.build();
        return message;
    }

    kafka::fetch_request fetch(std::int32_t partition, std::int64_t offset, std::int32_t min_bytes) {
        kafka::fetch_request message;
        message.replica_id = -1;
        message.max_wait_ms = 500;
        message.min_bytes = min_bytes;
        message.max_bytes = 8 << 20;
        auto& topic = message.topics.emplace_back();
        topic.topic = slice::copy_of("orders");
        auto& entry = topic.partitions.emplace_back();
        entry.partition = partition;
        entry.fetch_offset = offset;
        entry.partition_max_bytes = 1 << 20;
        return message;
    }

    test::fake_port port;
    broker_config config;
    allow_all_authorizer access;
    runtime::memory_reserve reserve{"input", 64 << 20};
    connection machine{{&config, &access, &reserve, "PLAINTEXT", 1}, port};
};

} // namespace barnabas
