#include "tests/unit/actors/client/consumer_world.hpp"

#include "protocol/kafka/consumer_group_heartbeat.hpp"
#include "protocol/kafka/offset_commit.hpp"
#include "protocol/kafka/offset_fetch.hpp"

#include <gtest/gtest.h>

// Members of groups of the consumer protocol (KIP-848), whose coordinator is played by hand.
namespace barnabas::client::heartbeat_membership_test {
namespace {

using kafka::api_key;
using kafka::error_code;
using test::consumer_world;
using test::millisecond;
using test::second;
using texts = std::vector<std::string>;
using keys = std::map<std::string, std::string>;
using names = std::set<partition_name>;
using heartbeat = kafka::consumer_group_heartbeat_request;

const partition_name t0{"t", 0};
const partition_name t1{"t", 1};
constexpr std::int64_t long_wait = 3600 * second;
constexpr std::int32_t interval_ms = 2'000;

/// As `played_cluster` names the only topic.
topic_id id_of_t() {
    topic_id id;
    id.bytes[0] = 7;
    return id;
}

struct member_run : consumer_world {
    explicit member_run(keys properties = {})
        : consumer_world([&] {
              properties.try_emplace("group.id", "g");
              properties.try_emplace("group.protocol", "consumer");
              properties.try_emplace("enable.auto.commit", "false");
              return properties;
          }()) {}

