#include "tests/unit/sim/checkers/group_story.hpp"

#include <gtest/gtest.h>

/// Groups whose members have epochs of their own (KIP-848): what checkers refuse, and what they must accept
/// though it looks wrong.
namespace barnabas::sim::group_epochs_test {

namespace {

using namespace group_tests;

// ---- zombies_fenced

TEST(zombies, of_groups_with_epochs_are_behind_themselves_alone) {
    group_story of(make_zombies_fenced);
    of.tell(group_has_epochs{group});
    of.assigned({"a"}, 1);
    of.assigned({"b"}, 2);
    of.says("a", 1, std::nullopt);
    of.answered(of.commit(5, {"a"}, 1));
    EXPECT_FALSE(of.broken());
    of.assigned({"a"}, 2);
    of.answered(of.commit(6, {"a"}, 1), error_code::stale_member_epoch);
    EXPECT_FALSE(of.broken());
    of.answered(of.commit(7, {"a"}, 1));
    EXPECT_TRUE(of.broken());
}

TEST(zombies, of_an_older_epoch_are_not_taken_for_alive) {
    group_story of(make_zombies_fenced);
    of.tell(group_has_epochs{group});
    of.assigned({"a"}, 1);
    of.assigned({"a"}, 2);
    of.says("a", 2, std::nullopt);
    EXPECT_FALSE(of.broken());
    of.says("a", 1, std::nullopt);
    EXPECT_TRUE(of.broken());
}

// ---- group_members_apart

TEST(members, hold_a_partition_one_after_the_other) {
    group_story of(make_group_members_apart);
    of.assigned({"a"}, 1);
    of.says("a", 1, {{partition}});
    of.says("a", 1, {{}});
    of.assigned({"b"}, 2);
    of.says("b", 2, {{partition}});
    EXPECT_FALSE(of.broken());
}

TEST(members, do_not_hold_what_another_one_has_not_let_go_of) {
    group_story of(make_group_members_apart);
    of.assigned({"a"}, 1);
    of.says("a", 1, {{partition}});
    of.assigned({"b"}, 2);
    of.says("a", 1, {{partition}});
    EXPECT_FALSE(of.broken());
    of.says("b", 2, {{partition}});
    EXPECT_TRUE(of.broken());
}

/// Its session was over while the answer was on its way.
TEST(members, hold_for_certain_only_what_they_are_heard_with_later) {
    group_story of(make_group_members_apart);
    of.assigned({"a"}, 1);
    of.says("a", 1, {{partition}});
    of.assigned({"b"}, 2);
    of.says("a", 1, {{partition}});
    of.says("b", 3, {{}});
    EXPECT_FALSE(of.broken());
}

TEST(members, that_join_again_have_let_go) {
    group_story of(make_group_members_apart);
    of.assigned({"a"}, 1);
    of.says("a", 1, {{partition}});
    of.assigned({"b"}, 2);
    of.says("b", 2, {{partition}});
    of.says("b", 2, {{}});
    of.joined({"a"}, 3, false);
    of.assigned({"a"}, 3);
    of.says("a", 3, {{partition}});
    EXPECT_FALSE(of.broken());
}

TEST(members, are_not_told_an_older_epoch_than_before) {
    group_story of(make_group_members_apart);
    of.assigned({"a"}, 3);
    const auto asked = of.act();
    of.assigned({"a"}, 4);
    of.assigned({"a"}, 3, asked);
    EXPECT_FALSE(of.broken());
    of.assigned({"a"}, 2);
    EXPECT_TRUE(of.broken());
}

// ---- groups_settle

TEST(groups, with_epochs_settle_when_everything_is_one_members) {
    group_story of(make_groups_settle);
    of.tell(group_has_epochs{group});
    of.wants(1, {0, 1});
    of.wants(2, {1});
    of.uses(1, {0});
    of.uses(2, {1});
    of.healed();
    of.progress_due(0, 0);
    EXPECT_FALSE(of.broken());
}

TEST(groups, with_epochs_do_not_settle_while_something_is_nobodys) {
    group_story of(make_groups_settle);
    of.tell(group_has_epochs{group});
    of.wants(1, {0, 1});
    of.uses(1, {0});
    of.healed();
    of.progress_due(0, 0);
    EXPECT_TRUE(of.broken());
}

TEST(groups, with_epochs_do_not_settle_while_something_is_two_members) {
    group_story of(make_groups_settle);
    of.tell(group_has_epochs{group});
    of.wants(1, {0});
    of.uses(1, {0});
    of.uses(2, {0});
    of.healed();
    of.progress_due(0, 0);
    EXPECT_TRUE(of.broken());
}

/// What three members end with when all of them use a partition, and two have an excuse.
bool settles_though_three_use_a_partition(staying_out first, staying_out second) {
    group_story of(make_groups_settle);
    of.tell(group_has_epochs{group});
    of.started(1, first);
    of.started(2, second);
    of.started(3);
    of.wants(3, {0});
    of.healed();
    for (const std::uint32_t member : {1, 2, 3}) {
        of.uses(member, {0});
        of.heard(member);
    }
    of.progress_due(0, 0);
    return !of.broken();
}

/// They have not heard yet that they were replaced; nobody else has a reason to use what is not its own.
TEST(groups, with_epochs_settle_with_older_bearers_of_shared_names_alone) {
    const staying_out named{.shared_name = 1};
    EXPECT_TRUE(settles_though_three_use_a_partition(named, named));
    EXPECT_TRUE(settles_though_three_use_a_partition(named, {.shared_name = 2, .of_full_group = true}));
    EXPECT_FALSE(settles_though_three_use_a_partition(named, {.of_full_group = true}));
    EXPECT_FALSE(settles_though_three_use_a_partition(named, {.by_itself = true}));
}

// ---- groups that go from one protocol to the other

TEST(members, of_both_protocols_join_again_under_the_epoch_that_they_have) {
    for (const bool both : {true, false}) {
        group_story of(make_group_members_apart);
        of.tell(group_has_epochs{group, both});
        of.assigned({"a"}, 1);
        of.assigned({"b"}, 2);
        of.joined({"a"}, 1, false);
        EXPECT_EQ(of.broken(), !both);
    }
}

TEST(members, of_both_protocols_that_are_new_begin_a_new_epoch) {
    for (const std::int32_t epoch : {1, 2, 3}) {
        group_story of(make_group_members_apart);
        of.tell(group_has_epochs{group, true});
        of.assigned({"a"}, 2);
        of.joined({"b"}, epoch, true);
        EXPECT_EQ(of.broken(), epoch != 3);
    }
}

} // namespace
} // namespace barnabas::sim::group_epochs_test
