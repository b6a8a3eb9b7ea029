#include "tests/unit/actors/client/consumer_in_group.hpp"

#include "actors/client/limits.hpp"
#include "protocol/kafka/offset_commit.hpp"
#include "protocol/model/mark.hpp"

#include <gtest/gtest.h>

// A topic that was made again under its name while a consumer reads it.
namespace barnabas::client::recreated_topic_test {
namespace {

using kafka::api_key;
using kafka::error_code;
using test::consumer_world;
using test::second;
using keys = std::map<std::string, std::string>;
using offsets = std::map<std::int32_t, std::int64_t>;

const partition_name t0{"t", 0};

/// What brokers tell of it from now on; the consumer asks them.
void tell_id(consumer_world& it, std::uint8_t byte, error_code because) {
    it.cluster.topic_id_byte = it.fetches.topic_id_byte = byte;
    it.answer_fetch(it.take(api_key::fetch), {{0, {{}, because}}});
    it.pass(second);
    it.introduce();
    it.pass(second);
}

std::int64_t committed_in(const consumer_world::request& asked) {
    return asked.as<kafka::offset_commit_request>().topics.at(0).partitions.at(0).committed_offset;
}

void answer_commit(consumer_world& it, const consumer_world::request& asked) {
    kafka::offset_commit_response said;
    auto& topic = said.topics.emplace_back();
    topic.name = "t";
    topic.partitions.emplace_back();
    it.answer(asked, said);
}

kafka::metadata_response told(std::uint8_t id, std::int32_t leader) {
    kafka::metadata_response said;
    said.brokers.emplace_back().node_id = leader;
    auto& topic = said.topics.emplace_back();
    topic.name = "t";
    topic.topic_id.bytes[0] = id;
    topic.partitions.emplace_back().leader_id = leader;
    return said;
}

TEST(recreated_topic, a_broker_that_still_tells_of_the_one_before_leads_nobody_back) {
    consumer_world it;
    it.assign({t0});
    it.answer_offsets(it.take(api_key::list_offsets), 0);
    tell_id(it, 8, error_code::unknown_topic_id);
    it.answer_offsets(it.take(api_key::list_offsets), 0);
    it.poll();
    it.answer_fetch(it.take(api_key::fetch), {{0, {consumer_world::batch_of(0, 3)}}});
    EXPECT_EQ(it.texts().size(), 3u);
    const auto before = mark_hits("client_former_topic_told");
    tell_id(it, 7, error_code::not_leader_or_follower);
    EXPECT_GT(mark_hits("client_former_topic_told"), before);
    EXPECT_FALSE(it.has(api_key::list_offsets));
    const auto fetch = it.take(api_key::fetch);
    EXPECT_EQ(consumer_world::wishes(fetch), (offsets{{0, 3}}));
    EXPECT_EQ(fetch.as<kafka::fetch_request>().topics.at(0).topic_id.bytes[0], 8);
}

TEST(recreated_topic, the_one_before_is_believed_when_nobody_tells_of_another_for_long) {
    const auto at = [](std::int64_t ns) { return monotonic_ns(second + ns); };
    const auto id = [](const cluster_view& view) { return view.find_topic("t")->id.bytes[0]; };
    constexpr auto patience = limits::unknown_wait_ns;
    cluster_view view;
    view.learn(told(7, 1), at(0));
    view.learn(told(8, 2), at(1));
    view.learn(told(7, 1), at(2));
    EXPECT_EQ(id(view), 8);
    EXPECT_EQ(view.find_topic("t")->partitions.at(0).leader, 2);
    // Somebody who knows ends the doubt.
    view.learn(told(8, 2), at(3));
    view.learn(told(7, 1), at(2 + patience));
    EXPECT_EQ(id(view), 8);
    view.learn(told(7, 1), at(1 + 2 * patience));
    EXPECT_EQ(id(view), 8);
    // It was the first who lagged behind.
    view.learn(told(7, 1), at(2 + 2 * patience));
    EXPECT_EQ(id(view), 7);
    view.learn(told(8, 2), at(3 + 2 * patience));
    EXPECT_EQ(id(view), 7);
}

TEST(recreated_topic, ids_that_come_and_go_with_an_upgrade_are_no_other_topic) {
    cluster_view view;
    std::int64_t time = second;
    for (const auto id : std::vector<std::uint8_t>{7, 0, 7, 0, 7}) {
        view.learn(told(id, 1), monotonic_ns(++time));
        EXPECT_EQ(view.find_topic("t")->id.bytes[0], id);
    }
}

TEST(recreated_topic, without_a_reset_policy_its_old_position_is_neither_read_from_nor_committed) {
    consumer_world it(
        keys{{"group.id", "g"}, {"enable.auto.commit", "false"}, {"auto.offset.reset", "none"}});
    begin_in_group(it, 9);
    it.poll();
    it.answer_fetch(it.take(api_key::fetch), {{0, {consumer_world::batch_of(9, 3)}}});
    EXPECT_EQ(it.texts().size(), 3u);
    tell_id(it, 8, error_code::unknown_topic_id);
    EXPECT_FALSE(it.consumer.position(t0).has_value());
    it.poll();
    ASSERT_EQ(it.failure(), errc::offset_out_of_range);
    EXPECT_EQ(it.polled->failure().detail, "t-0: its topic was made again, and auto.offset.reset is none");
    it.consumer.commit(std::nullopt, [](const result<void>&) {});
    it.settle();
    EXPECT_FALSE(it.has(api_key::offset_commit));
    EXPECT_FALSE(it.has(api_key::fetch));
    ASSERT_TRUE(it.consumer.seek(t0, 0).has_value());
    it.settle();
    EXPECT_EQ(consumer_world::wishes(it.take(api_key::fetch)), (offsets{{0, 0}}));
}

TEST(recreated_topic, the_same_offset_as_in_the_one_before_is_committed_again) {
    consumer_world it(keys{{"group.id", "g"}, {"auto.commit.interval.ms", "5000"}});
    begin_in_group(it, 9);
    it.poll();
    it.answer_fetch(it.take(api_key::fetch), {{0, {consumer_world::batch_of(9, 3)}}});
    it.pass(6 * second);
    it.poll();
    const auto first = it.take(api_key::offset_commit);
    EXPECT_EQ(committed_in(first), 12);
    answer_commit(it, first);
    // Before the next commit is due it is read as far again.
    tell_id(it, 8, error_code::unknown_topic_id);
    it.answer_offsets(it.take(api_key::list_offsets), 0);
    it.poll();
    it.answer_fetch(it.take(api_key::fetch), {{0, {consumer_world::batch_of(0, 12)}}});
    EXPECT_EQ(it.consumer.position(t0), 12);
    EXPECT_FALSE(it.has(api_key::offset_commit));
    it.pass(6 * second);
    it.poll();
    const auto second_one = it.take(api_key::offset_commit);
    EXPECT_EQ(committed_in(second_one), 12);
    answer_commit(it, second_one);
    // Where nothing moved, nothing is committed.
    it.pass(6 * second);
    it.poll();
    EXPECT_FALSE(it.has(api_key::offset_commit));
}

} // namespace
} // namespace barnabas::client::recreated_topic_test
