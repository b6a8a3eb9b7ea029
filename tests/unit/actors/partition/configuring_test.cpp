#include "tests/unit/actors/partition/partition_host.hpp"

#include <gtest/gtest.h>

/// A partition whose topic is configured otherwise while it runs, and what it tells of producers.
namespace barnabas::configuring_test {
namespace {

replica::log_options options_of(const partition_host& host) {
    return host.machine->log().options();
}

TEST(configuring, new_bounds_hold_for_what_comes_and_for_retention) {
    partition_host host;
    auto wanted = options_of(host);
    wanted.max_message_bytes = 10;
    wanted.directory = "/elsewhere";
    host.machine->on_configured(wanted, false);
    host.append({}, 1);
    host.settle();
    EXPECT_EQ(host.appended.at(1).code, errc::message_too_large);
    wanted.max_message_bytes = 1 << 20;
    wanted.segment_bytes = 200;
    wanted.retention_bytes = 0;
    host.machine->on_configured(wanted, false);
    for (std::uint64_t reply = 2; reply < 12; ++reply) {
        host.append({}, reply);
        host.settle();
        EXPECT_EQ(host.appended.at(reply).code, errc::ok);
    }
    EXPECT_GT(host.machine->log().segments().size(), 2u);
    host.machine->on_note_recovery_point();
    host.settle();
    host.machine->on_check_retention();
    host.settle();
    EXPECT_GT(host.machine->log().log_start_offset(), log_offset(0));
    EXPECT_EQ(host.machine->log().options().directory, replica::log_host::small_options().directory);
}

/// Offsets stay away that compaction took.
TEST(configuring, a_log_that_was_compacted_may_have_gaps_for_ever) {
    partition_host host;
    auto wanted = options_of(host);
    EXPECT_FALSE(wanted.may_have_gaps());
    wanted.compact_policy = true;
    host.machine->on_configured(wanted, false);
    wanted.compact_policy = false;
    host.machine->on_configured(wanted, false);
    EXPECT_TRUE(options_of(host).may_have_gaps());
}

TEST(configuring, who_waits_for_stable_storage_gets_it_when_caching_begins) {
    partition_host host;
    host.hold_syncs = true;
    host.append({}, 1);
    host.settle();
    host.append({}, 2);
    host.settle();
    host.machine->on_configured(options_of(host), true);
    host.hold_syncs = false;
    auto held = std::exchange(host.held_syncs, {});
    ASSERT_EQ(held.size(), 1u);
    held.front().run(host.files);
    host.machine->on_synced(held.front());
    host.settle();
    EXPECT_TRUE(host.appended.contains(1));
    EXPECT_TRUE(host.appended.contains(2));
}

TEST(configuring, what_was_cached_becomes_stable_when_caching_ends) {
    partition_host host;
    host.machine->on_configured(options_of(host), true);
    host.append({}, 1);
    host.settle();
    EXPECT_TRUE(host.appended.contains(1));
    EXPECT_EQ(host.machine->log().stable_offset(), log_offset(0));
    host.machine->on_configured(options_of(host), false);
    host.settle();
    EXPECT_EQ(host.machine->log().stable_offset(), log_offset(1));
}

TEST(producers, those_that_the_partition_remembers_are_told) {
    partition_host host;
    replica::batch_shape shape;
    shape.records = 3;
    shape.producer = 7;
    shape.epoch = 2;
    host.append(shape, 1);
    host.settle();
    const auto told = host.machine->producers(5);
    EXPECT_EQ(told.token, 5u);
    ASSERT_EQ(told.producers.size(), 1u);
    EXPECT_EQ(told.producers[0].id, producer_id(7));
    EXPECT_EQ(told.producers[0].epoch, producer_epoch(2));
    EXPECT_EQ(told.producers[0].last_sequence, 2);
    EXPECT_EQ(told.producers[0].last_timestamp, timestamp_ms(1002));
    EXPECT_EQ(told.producers[0].transaction_start, log_offset(-1));
    host.machine->on_close();
    EXPECT_EQ(host.machine->producers(6).code, errc::not_leader_or_follower);
}

} // namespace
} // namespace barnabas::configuring_test
