#include "tests/unit/actors/client/consumer_world.hpp"

#include "actors/client/consumer/subscription_bytes.hpp"
#include "protocol/kafka/heartbeat.hpp"
#include "protocol/kafka/join_group.hpp"
#include "protocol/kafka/leave_group.hpp"
#include "protocol/kafka/offset_commit.hpp"
#include "protocol/kafka/offset_fetch.hpp"
#include "protocol/kafka/sync_group.hpp"

#include <gtest/gtest.h>

// Members of classic groups, whose coordinator is played by hand; and the plans that leaders make.
namespace barnabas::client::group_membership_test {
namespace {

using kafka::api_key;
using kafka::error_code;
using test::consumer_world;
using test::millisecond;
using test::second;
using texts = std::vector<std::string>;
using keys = std::map<std::string, std::string>;
using names = std::set<partition_name>;

const partition_name t0{"t", 0};
const partition_name t1{"t", 1};

struct member_run : consumer_world {
    explicit member_run(std::map<std::string, std::string> properties = {})
        : consumer_world([&] {
              properties.try_emplace("group.id", "g");
              properties.try_emplace("enable.auto.commit", "false");
              return properties;
          }()) {}

    void subscribe() {
        EXPECT_TRUE(consumer.subscribe({{"t"}, nullptr}).has_value());
        settle();
    }
    void answer_join(const request& asked, std::int32_t generation, const std::string& assignor = "range",
                     error_code code = error_code::none) {
        const auto wish = asked.as<kafka::join_group_request>();
        kafka::join_group_response said;
        said.error_code = kafka::wire_value(code);
        said.generation_id = generation;
        said.protocol_name = assignor;
        said.member_id = said.leader = "me";
        for (const auto& one : wish.protocols)
            if (one.name == assignor) {
                auto& member = said.members.emplace_back();
                member.member_id = "me";
                member.metadata = one.metadata;
            }
        answer(asked, said);
    }
    void answer_sync(const request& asked, const names& given, error_code code = error_code::none) {
        kafka::sync_group_response said;
        said.error_code = kafka::wire_value(code);
        said.assignment = write_assignment(given);
        answer(asked, said);
    }
    /// Nothing is committed.
    void answer_committed() {
        kafka::offset_fetch_response said;
        said.groups.emplace_back().group_id = "g";
        answer(take(api_key::offset_fetch), said);
    }
    void answer_beat(error_code code) {
        kafka::heartbeat_response said;
        said.error_code = kafka::wire_value(code);
        answer(take(api_key::heartbeat), said);
    }
    void answer_commit(const request& asked, error_code code = error_code::none) {
        kafka::offset_commit_response said;
        for (const auto& topic : asked.as<kafka::offset_commit_request>().topics) {
            auto& entry = said.topics.emplace_back();
            entry.name = topic.name;
            for (const auto& one : topic.partitions) {
                auto& partition = entry.partitions.emplace_back();
                partition.partition_index = one.partition_index;
                partition.error_code = kafka::wire_value(code);
            }
        }
        answer(asked, said);
    }
    /// A member that leads its group of one, at generation 1, and reads both partitions from 0.
    void become_member(const std::string& assignor = "range") {
        subscribe();
        poll(3600 * second);
        introduce();
        answer_coordinator();
        answer_join(take(api_key::join_group), 1, assignor);
        answer_sync(take(api_key::sync_group), {t0, t1});
        EXPECT_EQ(changed(), rebalance_event::kind::assigned);
        poll(3600 * second);
        answer_committed();
        answer_offsets(take(api_key::list_offsets), 0);
    }
    /// What change the last poll told.
    std::optional<rebalance_event::kind> changed() const {
        if (!polled || !*polled || !(*polled)->change)
            return std::nullopt;
        return (*polled)->change->what;
    }
};

TEST(group_membership, joins_only_within_a_poll_plans_as_leader_and_begins_at_the_reset_policy) {
    member_run it;
    it.subscribe();
    it.introduce();
    EXPECT_FALSE(it.has(api_key::find_coordinator));
    it.poll(3600 * second);
    it.introduce();
    it.answer_coordinator();
    const auto join = it.take(api_key::join_group);
    EXPECT_EQ(join.as<kafka::join_group_request>().rebalance_timeout_ms, 300'000);
    it.answer_join(join, 1);
    const auto sync = it.take(api_key::sync_group);
    const auto plan = sync.as<kafka::sync_group_request>().assignments;
    ASSERT_EQ(plan.size(), 1u);
    EXPECT_EQ(*read_assignment(plan[0].assignment), (names{t0, t1}));
    it.answer_sync(sync, {t1});
    EXPECT_EQ(it.changed(), rebalance_event::kind::assigned);
    it.poll();
    it.answer_committed();
    it.answer_offsets(it.take(api_key::list_offsets), 4);
    it.answer_fetch(it.take(api_key::fetch), {{1, {consumer_world::batch_of(4, 1)}}});
    EXPECT_EQ(it.texts(), (texts{"1:4=v4"}));
}

TEST(group_membership, takes_the_id_that_it_is_given_and_asks_again) {
    member_run it;
    it.subscribe();
    it.poll(3600 * second);
    it.introduce();
    it.answer_coordinator();
    it.answer_join(it.take(api_key::join_group), -1, "range", error_code::member_id_required);
    EXPECT_EQ(it.take(api_key::join_group).as<kafka::join_group_request>().member_id, "me");
}

TEST(group_membership, an_eager_member_lets_go_before_it_joins_again) {
    member_run it;
    it.become_member();
    it.answer_fetch(it.take(api_key::fetch), {{0, {consumer_world::batch_of(0, 1)}}});
    EXPECT_EQ(it.texts(), (texts{"0:0=v0"}));
    it.pass(3 * second);
    it.answer_beat(error_code::rebalance_in_progress);
    // The program may still work on what it has.
    EXPECT_FALSE(it.has(api_key::join_group));
    it.poll(3600 * second);
    EXPECT_EQ(it.changed(), rebalance_event::kind::revoked);
    EXPECT_FALSE(it.has(api_key::join_group));
    it.poll(3600 * second);
    EXPECT_TRUE(it.consumer.assignment().empty());
    const auto join = it.take(api_key::join_group).as<kafka::join_group_request>();
    EXPECT_EQ(join.member_id, "me");
    // A cooperative leader would wait for a member that still has something to let go of it.
    ASSERT_EQ(join.protocols.at(1).name, "cooperative-sticky");
    member_wish wish;
    ASSERT_TRUE(read_subscription("cooperative-sticky", join.protocols.at(1).metadata, wish).has_value());
    EXPECT_TRUE(wish.owned.empty());
}

TEST(group_membership, its_last_sign_of_life_is_the_last_that_was_taken) {
    member_run it;
    it.become_member();
    EXPECT_FALSE(it.consumer.last_heartbeat().has_value());
    it.pass(3 * second);
    const auto asked = it.cluster.now;
    it.pass(500 * millisecond);
    it.answer_beat(error_code::none);
    ASSERT_TRUE(it.consumer.last_heartbeat().has_value());
    const auto sign = *it.consumer.last_heartbeat();
    EXPECT_EQ(sign.as.id, "me");
    EXPECT_EQ(sign.as.generation, 1);
    EXPECT_LE(sign.asked, asked);
    EXPECT_EQ(sign.heard, it.cluster.now);
    it.pass(3 * second);
    it.answer_beat(error_code::rebalance_in_progress);
    EXPECT_EQ(it.consumer.last_heartbeat()->heard, sign.heard);
}

TEST(group_membership, with_auto_commit_what_was_polled_is_committed_before_it_lets_go) {
    member_run it(keys{{"enable.auto.commit", "true"}});
    it.become_member();
    it.answer_fetch(it.take(api_key::fetch), {{0, {consumer_world::batch_of(0, 3)}}});
    it.pass(3 * second);
    it.answer_beat(error_code::rebalance_in_progress);
    it.poll(3600 * second);
    EXPECT_FALSE(it.polled.has_value());
    const auto commit = it.take(api_key::offset_commit);
    const auto what = commit.as<kafka::offset_commit_request>();
    EXPECT_EQ(what.generation_id_or_member_epoch, 1);
    EXPECT_EQ(what.topics.at(0).partitions.at(0).committed_offset, 3);
    it.answer_commit(commit);
    EXPECT_EQ(it.changed(), rebalance_event::kind::revoked);
}

TEST(group_membership, a_poll_ends_in_its_time_though_the_commit_before_a_change_has_no_answer) {
    member_run it(keys{{"enable.auto.commit", "true"}});
    it.become_member();
    it.answer_fetch(it.take(api_key::fetch), {{0, {consumer_world::batch_of(0, 3)}}});
    it.poll(3600 * second);
    it.pass(3 * second);
    it.answer_beat(error_code::rebalance_in_progress);
    it.consumer.wake_up();
    it.settle();
    ASSERT_TRUE(it.polled.has_value());
    it.poll(50 * millisecond);
    const auto commit = it.take(api_key::offset_commit);
    EXPECT_FALSE(it.polled.has_value());
    it.pass(60 * millisecond);
    ASSERT_TRUE(it.polled.has_value());
    EXPECT_EQ(it.changed(), std::nullopt);
    it.poll(3600 * second);
    EXPECT_FALSE(it.polled.has_value());
    it.answer_commit(commit);
    EXPECT_EQ(it.changed(), rebalance_event::kind::revoked);
}

TEST(group_membership, a_cooperative_member_keeps_reading_and_gives_up_only_what_is_taken) {
    member_run it(keys{{"partition.assignment.strategy", "cooperative-sticky"}});
    it.become_member("cooperative-sticky");
    it.pass(3 * second);
    it.answer_beat(error_code::rebalance_in_progress);
    EXPECT_EQ(it.consumer.assignment(), (names{t0, t1}));
    const auto join = it.take(api_key::join_group);
    it.answer_fetch(it.take(api_key::fetch), {{0, {consumer_world::batch_of(0, 1)}}});
    EXPECT_EQ(it.texts(), (texts{"0:0=v0"}));
    it.poll(3600 * second);
    it.answer_join(join, 2, "cooperative-sticky");
    it.answer_sync(it.take(api_key::sync_group), {t0});
    EXPECT_EQ(it.changed(), rebalance_event::kind::revoked);
    EXPECT_EQ((*it.polled)->change->partitions, std::vector<partition_name>{t1});
    it.poll(3600 * second);
    EXPECT_EQ(it.consumer.assignment(), names{t0});
    EXPECT_EQ(it.consumer.position(t0), 1);
    // What it gave up is free when all know.
    EXPECT_TRUE(it.has(api_key::join_group));
}

TEST(group_membership, a_member_that_was_put_out_loses_all_and_begins_anew) {
    member_run it;
    it.become_member();
    it.pass(3 * second);
    it.answer_beat(error_code::unknown_member_id);
    EXPECT_EQ(it.changed(), rebalance_event::kind::lost);
    it.poll(3600 * second);
    it.pass(200 * millisecond);
    EXPECT_EQ(it.take(api_key::join_group).as<kafka::join_group_request>().member_id, "");
}

TEST(group_membership, what_it_was_told_to_give_up_is_not_told_as_lost_again) {
    member_run it;
    it.become_member();
    it.pass(3 * second);
    it.answer_beat(error_code::rebalance_in_progress);
    EXPECT_EQ(it.changed(), rebalance_event::kind::revoked);
    it.pass(3 * second);
    it.answer_beat(error_code::unknown_member_id);
    it.poll(3600 * second);
    EXPECT_FALSE(it.polled.has_value());
    EXPECT_TRUE(it.consumer.assignment().empty());
    it.pass(200 * millisecond);
    EXPECT_EQ(it.take(api_key::join_group).as<kafka::join_group_request>().member_id, "");
}

TEST(group_membership, out_of_its_group_it_commits_nothing) {
    member_run it;
    it.become_member();
    it.answer_fetch(it.take(api_key::fetch), {{0, {consumer_world::batch_of(0, 3)}}});
    it.pass(3 * second);
    it.answer_beat(error_code::illegal_generation);
    result<void> committed;
    it.consumer.commit(std::nullopt, [&](const result<void>& said) { committed = said; });
    EXPECT_EQ(committed.code(), errc::illegal_generation);
    EXPECT_FALSE(it.has(api_key::offset_commit));
}

TEST(group_membership, a_name_that_another_has_taken_is_the_end) {
    member_run it(keys{{"group.instance.id", "till-7"}});
    it.become_member();
    it.pass(3 * second);
    it.answer_beat(error_code::fenced_instance_id);
    EXPECT_EQ(it.failure(), errc::fenced_instance_id);
}

TEST(group_membership, a_topic_that_is_refused_does_not_hide_why_the_membership_ended) {
    member_run it(keys{{"metadata.max.age.ms", "1000"}});
    it.become_member();
    // The program does not poll while both are heard.
    it.answer_fetch(it.take(api_key::fetch), {{0, {consumer_world::batch_of(0, 1)}}});
    ASSERT_EQ(it.texts().size(), 1u);
    it.pass(3 * second);
    it.answer_beat(error_code::fenced_instance_id);
    it.cluster.topics.clear();
    it.cluster.absent_topic = error_code::topic_authorization_failed;
    it.pass(second);
    it.introduce();
    it.poll();
    EXPECT_EQ(it.failure(), errc::fenced_instance_id);
}

TEST(group_membership, who_does_not_poll_leaves_the_group) {
    member_run it(keys{{"max.poll.interval.ms", "10000"}});
    it.become_member();
    it.answer_fetch(it.take(api_key::fetch), {{0, {consumer_world::batch_of(0, 1)}}});
    it.pass(9 * second);
    EXPECT_FALSE(it.has(api_key::leave_group));
    it.pass(2 * second);
    const auto leave = it.take(api_key::leave_group).as<kafka::leave_group_request>();
    EXPECT_EQ(leave.members.at(0).member_id, "me");
    it.poll(3600 * second);
    EXPECT_EQ(it.changed(), rebalance_event::kind::lost);
}

TEST(group_membership, a_leader_joins_again_when_its_topics_have_more_partitions) {
    member_run it(keys{{"metadata.max.age.ms", "1000"}});
    it.become_member();
    it.cluster.topics["t"] = {1, 1, 1};
    it.pass(1500 * millisecond);
    it.introduce();
    EXPECT_EQ(it.changed(), rebalance_event::kind::revoked);
}

TEST(group_membership, closing_commits_and_leaves) {
    member_run it(keys{{"enable.auto.commit", "true"}});
    it.become_member();
    it.answer_fetch(it.take(api_key::fetch), {{0, {consumer_world::batch_of(0, 3)}}});
    bool closed = false;
    it.consumer.close([&](const result<void>& said) { closed = said.has_value(); });
    it.settle();
    it.answer_commit(it.take(api_key::offset_commit));
    EXPECT_FALSE(closed);
    it.answer(it.take(api_key::leave_group), kafka::leave_group_response{});
    EXPECT_TRUE(closed);
}

TEST(group_membership, a_pattern_takes_topics_that_come_later) {
    member_run it(keys{{"metadata.max.age.ms", "1000"}});
    it.cluster.topics["other"] = {1};
    EXPECT_TRUE(
        it.consumer.subscribe({{}, [](const std::string& topic) { return topic[0] == 't'; }}).has_value());
    const auto topics_joined_for = [&] {
        const auto join = it.take(api_key::join_group);
        member_wish wish;
        EXPECT_TRUE(
            read_subscription("range", join.as<kafka::join_group_request>().protocols.at(0).metadata, wish)
                .has_value());
        it.answer_join(join, 1);
        return wish.topics;
    };
    it.poll(3600 * second);
    it.introduce();
    it.answer_coordinator();
    EXPECT_EQ(topics_joined_for(), (std::set<std::string>{"t"}));
    it.answer_sync(it.take(api_key::sync_group), {t0, t1});
    it.poll(3600 * second);
    it.answer_committed();
    it.cluster.topics["t2"] = {1};
    it.pass(1500 * millisecond);
    it.introduce();
    ASSERT_EQ(it.changed(), rebalance_event::kind::revoked);
    it.poll(3600 * second);
    EXPECT_EQ(topics_joined_for(), (std::set<std::string>{"t", "t2"}));
}

member_wish member(const std::string& id, const std::set<std::string>& topics, const names& owned = {},
                   std::int32_t generation = -1) {
    return {id, std::nullopt, topics, owned, generation};
}

std::vector<std::size_t> sizes(const group_plan& plan) {
    std::vector<std::size_t> all;
    for (const auto& [id, given] : plan)
        all.push_back(given.size());
    return all;
}

TEST(client_assignors, range_gives_neighbours_and_round_robin_takes_turns) {
    const std::vector<member_wish> members{member("b", {"t", "u"}), member("a", {"t", "u"})};
    const partition_counts topics{{"t", 3}, {"u", 3}};
    const auto ranges = assign_range(members, topics);
    EXPECT_EQ(ranges.at("a"), (names{{"t", 0}, {"t", 1}, {"u", 0}, {"u", 1}}));
    EXPECT_EQ(ranges.at("b"), (names{{"t", 2}, {"u", 2}}));
    const auto turns = assign_round_robin(members, topics);
    EXPECT_EQ(turns.at("a"), (names{{"t", 0}, {"t", 2}, {"u", 1}}));
    EXPECT_EQ(turns.at("b"), (names{{"t", 1}, {"u", 0}, {"u", 2}}));
}

TEST(client_assignors, members_get_only_what_they_want_and_everything_goes_to_somebody) {
    const std::vector<member_wish> members{member("a", {"t"}), member("b", {"t", "u"}), member("c", {})};
    const partition_counts topics{{"t", 4}, {"u", 2}, {"v", 1}};
    for (const auto* name : {"range", "roundrobin", "sticky", "cooperative-sticky"}) {
        const auto plan = *assign_by(name, members, topics);
        names all;
        std::size_t given = 0;
        for (const auto& [id, some] : plan) {
            given += some.size();
            all.insert(some.begin(), some.end());
        }
        EXPECT_EQ(given, 6u) << name;
        EXPECT_EQ(all.size(), 6u) << name;
        EXPECT_TRUE(plan.at("c").empty()) << name;
        EXPECT_FALSE(plan.at("a").contains({"u", 0})) << name;
    }
    EXPECT_EQ(assign_by("fair", members, topics), std::nullopt);
}

TEST(client_assignors, sticky_is_even_and_moves_no_more_than_it_must) {
    const names had{{"t", 0}, {"t", 1}, {"t", 2}, {"t", 3}};
    const std::vector<member_wish> members{member("a", {"t"}, had, 1), member("b", {"t"})};
    const auto plan = assign_sticky(members, {{"t", 4}});
    EXPECT_EQ(sizes(plan), (std::vector<std::size_t>{2, 2}));
    // Of two who say that they have it, the later one does.
    const auto older =
        assign_sticky({member("a", {"t"}, {{"t", 0}}, 1), member("b", {"t"}, {{"t", 0}}, 2)}, {{"t", 1}});
    EXPECT_TRUE(older.at("b").contains({"t", 0}));
}

TEST(client_assignors, cooperatively_nothing_is_given_that_another_still_has) {
    const names had{{"t", 0}, {"t", 1}};
    const auto plan = assign_cooperatively({member("a", {"t"}, had, 1), member("b", {"t"})}, {{"t", 2}});
    EXPECT_EQ(sizes(plan), (std::vector<std::size_t>{1, 0}));
}

TEST(subscription_bytes, what_is_written_is_read_and_nonsense_is_refused) {
    for (const std::string assignor : {"range", "sticky", "cooperative-sticky"}) {
        member_wish read;
        ASSERT_TRUE(read_subscription(assignor, write_subscription(assignor, {"t", "u"}, {t0, t1}, 5), read)
                        .has_value());
        EXPECT_EQ(read.topics, (std::set<std::string>{"t", "u"}));
        EXPECT_EQ(read.owned, assignor == "range" ? names{} : (names{t0, t1}));
        EXPECT_EQ(read.generation, assignor == "range" ? -1 : 5);
    }
    member_wish none;
    EXPECT_FALSE(read_subscription("range", slice::copy_of("\xff"), none).has_value());
    EXPECT_FALSE(read_assignment(slice::copy_of(std::string_view("\0", 1))).has_value());
    EXPECT_TRUE(read_assignment(slice())->empty());
}

} // namespace
} // namespace barnabas::client::group_membership_test
