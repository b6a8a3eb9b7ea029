#include "tests/unit/sim/checkers/group_story.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>

/// Members of consumer groups by hand: what their checkers refuse, and what they must accept though it looks
/// wrong.
namespace barnabas::sim::groups_test {

namespace {

using namespace group_tests;

// ---- committed_offsets_stay

TEST(committed_offsets, that_were_acknowledged_are_told) {
    group_story of(make_committed_offsets_stay);
    of.seen(-1);
    of.committed(5);
    of.seen(5);
    EXPECT_FALSE(of.broken());
}

TEST(committed_offsets, that_went_back_are_refused) {
    group_story of(make_committed_offsets_stay);
    of.committed(5);
    of.committed(7);
    of.seen(5);
    EXPECT_TRUE(of.broken());
}

TEST(committed_offsets, that_are_gone_are_refused) {
    group_story of(make_committed_offsets_stay);
    of.committed(5);
    of.seen(-1);
    EXPECT_TRUE(of.broken());
}

TEST(committed_offsets, that_were_seen_do_not_go_back) {
    group_story of(make_committed_offsets_stay);
    of.committed(5);
    of.answered(of.commit(7), std::nullopt);
    of.seen(7);
    of.seen(5);
    EXPECT_TRUE(of.broken());
}

TEST(committed_offsets, that_nobody_sent_are_refused) {
    group_story of(make_committed_offsets_stay);
    of.committed(5);
    of.seen(6);
    EXPECT_TRUE(of.broken());
}

TEST(committed_offsets, that_were_refused_are_not_told) {
    group_story of(make_committed_offsets_stay);
    of.answered(of.commit(5), error_code::illegal_generation);
    of.seen(5);
    EXPECT_TRUE(of.broken());
}

/// It was held up in a connection that its client had given up.
TEST(committed_offsets, of_a_lost_answer_may_come_behind_a_newer_one) {
    group_story of(make_committed_offsets_stay);
    of.answered(of.commit(5), std::nullopt);
    of.committed(7);
    of.seen(5);
    EXPECT_FALSE(of.broken());
}

TEST(committed_offsets, behind_an_error_that_leaves_it_open_may_come_later) {
    group_story of(make_committed_offsets_stay);
    of.answered(of.commit(5), error_code::coordinator_not_available);
    of.committed(7);
    of.seen(5);
    EXPECT_FALSE(of.broken());
}

TEST(committed_offsets, may_be_older_than_what_was_asked_for_before) {
    group_story of(make_committed_offsets_stay);
    of.committed(5);
    const auto asked = of.act();
    of.committed(7);
    of.seen(5, asked);
    EXPECT_FALSE(of.broken());
}

TEST(committed_offsets, sent_side_by_side_may_come_in_either_order) {
    group_story of(make_committed_offsets_stay);
    const auto first = of.commit(5);
    const auto second = of.commit(7);
    of.answered(first);
    of.answered(second);
    of.seen(5);
    EXPECT_FALSE(of.broken());
}

TEST(committed_offsets, of_equal_value_count_by_the_newest) {
    group_story of(make_committed_offsets_stay);
    of.committed(5);
    of.committed(7);
    of.committed(5);
    of.seen(5);
    EXPECT_FALSE(of.broken());
    of.seen(7);
    EXPECT_TRUE(of.broken());
}

TEST(committed_offsets, that_were_deleted_are_gone) {
    group_story of(make_committed_offsets_stay);
    of.committed(5);
    of.committed(-1);
    of.seen(-1);
    EXPECT_FALSE(of.broken());
    of.seen(5);
    EXPECT_TRUE(of.broken());
}

TEST(committed_offsets, may_go_where_they_expire_but_do_not_come_again) {
    group_story of(make_committed_offsets_stay);
    of.tell(group_offsets_expire{group});
    of.committed(5);
    of.committed(7);
    of.seen(-1);
    EXPECT_FALSE(of.broken());
    of.seen(5);
    EXPECT_TRUE(of.broken());
}

// ---- zombies_fenced

TEST(zombies, of_an_older_generation_do_not_commit) {
    group_story of(make_zombies_fenced);
    of.assigned({"a"}, 1);
    of.assigned({"b"}, 2);
    const auto commit = of.commit(5, {"a"}, 1);
    of.answered(commit, error_code::illegal_generation);
    EXPECT_FALSE(of.broken());
    of.answered(of.commit(6, {"a"}, 1));
    EXPECT_TRUE(of.broken());
}

TEST(zombies, may_commit_what_was_on_its_way_before) {
    group_story of(make_zombies_fenced);
    of.assigned({"a"}, 1);
    const auto commit = of.commit(5, {"a"}, 1);
    of.assigned({"b"}, 2);
    of.answered(commit);
    EXPECT_FALSE(of.broken());
}

TEST(zombies, of_a_group_that_is_forgotten_as_a_whole_are_none) {
    group_story of(make_zombies_fenced);
    of.assigned({"a"}, 3, of.act(), false);
    of.assigned({"b"}, 1, of.act(), false);
    of.answered(of.commit(5, {"b"}, 1));
    EXPECT_FALSE(of.broken());
}

TEST(zombies, of_a_name_that_was_taken_over_do_not_commit) {
    group_story of(make_zombies_fenced);
    of.assigned({"old", 1}, 1);
    of.assigned({"new", 1}, 1);
    of.answered(of.commit(5, {"old", 1}, 1));
    EXPECT_TRUE(of.broken());
}

/// The answer of the older one was held up, and names it later than the newer one.
TEST(zombies, are_not_judged_by_answers_in_the_order_in_which_they_are_heard) {
    group_story of(make_zombies_fenced);
    const auto asked_first = of.act();
    of.assigned({"new", 1}, 1);
    of.assigned({"old", 1}, 1, asked_first);
    of.answered(of.commit(5, {"new", 1}, 1));
    EXPECT_FALSE(of.broken());
}

/// A takeover that is not in the log yet is undone by a crash.
TEST(zombies, are_not_judged_by_what_was_only_joined) {
    group_story of(make_zombies_fenced);
    of.assigned({"old", 1}, 1);
    of.joined({"new", 1}, 2, false);
    of.answered(of.commit(5, {"old", 1}, 1));
    EXPECT_FALSE(of.broken());
}

TEST(zombies, are_not_taken_for_alive) {
    group_story of(make_zombies_fenced);
    of.assigned({"old", 1}, 1);
    const auto before = of.act();
    of.assigned({"new", 1}, 1);
    of.alive({"old", 1}, 1, before);
    EXPECT_FALSE(of.broken());
    of.alive({"old", 1}, 1, of.act());
    EXPECT_TRUE(of.broken());
}

/// It took the name over when it joined, which nobody sees before its assignment is heard.
TEST(zombies, are_not_those_who_are_just_taking_over) {
    group_story of(make_zombies_fenced);
    of.assigned({"old", 1}, 1);
    const auto asked = of.act();
    of.alive({"new", 1}, 1, of.act());
    of.assigned({"new", 1}, 1, asked);
    of.alive({"new", 1}, 1, asked);
    EXPECT_FALSE(of.broken());
}

TEST(zombies, are_not_taken_for_alive_in_an_older_generation) {
    group_story of(make_zombies_fenced);
    of.assigned({"a"}, 1);
    of.assigned({"b"}, 2);
    of.alive({"a"}, 1, of.act());
    EXPECT_TRUE(of.broken());
}

TEST(zombies, are_not_those_who_are_no_members) {
    group_story of(make_zombies_fenced);
    of.assigned({"a"}, 2);
    of.answered(of.commit(5, {""}, -1));
    EXPECT_FALSE(of.broken());
}

// ---- group_members_apart

TEST(members, of_one_generation_do_not_share_a_partition) {
    group_story of(make_group_members_apart);
    of.assigned({"a"}, 1);
    of.assigned({"b"}, 2);
    EXPECT_FALSE(of.broken());
    of.assigned({"a"}, 2);
    EXPECT_TRUE(of.broken());
}

TEST(members, of_one_static_name_share_what_they_own) {
    group_story of(make_group_members_apart);
    of.assigned({"old", 1}, 1);
    of.assigned({"new", 1}, 1);
    EXPECT_FALSE(of.broken());
}

TEST(members, do_not_join_a_generation_that_is_over) {
    group_story of(make_group_members_apart);
    of.assigned({"a"}, 2);
    of.joined({"b"}, 2, false);
    EXPECT_FALSE(of.broken());
    of.joined({"b"}, 1, false);
    EXPECT_TRUE(of.broken());
}

TEST(members, that_are_new_begin_a_new_generation) {
    group_story of(make_group_members_apart);
    of.assigned({"a"}, 2);
    of.joined({"b"}, 3, true);
    EXPECT_FALSE(of.broken());
    of.joined({"c"}, 2, true);
    EXPECT_TRUE(of.broken());
}

TEST(members, of_a_group_that_is_forgotten_as_a_whole_begin_again) {
    group_story of(make_group_members_apart);
    of.assigned({"a"}, 5, of.act(), false);
    of.joined({"b"}, 1, true);
    of.assigned({"b"}, 1, of.act(), false);
    of.assigned({"c"}, 1, of.act(), false);
    EXPECT_FALSE(of.broken());
}

TEST(members, get_what_was_assigned_for_their_generation) {
    group_story of(make_group_members_apart);
    of.tell(group_assigned{group, 0, 0, "a", 1, {partition}, 2, false, of.act(), of.act()});
    EXPECT_TRUE(of.broken());
}

TEST(members, whom_the_leader_gave_nothing_are_well) {
    group_story of(make_group_members_apart);
    of.tell(group_assigned{group, 0, 0, "a", 1, {}, -1, false, of.act(), of.act()});
    EXPECT_FALSE(of.broken());
}

// ---- groups_settle

TEST(groups, settle_when_all_is_whole) {
    group_story of(make_groups_settle);
    of.started(1);
    of.healed();
    of.heard(1);
    of.pass(5);
    of.progress_due(0, 0);
    EXPECT_FALSE(of.broken());
}

TEST(groups, that_never_take_a_member_in_do_not_settle) {
    group_story of(make_groups_settle);
    of.started(1);
    of.healed();
    of.pass(16);
    of.progress_due(0, 0);
    EXPECT_TRUE(of.broken());
}

TEST(groups, that_fall_silent_do_not_settle) {
    group_story of(make_groups_settle);
    of.started(1);
    of.healed();
    of.heard(1);
    of.pass(16);
    of.progress_due(0, 0);
    EXPECT_TRUE(of.broken());
}

TEST(groups, settle_without_those_who_may_stay_out_or_came_late) {
    group_story of(make_groups_settle);
    of.started(1, {.by_itself = true});
    of.healed();
    of.started(2);
    of.pass(16);
    of.progress_due(0, 0);
    EXPECT_FALSE(of.broken());
}

/// What they end with when of two members who have an excuse the first one is heard, or nobody is.
bool settle(staying_out first, staying_out second, bool heard) {
    group_story of(make_groups_settle);
    of.started(1, first);
    of.started(2, second);
    of.healed();
    of.pass(10);
    if (heard)
        of.heard(1);
    of.progress_due(0, 0);
    return !of.broken();
}

TEST(groups, do_not_settle_without_any_bearer_of_a_name) {
    const staying_out named{.shared_name = 1};
    EXPECT_TRUE(settle(named, named, true));
    EXPECT_FALSE(settle(named, named, false));
    EXPECT_FALSE(settle(named, {.shared_name = 2}, true)) << "the other name has nobody in the group";
}

/// Of two namesakes and one more member, where nobody uses what is wanted.
bool settle_unused(bool second_is_heard) {
    group_story of(make_groups_settle);
    of.tell(group_has_epochs{group});
    of.started(1, {.shared_name = 1});
    of.started(2, {.shared_name = 1});
    of.started(3);
    of.tell(group_wanted{group, 3, {0}});
    of.healed();
    of.pass(10);
    of.heard(1);
    if (second_is_heard)
        of.heard(2);
    of.heard(3);
    of.progress_due(0, 0);
    return !of.broken();
}

TEST(groups, namesakes_that_replace_each_other_keep_partitions_on_their_way) {
    EXPECT_TRUE(settle_unused(true));
    EXPECT_FALSE(settle_unused(false));
}

TEST(groups, that_may_be_full_have_somebody_in_them) {
    const staying_out full{.of_full_group = true};
    EXPECT_TRUE(settle(full, full, true));
    EXPECT_FALSE(settle(full, full, false));
    // Whoever is in may be of another name.
    EXPECT_TRUE(settle(full, {.shared_name = 2, .of_full_group = true}, true));
    EXPECT_TRUE(settle({.by_itself = true}, {.of_full_group = true, .by_itself = true}, false));
}

} // namespace
} // namespace barnabas::sim::groups_test
