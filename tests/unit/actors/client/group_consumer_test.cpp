#include "actors/client/group_consumer.hpp"
#include "protocol/kafka/consumer_group_heartbeat.hpp"
#include "protocol/kafka/find_coordinator.hpp"
#include "protocol/kafka/offset_fetch.hpp"
#include "tests/unit/actors/client/played_broker.hpp"

#include <gtest/gtest.h>

namespace barnabas::client::group_consumer_test {
namespace {

using kafka::error_code;
using test::played_broker;
using numbers = std::vector<std::int32_t>;

constexpr std::int64_t millisecond = 1'000'000;
constexpr std::int32_t interval_ms = 500;
/// Its topic's partitions are counted from here on.
constexpr std::int32_t first_number = 10;

/// A member that takes a second to let go of partitions, and a coordinator by hand.
struct membership {
    membership()
        : machine(connection, options(), runtime::random(1), events()), broker(machine, connection) {}

    static group_consumer_options options() {
        group_consumer_options made;
        made.group = "g";
        made.topics = {{"t", 4, first_number}};
        made.revoke_ns = test::second;
        made.commit_ns = 1'000 * test::second;
        return made;
    }
    group_member_events events() {
        group_member_events made;
        made.on_joined = [this](const auto& told) { joined.push_back(told); };
        made.on_assigned = [](const auto&) {};
        made.on_alive = [this](const auto& told) { alive.push_back(told); };
        made.on_fetched = [](const auto&) {};
        made.on_owned = [this](const numbers& now) { owned = now; };
        made.on_wanted = [this](const numbers& now) { wanted = now; };
        made.on_problem = [this](const std::string& what) { problems.push_back(what); };
        return made;
    }
    void come_up() {
        broker.come_up();
        find();
        broker.tell_topic("t", 4);
    }
    void find() {
        broker.answer(broker.take(kafka::api_key::find_coordinator), kafka::find_coordinator_response{});
    }
    kafka::consumer_group_heartbeat_request answer(error_code code, std::int32_t epoch = 0,
                                                   std::optional<numbers> assigned = std::nullopt,
                                                   const topic_id& topic = played_broker::id()) {
        const auto request = broker.take(kafka::api_key::consumer_group_heartbeat);
        const auto said = request.as<kafka::consumer_group_heartbeat_request>();
        kafka::consumer_group_heartbeat_response response;
        response.error_code = kafka::wire_value(code);
        response.member_id = said.member_id;
        response.member_epoch = epoch;
        response.heartbeat_interval_ms = interval_ms;
        if (assigned) {
            auto& entry = response.assignment.emplace().topic_partitions.emplace_back();
            entry.topic_id = topic;
            entry.partitions = *assigned;
        }
        broker.answer(request, response);
        return said;
    }
    kafka::consumer_group_heartbeat_request takes(std::int32_t epoch, numbers assigned) {
        return answer(error_code::none, epoch, std::move(assigned));
    }
    /// Where to go on is asked whenever it gains something.
    void tell_offsets() {
        const auto request = broker.take(kafka::api_key::offset_fetch);
        kafka::offset_fetch_response response;
        for (const auto& asked : request.as<kafka::offset_fetch_request>().groups) {
            auto& group = response.groups.emplace_back();
            group.group_id = asked.group_id;
            auto& topic = group.topics.emplace_back();
            topic.name = asked.topics->front().name;
            for (const auto partition : asked.topics->front().partition_indexes)
                topic.partitions.emplace_back().partition_index = partition;
        }
        broker.answer(request, response);
    }
    static numbers owned_in(const kafka::consumer_group_heartbeat_request& said) {
        EXPECT_TRUE(said.topic_partitions.has_value());
        if (!said.topic_partitions || said.topic_partitions->empty())
            return {};
        return said.topic_partitions->front().partitions;
    }

