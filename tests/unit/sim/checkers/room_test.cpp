#include "sim/checkers/room_checkers.hpp"

#include "tests/unit/sim/checkers/group_story.hpp"
#include "tests/unit/sim/checkers/log_story.hpp"

#include <gtest/gtest.h>

namespace barnabas::sim::room_test {
namespace {

using group_tests::error_code;

constexpr std::uint64_t reserve = 100'000;

/// There before the story, which makes the checker.
struct listener {
    room_checker* hears = nullptr;
};

/// A checker of room, and looks at the disk.
template <class Story, auto make>
class room_story : listener, public Story {
public:
    room_story()
        : Story([this](const history& of) {
              auto made = make(of);
              hears = made.get();
              return made;
          }) {}

    /// So many looks, one a second, at a disk with so much room.
    void looks(int seconds, std::optional<std::uint64_t> free, std::uint64_t kept = 10'000,
               bool serves = true) {
        for (; seconds > 0; --seconds) {
            at_ = at_ + second;
            hears->on_room({at_, serves, free, reserve, kept});
        }
    }
    /// ... at one that has bytes, and places for so many more files.
    void looks_at_names(int seconds, std::uint64_t places, std::uint64_t kept_names) {
        for (; seconds > 0; --seconds) {
            at_ = at_ + second;
            hears->on_room({at_, true, std::nullopt, reserve, 0, places, kept_names});
        }
    }
    const std::string& violation() const { return hears->violation(); }

protected:
    virtual_time at_{0};
};

using deletion_story = room_story<log_story, &make_full_disk_frees_itself>;

TEST(full_disk_frees_itself, refuses_a_deletion_that_waits_beside_the_room_that_is_kept_for_it) {
    deletion_story told;
    told.looks(1, 0);
    told.deletion_begun(5);
    told.looks(4, 0);
    EXPECT_EQ(told.violation(), "");
    told.looks(1, 0);
    EXPECT_NE(told.violation().find("up to 5 waits on a full disk"), std::string::npos) << told.violation();
}

TEST(full_disk_frees_itself, accepts_one_that_is_answered_and_one_for_which_nothing_is_left) {
    deletion_story told;
    told.looks(1, 0);
    told.deletion_begun(5);
    told.deletion_answered(5);
    told.looks(10, 0);
    told.deletion_begun(7);
    told.looks(10, 0, 4'096);
    EXPECT_EQ(told.violation(), "");
}

TEST(full_disk_frees_itself, accepts_one_without_a_shortage_or_while_nobody_is_served) {
    deletion_story told;
    told.looks(1, reserve);
    told.deletion_begun(5);
    told.looks(10, reserve);
    told.deletion_begun(6);
    told.looks(10, std::nullopt);
    told.deletion_begun(6);
    told.looks(10, 0, 10'000, false);
    EXPECT_EQ(told.violation(), "");
}

TEST(full_disk_frees_itself, refuses_a_deletion_that_waits_beside_the_names_that_are_kept_for_it) {
    deletion_story told;
    told.looks_at_names(1, 0, 8);
    told.deletion_begun(5);
    told.looks_at_names(4, 0, 8);
    EXPECT_EQ(told.violation(), "");
    told.looks_at_names(1, 0, 8);
    EXPECT_NE(told.violation().find("8 names are kept for it"), std::string::npos) << told.violation();
}

TEST(full_disk_frees_itself, accepts_one_that_waits_where_hardly_a_name_is_left) {
    deletion_story told;
    told.looks_at_names(1, 0, 3);
    told.deletion_begun(5);
    told.looks_at_names(10, 0, 3);
    EXPECT_EQ(told.violation(), "");
}

using service_story = room_story<story, &make_full_disk_frees_itself>;

TEST(full_disk_frees_itself, refuses_that_nothing_is_taken_though_there_is_room_again) {
    service_story told;
    told.looks(1, reserve + reserve / 8);
    for (int i = 0; i < 3; ++i)
        told.send(1);
    told.looks(6, reserve + reserve / 8);
    EXPECT_EQ(told.violation(), "");
    told.looks(1, reserve + reserve / 8);
    EXPECT_NE(told.violation().find("no batch was taken"), std::string::npos) << told.violation();
}

TEST(full_disk_frees_itself, accepts_that_something_is_taken_or_hardly_anything_is_sent) {
    service_story told;
    told.looks(1, reserve + reserve / 8);
    told.send(1);
    told.send(1);
    told.looks(20, reserve + reserve / 8);
    const auto token = told.send(1);
    told.result(token, delivery::acked, 0);
    told.looks(6, reserve + reserve / 8);
    for (int i = 0; i < 9; ++i)
        told.send(1);
    told.looks(20, reserve);
    told.looks(20, std::nullopt);
    EXPECT_EQ(told.violation(), "");
}

/// Acts of groups take a second each.
class coordinator_story : public room_story<group_tests::group_story, &make_groups_use_the_reserve> {
public:
    void short_of_room(std::uint64_t free) {
        at_ = now();
        looks(1, free);
        for (int i = 0; i < 4; ++i)
            act();
    }
    void refused(int times, error_code code = error_code::coordinator_not_available) {
        for (; times > 0; --times)
            answered(commit(5), code);
    }
};

TEST(groups_use_the_reserve, refuses_commits_that_are_refused_again_and_again) {
    coordinator_story told;
    told.short_of_room(reserve * 3 / 4);
    told.refused(2);
    EXPECT_EQ(told.violation(), "");
    told.refused(1);
    EXPECT_NE(told.violation().find("commits of group 0"), std::string::npos) << told.violation();
}

TEST(groups_use_the_reserve, accepts_refusals_for_another_reason_and_between_commits_that_are_taken) {
    coordinator_story told;
    told.short_of_room(reserve * 3 / 4);
    told.refused(9, error_code::rebalance_in_progress);
    told.refused(2);
    told.committed(6);
    told.refused(2);
    EXPECT_EQ(told.violation(), "");
}

TEST(groups_use_the_reserve, accepts_refusals_when_half_of_the_reserve_is_in_use) {
    coordinator_story told;
    told.short_of_room(reserve / 2);
    told.refused(9);
    EXPECT_EQ(told.violation(), "");
}

TEST(groups_use_the_reserve, accepts_refusals_when_the_broker_has_just_come_to_know_or_died) {
    coordinator_story told;
    told.looks(1, reserve * 3 / 4);
    told.answered(told.commit(5), error_code::coordinator_not_available);
    told.short_of_room(reserve * 3 / 4);
    told.told().on_life_ended(1);
    told.refused(9);
    EXPECT_EQ(told.violation(), "");
}

TEST(groups_use_the_reserve, refuses_members_that_join_and_never_learn_what_they_have) {
    coordinator_story told;
    told.short_of_room(reserve * 3 / 4);
    for (int i = 0; i < 6; ++i)
        told.joined({"a"}, i, true);
    EXPECT_NE(told.violation().find("was assigned anything"), std::string::npos) << told.violation();
}

TEST(groups_use_the_reserve, accepts_members_that_join_and_are_assigned_something) {
    coordinator_story told;
    told.short_of_room(reserve * 3 / 4);
    for (int i = 0; i < 9; ++i) {
        told.joined({"a"}, i, true);
        told.assigned({"a"}, i);
    }
    EXPECT_EQ(told.violation(), "");
}

} // namespace
} // namespace barnabas::sim::room_test
