#include "actors/client/application/cluster_admin.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <thread>

// The face of admin calls, against addresses where nobody is; against a broker it runs in tests/clients.
namespace barnabas::client::cluster_admin_test {
namespace {

/// Port 1 of this machine refuses.
const properties nobody{
    {"bootstrap.servers", "127.0.0.1:1"}, {"default.api.timeout.ms", "300"}, {"reconnect.backoff.ms", "10"}};

TEST(cluster_admin, wrong_keys_are_refused_at_once) {
    const auto made = make_admin({{"bootstrap.servers", "127.0.0.1:1"}, {"clinet.id", "x"}});
    ASSERT_FALSE(made.has_value());
    EXPECT_EQ(made.failure(),
              (error{errc::invalid_config, "no client key is named clinet.id; did you mean client.id?"}));
}

TEST(cluster_admin, keys_that_change_nothing_are_told_once) {
    std::vector<std::vector<std::string>> told;
    application_options options;
    options.on_unused_keys = [&](const auto& keys) { told.push_back(keys); };
    auto keys = nobody;
    ASSERT_TRUE(make_admin(keys, options).has_value());
    // An empty value says nothing, and what is invalid stays an error.
    keys.insert({{"acks", "1"}, {"metric.reporters", "x"}, {"interceptor.classes", ""}});
    ASSERT_TRUE(make_admin(keys, options).has_value());
    keys["retries"] = "often";
    EXPECT_EQ(make_admin(keys, options).code(), errc::invalid_config);
    EXPECT_EQ(told, (std::vector<std::vector<std::string>>{{"acks", "metric.reporters"}}));
}

TEST(cluster_admin, what_a_listener_of_unused_keys_throws_is_told_and_costs_nothing) {
    std::vector<std::string> troubles;
    application_options options;
    options.on_trouble = [&](const std::string& sentence) { troubles.push_back(sentence); };
    options.on_unused_keys = [](const auto&) { throw std::runtime_error("no such key"); };
    auto keys = nobody;
    keys["acks"] = "1";
    EXPECT_TRUE(make_admin(keys, options).has_value());
    EXPECT_EQ(troubles,
              std::vector<std::string>{"on_unused_keys of the program threw an exception: no such key"});
}

TEST(cluster_admin, a_call_to_nobody_says_how_far_it_got) {
    std::atomic<int> troubles{0};
    application_options options;
    options.on_trouble = [&](const std::string&) { ++troubles; };
    auto cluster = make_admin(nobody, options);
    ASSERT_TRUE(cluster.has_value());
    const auto topics = cluster->list_topics().get();
    ASSERT_EQ(topics.code(), errc::request_timed_out);
    EXPECT_NE(topics.failure().detail.find("as far as: connect"), std::string::npos)
        << topics.failure().detail;
    EXPECT_NE(topics.failure().detail.find("127.0.0.1:1: cannot connect"), std::string::npos)
        << topics.failure().detail;
    EXPECT_EQ(troubles, 1);
}

TEST(cluster_admin, a_name_that_nobody_knows_is_told_apart) {
    auto keys = nobody;
    keys["bootstrap.servers"] = "no-such-host.invalid:9092";
    keys["default.api.timeout.ms"] = "2000";
    auto cluster = make_admin(keys);
    ASSERT_TRUE(cluster.has_value());
    const auto topics = cluster->list_topics().get();
    ASSERT_EQ(topics.code(), errc::request_timed_out);
    EXPECT_NE(topics.failure().detail.find("as far as: resolve"), std::string::npos)
        << topics.failure().detail;
}

TEST(cluster_admin, closing_ends_what_is_under_way_and_what_comes_later) {
    auto keys = nobody;
    keys["default.api.timeout.ms"] = "600000";
    auto cluster = make_admin(keys);
    ASSERT_TRUE(cluster.has_value());
    const auto waiting = cluster->create_topics({{"a", 1, 1, {}, {}}, {"b", 1, 1, {}, {}}});
    std::atomic<int> told{0};
    waiting.on_done([&](const admin::created& all) { told += static_cast<int>(all.size()); });
    cluster->close();
    EXPECT_EQ(told, 2);
    EXPECT_EQ(waiting.get().at("a").code(), errc::closed);
    EXPECT_EQ(cluster->list_topics().get().code(), errc::closed);
    cluster->close();
}

TEST(cluster_admin, several_threads_may_call_at_once) {
    auto cluster = make_admin(nobody);
    ASSERT_TRUE(cluster.has_value());
    std::atomic<int> done{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i)
        threads.emplace_back([&] {
            for (int call = 0; call < 25; ++call)
                done += cluster->describe_topics({"t"}, {50, false}).get().size() == 1;
        });
    for (auto& one : threads)
        one.join();
    EXPECT_EQ(done, 100);
}

TEST(cluster_admin, can_be_moved_and_forgotten) {
    auto first = make_admin(nobody);
    auto second = make_admin(nobody);
    ASSERT_TRUE(first && second);
    const auto waiting = second->list_topics({600'000, false});
    *second = std::move(*first);
    EXPECT_EQ(waiting.get().code(), errc::closed);
    EXPECT_EQ(second->list_topics({20, false}).get().code(), errc::request_timed_out);
}

} // namespace
} // namespace barnabas::client::cluster_admin_test
