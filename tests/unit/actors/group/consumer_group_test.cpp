#include "tests/unit/actors/group/consumer_world.hpp"

/// Groups of the consumer protocol, by heartbeats.
namespace barnabas::group::consumer_group_test {
namespace {

class consumer_group_test : public testing::Test {
protected:
    consumer_world world;

    errc code_of(const consumer_heartbeat_request& request) { return world.beat(request).code; }
};

TEST_F(consumer_group_test, the_first_member_gets_everything_at_once) {
    consumer one;
    one.id = "a";
    const auto told = world.beat(one);
    EXPECT_EQ(told.code, errc::ok);
    EXPECT_EQ(told.member_id, "a");
    EXPECT_EQ(told.epoch, member_epoch(1));
    EXPECT_EQ(told.heartbeat_interval, world.options.consumer.heartbeat_interval);
    EXPECT_EQ(told.assignment, parts({{"t", {0, 1, 2, 3}}}));
    EXPECT_EQ(world.shown().state, "Stable");
    // Nothing is new.
    EXPECT_EQ(world.beat(one).assignment, std::nullopt);
}

TEST_F(consumer_group_test, the_second_member_gets_what_the_first_has_given_up) {
    auto one = world.joined_as("a");
    consumer two;
    two.id = "b";
    const auto first = world.beat(two);
    EXPECT_EQ(first.epoch, member_epoch(2));
    EXPECT_EQ(first.assignment, partitions_by_topic{});
    EXPECT_EQ(world.shown().state, "Reconciling");

    auto quiet = world.request_of(one);
    quiet.owned.reset();
    const auto asked_to_revoke = world.beat(quiet);
    EXPECT_EQ(asked_to_revoke.epoch, member_epoch(1));
    EXPECT_EQ(count_of(*asked_to_revoke.assignment), 2u);
    // It still owns them.
    EXPECT_EQ(world.beat(two).assignment, std::nullopt);
    EXPECT_EQ(world.beat(one).epoch, member_epoch(1));
    one.wanted = *asked_to_revoke.assignment;
    one.let_go();
    EXPECT_EQ(world.beat(one).epoch, member_epoch(2));
    EXPECT_EQ(count_of(*world.beat(two).assignment), 2u);
    EXPECT_EQ(world.shown().state, "Stable");
}

TEST_F(consumer_group_test, a_member_that_leaves_gives_up_its_partitions) {
    auto one = world.joined_as("a");
    auto two = world.joined_as("b");
    world.settle({&one, &two});
    EXPECT_EQ(count_of(one.owned), 2u);
    const auto left = world.leave(two);
    EXPECT_EQ(left.code, errc::ok);
    EXPECT_EQ(left.epoch, leaving_epoch);
    EXPECT_EQ(world.shown().state, "Assigning");
    world.beat(one);
    EXPECT_EQ(count_of(one.owned), 4u);
    EXPECT_EQ(world.leave(two).code, errc::unknown_member_id);
    EXPECT_EQ(world.leave(one).code, errc::ok);
    EXPECT_EQ(world.shown().state, "Empty");
}

TEST_F(consumer_group_test, requests_with_bad_fields_are_refused) {
    consumer one;
    one.id = "a";
    const auto good = world.request_of(one);
    const auto refused = [&](const auto& change) {
        auto request = good;
        change(request);
        return code_of(request);
    };
    using request = consumer_heartbeat_request;
    EXPECT_EQ(refused([](request& r) { r.who.member_id.clear(); }), errc::invalid_request);
    EXPECT_EQ(refused([](request& r) { r.who.instance_id = ""; }), errc::invalid_request);
    EXPECT_EQ(refused([](request& r) { r.rack = ""; }), errc::invalid_request);
    EXPECT_EQ(refused([](request& r) { r.who.member_id = " \t"; }), errc::invalid_request);
    EXPECT_EQ(refused([](request& r) { r.who.instance_id = " "; }), errc::invalid_request);
    EXPECT_EQ(refused([](request& r) { r.rack = "\n "; }), errc::invalid_request);
    EXPECT_EQ(world.take<consumer_heartbeat_response>(world.ask(good, "  ")).code, errc::invalid_request);
    EXPECT_EQ(refused([](request& r) { r.epoch = member_epoch(-3); }), errc::invalid_request);
    EXPECT_EQ(refused([](request& r) { r.epoch = pausing_epoch; }), errc::invalid_request);
    EXPECT_EQ(refused([](request& r) { r.rebalance_timeout.reset(); }), errc::invalid_request);
    EXPECT_EQ(refused([](request& r) { r.topics.reset(); }), errc::invalid_request);
    EXPECT_EQ(refused([](request& r) { r.owned.reset(); }), errc::invalid_request);
    EXPECT_EQ(refused([](request& r) { r.owned = parts({{"t", {0}}}); }), errc::invalid_request);
    EXPECT_EQ(refused([](request& r) { r.assignor = "mine"; }), errc::unsupported_assignor);
    EXPECT_EQ(refused([](request& r) { r.pattern = "("; }), errc::invalid_regular_expression);
    EXPECT_TRUE(world.log.empty());
    EXPECT_EQ(world.take<consumer_describe_response>(world.ask(consumer_describe_request{})).code,
              errc::group_id_not_found);
}

/// Who subscribes to nothing is a member all the same.
TEST_F(consumer_group_test, an_empty_pattern_without_topics_is_a_subscription) {
    consumer one;
    one.id = "a";
    auto request = world.request_of(one);
    request.topics.reset();
    request.pattern = "";
    const auto told = world.beat(request);
    EXPECT_EQ(told.code, errc::ok) << told.detail;
    ASSERT_TRUE(told.assignment);
    EXPECT_TRUE(told.assignment->empty());
    EXPECT_EQ(world.shown().members.size(), 1u);
}

TEST_F(consumer_group_test, a_member_of_version_0_is_given_an_id) {
    consumer one;
    auto request = world.request_of(one);
    request.names_itself = false;
    const auto told = world.beat(request);
    EXPECT_EQ(told.code, errc::ok);
    EXPECT_EQ(told.member_id.size(), 22u);
    request.epoch = member_epoch(1);
    EXPECT_EQ(code_of(request), errc::invalid_request);
}

TEST_F(consumer_group_test, strangers_are_told_so) {
    consumer stranger;
    stranger.id = "x";
    stranger.epoch = 3;
    EXPECT_EQ(code_of(world.request_of(stranger)), errc::group_id_not_found);
    world.joined_as("a");
    EXPECT_EQ(code_of(world.request_of(stranger)), errc::unknown_member_id);
    stranger.instance = "i";
    EXPECT_EQ(code_of(world.request_of(stranger)), errc::unknown_member_id);
}

TEST_F(consumer_group_test, epochs_other_than_the_members_are_fenced) {
    auto one = world.joined_as("a");
    auto two = world.joined_as("b");
    world.settle({&one, &two});
    ASSERT_EQ(one.epoch, 2);
    auto request = world.request_of(one);
    request.epoch = member_epoch(3);
    EXPECT_EQ(code_of(request), errc::fenced_member_epoch);
    // It missed an answer, but has no more than it should.
    request.epoch = member_epoch(1);
    EXPECT_EQ(code_of(request), errc::ok);
    request.owned = parts({{"t", {0, 1, 2, 3}}});
    EXPECT_EQ(code_of(request), errc::fenced_member_epoch);
    request.owned.reset();
    EXPECT_EQ(code_of(request), errc::fenced_member_epoch);
    // Whoever comes with nothing may come again.
    one.epoch = 0;
    const auto again = world.beat(one);
    EXPECT_EQ(again.epoch, member_epoch(2));
    EXPECT_EQ(count_of(*again.assignment), 2u);
}

TEST_F(consumer_group_test, silence_ends_a_session) {
    auto one = world.joined_as("a");
    world.pass(milliseconds(44'999));
    EXPECT_EQ(world.beat(one).code, errc::ok);
    world.pass(milliseconds(44'999));
    EXPECT_EQ(world.shown().members.size(), 1u);
    world.pass(milliseconds(1));
    EXPECT_EQ(world.shown().state, "Empty");
    EXPECT_EQ(world.beat(one).code, errc::unknown_member_id);
}

TEST_F(consumer_group_test, who_does_not_give_up_in_time_is_removed) {
    auto one = world.joined_as("a");
    auto two = world.joined_as("b");
    auto stubborn = world.request_of(one);
    world.beat(stubborn);
    for (int i = 0; i < 6; ++i) {
        EXPECT_EQ(world.beat(stubborn).code, errc::ok);
        world.beat(two);
        world.pass(milliseconds(10'000));
    }
    EXPECT_EQ(world.beat(stubborn).code, errc::unknown_member_id);
    world.settle({&two});
    EXPECT_EQ(count_of(two.owned), 4u);
}

TEST_F(consumer_group_test, topics_that_come_grow_and_go_are_assigned_anew) {
    consumer one;
    one.id = "a";
    one.topics = {"t", "u"};
    world.beat(one);
    EXPECT_EQ(one.owned, parts({{"t", {0, 1, 2, 3}}}));
    world.set_topics({{"u", 1}});
    EXPECT_EQ(world.beat(one).epoch, member_epoch(2));
    EXPECT_EQ(one.owned, parts({{"t", {0, 1, 2, 3}}, {"u", {0}}}));
    world.set_topics({{"u", 2}, {"other", 3}});
    world.beat(one);
    EXPECT_EQ(one.owned, parts({{"t", {0, 1, 2, 3}}, {"u", {0, 1}}}));
    world.set_topics({{"t", 0}});
    world.settle({&one});
    EXPECT_EQ(one.owned, parts({{"u", {0, 1}}}));
    EXPECT_EQ(one.epoch, 4);
    world.set_topics({{"other", 4}});
    EXPECT_EQ(world.beat(one).epoch, member_epoch(4));
}

TEST_F(consumer_group_test, a_changed_subscription_raises_the_epoch) {
    auto one = world.joined_as("a");
    world.set_topics({{"u", 1}});
    one.topics = {"u"};
    one.tells_all = true;
    world.settle({&one});
    EXPECT_EQ(one.epoch, 2);
    EXPECT_EQ(one.owned, parts({{"u", {0}}}));
}

TEST_F(consumer_group_test, patterns_find_topics_that_come_later) {
    world.set_topics({{"logs-1", 1}, {"__consumer_offsets", 1}});
    consumer one;
    one.id = "a";
    one.topics = {};
    one.pattern = "(logs-|__).*";
    world.beat(one);
    EXPECT_EQ(one.owned, parts({{"logs-1", {0}}}));
    world.set_topics({{"logs-2", 1}, {"other", 1}});
    // Looks at the metadata, but not yet for its pattern.
    world.beat(one);
    EXPECT_EQ(one.owned, parts({{"logs-1", {0}}}));
    world.pass(milliseconds(10'000));
    world.beat(one);
    EXPECT_EQ(one.owned, parts({{"logs-1", {0}}, {"logs-2", {0}}}));
    one.pattern = "";
    one.topics = {"other"};
    one.tells_all = true;
    world.settle({&one});
    EXPECT_EQ(one.owned, parts({{"other", {0}}}));
    const auto& last = std::get<pattern_record>(
        std::get<consumer_record>(*std::find_if(world.log.rbegin(), world.log.rend(), [](const auto& record) {
            const auto* of = std::get_if<consumer_record>(&record);
            return of != nullptr && std::holds_alternative<pattern_record>(*of);
        })));
    EXPECT_FALSE(last.value.has_value());
}

TEST_F(consumer_group_test, most_votes_choose_the_assignor) {
    auto one = world.joined_as("a");
    EXPECT_EQ(world.shown().assignor, "uniform");
    auto request = world.request_of(one);
    request.assignor = "range";
    EXPECT_EQ(code_of(request), errc::ok);
    EXPECT_EQ(world.shown().assignor, "range");
}

TEST_F(consumer_group_test, a_full_group_takes_nobody) {
    group_options small;
    small.consumer.members_max = 1;
    consumer_world crowded(small);
    auto one = crowded.joined_as("a");
    consumer two;
    two.id = "b";
    EXPECT_EQ(crowded.beat(two).code, errc::group_max_size_reached);
    one.epoch = 0;
    EXPECT_EQ(crowded.beat(one).code, errc::ok);
}

TEST_F(consumer_group_test, a_static_member_comes_back_to_what_it_had) {
    auto old = world.joined_as("a", "i");
    auto other = world.joined_as("b");
    world.settle({&old, &other});
    const auto had = old.owned;
    consumer fresh;
    fresh.id = "c";
    fresh.instance = "i";
    EXPECT_EQ(world.beat(fresh).code, errc::unreleased_instance_id);
    auto zombie = world.request_of(old);
    EXPECT_EQ(world.leave(old, pausing_epoch).epoch, pausing_epoch);
    EXPECT_EQ(world.beat(other).epoch, member_epoch(2));
    EXPECT_EQ(code_of(zombie), errc::fenced_member_epoch);
    const auto back = world.beat(fresh);
    EXPECT_EQ(back.epoch, member_epoch(2));
    EXPECT_EQ(back.assignment, had);
    EXPECT_EQ(code_of(zombie), errc::fenced_instance_id);
    EXPECT_EQ(world.leave(old).code, errc::fenced_instance_id);
    world.reload();
    EXPECT_EQ(world.shown().members.size(), 2u);
    EXPECT_EQ(world.shown().members.at(1).who.member_id, "c");
}

TEST_F(consumer_group_test, a_static_member_that_stays_away_is_removed) {
    auto old = world.joined_as("a", "i");
    world.leave(old, pausing_epoch);
    world.pass(milliseconds(45'000));
    EXPECT_EQ(world.shown().state, "Empty");
    auto fresh = world.joined_as("c", "i");
    EXPECT_EQ(count_of(fresh.owned), 4u);
}

TEST_F(consumer_group_test, offsets_are_committed_with_the_members_epoch) {
    auto one = world.joined_as("a");
    const auto commit = [&](std::int32_t epoch, bool newer = true, const std::string& id = "a") {
        commit_request request;
        request.who.member_id = id;
        request.generation = generation_id(epoch);
        request.knows_group_errors = newer;
        request.partitions.resize(1);
        request.partitions[0].topic = "t";
        request.partitions[0].offset = log_offset(5);
        return world.take<commit_response>(world.ask(request)).code;
    };
    EXPECT_EQ(commit(1), errc::ok);
    EXPECT_EQ(commit(2), errc::stale_member_epoch);
    EXPECT_EQ(commit(1, false), errc::unsupported_version);
    EXPECT_EQ(commit(1, true, "x"), errc::unknown_member_id);
    EXPECT_EQ(commit(-1, true, ""), errc::unknown_member_id);
    const auto fetch = [&](const std::string& id, std::int32_t epoch) {
        offsets_request request;
        request.who.member_id = id;
        request.member_epoch = generation_id(epoch);
        return world.take<offsets_response>(world.ask(request)).code;
    };
    EXPECT_EQ(fetch("", -1), errc::ok);
    EXPECT_EQ(fetch("a", 1), errc::ok);
    EXPECT_EQ(fetch("a", 2), errc::stale_member_epoch);
    EXPECT_EQ(fetch("x", 1), errc::unknown_member_id);
    world.leave(one);
    EXPECT_EQ(commit(-1, true, ""), errc::ok);
    EXPECT_EQ(world.committed("t"), 5);
}

TEST_F(consumer_group_test, offsets_of_what_is_subscribed_to_are_kept) {
    auto one = world.joined_as("a");
    commit_request other;
    other.who.member_id = "a";
    other.generation = generation_id(1);
    other.knows_group_errors = true;
    for (const auto* topic : {"t", "u"}) {
        auto& partition = other.partitions.emplace_back();
        partition.topic = topic;
        partition.offset = log_offset(3);
    }
    world.ask(other);
    for (int i = 0; i < 20'170; ++i) {
        world.beat(one);
        world.pass(milliseconds(30'000));
    }
    EXPECT_EQ(world.committed("t"), 3);
    EXPECT_EQ(world.committed("u"), -1);
    delete_offsets_request deletion{{{"t", partition_index(0)}}};
    EXPECT_EQ(world.take<delete_offsets_response>(world.ask(deletion)).partitions.at(0),
              errc::group_subscribed_to_topic);
    world.leave(one);
    world.pass(std::chrono::hours(24 * 7) - std::chrono::minutes(20));
    EXPECT_EQ(world.committed("t"), 3);
    world.pass(std::chrono::minutes(40));
    EXPECT_EQ(world.committed("t"), -1);
    EXPECT_EQ(world.shown().code, errc::group_id_not_found);
}

TEST_F(consumer_group_test, groups_are_listed_and_described_as_what_they_are) {
    auto one = world.joined_as("a");
    const auto listed = world.take<list_response>(world.ask(list_request{}));
    ASSERT_EQ(listed.groups.size(), 1u);
    EXPECT_EQ(listed.groups[0].type, "consumer");
    EXPECT_EQ(listed.groups[0].protocol_type, "consumer");
    EXPECT_EQ(listed.groups[0].state, "Stable");
    EXPECT_EQ(world.describe().code, errc::group_id_not_found);
    EXPECT_EQ(world.describe().state, "Dead");
    const auto shown = world.shown();
    EXPECT_EQ(shown.group_epoch, 1);
    EXPECT_EQ(shown.assignment_epoch, 1);
    EXPECT_EQ(shown.members.at(0).target, one.owned);
    EXPECT_EQ(shown.members.at(0).assigned, one.owned);
    EXPECT_EQ(shown.members.at(0).client.client_id, "client");
}

TEST_F(consumer_group_test, only_groups_without_members_are_deleted) {
    auto one = world.joined_as("a");
    const auto remove = [&] { return world.take<delete_response>(world.ask(delete_request{})).code; };
    EXPECT_EQ(remove(), errc::non_empty_group);
    world.leave(one);
    EXPECT_EQ(remove(), errc::ok);
    EXPECT_EQ(remove(), errc::group_id_not_found);
    world.reload(world.log.size());
    EXPECT_EQ(world.machine->group_count(), 0u);
    world.reload();
    EXPECT_EQ(world.machine->group_count(), 0u);
}

TEST_F(consumer_group_test, an_empty_group_takes_up_the_other_protocol) {
    world.stable_with_one();
    const auto member = world.describe().members.at(0).who;
    world.commit("t", 7, member, 1);
    world.leave(member);
    auto one = world.joined_as("a");
    EXPECT_EQ(world.committed("t"), 7);
    EXPECT_EQ(count_of(one.owned), 4u);
    world.reload();
    EXPECT_EQ(world.shown().members.size(), 1u);
    world.leave(one);
    world.stable_with_one();
    EXPECT_EQ(world.describe().state, "Stable");
    EXPECT_EQ(world.committed("t"), 7);
    world.reload(world.log.size());
    EXPECT_EQ(world.describe().members.size(), 1u);
}

TEST_F(consumer_group_test, a_refused_classic_member_leaves_an_empty_group_as_it_was) {
    auto one = world.joined_as("a");
    world.leave(one);
    EXPECT_EQ(world.joined(world.ask(world.joining({"stale", {}}))).code, errc::unknown_member_id);
    auto without = world.joining();
    without.protocols.clear();
    EXPECT_EQ(world.joined(world.ask(without)).code, errc::inconsistent_group_protocol);
    EXPECT_EQ(world.shown().state, "Empty");
}

/// Whether its offsets, which were committed long before, are still there an hour after it became empty.
bool keeps_offsets_from_when_it_became_empty(bool with_bug) {
    group_options options;
    options.planted.empty_since_forgotten = with_bug;
    consumer_world world(options);
    world.commit("t", 7);
    auto one = world.joined_as("a");
    for (int second = 0; second < 8 * 24 * 3'600; second += 30) {
        world.pass(milliseconds(30'000));
        world.beat(one);
    }
    world.leave(one);
    EXPECT_EQ(world.committed("t"), 7) << "a living group keeps what it reads";
    auto sent_back = consumer_world::joining();
    sent_back.id_first = true;
    EXPECT_EQ(world.joined(world.ask(sent_back)).code, errc::member_id_required);
    world.pass(std::chrono::hours(1));
    const bool kept = world.committed("t") == 7;
    world.pass(std::chrono::hours(7 * 24));
    EXPECT_EQ(world.committed("t"), -1);
    return kept;
}

TEST(consumer_group, whoever_asks_to_join_offsets_are_kept_from_when_it_became_empty) {
    EXPECT_TRUE(keeps_offsets_from_when_it_became_empty(false));
}

TEST(consumer_group_with_a_bug, is_found_empty_since_forgotten) {
    EXPECT_FALSE(keeps_offsets_from_when_it_became_empty(true));
}

TEST_F(consumer_group_test, a_loaded_group_gives_its_members_a_session) {
    auto one = world.joined_as("a");
    auto two = world.joined_as("b");
    auto stubborn = world.request_of(one);
    world.beat(stubborn);
    world.pass(milliseconds(40'000));
    world.reload();
    EXPECT_EQ(world.beat(stubborn).code, errc::ok);
    EXPECT_EQ(world.beat(two).code, errc::ok);
    world.pass(milliseconds(44'000));
    EXPECT_EQ(world.beat(stubborn).code, errc::ok);
    world.pass(milliseconds(16'000));
    EXPECT_EQ(world.beat(stubborn).code, errc::unknown_member_id);
    world.pass(milliseconds(45'000));
    EXPECT_EQ(world.shown().state, "Empty");
}

} // namespace
} // namespace barnabas::group::consumer_group_test
