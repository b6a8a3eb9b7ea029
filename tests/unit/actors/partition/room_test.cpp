#include "actors/partition/log_options_actor.hpp"

#include <gtest/gtest.h>

/// Whose records a directory takes that is short of room.
namespace barnabas::room_test {
namespace {

struct room : testing::Test {
    runtime::directory_gate gate{"/data", 1'000, {}};
    planted_bugs planted;

    errc of(const std::string& topic) { return check_room(gate, topic, planted).code(); }
};

TEST_F(room, groups_go_on_while_clients_are_refused_down_to_half_of_the_reserve) {
    gate.note_free(1'000);
    EXPECT_EQ(of("orders"), errc::ok);
    gate.note_free(999);
    EXPECT_EQ(of("orders"), errc::disk_full);
    EXPECT_EQ(of("__consumer_offsets"), errc::ok);
    gate.note_free(499);
    EXPECT_EQ(of("__consumer_offsets"), errc::disk_full) << "the rest is for what makes room";
    gate.note_free(2'000);
    EXPECT_EQ(of("orders"), errc::ok);
    EXPECT_EQ(of("__consumer_offsets"), errc::ok);
}

TEST_F(room, is_found_coordinators_without_reserve) {
    planted.coordinators_without_reserve = true;
    gate.note_free(999);
    EXPECT_EQ(of("__consumer_offsets"), errc::disk_full);
}

/// The last room is for small files that a deletion waits for.
TEST_F(room, that_is_kept_is_for_no_bytes_of_clients) {
    EXPECT_EQ(room_of<replica::write_job>(), runtime::kept_room::for_others);
    EXPECT_EQ(room_of<replica::clean_job>(), runtime::kept_room::for_others);
    EXPECT_EQ(room_of<replica::sync_job>(), runtime::kept_room::for_others) << "it comes by itself";
    EXPECT_EQ(room_of<replica::retire_job>(), runtime::kept_room::may_be_used);
    EXPECT_EQ(room_of<replica::close_job>(), runtime::kept_room::may_be_used);
}

} // namespace
} // namespace barnabas::room_test
