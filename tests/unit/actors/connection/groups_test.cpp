#include "protocol/kafka/delete_groups.hpp"
#include "protocol/kafka/describe_groups.hpp"
#include "protocol/kafka/find_coordinator.hpp"
#include "protocol/kafka/heartbeat.hpp"
#include "protocol/kafka/join_group.hpp"
#include "protocol/kafka/leave_group.hpp"
#include "protocol/kafka/list_groups.hpp"
#include "protocol/kafka/metadata.hpp"
#include "protocol/kafka/offset_commit.hpp"
#include "protocol/kafka/offset_delete.hpp"
#include "protocol/kafka/offset_fetch.hpp"
#include "protocol/kafka/sync_group.hpp"
#include "tests/unit/actors/connection/groups_fixture.hpp"

/// Requests about groups between client and coordinator, in every version.
namespace barnabas::groups_of_connection_test {
namespace {

TEST_F(groups_test, coordinator_is_where_the_groups_partition_is_led) {
    for (std::int16_t version = 0; version <= 6; ++version) {
        kafka::find_coordinator_request message;
        message.key = group_of(0);
        message.coordinator_keys = {group_of(0), group_of(1)};
        deliver(request(message, version, version));
        const auto found = last<kafka::find_coordinator_response>(version);
        if (version < 4) {
            EXPECT_EQ(found.node_id, 1);
            EXPECT_EQ(found.host, "localhost");
            continue;
        }
        ASSERT_EQ(found.coordinators.size(), 2u);
        EXPECT_EQ(found.coordinators[0].port, 9092);
        EXPECT_EQ(found.coordinators[1].error_code, wire(errc::coordinator_not_available));
    }
}

TEST_F(groups_test, coordinator_that_another_broker_leads_is_there) {
    auto image = std::make_shared<metadata_image>(*port.metadata);
    image->brokers[node_id(2)] = {node_id(2), "elsewhere", 9093, std::nullopt};
    port.metadata = image;
    kafka::find_coordinator_request message;
    message.key = group_of(1);
    deliver(request(message, 2, 2));
    const auto found = last<kafka::find_coordinator_response>(2);
    EXPECT_EQ(found.error_code, 0);
    EXPECT_EQ(found.node_id, 2);
    EXPECT_EQ(found.host, "elsewhere");
    EXPECT_EQ(found.port, 9093);
}

TEST_F(groups_test, a_group_whose_partition_is_offline_has_no_coordinator) {
    port.offline = {{port.metadata->topics.at("__consumer_offsets").id, partition_index(0)}};
    kafka::find_coordinator_request message;
    message.key = group_of(0);
    deliver(request(message, 2, 2));
    const auto found = last<kafka::find_coordinator_response>(2);
    EXPECT_EQ(found.error_code, wire(errc::coordinator_not_available));
    EXPECT_EQ(found.node_id, -1);
}

TEST_F(connection_test, first_question_for_a_coordinator_creates_the_topic) {
    machine.start();
    kafka::find_coordinator_request message;
    message.key = "g";
    deliver(request(message, 2, 1));
    ASSERT_EQ(port.creates.size(), 1u);
    const auto& topic = port.creates[0].topics.at(0);
    EXPECT_EQ(topic.name, "__consumer_offsets");
    EXPECT_EQ(topic.partition_count, 50);
    EXPECT_EQ(topic.replication_factor, 1);
    EXPECT_EQ(topic.configs.at("cleanup.policy"), "compact");
    auto image = std::make_shared<metadata_image>(*port.metadata);
    image->topics["__consumer_offsets"] = test::image_with("__consumer_offsets", 50)->topics.begin()->second;
    port.metadata = image;
    topics_response made;
    made.token = port.creates[0].token;
    made.topics.resize(1);
    machine.on_topics_response(made);
    EXPECT_EQ(response<kafka::find_coordinator_response>(0, 2, 1).node_id, 1);
}

TEST_F(connection_test, who_names_the_topic_of_groups_first_gets_the_one_that_groups_are_kept_in) {
    machine.start();
    kafka::metadata_request message;
    message.topics.emplace();
    message.topics->emplace_back().name = "__consumer_offsets";
    deliver(request(message, 1, 1));
    ASSERT_EQ(port.creates.size(), 1u);
    EXPECT_EQ(port.creates[0].topics.at(0).partition_count, 50);
    EXPECT_EQ(port.creates[0].topics.at(0).configs.at("cleanup.policy"), "compact");
}

TEST_F(groups_test, join_is_asked_and_answered_in_every_version) {
    for (std::int16_t version = 0; version <= 9; ++version) {
        kafka::join_group_request message;
        message.group_id = group_of(0);
        message.session_timeout_ms = 10'000;
        message.rebalance_timeout_ms = 20'000;
        message.protocol_type = "consumer";
        message.protocols.emplace_back().name = "range";
        if (version >= 5)
            message.group_instance_id = "i";
        deliver(request(message, version, version));
        const auto asked_for = asked<group::join_request>();
        EXPECT_EQ(asked_for.rebalance_timeout.count(), version == 0 ? 10'000 : 20'000);
        EXPECT_EQ(asked_for.id_first, version >= 4);
        EXPECT_EQ(asked_for.may_skip_assignment, version >= 9);
        EXPECT_EQ(asked_for.client.client_id, "tester");
        group::join_response joined;
        joined.generation = group::generation_id(3);
        joined.protocol_type = "consumer";
        joined.protocol = "range";
        joined.leader = joined.member_id = "m";
        joined.members = {{{"m", "i"}, slice::copy_of("s")}};
        answer(joined);
        const auto told = last<kafka::join_group_response>(version);
        EXPECT_EQ(told.generation_id, 3);
        EXPECT_EQ(told.protocol_name, "range");
        EXPECT_EQ(told.members.at(0).metadata.text(), "s");
    }
}

TEST_F(groups_test, refused_join_names_no_protocol) {
    for (std::int16_t version = 0; version <= 9; ++version) {
        kafka::join_group_request message;
        message.group_id = group_of(0);
        deliver(request(message, version, version));
        group::join_response refused;
        refused.code = errc::member_id_required;
        refused.member_id = "new";
        answer(refused);
        const auto told = last<kafka::join_group_response>(version);
        EXPECT_EQ(told.error_code, wire(errc::member_id_required));
        EXPECT_EQ(told.member_id, "new");
        EXPECT_EQ(told.protocol_name, version >= 7 ? std::nullopt : std::optional<std::string>(""));
    }
}

TEST_F(groups_test, who_asks_the_wrong_broker_is_told_so) {
    kafka::heartbeat_request message;
    message.group_id = group_of(1);
    deliver(request(message, 4, 4));
    EXPECT_EQ(last<kafka::heartbeat_response>(4).error_code, wire(errc::not_coordinator));
    message.group_id = group_of(0);
    port.led = false;
    deliver(request(message, 4, 4));
    EXPECT_EQ(last<kafka::heartbeat_response>(4).error_code, wire(errc::coordinator_not_available));
    port.led = true;
    deliver(request(message, 4, 4));
    answer({}, errc::coordinator_load_in_progress);
    EXPECT_EQ(last<kafka::heartbeat_response>(4).error_code, wire(errc::coordinator_load_in_progress));
}

TEST_F(groups_test, sync_without_protocol_is_refused_where_it_must_name_one) {
    for (std::int16_t version = 0; version <= 5; ++version) {
        kafka::sync_group_request message;
        message.group_id = group_of(0);
        deliver(request(message, version, version));
        if (version < 5)
            answer(group::sync_response{errc::ok, "consumer", "range", slice::copy_of("a")});
        const auto told = last<kafka::sync_group_response>(version);
        EXPECT_EQ(told.error_code, version < 5 ? 0 : wire(errc::inconsistent_group_protocol));
        EXPECT_EQ(told.assignment.text(), version < 5 ? "a" : "");
    }
}

TEST_F(groups_test, members_leave_one_by_one_or_together) {
    for (std::int16_t version = 0; version <= 5; ++version) {
        kafka::leave_group_request message;
        message.group_id = group_of(0);
        message.member_id = "m";
        message.members.resize(2);
        message.members[0].member_id = "m";
        message.members[1].group_instance_id = "i";
        deliver(request(message, version, version));
        group::leave_response left;
        left.members = {errc::unknown_member_id};
        if (version >= 3)
            left.members.push_back(errc::ok);
        EXPECT_EQ(asked<group::leave_request>().members.size(), left.members.size());
        answer(left);
        const auto told = last<kafka::leave_group_response>(version);
        EXPECT_EQ(told.error_code, version < 3 ? wire(errc::unknown_member_id) : 0);
        if (version >= 3) {
            EXPECT_EQ(told.members.at(0).error_code, wire(errc::unknown_member_id));
            EXPECT_EQ(told.members.at(1).error_code, 0);
        }
    }
}

TEST_F(groups_test, commit_of_a_topic_that_is_not_there_is_answered_here) {
    for (std::int16_t version = 0; version <= 10; ++version) {
        kafka::offset_commit_request message;
        message.group_id = group_of(0);
        for (const auto* name : {"orders", "missing"}) {
            auto& topic = message.topics.emplace_back();
            topic.name = name;
            if (std::string(name) == "orders")
                topic.topic_id = port.metadata->find_topic("orders")->id;
            topic.partitions.resize(2);
            topic.partitions[0].partition_index = 0;
            topic.partitions[0].committed_offset = 5;
            topic.partitions[1].partition_index = 7;
        }
        deliver(request(message, version, version));
        const auto sent = asked<group::commit_request>();
        ASSERT_EQ(sent.partitions.size(), 1u);
        EXPECT_EQ(sent.partitions[0].topic, "orders");
        EXPECT_EQ(sent.partitions[0].offset, log_offset(5));
        group::commit_response stored;
        stored.partitions = {errc::ok};
        answer(stored);
        const auto told = last<kafka::offset_commit_response>(version);
        ASSERT_EQ(told.topics.size(), 2u);
        EXPECT_EQ(told.topics[0].partitions[0].error_code, 0);
        EXPECT_EQ(told.topics[0].partitions[1].error_code, wire(errc::unknown_topic_or_partition));
        EXPECT_EQ(told.topics[1].partitions[0].error_code,
                  wire(version >= 10 ? errc::unknown_topic_id : errc::unknown_topic_or_partition));
    }
}

TEST_F(groups_test, offsets_are_fetched_in_every_version) {
    for (std::int16_t version = 0; version <= 10; ++version) {
        kafka::offset_fetch_request message;
        message.group_id = group_of(0);
        auto& topic = message.topics.emplace().emplace_back();
        topic.name = "orders";
        topic.partition_indexes = {0, 1};
        auto& group = message.groups.emplace_back();
        group.group_id = group_of(0);
        auto& newer = group.topics.emplace().emplace_back();
        newer.name = "orders";
        newer.topic_id = port.metadata->find_topic("orders")->id;
        newer.partition_indexes = {0, 1};
        deliver(request(message, version, version));
        EXPECT_EQ(asked<group::offsets_request>().partitions->size(), 2u);
        group::offsets_response found;
        found.partitions.resize(2);
        found.partitions[0] = {"orders",      partition_index(0), errc::ok,
                               log_offset(9), leader_epoch(0),    "note"};
        found.partitions[1].topic = "orders";
        found.partitions[1].index = partition_index(1);
        answer(found);
        const auto told = last<kafka::offset_fetch_response>(version);
        const auto check = [&](const auto& partitions) {
            ASSERT_EQ(partitions.size(), 2u);
            EXPECT_EQ(partitions[0].committed_offset, 9);
            EXPECT_EQ(partitions[0].metadata, "note");
            EXPECT_EQ(partitions[1].committed_offset, -1);
            EXPECT_EQ(partitions[1].error_code, version == 0 ? wire(errc::unknown_topic_or_partition) : 0);
        };
        if (version >= 8)
            check(told.groups.at(0).topics.at(0).partitions);
        else
            check(told.topics.at(0).partitions);
    }
}

TEST_F(groups_test, trouble_of_the_coordinator_is_never_an_offset) { // card GRP-15
    for (std::int16_t version = 0; version <= 10; ++version) {
        kafka::offset_fetch_request message;
        message.group_id = group_of(0);
        auto& topic = message.topics.emplace().emplace_back();
        topic.name = "orders";
        topic.partition_indexes = {0};
        message.groups.emplace_back().group_id = group_of(0);
        deliver(request(message, version, version));
        answer({}, errc::coordinator_load_in_progress);
        const auto told = last<kafka::offset_fetch_response>(version);
        const auto code = wire(errc::coordinator_load_in_progress);
        if (version < 2)
            EXPECT_EQ(told.topics.at(0).partitions.at(0).error_code, code);
        else if (version < 8)
            EXPECT_EQ(told.error_code, code);
        else
            EXPECT_EQ(told.groups.at(0).error_code, code);
    }
}

TEST_F(groups_test, several_groups_are_described_together) {
    for (std::int16_t version = 0; version <= 6; ++version) {
        const auto before = port.group_questions.size();
        kafka::describe_groups_request message;
        message.groups = {group_of(0), group_of(1), group_of(0)};
        deliver(request(message, version, version));
        ASSERT_EQ(port.group_questions.size(), before + 2);
        group::describe_response missing;
        missing.code = errc::group_id_not_found;
        missing.state = "Dead";
        answer(missing, errc::ok, before + 1);
        group::describe_response stable;
        stable.state = "Stable";
        stable.members = {{{"m", {}}, {"c", "/127.0.0.1"}, {}, slice::copy_of("a")}};
        answer(stable, errc::ok, before);
        const auto told = last<kafka::describe_groups_response>(version);
        ASSERT_EQ(told.groups.size(), 3u);
        EXPECT_EQ(told.groups[0].members.at(0).client_host, "/127.0.0.1");
        EXPECT_EQ(told.groups[1].error_code, wire(errc::not_coordinator));
        EXPECT_EQ(told.groups[2].group_state, "Dead");
        EXPECT_EQ(told.groups[2].error_code, version >= 6 ? wire(errc::group_id_not_found) : 0);
    }
}

TEST_F(groups_test, groups_are_listed_by_state_and_type) {
    for (std::int16_t version = 0; version <= 5; ++version) {
        kafka::list_groups_request message;
        if (version >= 4)
            message.states_filter = {"stable"};
        if (version >= 5)
            message.types_filter = {"Classic"};
        deliver(request(message, version, version));
        answer(group::list_response{{{"a", "consumer", "Stable", "classic"},
                                     {"b", "", "Empty", "classic"},
                                     {"c", "consumer", "Stable", "consumer"}}});
        const auto told = last<kafka::list_groups_response>(version);
        EXPECT_EQ(told.groups.size(), version >= 5 ? 1u : version == 4 ? 2u : 3u);
    }
}

TEST_F(groups_test, groups_and_offsets_are_deleted) {
    for (std::int16_t version = 0; version <= 3; ++version) {
        kafka::delete_groups_request message;
        message.groups_names = {group_of(0)};
        deliver(request(message, version, version));
        answer(group::delete_response{errc::non_empty_group});
        const auto told = last<kafka::delete_groups_response>(version).results.at(0);
        EXPECT_EQ(told.error_code, wire(errc::non_empty_group));
        EXPECT_EQ(told.error_message.has_value(), version >= 3);
        deliver(request(message, version, version));
        answer(group::delete_response{errc::ok});
        const auto gone = last<kafka::delete_groups_response>(version).results.at(0);
        EXPECT_EQ(gone.error_code, 0);
        EXPECT_FALSE(gone.error_message.has_value());
    }
    kafka::offset_delete_request message;
    message.group_id = group_of(0);
    auto& topic = message.topics.emplace_back();
    topic.name = "orders";
    topic.partitions.resize(2);
    topic.partitions[1].partition_index = 9;
    deliver(request(message, 0, 0));
    group::delete_offsets_response gone;
    gone.partitions = {errc::group_subscribed_to_topic};
    answer(gone);
    const auto told = last<kafka::offset_delete_response>(0);
    EXPECT_EQ(told.topics.at(0).partitions.at(0).error_code, wire(errc::group_subscribed_to_topic));
    EXPECT_EQ(told.topics.at(0).partitions.at(1).error_code, wire(errc::unknown_topic_or_partition));
}

} // namespace
} // namespace barnabas::groups_of_connection_test
