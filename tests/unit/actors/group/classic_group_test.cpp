#include "protocol/model/mark.hpp"
#include "tests/unit/actors/group/group_world.hpp"

#include <set>

namespace barnabas::group::classic_group_test {

namespace {

TEST(classic_group, first_member_waits_for_others_and_then_leads) {
    group_world world;
    const auto ticket = world.ask(world.joining());
    world.pass(milliseconds(2'999));
    EXPECT_FALSE(world.answered(ticket));
    world.pass(milliseconds(1));
    const auto joined = world.joined(ticket);
    EXPECT_EQ(joined.code, errc::ok);
    EXPECT_EQ(joined.generation, generation_id(1));
    EXPECT_EQ(joined.leader, joined.member_id);
    EXPECT_TRUE(joined.member_id.starts_with("client-"));
    ASSERT_EQ(joined.members.size(), 1u);
    EXPECT_EQ(joined.members[0].metadata.text(), "s");
    EXPECT_EQ(world.describe().state, "CompletingRebalance");
}

TEST(classic_group, second_member_within_the_delay_shares_the_first_generation) {
    group_world world;
    const auto one = world.ask(world.joining());
    world.pass(milliseconds(2'000));
    const auto two = world.ask(world.joining());
    // Somebody came, so the wait is prolonged once.
    world.pass(milliseconds(1'000));
    EXPECT_FALSE(world.answered(one));
    world.pass(milliseconds(3'000));
    const auto first = world.joined(one);
    const auto second = world.joined(two);
    EXPECT_EQ(first.generation, generation_id(1));
    EXPECT_EQ(second.generation, generation_id(1));
    EXPECT_EQ(first.leader, second.leader);
    EXPECT_EQ(first.members.size() + second.members.size(), 2u);
}

TEST(classic_group, first_wait_ends_at_the_rebalance_timeout_however_many_come) {
    group_world world;
    std::vector<request_ticket> tickets;
    for (int i = 0; i < 40; ++i) {
        tickets.push_back(world.ask(world.joining()));
        world.pass(milliseconds(2'000));
    }
    EXPECT_TRUE(world.answered(tickets.front()));
    EXPECT_EQ(world.joined(tickets.front()).generation, generation_id(1));
}

TEST(classic_group, new_client_is_sent_back_with_an_id_first) {
    group_world world;
    auto request = world.joining();
    request.id_first = true;
    const auto refused = world.joined(world.ask(request));
    EXPECT_EQ(refused.code, errc::member_id_required);
    request.who.member_id = refused.member_id;
    const auto ticket = world.ask(request);
    world.pass(milliseconds(3'000));
    EXPECT_EQ(world.joined(ticket).member_id, refused.member_id);
}

TEST(classic_group, id_that_was_never_given_is_unknown) {
    group_world world;
    EXPECT_EQ(world.joined(world.ask(world.joining({"made-up", {}}))).code, errc::unknown_member_id);
    world.stable_with_one();
    EXPECT_EQ(world.joined(world.ask(world.joining({"made-up", {}}))).code, errc::unknown_member_id);
}

TEST(classic_group, who_was_sent_back_and_does_not_come_holds_up_nobody) {
    group_world world;
    const auto member = world.stable_with_one();
    auto request = world.joining();
    request.id_first = true;
    EXPECT_EQ(world.joined(world.ask(request)).code, errc::member_id_required);
    const auto again = world.ask(world.joining({member, {}}, "other"));
    EXPECT_FALSE(world.answered(again));
    world.pass(milliseconds(10'000));
    EXPECT_EQ(world.joined(again).generation, generation_id(2));
}

TEST(classic_group, leader_assigns_and_everybody_gets_its_own) {
    group_world world;
    const auto [leader, other] = world.stable_with_two();
    EXPECT_EQ(world.describe().state, "Stable");
    EXPECT_EQ(world.synced(leader, generation_id(1)).assignment.text(), "L");
    EXPECT_EQ(world.synced(other, generation_id(1)).assignment.text(), "O");
    EXPECT_EQ(world.heartbeat({leader, {}}, 1), errc::ok);
    EXPECT_EQ(world.heartbeat({leader, {}}, 0), errc::illegal_generation);
    EXPECT_EQ(world.heartbeat({"stranger", {}}, 1), errc::unknown_member_id);
}

TEST(classic_group, sync_names_the_groups_protocol_or_is_refused) {
    group_world world;
    const auto ticket = world.ask(world.joining());
    world.pass(milliseconds(3'000));
    const auto member = world.joined(ticket).member_id;
    const auto sync = [&](const std::string& type, const std::string& name) {
        return world
            .take<sync_response>(world.ask(sync_request{{member, {}}, generation_id(1), type, name, {}}))
            .code;
    };
    EXPECT_EQ(sync("connect", "range"), errc::inconsistent_group_protocol);
    EXPECT_EQ(sync("consumer", "sticky"), errc::inconsistent_group_protocol);
    EXPECT_EQ(sync("consumer", "range"), errc::ok);
}

TEST(classic_group, newcomer_starts_a_rebalance_that_heartbeats_tell_of) {
    group_world world;
    const auto member = world.stable_with_one();
    const auto newcomer = world.ask(world.joining());
    EXPECT_FALSE(world.answered(newcomer));
    EXPECT_EQ(world.heartbeat({member, {}}, 1), errc::rebalance_in_progress);
    EXPECT_EQ(world.synced(member, generation_id(1)).code, errc::rebalance_in_progress);
    const auto again = world.ask(world.joining({member, {}}));
    EXPECT_EQ(world.joined(again).generation, generation_id(2));
    EXPECT_EQ(world.joined(newcomer).leader, member);
}

/// Of two members one sends heartbeats, but does not join again: whether the other one gets on without it.
bool gets_on_without_who_does_not_rejoin(bool with_bug) {
    group_options options;
    options.planted.rebalance_not_limited = with_bug;
    group_world world(options);
    const auto [leader, other] = world.stable_with_two();
    const auto again = world.ask(world.joining({leader, {}}));
    for (int i = 0; i < 12; ++i) { // heartbeats alone do not help
        world.pass(milliseconds(5'000));
        if (i < 11) {
            EXPECT_EQ(world.heartbeat({other, {}}, 1), errc::rebalance_in_progress);
        }
    }
    return world.answered(again) && world.joined(again).members.size() == 1 &&
           world.heartbeat({other, {}}, 2) == errc::unknown_member_id;
}

TEST(classic_group, member_that_does_not_rejoin_in_time_is_out) {
    EXPECT_TRUE(gets_on_without_who_does_not_rejoin(false));
}

/// In runs only those members show it that live and never ask for their assignment (groups_without_sync).
TEST(classic_group_with_a_bug, is_found_rebalance_not_limited) {
    EXPECT_FALSE(gets_on_without_who_does_not_rejoin(true));
}

TEST(classic_group, member_that_never_syncs_is_removed) {
    group_world world;
    const auto one = world.ask(world.joining());
    const auto two = world.ask(world.joining());
    world.pass(milliseconds(6'000));
    const auto first = world.joined(one);
    const auto second = world.joined(two);
    const auto leader = first.leader;
    const auto other = first.member_id == leader ? second.member_id : first.member_id;
    const auto waiting = world.ask(sync_request{{other, {}}, generation_id(1), {}, {}, {}});
    for (int i = 0; i < 12; ++i) { // the leader lives, but does not assign (KAFKA-12890)
        world.pass(milliseconds(5'000));
        world.heartbeat({leader, {}}, 1);
    }
    EXPECT_EQ(world.take<sync_response>(waiting).code, errc::rebalance_in_progress);
    EXPECT_EQ(world.heartbeat({leader, {}}, 1), errc::unknown_member_id);
    EXPECT_EQ(world.heartbeat({other, {}}, 1), errc::rebalance_in_progress);
}

TEST(classic_group, silent_member_is_out_after_its_session) {
    group_world world;
    const auto [leader, other] = world.stable_with_two();
    world.pass(milliseconds(9'999));
    EXPECT_EQ(world.heartbeat({leader, {}}, 1), errc::ok);
    world.pass(milliseconds(1));
    EXPECT_EQ(world.heartbeat({leader, {}}, 1), errc::rebalance_in_progress);
    EXPECT_EQ(world.heartbeat({other, {}}, 1), errc::unknown_member_id);
}

TEST(classic_group, last_member_that_leaves_empties_the_group_and_the_log_knows_its_generation) {
    group_world world;
    const auto member = world.stable_with_one();
    EXPECT_EQ(world.leave({member, {}}), errc::ok);
    EXPECT_EQ(world.describe().state, "Empty");
    world.reload();
    const auto ticket = world.ask(world.joining());
    world.pass(milliseconds(3'000));
    EXPECT_EQ(world.joined(ticket).generation, generation_id(3));
}

TEST(classic_group, leaving_member_starts_a_rebalance_at_once) {
    group_world world;
    const auto [leader, other] = world.stable_with_two();
    EXPECT_EQ(world.leave({leader, {}}), errc::ok);
    EXPECT_EQ(world.heartbeat({other, {}}, 1), errc::rebalance_in_progress);
    const auto again = world.joined(world.ask(world.joining({other, {}})));
    EXPECT_EQ(again.leader, other);
    EXPECT_EQ(again.generation, generation_id(2));
    EXPECT_EQ(world.leave({leader, {}}), errc::unknown_member_id);
}

TEST(classic_group, every_rebalance_tells_why_whose_doing_and_what_its_client_says) {
    group_world world;
    const auto [leader, other] = world.stable_with_two();
    world.rebalances.clear();
    EXPECT_EQ(world.leave({leader, {}}, "deployment"), errc::ok);
    world.pass(milliseconds(10'000)); // the other one is silent
    ASSERT_EQ(world.rebalances.size(), 1u);
    EXPECT_EQ(world.rebalances[0].group, "g");
    EXPECT_EQ(world.rebalances[0].generation, 1);
    EXPECT_STREQ(world.rebalances[0].why, "a member leaves");
    EXPECT_EQ(world.rebalances[0].member, leader);
    EXPECT_EQ(world.rebalances[0].client_says, "deployment");
}

TEST(classic_group, protocol_is_what_all_know_and_most_prefer) {
    group_world world;
    const auto join = [&](std::vector<std::string> names) {
        auto request = world.joining();
        request.protocols.clear();
        for (const auto& name : names)
            request.protocols.push_back({name, slice::copy_of(name)});
        return world.ask(request);
    };
    const auto one = join({"a", "b", "c"});
    const auto two = join({"c", "b"});
    const auto three = join({"b", "c"});
    const auto refused = join({"a", "z"});
    EXPECT_EQ(world.joined(refused).code, errc::inconsistent_group_protocol);
    world.pass(milliseconds(60'000));
    EXPECT_EQ(world.joined(one).protocol, "b");
    EXPECT_EQ(world.joined(two).protocol, "b");
    EXPECT_EQ(world.joined(three).protocol, "b");
}

TEST(classic_group, other_kind_of_member_and_bad_timeouts_are_refused) {
    group_world world;
    world.stable_with_one();
    auto request = world.joining();
    request.protocol_type = "connect";
    EXPECT_EQ(world.joined(world.ask(request)).code, errc::inconsistent_group_protocol);
    request = world.joining();
    request.protocols.clear();
    EXPECT_EQ(world.joined(world.ask(request)).code, errc::inconsistent_group_protocol);
    request = world.joining();
    request.session_timeout = milliseconds(5'999);
    EXPECT_EQ(world.joined(world.ask(request)).code, errc::invalid_session_timeout);
    EXPECT_EQ(world.joined(world.ask(world.joining(), "")).code, errc::invalid_group_id);
}

TEST(classic_group, full_group_takes_nobody_more) {
    group_options options;
    options.members_max = 2;
    group_world world(options);
    world.stable_with_two();
    EXPECT_EQ(world.joined(world.ask(world.joining())).code, errc::group_max_size_reached);
}

TEST(classic_group, a_group_that_is_loaded_with_too_many_members_becomes_smaller) {
    const auto marks = mark_hits("loaded_group_too_large");
    group_world world;
    const auto [leader, other] = world.stable_with_two();
    world.options.members_max = 1;
    world.reload();
    EXPECT_EQ(world.describe().state, "PreparingRebalance");
    EXPECT_EQ(world.heartbeat({leader, {}}, 1), errc::rebalance_in_progress);
    const auto first = world.ask(world.joining({other, {}}));
    EXPECT_EQ(world.joined(world.ask(world.joining({leader, {}}))).code, errc::group_max_size_reached);
    world.pass(milliseconds(60'000));
    const auto told = world.joined(first);
    EXPECT_EQ(told.code, errc::ok);
    EXPECT_EQ(told.leader, other);
    EXPECT_EQ(told.members.size(), 1u);
    EXPECT_EQ(world.heartbeat({leader, {}}, 1), errc::unknown_member_id);
    EXPECT_EQ(mark_hits("loaded_group_too_large") - marks, 1u);
}

TEST(classic_group, a_static_member_comes_back_to_a_full_group) {
    group_options options;
    options.members_max = 1;
    group_world world(options);
    const auto first = world.ask(world.joining({"", "i"}));
    world.pass(options.initial_rebalance_delay);
    const auto member = world.joined(first);
    ASSERT_EQ(member.code, errc::ok);
    world.synced(member.member_id, member.generation, {});
    EXPECT_EQ(world.joined(world.ask(world.joining())).code, errc::group_max_size_reached);
    EXPECT_EQ(world.joined(world.ask(world.joining({"", "i"}))).code, errc::ok);
}

TEST(classic_group, lost_answer_of_join_is_given_again) {
    group_world world;
    const auto ticket = world.ask(world.joining());
    world.pass(milliseconds(3'000));
    const auto member = world.joined(ticket);
    const auto again = world.joined(world.ask(world.joining({member.member_id, {}})));
    EXPECT_EQ(again.generation, member.generation);
    EXPECT_EQ(again.members.size(), 1u);
}

TEST(classic_group, join_sent_twice_answers_the_older_one) {
    group_world world;
    const auto member = world.stable_with_one();
    world.ask(world.joining());
    auto request = world.joining({member, {}});
    // Waits for nobody: both are there.
    EXPECT_EQ(world.joined(world.ask(request)).generation, generation_id(2));
    const auto waiting = world.ask(sync_request{{member, {}}, generation_id(2), {}, {}, {}});
    EXPECT_TRUE(world.answered(waiting));
}

/// The older request waits in a connection that its client has given up; it is to wait for nothing no longer.
join_response answer_of_older_join(bool with_bug) {
    group_options options;
    options.planted.older_join_forgotten = with_bug;
    group_world world(options);
    const auto [leader, other] = world.stable_with_two();
    const auto older = world.ask(world.joining({leader, {}}, "changed"));
    EXPECT_FALSE(world.answered(older));
    const auto newer = world.ask(world.joining({leader, {}}, "changed"));
    const bool answered = world.answered(older);
    EXPECT_FALSE(world.answered(newer));
    world.ask(world.joining({other, {}}));
    EXPECT_EQ(world.joined(newer).code, errc::ok);
    EXPECT_EQ(world.answered(older), answered);
    return answered ? world.joined(older) : join_response{};
}

TEST(classic_group, join_that_comes_again_ends_the_one_that_waits) {
    EXPECT_EQ(answer_of_older_join(false).code, errc::rebalance_in_progress);
}

/// No run of the simulator sees it: the connection waits for its coordinator for longer than a run lasts.
TEST(classic_group_with_a_bug, is_found_older_join_forgotten) {
    EXPECT_EQ(answer_of_older_join(true).code, errc::ok);
}

// ---- static members (KIP-345)

TEST(classic_group, static_member_that_comes_back_keeps_its_assignment_without_a_rebalance) {
    group_world world;
    const auto old_id = world.stable_with_one("i1");
    auto request = world.joining({"", "i1"});
    request.may_skip_assignment = true;
    const auto back = world.joined(world.ask(request));
    EXPECT_EQ(back.code, errc::ok);
    EXPECT_EQ(back.generation, generation_id(1));
    EXPECT_NE(back.member_id, old_id);
    EXPECT_TRUE(back.skip_assignment);
    EXPECT_EQ(back.leader, back.member_id);
    EXPECT_EQ(world
                  .take<sync_response>(
                      world.ask(sync_request{{back.member_id, "i1"}, generation_id(1), {}, {}, {}}))
                  .assignment.text(),
              "mine");
    EXPECT_EQ(world.heartbeat({old_id, "i1"}, 1), errc::fenced_instance_id);
    EXPECT_EQ(world.heartbeat({old_id, {}}, 1), errc::unknown_member_id);
    world.reload();
    EXPECT_EQ(world.heartbeat({back.member_id, "i1"}, 1), errc::ok);
    EXPECT_EQ(world.heartbeat({old_id, "i1"}, 1), errc::fenced_instance_id);
}

TEST(classic_group, old_client_that_comes_back_as_leader_is_told_that_it_is_not) {
    group_world world;
    world.stable_with_one("i1");
    const auto back = world.joined(world.ask(world.joining({"", "i1"})));
    EXPECT_EQ(back.code, errc::ok);
    EXPECT_NE(back.leader, back.member_id);
    EXPECT_TRUE(back.members.empty());
}

TEST(classic_group, two_processes_of_one_static_name_fence_the_older) {
    group_world world;
    const auto one = world.ask(world.joining({"", "i1"}));
    const auto two = world.ask(world.joining({"", "i1"}));
    EXPECT_EQ(world.joined(one).code, errc::fenced_instance_id);
    world.pass(milliseconds(6'000));
    const auto member = world.joined(two);
    EXPECT_EQ(member.code, errc::ok);
    EXPECT_EQ(member.members.size(), 1u);
}

TEST(classic_group, two_processes_of_one_static_name_fence_the_older_after_a_load) { // card GRP-06
    group_world world;
    const auto loaded = world.stable_with_one("i1");
    world.reload();
    const auto one = world.joined(world.ask(world.joining({"", "i1"}))).member_id;
    const auto two = world.joined(world.ask(world.joining({"", "i1"}))).member_id;
    EXPECT_NE(one, loaded);
    EXPECT_NE(two, loaded);
    EXPECT_NE(one, two);
    for (const auto& older : {loaded, one}) {
        EXPECT_EQ(world.heartbeat({older, "i1"}, 1), errc::fenced_instance_id);
        EXPECT_EQ(world.commit("t", 5, {older, "i1"}, 1).code, errc::fenced_instance_id);
        EXPECT_EQ(world.joined(world.ask(world.joining({older, "i1"}))).code, errc::fenced_instance_id);
    }
    EXPECT_EQ(world.heartbeat({two, "i1"}, 1), errc::ok);
    // Of the log, too, the newer one is the member.
    world.reload();
    EXPECT_EQ(world.heartbeat({one, "i1"}, 1), errc::fenced_instance_id);
    EXPECT_EQ(world.heartbeat({two, "i1"}, 1), errc::ok);
}

TEST(classic_group, absent_static_member_keeps_its_place_until_its_session_ends) {
    group_world world;
    const auto one = world.ask(world.joining({"", "i1"}));
    const auto two = world.ask(world.joining());
    world.pass(milliseconds(6'000));
    const auto first = world.joined(one);
    const auto second = world.joined(two);
    for (const auto& member : {first, second})
        if (member.member_id != member.leader)
            world.ask(sync_request{{member.member_id, {}}, generation_id(1), {}, {}, {}});
    world.synced(first.leader, generation_id(1));
    EXPECT_EQ(world.describe().members.size(), 2u);
    world.pass(milliseconds(9'000));
    EXPECT_EQ(world.heartbeat({second.member_id, {}}, 1), errc::ok);
    EXPECT_EQ(world.describe().members.size(), 2u);
    world.pass(milliseconds(1'000));
    EXPECT_EQ(world.describe().members.size(), 1u);
}

/// Otherwise one client could take the whole event loop.
TEST(classic_group, absent_static_members_that_ask_for_no_time_are_waited_for_in_steps) {
    group_world world;
    const auto marks = mark_hits("only_absent_static_members");
    auto request = world.joining({"", "i1"});
    request.rebalance_timeout = milliseconds(0);
    const auto one = world.ask(request);
    request = world.joining();
    request.rebalance_timeout = milliseconds(5'000);
    const auto two = world.ask(request);
    world.pass(milliseconds(5'000));
    const auto first = world.joined(one);
    const auto second = world.joined(two);
    for (const auto& member : {first, second})
        if (member.member_id != member.leader)
            world.ask(sync_request{{member.member_id, {}}, generation_id(1), {}, {}, {}});
    world.synced(first.leader, generation_id(1));
    ASSERT_EQ(world.describe().state, "Stable");
    EXPECT_EQ(world.leave({second.member_id, {}}), errc::ok);
    // `pass` does not end if the same time comes again and again.
    world.pass(milliseconds(3'000));
    EXPECT_EQ(mark_hits("only_absent_static_members"), marks + 4);
    EXPECT_EQ(world.describe().members.size(), 1u);
    const auto again = world.joined(world.ask(world.joining({first.member_id, "i1"})));
    EXPECT_EQ(again.generation, generation_id(2));
}

TEST(classic_group, administrator_removes_a_static_member_by_name) {
    group_world world;
    world.stable_with_one("i1");
    EXPECT_EQ(world.leave({"", "i2"}), errc::unknown_member_id);
    EXPECT_EQ(world.leave({"", "i1"}), errc::ok);
    EXPECT_EQ(world.describe().state, "Empty");
}

TEST(classic_group, reloaded_group_goes_on_as_it_was) {
    group_world world;
    const auto [leader, other] = world.stable_with_two();
    const auto before = world.describe();
    world.reload();
    const auto after = world.describe();
    EXPECT_EQ(after.state, "Stable");
    EXPECT_EQ(after.protocol, before.protocol);
    ASSERT_EQ(after.members.size(), 2u);
    EXPECT_EQ(after.members[0].assignment.text(), before.members[0].assignment.text());
    EXPECT_EQ(world.heartbeat({leader, {}}, 1), errc::ok);
    // Sessions count from the load on.
    world.pass(milliseconds(9'000));
    EXPECT_EQ(world.heartbeat({leader, {}}, 1), errc::ok);
    world.pass(milliseconds(1'000));
    EXPECT_EQ(world.heartbeat({other, {}}, 1), errc::unknown_member_id);
}

} // namespace
} // namespace barnabas::group::classic_group_test
