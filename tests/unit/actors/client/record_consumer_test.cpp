#include "actors/client/application/record_consumer.hpp"

#include "actors/client/pending.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

// The face of the consumer, against an address where nobody is; against a broker it runs in tests/clients.
namespace barnabas::client::record_consumer_test {
namespace {

using std::chrono::milliseconds;

properties nobody(properties more = {}) {
    more.insert({{"bootstrap.servers", "127.0.0.1:1"},
                 {"default.api.timeout.ms", "300"},
                 {"request.timeout.ms", "300"},
                 {"reconnect.backoff.ms", "10"}});
    return more;
}

TEST(record_consumer, wrong_keys_are_refused_at_once) {
    EXPECT_EQ(make_consumer(nobody({{"group.idd", "x"}})).failure(),
              (error{errc::invalid_config, "no consumer key is named group.idd; did you mean group.id?"}));
    EXPECT_EQ(make_consumer({}).code(), errc::invalid_config);
}

TEST(record_consumer, keys_that_change_nothing_are_told) {
    std::vector<std::string> told;
    record_consumer_options options;
    options.on_unused_keys = [&](const auto& keys) { told = keys; };
    ASSERT_TRUE(make_consumer(nobody({{"group.id", "g"}, {"retries", "5"}}), options).has_value());
    EXPECT_EQ(told, std::vector<std::string>());
    ASSERT_TRUE(make_consumer(nobody({{"acks", "1"}, {"interceptor.classes", "org.example.Mine"}}), options)
                    .has_value());
    EXPECT_EQ(told, (std::vector<std::string>{"acks", "interceptor.classes"}));
}

TEST(record_consumer, a_poll_of_nobody_ends_in_time_and_trouble_is_told) {
    std::atomic<int> troubles{0};
    record_consumer_options options;
    options.on_trouble = [&](const std::string&) { ++troubles; };
    auto consumer = make_consumer(nobody(), options);
    ASSERT_TRUE(consumer.has_value());
    ASSERT_TRUE(consumer->assign({{"t", 0}}).has_value());
    const auto records = consumer->poll(milliseconds(500));
    EXPECT_TRUE(records.has_value() && records->empty());
    EXPECT_GT(troubles, 0);
    EXPECT_EQ(consumer->assignment(), (std::set<partition_name>{{"t", 0}}));
    EXPECT_EQ(consumer->position({"t", 0}), std::nullopt);
    ASSERT_TRUE(consumer->seek({"t", 0}, 7).has_value());
    EXPECT_EQ(consumer->position({"t", 0}), 7);
}

TEST(record_consumer, what_needs_a_group_or_an_assignment_says_so) {
    auto consumer = make_consumer(nobody());
    ASSERT_TRUE(consumer.has_value());
    EXPECT_EQ(consumer->poll(milliseconds(1)).code(), errc::invalid_request);
    EXPECT_EQ(consumer->subscribe({"t"}).code(), errc::invalid_request);
    EXPECT_EQ(consumer->commit().code(), errc::invalid_request);
    EXPECT_EQ(consumer->committed({{"t", 0}}).code(), errc::invalid_request);
    EXPECT_EQ(consumer->seek({"t", 0}, 7).code(), errc::invalid_request);
}

TEST(record_consumer, a_call_to_nobody_says_how_far_it_got) {
    auto consumer = make_consumer(nobody({{"group.id", "g"}}));
    ASSERT_TRUE(consumer.has_value());
    const auto committed = consumer->committed({{"t", 0}});
    ASSERT_EQ(committed.code(), errc::request_timed_out);
    EXPECT_NE(committed.failure().detail.find("as far as: connect"), std::string::npos)
        << committed.failure().detail;
}

TEST(record_consumer, another_thread_can_end_a_poll) {
    auto consumer = make_consumer(nobody());
    ASSERT_TRUE(consumer.has_value());
    ASSERT_TRUE(consumer->assign({{"t", 0}}).has_value());
    std::thread other([&] { consumer->wake_up(); });
    const auto records = consumer->poll(std::chrono::hours(1));
    EXPECT_TRUE(records.has_value() && records->empty());
    other.join();
}

TEST(record_consumer, after_the_close_everything_fails_and_it_can_be_moved) {
    auto consumer = make_consumer(nobody({{"group.id", "g"}}));
    ASSERT_TRUE(consumer.has_value());
    auto moved = std::move(*consumer);
    ASSERT_TRUE(moved.subscribe({"t"}).has_value());
    moved.close();
    EXPECT_EQ(moved.poll(milliseconds(1)).code(), errc::closed);
    EXPECT_EQ(moved.commit().code(), errc::closed);
    EXPECT_EQ(moved.subscribe({"t"}).code(), errc::closed);
    std::atomic<bool> told{false};
    moved.commit_async([&](const result<void>& said) { told = said.code() == errc::closed; });
    EXPECT_TRUE(told);
    moved.close();
}

TEST(record_consumer, a_commit_below_zero_is_refused_before_anything_is_sent) {
    auto consumer = make_consumer(nobody({{"group.id", "g"}, {"default.api.timeout.ms", "600000"}}));
    ASSERT_TRUE(consumer.has_value());
    ASSERT_TRUE(consumer->assign({{"t", 0}}).has_value());
    const error wanted{errc::invalid_request, "offset -1 of t-1 cannot be committed: it is below 0"};
    EXPECT_EQ(consumer->commit({{{"t", 0}, {3, -1, {}}}, {{"t", 1}, {-1, -1, {}}}}).failure(), wanted);
    pending<result<void>> later;
    consumer->commit_async({{{"t", 1}, {-1, -1, {}}}},
                           [later](const result<void>& said) { later.give(said); });
    EXPECT_EQ(later.get().failure(), wanted);
}

TEST(record_consumer, a_commit_that_reaches_nobody_is_told_to_its_callback) {
    auto consumer = make_consumer(nobody({{"group.id", "g"}, {"enable.auto.commit", "false"}}));
    ASSERT_TRUE(consumer.has_value());
    pending<result<void>> first;
    pending<result<void>> second;
    consumer->commit_async({{{"t", 0}, {3, -1, {}}}}, [=](const result<void>& said) { first.give(said); });
    consumer->commit_async({{{"t", 0}, {4, -1, {}}}}, [=](const result<void>& said) { second.give(said); });
    const auto said = first.get();
    EXPECT_EQ(said.code(), errc::request_timed_out);
    EXPECT_NE(said.failure().detail.find("as far as: connect"), std::string::npos) << said.failure().detail;
    EXPECT_EQ(second.get().code(), errc::request_timed_out);
}

TEST(record_consumer, commits_that_wait_when_it_is_closed_are_told_to_their_callbacks) {
    auto consumer = make_consumer(nobody({{"group.id", "g"}}));
    ASSERT_TRUE(consumer.has_value());
    std::vector<errc> told;
    for (std::int64_t offset = 1; offset <= 3; ++offset)
        consumer->commit_async({{{"t", 0}, {offset, -1, {}}}},
                               [&](const result<void>& said) { told.push_back(said.code()); });
    consumer->close();
    EXPECT_EQ(told, (std::vector<errc>(3, errc::request_timed_out)));
}

TEST(record_consumer, a_commit_callback_that_throws_is_told_and_loses_no_other) {
    std::vector<std::string> troubles;
    record_consumer_options options;
    options.on_trouble = [&](const std::string& sentence) { troubles.push_back(sentence); };
    auto consumer = make_consumer(nobody(), options);
    ASSERT_TRUE(consumer.has_value());
    std::atomic<int> told{0};
    consumer->commit_async([&](const result<void>&) {
        ++told;
        throw std::runtime_error("mistake");
    });
    consumer->commit_async({{{"t", 0}, {1, -1, {}}}}, [&](const result<void>& said) {
        EXPECT_EQ(said.failure().detail, "a commit needs group.id");
        ++told;
    });
    consumer->commit_async();
    EXPECT_TRUE(consumer->assignment().empty());
    EXPECT_EQ(told, 2);
    consumer->close();
    EXPECT_EQ(troubles,
              std::vector<std::string>{"a commit callback of the program threw an exception: mistake"});
    consumer->commit_async([](const result<void>&) { throw std::runtime_error("closed"); });
}

} // namespace
} // namespace barnabas::client::record_consumer_test