    client_connection connection{{}};
    std::vector<group_member_events::joined> joined;
    std::vector<group_member_events::alive> alive;
    numbers owned;
    numbers wanted;
    std::vector<std::string> problems;
    group_consumer machine;
    played_broker broker;
};

TEST(group_consumer, joins_under_a_name_of_its_own_and_tells_everything) {
    membership of;
    of.come_up();
    const auto said = of.takes(1, {0, 1});
    EXPECT_EQ(said.member_epoch, 0);
    EXPECT_FALSE(said.member_id.empty());
    EXPECT_NE(said.rebalance_timeout_ms, -1);
    EXPECT_EQ(said.subscribed_topic_names, std::vector<std::string>{"t"});
    EXPECT_EQ(membership::owned_in(said), numbers{});
    ASSERT_EQ(of.joined.size(), 1U);
    EXPECT_TRUE(of.joined[0].as_new);
    EXPECT_EQ(of.owned, (numbers{first_number, first_number + 1}));
    EXPECT_EQ(of.wanted.size(), 4U);
}

TEST(group_consumer, says_at_once_what_it_took_and_then_at_the_interval) {
    membership of;
    of.come_up();
    of.takes(1, {0, 1});
    const auto said = of.answer(error_code::none, 1);
    EXPECT_EQ(said.member_epoch, 1);
    EXPECT_EQ(membership::owned_in(said), (numbers{0, 1}));
    of.tell_offsets();
    EXPECT_TRUE(of.broker.requests.empty());
    of.broker.pass(interval_ms * millisecond);
    EXPECT_EQ(of.answer(error_code::none, 1).member_epoch, 1);
}

TEST(group_consumer, lets_go_before_it_takes) {
    membership of;
    of.come_up();
    of.takes(1, {0, 1});
    of.takes(1, {1});
    of.tell_offsets();
    EXPECT_EQ(of.owned, (numbers{first_number, first_number + 1}));
    // While it lets go of 0, 2 is not its own yet.
    of.broker.pass(interval_ms * millisecond / 2);
    of.broker.pass(interval_ms * millisecond / 2);
    of.takes(1, {1, 2});
    EXPECT_EQ(of.owned, (numbers{first_number, first_number + 1}));
    of.broker.pass(2 * test::second);
    EXPECT_EQ(of.owned, (numbers{first_number + 1, first_number + 2}));
    EXPECT_EQ(membership::owned_in(of.answer(error_code::none, 2)), (numbers{1, 2}));
}

TEST(group_consumer, that_is_fenced_gives_all_up_and_joins_again) {
    membership of;
    of.come_up();
    const auto before = of.takes(1, {0, 1});
    of.answer(error_code::fenced_member_epoch);
    EXPECT_EQ(of.owned, numbers{});
    of.tell_offsets();
    of.broker.pass(test::second);
    const auto said = of.takes(5, {3});
    EXPECT_EQ(said.member_epoch, 0);
    EXPECT_EQ(said.member_id, before.member_id);
    EXPECT_EQ(membership::owned_in(said), numbers{});
    ASSERT_EQ(of.joined.size(), 2U);
    EXPECT_FALSE(of.joined[1].as_new);
    EXPECT_EQ(of.owned, numbers{first_number + 3});
}

TEST(group_consumer, goes_on_with_its_epoch_over_a_lost_connection_and_tells_everything) {
    membership of;
    of.come_up();
    of.takes(1, {0, 1});
    of.broker.disconnected();
    of.broker.requests.clear();
    of.broker.pass(5 * test::second);
    ASSERT_TRUE(of.broker.connect_wanted);
    of.broker.connected();
    kafka::api_versions_response versions;
    for (const std::int16_t key : std::initializer_list<std::int16_t>{3, 8, 9, 10, 18, 68})
        versions.api_keys.push_back({key, 0, 99, {}});
    of.broker.answer(of.broker.take(kafka::api_key::api_versions), versions);
    of.find();
    const auto said = of.answer(error_code::none, 1);
    EXPECT_EQ(said.member_epoch, 1);
    EXPECT_TRUE(said.subscribed_topic_names.has_value());
    EXPECT_EQ(membership::owned_in(said), (numbers{0, 1}));
}

TEST(group_consumer, asks_what_topics_are_called_when_one_was_made_again) {
    const auto made_again = played_broker::id(8);
    membership of;
    of.come_up();
    of.takes(1, {0, 1});
    of.answer(error_code::none, 2, numbers{0}, made_again);
    of.tell_offsets();
    EXPECT_EQ(of.owned, numbers{});
    of.broker.pass(test::second);
    of.broker.tell_topic("t", 4, made_again);
    const auto said = of.answer(error_code::none, 2, numbers{0}, made_again);
    // As if it had not heard the answer.
    EXPECT_EQ(said.member_epoch, 1);
    EXPECT_TRUE(said.subscribed_topic_names.has_value());
    EXPECT_EQ(membership::owned_in(said), numbers{});
    EXPECT_EQ(of.owned, numbers{first_number});
    EXPECT_TRUE(of.problems.empty());
}

TEST(group_consumer, tells_what_it_had_in_hand_when_it_was_taken_for_alive) {
    membership of;
    of.come_up();
    of.takes(1, {0, 1});
    of.takes(2, {0});
    of.tell_offsets();
    ASSERT_EQ(of.alive.size(), 2U);
    EXPECT_EQ(of.alive[0].owned, numbers{});
    EXPECT_EQ(of.alive[1].generation, 1);
    EXPECT_EQ(of.alive[1].owned, (numbers{first_number, first_number + 1}));
    EXPECT_TRUE(of.problems.empty());
}

} // namespace
} // namespace barnabas::client::group_consumer_test