    request take_beat() { return take(api_key::consumer_group_heartbeat); }
    heartbeat beat() { return take_beat().as<heartbeat>(); }
    bool has_beat() { return has(api_key::consumer_group_heartbeat); }
    void say(const request& to, std::int32_t epoch, std::optional<std::vector<std::int32_t>> given = {}) {
        kafka::consumer_group_heartbeat_response said;
        said.member_epoch = epoch;
        said.heartbeat_interval_ms = interval_ms;
        if (given) {
            auto& assigned = said.assignment.emplace();
            if (!given->empty()) {
                auto& topic = assigned.topic_partitions.emplace_back();
                topic.topic_id = id_of_t();
                topic.partitions = *given;
            }
        }
        answer(to, said);
    }
    void refuse(const request& to, error_code code) {
        kafka::consumer_group_heartbeat_response said;
        said.error_code = kafka::wire_value(code);
        said.error_message = "because";
        answer(to, said);
    }
    static std::vector<std::int32_t> owned_in(const heartbeat& said) {
        if (!said.topic_partitions || said.topic_partitions->empty())
            return {};
        EXPECT_EQ(said.topic_partitions->size(), 1u);
        EXPECT_EQ(said.topic_partitions->front().topic_id, id_of_t());
        return said.topic_partitions->front().partitions;
    }
    void answer_committed(std::int64_t offset) {
        const auto asked = take(api_key::offset_fetch);
        kafka::offset_fetch_response said;
        auto& group = said.groups.emplace_back();
        group.group_id = "g";
        const auto wish = asked.as<kafka::offset_fetch_request>();
        for (const auto& topic : *wish.groups.at(0).topics) {
            auto& entry = group.topics.emplace_back();
            entry.name = topic.name;
            for (const auto number : topic.partition_indexes) {
                auto& one = entry.partitions.emplace_back();
                one.partition_index = number;
                one.committed_offset = offset;
            }
        }
        answer(asked, said);
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
    static std::int32_t epoch_in(const request& commit) {
        return commit.as<kafka::offset_commit_request>().generation_id_or_member_epoch;
    }
    void subscribe() {
        EXPECT_TRUE(consumer.subscribe({{"t"}, nullptr}).has_value());
        settle();
    }
    request join() {
        subscribe();
        poll(long_wait);
        introduce();
        answer_coordinator();
        return take_beat();
    }
    /// A member with epoch 1 that reads both partitions from 0 and has said so.
    void become_member() {
        say(join(), 1, {{0, 1}});
        EXPECT_EQ(changed(), rebalance_event::kind::assigned);
        say(take_beat(), 1);
        poll(long_wait);
        answer_committed(0);
    }
    void give_records(std::int64_t count) {
        answer_fetch(take(api_key::fetch), {{0, {consumer_world::batch_of(0, count)}}});
        EXPECT_EQ(static_cast<std::int64_t>(texts_given()), count);
    }
    std::size_t texts_given() const { return texts().size(); }
    /// What change the last poll told.
    std::optional<rebalance_event::kind> changed() const {
        if (!polled || !*polled || !(*polled)->change)
            return std::nullopt;
        return (*polled)->change->what;
    }
};

TEST(heartbeat_membership, joins_within_a_poll_says_everything_once_and_reads_what_it_is_given) {
    member_run it(keys{{"group.remote.assignor", "range"}, {"max.poll.interval.ms", "90000"}});
    it.subscribe();
    it.introduce();
    EXPECT_FALSE(it.has(api_key::find_coordinator));
    it.poll(long_wait);
    it.introduce();
    it.answer_coordinator();
    const auto first = it.take_beat();
    const auto said = first.as<heartbeat>();
    EXPECT_EQ(said.member_epoch, 0);
    EXPECT_EQ(said.member_id.size(), 22u);
    EXPECT_EQ(said.rebalance_timeout_ms, 90'000);
    EXPECT_EQ(said.subscribed_topic_names, std::vector<std::string>{"t"});
    EXPECT_EQ(said.server_assignor, "range");
    EXPECT_TRUE(said.topic_partitions && said.topic_partitions->empty());
    it.say(first, 5, {{1}});
    EXPECT_EQ(it.changed(), rebalance_event::kind::assigned);
    const auto second_beat = it.take_beat();
    const auto more = second_beat.as<heartbeat>();
    EXPECT_EQ(more.member_epoch, 5);
    EXPECT_EQ(more.member_id, said.member_id);
    EXPECT_EQ(member_run::owned_in(more), std::vector<std::int32_t>{1});
    EXPECT_FALSE(more.subscribed_topic_names.has_value());
    it.say(second_beat, 5);
    EXPECT_EQ(it.consumer.last_heartbeat()->as.id, said.member_id);
    EXPECT_EQ(it.consumer.last_heartbeat()->as.generation, 5);
    it.poll(long_wait);
    const auto lookup = it.take(api_key::offset_fetch);
    EXPECT_EQ(lookup.as<kafka::offset_fetch_request>().groups.at(0).member_epoch, 5);
    it.pass((interval_ms - 50) * millisecond);
    EXPECT_FALSE(it.has_beat()) << "before the coordinator's interval";
    it.pass(100 * millisecond);
    EXPECT_FALSE(it.beat().topic_partitions.has_value()) << "nothing is new";
}

TEST(heartbeat_membership, lets_go_before_it_says_so_and_before_it_takes_more) {
    member_run it;
    it.say(it.join(), 1, {{0}});
    it.say(it.take_beat(), 1);
    it.poll(long_wait);
    it.answer_committed(0);
    it.pass((interval_ms + 50) * millisecond);
    it.say(it.take_beat(), 1, {{1}});
    EXPECT_EQ(it.changed(), rebalance_event::kind::revoked);
    EXPECT_EQ(it.consumer.assignment(), names{t0});
    it.pass((interval_ms + 50) * millisecond);
    // Signs of life go on while the program works.
    const auto meanwhile = it.take_beat();
    EXPECT_FALSE(meanwhile.as<heartbeat>().topic_partitions.has_value());
    it.say(meanwhile, 1);
    it.poll(long_wait);
    EXPECT_EQ(it.changed(), rebalance_event::kind::assigned);
    EXPECT_EQ(it.consumer.assignment(), names{t1});
    EXPECT_EQ(member_run::owned_in(it.beat()), std::vector<std::int32_t>{1});
}

/// The coordinator may wait for it with what is no longer the member's, but was to be: it gives it nobody
/// else.
TEST(heartbeat_membership, an_assignment_that_changes_nothing_is_answered_with_what_it_has) {
    member_run it;
    it.say(it.join(), 1, std::vector<std::int32_t>{});
    it.settle();
    ASSERT_TRUE(it.has_beat());
    const auto asked = it.take_beat();
    const auto said = asked.as<heartbeat>();
    EXPECT_EQ(said.member_epoch, 1);
    ASSERT_TRUE(said.topic_partitions.has_value());
    EXPECT_TRUE(said.topic_partitions->empty());
    EXPECT_FALSE(said.subscribed_topic_names.has_value());
    it.say(asked, 1);
    it.settle();
    EXPECT_FALSE(it.has_beat()) << "once";
}

TEST(heartbeat_membership, with_auto_commit_what_was_polled_is_committed_before_it_lets_go) {
    member_run it(keys{{"enable.auto.commit", "true"}});
    it.become_member();
    it.give_records(3);
    it.pass((interval_ms + 50) * millisecond);
    it.say(it.take_beat(), 1, {{1}});
    it.poll(long_wait);
    EXPECT_FALSE(it.polled.has_value());
    const auto commit = it.take(api_key::offset_commit);
    EXPECT_EQ(commit.as<kafka::offset_commit_request>().topics.at(0).partitions.at(0).committed_offset, 3);
    EXPECT_EQ(member_run::epoch_in(commit), 1);
    EXPECT_FALSE(it.has_beat());
    it.answer_commit(commit);
    EXPECT_EQ(it.changed(), rebalance_event::kind::revoked);
    it.poll(long_wait);
    EXPECT_EQ(member_run::owned_in(it.beat()), std::vector<std::int32_t>{1});
}

TEST(heartbeat_membership, a_commit_under_an_older_epoch_is_made_again_under_the_newer) {
    member_run it;
    it.become_member();
    it.give_records(2);
    it.pass((interval_ms + 50) * millisecond);
    const auto beat = it.take_beat();
    std::optional<result<void>> committed;
    it.consumer.commit(std::nullopt, [&](const result<void>& said) { committed = said; });
    it.settle();
    // The coordinator takes one after the other.
    it.say(beat, 2);
    const auto early = it.take(api_key::offset_commit);
    EXPECT_EQ(member_run::epoch_in(early), 1);
    it.answer_commit(early, error_code::stale_member_epoch);
    EXPECT_FALSE(committed.has_value());
    it.pass(150 * millisecond);
    const auto again = it.take(api_key::offset_commit);
    EXPECT_EQ(member_run::epoch_in(again), 2);
    it.answer_commit(again);
    EXPECT_TRUE(committed && *committed);
}

TEST(heartbeat_membership, commits_go_one_after_the_other) {
    member_run it;
    it.become_member();
    it.give_records(2);
    int done = 0;
    for (const std::int64_t offset : {1, 2})
        it.consumer.commit(committed_offsets_by_partition{{t0, {offset, -1, {}}}},
                           [&](const result<void>& said) { done += said ? 1 : 0; });
    it.settle();
    const auto first = it.take(api_key::offset_commit);
    EXPECT_FALSE(it.has(api_key::offset_commit)) << "an answer that is lost would bring the older one back";
    it.answer_commit(first);
    it.answer_commit(it.take(api_key::offset_commit));
    EXPECT_EQ(done, 2);
}

TEST(heartbeat_membership, one_that_was_put_out_loses_all_and_joins_again_with_nothing) {
    for (const auto code : {error_code::fenced_member_epoch, error_code::unknown_member_id}) {
        member_run it;
        it.become_member();
        it.pass((interval_ms + 50) * millisecond);
        const auto beat = it.take_beat();
        it.refuse(beat, code);
        EXPECT_EQ(it.changed(), rebalance_event::kind::lost);
        result<void> committed;
        it.consumer.commit(std::nullopt, [&](const result<void>& said) { committed = said; });
        EXPECT_NE(committed.code(), errc::ok);
        it.pass(second);
        EXPECT_FALSE(it.has_beat()) << "before the program let go";
        it.poll(long_wait);
        EXPECT_TRUE(it.consumer.assignment().empty());
        it.pass(200 * millisecond);
        const auto again = it.beat();
        EXPECT_EQ(again.member_epoch, 0);
        EXPECT_EQ(again.member_id, beat.as<heartbeat>().member_id);
        EXPECT_TRUE(again.topic_partitions && again.topic_partitions->empty());
        EXPECT_TRUE(again.subscribed_topic_names.has_value());
    }
}

TEST(heartbeat_membership, after_a_lost_answer_it_says_everything_again) {
    member_run it;
    it.become_member();
    it.pass((interval_ms + 50) * millisecond);
    const auto lost = it.take_beat();
    EXPECT_FALSE(lost.as<heartbeat>().topic_partitions.has_value());
    it.cluster.hang_up(lost.link);
    it.settle();
    it.pass(300 * millisecond);
    it.introduce();
    const auto again = it.take_beat();
    EXPECT_EQ(member_run::owned_in(again.as<heartbeat>()), (std::vector<std::int32_t>{0, 1}));
    EXPECT_EQ(again.as<heartbeat>().subscribed_topic_names, std::vector<std::string>{"t"});
    it.say(again, 2, {{0, 1}});
    EXPECT_EQ(it.consumer.identity().generation, 2);
}

TEST(heartbeat_membership, closing_leaves_and_a_static_member_says_that_it_comes_back) {
    for (const std::int32_t epoch : {-1, -2}) {
        member_run it(epoch == -2 ? keys{{"group.instance.id", "till-7"}} : keys{});
        it.become_member();
        bool closed = false;
        it.consumer.close([&](const result<void>& said) { closed = said.has_value(); });
        it.settle();
        const auto leave = it.take_beat();
        EXPECT_EQ(leave.as<heartbeat>().member_epoch, epoch);
        EXPECT_FALSE(closed);
        it.say(leave, epoch);
        EXPECT_TRUE(closed);
    }
}

TEST(heartbeat_membership, who_does_not_poll_leaves_and_joins_again_in_a_poll) {
    member_run it(keys{{"max.poll.interval.ms", "10000"}});
    it.become_member();
    it.give_records(1);
    while (it.cluster.now < monotonic_ns(8 * second)) {
        it.pass(second);
        if (it.has_beat())
            it.say(it.take_beat(), 1);
    }
    it.pass(4 * second);
    auto last = it.beat();
    if (last.member_epoch == 1)
        last = it.beat();
    EXPECT_EQ(last.member_epoch, -1);
    EXPECT_FALSE(it.has_beat());
    it.poll(long_wait);
    EXPECT_EQ(it.changed(), rebalance_event::kind::lost);
    it.poll(long_wait);
    EXPECT_EQ(it.beat().member_epoch, 0);
}

TEST(heartbeat_membership, what_the_coordinator_does_not_take_is_the_end) {
    for (const auto& [code, told] :
         {std::pair{error_code::unreleased_instance_id, errc::unreleased_instance_id},
          std::pair{error_code::invalid_regular_expression, errc::invalid_regular_expression}}) {
        member_run it;
        it.refuse(it.join(), code);
        EXPECT_EQ(it.failure(), told);
        EXPECT_NE(it.polled->failure().detail.find("because"), std::string::npos);
        it.poll(millisecond);
        it.pass(second);
        EXPECT_FALSE(it.has_beat());
    }
}

TEST(heartbeat_membership, a_pattern_for_the_coordinator_needs_no_names_and_topics_are_found_by_id) {
    member_run it;
    EXPECT_TRUE(it.consumer.subscribe({{}, nullptr, "t|u"}).has_value());
    it.poll(long_wait);
    it.introduce();
    it.answer_coordinator();
    const auto join = it.take_beat();
    EXPECT_EQ(join.as<heartbeat>().subscribed_topic_regex, "t|u");
    EXPECT_TRUE(join.as<heartbeat>().subscribed_topic_names->empty());
    it.say(join, 1, {{0}});
    it.pass(200 * millisecond);
    const auto asked = it.cluster.take(api_key::metadata);
    EXPECT_EQ(asked.as<kafka::metadata_request>().topics->at(0).topic_id, id_of_t());
    EXPECT_FALSE(it.changed().has_value());
    it.answer(asked, it.cluster.metadata(asked));
    EXPECT_EQ(it.changed(), rebalance_event::kind::assigned);
    EXPECT_EQ(it.consumer.assignment(), names{t0});
}

TEST(heartbeat_membership, a_classic_member_has_no_such_patterns_and_no_foreign_keys) {
    consumer_world classic(keys{{"group.id", "g"}});
    EXPECT_EQ(classic.consumer.subscribe({{}, nullptr, "t|u"}).code(), errc::invalid_request);
    const auto refusal = [](keys more) {
        more["bootstrap.servers"] = "one:9092";
        const auto read = read_consumer_settings(more);
        return read ? "" : read.failure().detail;
    };
    EXPECT_EQ(refusal({{"group.protocol", "consumer"}, {"session.timeout.ms", "9000"}}),
              "session.timeout.ms cannot be set when group.protocol=consumer");
    EXPECT_EQ(refusal({{"group.remote.assignor", "range"}}),
              "group.remote.assignor cannot be set when group.protocol=classic");
    EXPECT_NE(refusal({{"group.protocol", "raft"}}), "");
}

TEST(heartbeat_membership, the_protocol_may_be_written_in_any_case) {
    for (const auto* protocol : {"consumer", "CONSUMER", "Consumer", "classic", "CLASSIC"}) {
        const auto read =
            read_consumer_settings({{"bootstrap.servers", "one:9092"}, {"group.protocol", protocol}});
        ASSERT_TRUE(read.has_value()) << protocol;
        EXPECT_EQ(read->by_heartbeat, protocol[1] == 'o' || protocol[1] == 'O') << protocol;
    }
}

} // namespace
} // namespace barnabas::client::heartbeat_membership_test
