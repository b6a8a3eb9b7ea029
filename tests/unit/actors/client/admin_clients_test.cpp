#include "actors/client/admin/admin.hpp"
#include "protocol/kafka/alter_configs.hpp"
#include "protocol/kafka/describe_producers.hpp"
#include "protocol/kafka/leave_group.hpp"
#include "protocol/kafka/list_config_resources.hpp"
#include "tests/unit/actors/client/played_cluster.hpp"

#include <gtest/gtest.h>

// What leaders remember of producers, members that shall go, settings by kinds and as a whole.
namespace barnabas::client::admin_clients_test {
namespace {

using kafka::api_key;
using kafka::error_code;
using test::played_cluster;

struct clients_run {
    played_cluster cluster;
    admin calls{[this](std::unique_ptr<cluster_call> call, std::optional<std::int64_t> timeout_ns) {
        cluster.submit(std::move(call), timeout_ns);
    }};

    void begin() {
        cluster.connect("one:9092");
        if (cluster.has(api_key::metadata))
            cluster.tell_metadata();
    }
    void tell_coordinator(const std::string& group) {
        const auto asked = cluster.take(api_key::find_coordinator);
        kafka::find_coordinator_response said;
        said.coordinators.push_back({group, 1, "one", 9092, 0, {}, {}});
        cluster.answer(asked, said);
    }
};

TEST(admin_clients, producers_come_from_the_leader_of_each_partition) {
    clients_run it;
    it.cluster.brokers = {{1, "one"}, {2, "two"}};
    it.cluster.topics = {{"t", {1, 2}}};
    const auto told = it.calls.describe_producers({{"t", 1}, {"t", 0}});
    it.begin();
    it.cluster.connect("two:9092");
    for (int i = 0; i < 2; ++i) {
        const auto asked = it.cluster.take(api_key::describe_producers);
        const auto wish = asked.as<kafka::describe_producers_request>();
        ASSERT_EQ(wish.topics.size(), 1U);
        const auto partition = it.cluster.address_of(asked) == "one:9092" ? 0 : 1;
        EXPECT_EQ(wish.topics[0].partition_indexes, std::vector<std::int32_t>{partition});
        kafka::describe_producers_response said;
        auto& one = said.topics.emplace_back();
        one.name = "t";
        auto& entry = one.partitions.emplace_back();
        entry.partition_index = partition;
        if (partition == 0) {
            entry.active_producers.push_back({9, 2, 41, 1000, -1, -1, {}});
            entry.active_producers.push_back({7, 0, -1, 900, 5, 30, {}});
        } else {
            entry.error_code = kafka::wire_value(error_code::topic_authorization_failed);
        }
        it.cluster.answer(asked, said);
    }
    ASSERT_TRUE(told.is_done());
    EXPECT_EQ(told.get().at({"t", 1}).code(), errc::topic_authorization_failed);
    const auto& producers = *told.get().at({"t", 0});
    ASSERT_EQ(producers.size(), 2U);
    EXPECT_EQ(producers[0].id, 7);
    EXPECT_EQ(producers[0].transaction_start, 30);
    EXPECT_EQ(producers[0].coordinator_epoch, 5);
    EXPECT_EQ(producers[1].last_sequence, 41);
    EXPECT_EQ(producers[1].transaction_start, std::nullopt);
    EXPECT_EQ(producers[1].coordinator_epoch, std::nullopt);
}

TEST(admin_clients, members_leave_by_their_id_or_their_instance) {
    clients_run it;
    const auto gone = it.calls.remove_members("g", {{"m-1", {}}, {"", "i-2"}, {"m-3", {}}}, "scaled down");
    it.begin();
    it.tell_coordinator("g");
    const auto asked = it.cluster.take(api_key::leave_group);
    const auto wish = asked.as<kafka::leave_group_request>();
    EXPECT_EQ(wish.group_id, "g");
    ASSERT_EQ(wish.members.size(), 3U);
    EXPECT_EQ(wish.members[0].group_instance_id, "i-2");
    EXPECT_EQ(wish.members[0].reason, "scaled down");
    EXPECT_EQ(wish.members[1].member_id, "m-1");
    kafka::leave_group_response said;
    said.members.push_back({"m-2", "i-2", 0, {}});
    said.members.push_back({"m-1", {}, 0, {}});
    said.members.push_back({"m-3", {}, kafka::wire_value(error_code::unknown_member_id), {}});
    it.cluster.answer(asked, said);
    ASSERT_TRUE(gone.is_done());
    EXPECT_TRUE(gone.get().at({"", "i-2"}).has_value());
    EXPECT_TRUE(gone.get().at({"m-1", {}}).has_value());
    EXPECT_EQ(gone.get().at({"m-3", {}}).code(), errc::unknown_member_id);
}

TEST(admin_clients, an_error_of_the_group_is_that_of_each_member) {
    clients_run it;
    const auto gone = it.calls.remove_members("g", {{"m-1", {}}}, "");
    it.begin();
    it.tell_coordinator("g");
    const auto asked = it.cluster.take(api_key::leave_group);
    kafka::leave_group_response said;
    said.error_code = kafka::wire_value(error_code::group_authorization_failed);
    it.cluster.answer(asked, said);
    ASSERT_TRUE(gone.is_done());
    EXPECT_EQ(gone.get().at({"m-1", {}}).code(), errc::group_authorization_failed);
}

TEST(admin_clients, an_old_broker_cannot_remove_members_for_others) {
    clients_run it;
    it.cluster.served_up_to = 2;
    const auto gone = it.calls.remove_members("g", {{"m-1", {}}}, "");
    it.begin();
    const auto asked = it.cluster.take(api_key::find_coordinator);
    kafka::find_coordinator_response said;
    said.node_id = 1;
    said.host = "one";
    said.port = 9092;
    it.cluster.answer(asked, said);
    ASSERT_TRUE(gone.is_done());
    EXPECT_EQ(gone.get().at({"m-1", {}}).code(), errc::unsupported_version);
}

TEST(admin_clients, replaced_configs_carry_all_that_shall_stay) {
    clients_run it;
    call_options check;
    check.validate_only = true;
    const config_resource topic{resource_kind::topic, "t"};
    const auto told =
        it.calls.replace_configs({{topic, {{"retention.ms", "1"}, {"cleanup.policy", "compact"}}}}, check);
    it.begin();
    const auto asked = it.cluster.take(api_key::alter_configs);
    const auto wish = asked.as<kafka::alter_configs_request>();
    EXPECT_TRUE(wish.validate_only);
    ASSERT_EQ(wish.resources.size(), 1U);
    ASSERT_EQ(wish.resources[0].configs.size(), 2U);
    EXPECT_EQ(wish.resources[0].configs[0].name, "cleanup.policy");
    EXPECT_EQ(wish.resources[0].configs[1].value, "1");
    kafka::alter_configs_response said;
    said.responses.push_back({kafka::wire_value(error_code::invalid_config), "no", 2, "t", {}});
    it.cluster.answer(asked, said);
    ASSERT_TRUE(told.is_done());
    EXPECT_EQ(told.get().at(topic).failure(), (error{errc::invalid_config, "no"}));
}

TEST(admin_clients, resources_with_configs_are_listed_by_kind) {
    clients_run it;
    const auto told = it.calls.list_config_resources({resource_kind::topic, resource_kind::broker});
    it.begin();
    const auto asked = it.cluster.take(api_key::list_config_resources);
    EXPECT_EQ(asked.as<kafka::list_config_resources_request>().resource_types,
              (std::vector<std::int8_t>{2, 4}));
    kafka::list_config_resources_response said;
    said.config_resources.push_back({"1", 4, {}});
    said.config_resources.push_back({"t", 2, {}});
    it.cluster.answer(asked, said);
    ASSERT_TRUE(told.is_done());
    EXPECT_EQ(*told.get(),
              (std::vector<config_resource>{{resource_kind::topic, "t"}, {resource_kind::broker, "1"}}));
}

} // namespace
} // namespace barnabas::client::admin_clients_test
