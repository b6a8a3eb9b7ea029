#include "protocol/model/mark.hpp"
#include "tests/unit/actors/partition/partition_host.hpp"

#include <gtest/gtest.h>

/// A partition that is led under another epoch while it runs, or by another broker.
namespace barnabas::leadership_test {
namespace {

constexpr leadership raised{leader_epoch(4), true};
constexpr leadership elsewhere{leader_epoch(4), false};

read_request read_from(std::int64_t offset, std::int32_t epoch = -1) {
    read_request request;
    request.token = 21;
    request.fetch_offset = log_offset(offset);
    request.max_bytes = 1 << 20;
    request.notify = true;
    request.current_leader_epoch = leader_epoch(epoch);
    return request;
}

TEST(leadership, who_writes_under_another_epoch_is_refused) {
    partition_host host;
    host.append({}, 1, 3);
    host.append({}, 2, 2);
    host.append({}, 3, 4);
    host.append({}, 4);
    host.settle();
    EXPECT_EQ(host.appended.at(1).code, errc::ok);
    EXPECT_EQ(host.appended.at(2).code, errc::fenced_leader_epoch);
    EXPECT_EQ(host.appended.at(3).code, errc::unknown_leader_epoch);
    EXPECT_EQ(host.appended.at(4).code, errc::ok);
    EXPECT_EQ(host.machine->log().log_end_offset(), log_offset(2));
}

TEST(leadership, what_is_appended_after_a_raise_is_of_the_new_epoch) {
    partition_host host;
    host.append({}, 1, 3);
    host.machine->on_leadership(raised);
    host.append({}, 2, 3);
    host.append({}, 3, 4);
    host.settle();
    // Taken before, and the leader has stayed.
    EXPECT_EQ(host.appended.at(1).code, errc::ok);
    EXPECT_EQ(host.appended.at(2).code, errc::fenced_leader_epoch);
    EXPECT_EQ(host.appended.at(3).base_offset, log_offset(1));
    EXPECT_EQ(host.machine->log().epochs().epoch_of(log_offset(0)), leader_epoch(3));
    EXPECT_EQ(host.machine->log().epochs().epoch_of(log_offset(1)), leader_epoch(4));
}

TEST(leadership, who_waits_hears_that_it_is_lost) {
    const auto marks = mark_hits("leadership_lost");
    partition_host host;
    host.machine->on_read(read_from(0), 9, 50);
    host.append({}, 1);
    host.settle_one();
    host.machine->on_leadership(elsewhere);
    EXPECT_EQ(host.appended.at(1).code, errc::not_leader_or_follower);
    EXPECT_EQ(host.notified, std::vector<std::uint64_t>{21});
    EXPECT_EQ(host.machine->waiting_appends_count(), 0u);
    EXPECT_EQ(host.machine->waiting_reads_count(), 0u);
    // Stored after all, and answered once.
    host.appended.clear();
    host.settle();
    EXPECT_TRUE(host.appended.empty());
    EXPECT_EQ(mark_hits("leadership_lost"), marks + 1);
}

TEST(leadership, nothing_is_answered_where_another_broker_leads) {
    partition_host host;
    host.append({}, 1);
    host.settle();
    const auto marks = mark_hits("asked_where_another_leads");
    host.machine->on_leadership(elsewhere);
    host.append({}, 2);
    host.machine->on_read(read_from(0), 9, 50);
    host.settle();
    EXPECT_EQ(host.appended.at(2).code, errc::not_leader_or_follower);
    EXPECT_EQ(host.reads.at(50).code, errc::not_leader_or_follower);
    EXPECT_EQ(host.ask(-1).code, errc::not_leader_or_follower);
    EXPECT_EQ(host.epoch_end(3).code, errc::not_leader_or_follower);
    EXPECT_EQ(host.machine->producers(1).code, errc::not_leader_or_follower);
    EXPECT_EQ(host.machine->log().log_end_offset(), log_offset(1));
    EXPECT_EQ(mark_hits("asked_where_another_leads"), marks + 4);
}

TEST(leadership, a_partition_serves_again_when_it_is_led_here_again) {
    partition_host host;
    host.machine->on_leadership(elsewhere);
    host.machine->on_leadership({leader_epoch(5), true});
    host.append({}, 1, 5);
    host.settle();
    EXPECT_EQ(host.appended.at(1).code, errc::ok);
    // Word of the time before comes late.
    host.machine->on_leadership(elsewhere);
    host.append({}, 2, 5);
    host.settle();
    EXPECT_EQ(host.appended.at(2).code, errc::ok);
}

/// The coordinator that loads has to know what the one before may yet have stored.
TEST(leadership, readers_hear_of_what_is_taken_and_not_stored) {
    partition_host host;
    host.append({}, 1);
    host.machine->on_read(read_from(0), 9, 50);
    EXPECT_EQ(host.reads.at(50).high_watermark, log_offset(0));
    EXPECT_EQ(host.reads.at(50).log_end_offset, log_offset(1));
}

} // namespace
} // namespace barnabas::leadership_test
