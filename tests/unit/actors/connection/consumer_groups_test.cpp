#include "protocol/kafka/consumer_group_describe.hpp"
#include "protocol/kafka/consumer_group_heartbeat.hpp"
#include "protocol/kafka/offset_fetch.hpp"
#include "tests/unit/actors/connection/groups_fixture.hpp"

/// Requests of the consumer protocol (KIP-848) between client and coordinator, in every version.
namespace barnabas::consumer_groups_test {
namespace {

topic_id offsets_id() {
    topic_id id = test::image_with(std::string(group::offsets_topic), 2)->topics.begin()->second.id;
    id.bytes[15] = 9;
    return id;
}

TEST_F(groups_test, consumer_heartbeat_is_asked_with_what_it_says) {
    for (std::int16_t version = 0; version <= 1; ++version) {
        kafka::consumer_group_heartbeat_request message;
        message.group_id = group_of(0);
        message.member_id = "m";
        message.member_epoch = 3;
        message.instance_id = "i";
        message.rack_id = "r";
        message.rebalance_timeout_ms = 7;
        message.subscribed_topic_names = {"b", "a"};
        message.server_assignor = "range";
        if (version >= 1)
            message.subscribed_topic_regex = "x.*";
        auto& owned = message.topic_partitions.emplace().emplace_back();
        owned.topic_id = offsets_id();
        owned.partitions = {1, 0, 1};
        deliver(request(message, version, version));
        const auto question = asked<group::consumer_heartbeat_request>();
        EXPECT_EQ(question.who.member_id, "m");
        EXPECT_EQ(question.who.instance_id, "i");
        EXPECT_EQ(question.names_itself, version >= 1);
        EXPECT_EQ(question.epoch, group::member_epoch(3));
        EXPECT_EQ(question.rack, "r");
        EXPECT_EQ(question.rebalance_timeout, std::chrono::milliseconds(7));
        EXPECT_EQ(question.topics->size(), 2u);
        EXPECT_EQ(question.pattern, version >= 1 ? std::optional<std::string>("x.*") : std::nullopt);
        EXPECT_EQ(question.assignor, "range");
        EXPECT_EQ(question.owned->at(offsets_id()),
                  (std::vector<partition_index>{partition_index(0), partition_index(1)}));

        group::consumer_heartbeat_response told;
        told.member_id = "m";
        told.epoch = group::member_epoch(4);
        told.heartbeat_interval = std::chrono::milliseconds(5'000);
        told.assignment = group::partitions_by_topic{{offsets_id(), {partition_index(1)}}};
        answer(told);
        const auto response = last<kafka::consumer_group_heartbeat_response>(version);
        EXPECT_EQ(response.error_code, 0);
        EXPECT_EQ(response.member_id, "m");
        EXPECT_EQ(response.member_epoch, 4);
        EXPECT_EQ(response.heartbeat_interval_ms, 5'000);
        EXPECT_EQ(response.assignment->topic_partitions.at(0).partitions, std::vector<std::int32_t>{1});
    }
}

TEST_F(groups_test, consumer_heartbeat_that_says_nothing_changes_nothing) {
    kafka::consumer_group_heartbeat_request message;
    message.group_id = group_of(0);
    message.member_id = "m";
    message.member_epoch = 1;
    deliver(request(message, 1, 1));
    const auto question = asked<group::consumer_heartbeat_request>();
    EXPECT_FALSE(question.rebalance_timeout || question.topics || question.pattern || question.owned);
    group::consumer_heartbeat_response told;
    told.member_id = "m";
    answer(told);
    EXPECT_FALSE(last<kafka::consumer_group_heartbeat_response>(1).assignment);
}

TEST_F(groups_test, refused_consumer_heartbeat_says_why) {
    kafka::consumer_group_heartbeat_request message;
    message.group_id = group_of(0);
    deliver(request(message, 1, 1));
    group::consumer_heartbeat_response told;
    told.code = errc::fenced_member_epoch;
    told.detail = "because";
    answer(told);
    const auto response = last<kafka::consumer_group_heartbeat_response>(1);
    EXPECT_EQ(response.error_code, 110);
    EXPECT_EQ(response.error_message, "because");
    EXPECT_FALSE(response.assignment);
    message.group_id = group_of(1);
    deliver(request(message, 1, 2));
    EXPECT_EQ(
        this->response<kafka::consumer_group_heartbeat_response>(port.written.size() - 1, 1, 2).error_code,
        wire(errc::not_coordinator));
}

TEST_F(groups_test, consumer_groups_are_described_with_the_names_of_their_topics) {
    for (std::int16_t version = 0; version <= 1; ++version) {
        kafka::consumer_group_describe_request message;
        message.group_ids = {group_of(0), group_of(1)};
        deliver(request(message, version, version));
        asked<group::consumer_describe_request>();
        group::consumer_describe_response told;
        told.state = "Stable";
        told.group_epoch = 5;
        told.assignment_epoch = 4;
        told.assignor = "uniform";
        group::described_consumer member;
        member.who = {"m", "i"};
        member.client = {"c", "/h"};
        member.epoch = group::member_epoch(4);
        member.topics = {"t"};
        member.assigned[offsets_id()] = {partition_index(1)};
        member.target[topic_id{}] = {partition_index(1)};
        told.members.push_back(member);
        answer(told);
        const auto response = last<kafka::consumer_group_describe_response>(version);
        ASSERT_EQ(response.groups.size(), 2u);
        EXPECT_EQ(response.groups[1].error_code, wire(errc::not_coordinator));
        const auto& shown = response.groups[0];
        EXPECT_EQ(shown.group_state, "Stable");
        EXPECT_EQ(shown.group_epoch, 5);
        EXPECT_EQ(shown.assignment_epoch, 4);
        EXPECT_EQ(shown.assignor_name, "uniform");
        const auto& one = shown.members.at(0);
        EXPECT_EQ(one.member_id, "m");
        EXPECT_EQ(one.member_epoch, 4);
        EXPECT_EQ(one.assignment.topic_partitions.at(0).topic_name, group::offsets_topic);
        // A topic that is not there any more.
        EXPECT_TRUE(one.target_assignment.topic_partitions.empty());
        EXPECT_EQ(one.member_type, version >= 1 ? 1 : -1);
    }
}

TEST_F(groups_test, a_group_that_is_not_there_is_described_as_such) {
    kafka::consumer_group_describe_request message;
    message.group_ids = {group_of(0)};
    deliver(request(message, 1, 1));
    group::consumer_describe_response told;
    told.code = errc::group_id_not_found;
    told.detail = "not found";
    answer(told);
    const auto response = last<kafka::consumer_group_describe_response>(1);
    EXPECT_EQ(response.groups.at(0).error_code, wire(errc::group_id_not_found));
    EXPECT_EQ(response.groups.at(0).error_message, "not found");
    EXPECT_EQ(response.groups.at(0).group_state, "");
}

TEST_F(groups_test, offsets_are_fetched_with_the_members_epoch) {
    kafka::offset_fetch_request message;
    auto& group = message.groups.emplace_back();
    group.group_id = group_of(0);
    group.member_id = "m";
    group.member_epoch = 6;
    group.topics.reset();
    deliver(request(message, 9, 9));
    EXPECT_EQ(asked<group::offsets_request>().who.member_id, "m");
    EXPECT_EQ(asked<group::offsets_request>().member_epoch, group::generation_id(6));
    group::offsets_response told;
    told.code = errc::stale_member_epoch;
    answer(told);
    EXPECT_EQ(last<kafka::offset_fetch_response>(9).groups.at(0).error_code, wire(errc::stale_member_epoch));
}

} // namespace
} // namespace barnabas::consumer_groups_test
