#include "actors/client/application/record_producer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

// The producer's face for programs, against addresses where nobody is; against a broker it runs in
// tests/clients.
namespace barnabas::client::record_producer_test {
namespace {

using std::chrono::milliseconds;

/// Port 1 of this machine refuses.
properties nobody(const char* max_block_ms = "300") {
    return {{"bootstrap.servers", "127.0.0.1:1"},
            {"max.block.ms", max_block_ms},
            {"reconnect.backoff.ms", "10"},
            {"linger.ms", "0"}};
}

TEST(record_producer, wrong_keys_are_refused_at_once) {
    const auto made = make_producer({{"bootstrap.servers", "127.0.0.1:1"}, {"linger", "5"}});
    ASSERT_FALSE(made.has_value());
    EXPECT_EQ(made.failure(),
              (error{errc::invalid_config, "no producer key is named linger; did you mean linger.ms?"}));
}

TEST(record_producer, keys_that_change_nothing_are_told) {
    std::vector<std::string> told;
    application_options options;
    options.on_unused_keys = [&](const auto& keys) { told = keys; };
    auto keys = nobody();
    keys.insert({{"acks", "1"}, {"client.id", "c"}});
    ASSERT_TRUE(make_producer(keys, options).has_value());
    EXPECT_EQ(told, std::vector<std::string>());
    keys.insert({{"group.id", "g"}, {"default.api.timeout.ms", "5"}, {"send.buffer.bytes", "many"}});
    keys.insert({{"key.serializer", "x"}, {"receive.buffer.bytes", "1"}, {"enable.metrics.push", "perhaps"}});
    ASSERT_TRUE(make_producer(keys, options).has_value());
    EXPECT_EQ(told,
              (std::vector<std::string>{"default.api.timeout.ms", "enable.metrics.push", "group.id",
                                        "key.serializer", "receive.buffer.bytes", "send.buffer.bytes"}));
}

TEST(record_producer, nobody_there_is_told_with_how_far_it_got) {
    auto producer = make_producer(nobody());
    ASSERT_TRUE(producer.has_value());
    const auto report = producer->send_later({"t", "k", "v"}).get();
    EXPECT_EQ(report.topic, "t");
    EXPECT_EQ(report.fate, delivery_fate::failed);
    EXPECT_EQ(report.why.code, errc::request_timed_out);
    EXPECT_NE(report.why.detail.find("as far as: connect"), std::string::npos) << report.why.detail;
    EXPECT_NE(report.why.detail.find("127.0.0.1:1: cannot connect"), std::string::npos) << report.why.detail;
}

TEST(record_producer, closing_reports_what_is_left_and_what_comes_later) {
    auto producer = make_producer(nobody("600000"));
    ASSERT_TRUE(producer.has_value());
    std::atomic<int> told{0};
    for (int i = 0; i < 10; ++i)
        producer->send({"t", std::nullopt, "v"},
                       [&](const delivery_report& report) { told += report.why.code == errc::closed; });
    EXPECT_FALSE(producer->flush(milliseconds(20)));
    producer->close(milliseconds(0));
    EXPECT_EQ(told, 10);
    producer->send({"t", std::nullopt, "v"},
                   [&](const delivery_report& report) { told += report.why.code == errc::closed; });
    EXPECT_EQ(told, 11);
    producer->close();
}

TEST(record_producer, a_full_buffer_takes_nothing) {
    auto keys = nobody("600000");
    keys["buffer.memory"] = "5000";
    keys["delivery.timeout.ms"] = "700000";
    auto producer = make_producer(keys);
    ASSERT_TRUE(producer.has_value());
    const std::string value(2000, 'x');
    std::atomic<int> told{0};
    const auto note = [&](const delivery_report&) { ++told; };
    EXPECT_TRUE(producer->try_send({"t", std::nullopt, value}, note));
    EXPECT_TRUE(producer->try_send({"t", std::nullopt, value}, note));
    EXPECT_FALSE(producer->try_send({"t", std::nullopt, value}, note));
    producer->close(milliseconds(0));
    EXPECT_EQ(told, 2);
}

TEST(record_producer, max_block_bounds_the_wait_for_room) {
    auto keys = nobody("50");
    keys["buffer.memory"] = "1000";
    auto producer = make_producer(keys);
    ASSERT_TRUE(producer.has_value());
    const std::string value(900, 'x');
    std::atomic<int> full{0};
    std::atomic<int> told{0};
    for (int i = 0; i < 4; ++i)
        producer->send({"t", std::nullopt, value}, [&](const delivery_report& report) {
            ++told;
            full += report.why.code == errc::throttled;
        });
    producer->close();
    EXPECT_EQ(told, 4);
    EXPECT_EQ(producer->metrics().records_sent, 0u);
}

TEST(record_producer, several_threads_may_send_at_once) {
    auto producer = make_producer(nobody("100"));
    ASSERT_TRUE(producer.has_value());
    std::atomic<int> told{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i)
        threads.emplace_back([&] {
            for (int record = 0; record < 500; ++record)
                producer->send({"t", std::nullopt, "v"}, [&](const delivery_report&) { ++told; });
        });
    for (auto& one : threads)
        one.join();
    producer->flush();
    EXPECT_EQ(told, 2000);
}

result<record_producer> made_for_nobody() {
    return make_producer({{"bootstrap.servers", "127.0.0.1:1"},
                          {"max.block.ms", "300"},
                          {"request.timeout.ms", "300"},
                          {"reconnect.backoff.ms", "10"}});
}

TEST(record_producer, the_longest_wait_for_the_end_waits_for_the_records) {
    auto producer = made_for_nobody();
    ASSERT_TRUE(producer.has_value());
    const auto report = producer->send_later({"t", {}, "a"});
    EXPECT_TRUE(producer->flush(milliseconds::max()));
    const auto later = producer->send_later({"t", {}, "b"});
    producer->close(milliseconds::max());
    EXPECT_EQ(report.get().why.code, errc::request_timed_out);
    EXPECT_EQ(later.get().why.code, errc::request_timed_out);
    EXPECT_EQ(producer->metrics().record_errors, 2u);
}

TEST(record_producer, a_wait_below_zero_is_none) {
    auto producer = made_for_nobody();
    ASSERT_TRUE(producer.has_value());
    const auto report = producer->send_later({"t", {}, "a"});
    producer->close(milliseconds::min());
    EXPECT_EQ(report.get().why.code, errc::closed);
}

TEST(record_producer, a_callback_that_throws_is_told_and_loses_no_other) {
    std::vector<std::string> troubles;
    application_options options;
    options.on_trouble = [&](const std::string& sentence) {
        troubles.push_back(sentence);
        throw std::runtime_error("trouble of its own");
    };
    auto producer = make_producer(nobody("50"), options);
    ASSERT_TRUE(producer.has_value());
    std::atomic<int> told{0};
    const auto note = [&](const delivery_report&) {
        ++told;
        throw std::runtime_error("mistake " + std::to_string(told));
    };
    for (int i = 0; i < 3; ++i)
        producer->send({"t", std::nullopt, "v"}, note);
    producer->flush();
    EXPECT_EQ(told, 3);
    // On this thread, at once.
    producer->send({"bad name", std::nullopt, "v"}, note);
    EXPECT_EQ(told, 4);
    const auto later = producer->send_later({"t", std::nullopt, "v"});
    later.on_done([](const delivery_report&) { throw 7; });
    later.on_done([&](const delivery_report&) { ++told; });
    producer->close();
    EXPECT_EQ(told, 5);
    for (int i = 1; i <= 4; ++i)
        EXPECT_EQ(
            std::count(troubles.begin(), troubles.end(),
                       "a delivery callback of the program threw an exception: mistake " + std::to_string(i)),
            1)
            << i;
}

TEST(record_producer, a_timestamp_below_zero_is_refused) {
    auto producer = make_producer(nobody("600000"));
    ASSERT_TRUE(producer.has_value());
    const auto report = producer->send_later({"t", "k", "v", {}, {}, std::int64_t{-5}}).get();
    EXPECT_EQ(report.fate, delivery_fate::failed);
    EXPECT_EQ(report.why, (error{errc::invalid_request, "timestamp -5 is below 0"}));
    producer->close(milliseconds(0));
}

} // namespace
} // namespace barnabas::client::record_producer_test
