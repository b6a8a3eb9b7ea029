#include "actors/client/admin/admin.hpp"
#include "protocol/kafka/describe_cluster.hpp"
#include "protocol/kafka/unregister_broker.hpp"
#include "protocol/kafka/update_features.hpp"
#include "tests/unit/actors/client/played_cluster.hpp"

#include <gtest/gtest.h>

// What brokers serve, levels of features, endpoints, coordinators.
namespace barnabas::client::admin_brokers_test {
namespace {

using kafka::api_key;
using kafka::error_code;
using test::played_cluster;

struct brokers_run {
    played_cluster cluster;
    admin calls{[this](std::unique_ptr<cluster_call> call, std::optional<std::int64_t> timeout_ns) {
        cluster.submit(std::move(call), timeout_ns);
    }};

    void begin() {
        cluster.connect("one:9092");
        if (cluster.has(api_key::metadata))
            cluster.tell_metadata();
    }
};

TEST(admin_brokers, each_broker_tells_its_own_versions) {
    brokers_run it;
    it.cluster.brokers = {{1, "one"}, {2, "two"}};
    const auto told = it.calls.describe_versions({2, 1});
    it.begin();
    it.cluster.connect("two:9092");
    for (int i = 0; i < 2; ++i) {
        const auto asked = it.cluster.take(api_key::api_versions);
        EXPECT_LE(asked.header.request_api_version, 4) << "version 5 names the broker that is meant";
        kafka::api_versions_response said;
        const auto most = static_cast<std::int16_t>(it.cluster.address_of(asked) == "one:9092" ? 7 : 9);
        said.api_keys.push_back({1, 4, 12, {}});
        said.api_keys.push_back({0, 3, most, {}});
        it.cluster.answer(asked, said);
    }
    ASSERT_TRUE(told.is_done());
    const auto& of_two = *told.get().at(2);
    ASSERT_EQ(of_two.size(), 2U);
    EXPECT_EQ(of_two[0].name, "Produce");
    EXPECT_EQ(of_two[0].min_version, 3);
    EXPECT_EQ(of_two[0].max_version, 9);
    EXPECT_EQ(told.get().at(1)->at(0).max_version, 7);
}

TEST(admin_brokers, features_that_are_off_have_level_0) {
    brokers_run it;
    const auto told = it.calls.describe_features();
    it.begin();
    const auto asked = it.cluster.take(api_key::api_versions);
    kafka::api_versions_response said;
    said.supported_features.push_back({"group.version", 0, 1, {}});
    said.supported_features.push_back({"other", 0, 3, {}});
    said.finalized_features_epoch = 12;
    said.finalized_features.push_back({"group.version", 1, 1, {}});
    it.cluster.answer(asked, said);
    ASSERT_TRUE(told.is_done());
    const auto& levels = *told.get();
    EXPECT_EQ(levels.epoch, 12);
    EXPECT_EQ(levels.features.at("group.version").level, 1);
    EXPECT_EQ(levels.features.at("other").level, 0);
    EXPECT_EQ(levels.features.at("other").max_level, 3);
}

TEST(admin_brokers, a_feature_without_an_error_of_its_own_was_changed) {
    brokers_run it;
    feature_change up;
    up.level = 2;
    const auto told = it.calls.update_features({{"a", up}, {"b", up}});
    it.begin();
    const auto asked = it.cluster.take(api_key::update_features);
    const auto wish = asked.as<kafka::update_features_request>();
    ASSERT_EQ(wish.feature_updates.size(), 2U);
    EXPECT_EQ(wish.feature_updates[0].upgrade_type, 1);
    EXPECT_EQ(wish.feature_updates[0].max_version_level, 2);
    kafka::update_features_response said;
    it.cluster.answer(asked, said);
    ASSERT_TRUE(told.is_done());
    EXPECT_TRUE(told.get().at("a").has_value());
    EXPECT_TRUE(told.get().at("b").has_value());
}

TEST(admin_brokers, an_error_of_the_whole_update_is_that_of_each_feature) {
    brokers_run it;
    call_options check;
    check.validate_only = true;
    const auto told = it.calls.update_features({{"a", {}}}, check);
    it.begin();
    const auto asked = it.cluster.take(api_key::update_features);
    EXPECT_TRUE(asked.as<kafka::update_features_request>().validate_only);
    kafka::update_features_response said;
    said.error_code = kafka::wire_value(error_code::invalid_request);
    said.error_message = "too high";
    it.cluster.answer(asked, said);
    ASSERT_TRUE(told.is_done());
    EXPECT_EQ(told.get().at("a").failure().detail, "too high");
}

TEST(admin_brokers, endpoints_come_by_number_and_say_who_is_fenced) {
    brokers_run it;
    const auto told = it.calls.list_endpoints(endpoint_kind::broker, true);
    it.begin();
    const auto asked = it.cluster.take(api_key::describe_cluster);
    EXPECT_TRUE(asked.as<kafka::describe_cluster_request>().include_fenced_brokers);
    kafka::describe_cluster_response said;
    said.brokers.push_back({2, "two", 9092, "r", true, {}});
    said.brokers.push_back({1, "one", 9092, {}, false, {}});
    it.cluster.answer(asked, said);
    ASSERT_TRUE(told.is_done());
    const auto& all = *told.get();
    ASSERT_EQ(all.size(), 2U);
    EXPECT_EQ(all[0].broker.id, 1);
    EXPECT_FALSE(all[0].is_fenced);
    EXPECT_EQ(all[1].broker.rack, "r");
    EXPECT_TRUE(all[1].is_fenced);
}

TEST(admin_brokers, who_unregisters_asks_the_controller) {
    brokers_run it;
    const auto told = it.calls.unregister_brokers({7});
    it.begin();
    const auto asked = it.cluster.take(api_key::unregister_broker);
    EXPECT_EQ(asked.as<kafka::unregister_broker_request>().broker_id, 7);
    kafka::unregister_broker_response said;
    said.error_code = kafka::wire_value(error_code::invalid_request);
    said.error_message = "no such broker";
    it.cluster.answer(asked, said);
    ASSERT_TRUE(told.is_done());
    EXPECT_EQ(told.get().at(7).failure().detail, "no such broker");
}

TEST(admin_brokers, each_group_has_its_coordinator) {
    brokers_run it;
    const auto told = it.calls.coordinators_of_groups({"a", "b"});
    it.begin();
    for (const auto* group : {"a", "b"}) {
        const auto asked = it.cluster.take(api_key::find_coordinator);
        EXPECT_EQ(asked.as<kafka::find_coordinator_request>().coordinator_keys,
                  std::vector<std::string>{group});
        kafka::find_coordinator_response said;
        said.coordinators.push_back({group, 1, "one", 9092, 0, {}, {}});
        it.cluster.answer(asked, said);
    }
    ASSERT_TRUE(told.is_done());
    EXPECT_EQ(told.get().at("b")->id, 1);
    EXPECT_EQ(told.get().at("b")->host, "one");
}

} // namespace
} // namespace barnabas::client::admin_brokers_test
