#include "actors/partition/limits.hpp"
#include "tests/unit/actors/partition/partition_host.hpp"

#include <gtest/gtest.h>

/// DeleteRecords, and what the checkpoints are told.
namespace barnabas::deletion_test {
namespace {

void append_batches(partition_host& host, int count, std::size_t value_size = 400) {
    for (int i = 0; i < count; ++i) {
        host.append({.records = 2, .value_size = value_size, .timestamp = 1000 + 10 * i});
        host.settle();
    }
}

TEST(record_deletion, is_answered_when_a_restart_would_know_and_takes_effect_then) {
    partition_host host;
    append_batches(host, 10);
    host.delete_below(7, 1);
    EXPECT_TRUE(host.deletions.empty());
    EXPECT_EQ(host.keeping, log_offset(7));
    EXPECT_EQ(host.machine->log().log_start_offset(), log_offset(0)) << "nothing is gone before it is kept";
    EXPECT_EQ(host.machine->checkpointed().log_start, log_offset(7)) << "no report says less meanwhile";
    host.keep();
    EXPECT_EQ(host.deletions.at(1).code, errc::ok);
    EXPECT_EQ(host.deletions.at(1).low_watermark, log_offset(7));
    EXPECT_EQ(host.ask(-2).offset, log_offset(7));
    host.machine->on_read({0, log_offset(6), 1000, true, false, false, leader_epoch(-1)}, 1, 5);
    EXPECT_EQ(host.reads.at(5).code, errc::offset_out_of_range);
    EXPECT_GT(host.machine->log().segments().front().base_offset, log_offset(0)) << "whole segments go";
    EXPECT_GT(host.removals, 0u);
    host.kill();
    host.open(false);
    EXPECT_EQ(host.machine->log().log_start_offset(), log_offset(7));
    EXPECT_EQ(host.machine->log().log_end_offset(), log_offset(20));
}

TEST(record_deletion, to_the_high_watermark_empties_the_log_and_offsets_go_on) {
    partition_host host;
    append_batches(host, 3, 20);
    host.delete_below(-1, 1);
    host.keep();
    EXPECT_EQ(host.deletions.at(1).low_watermark, log_offset(6));
    host.machine->on_check_retention();
    host.settle();
    host.kill();
    host.open(false);
    EXPECT_EQ(host.machine->log().log_start_offset(), log_offset(6));
    EXPECT_EQ(host.machine->log().log_end_offset(), log_offset(6));
    append_batches(host, 1);
    EXPECT_EQ(host.machine->high_watermark(), log_offset(8));
}

TEST(record_deletion, twice_or_below_is_answered_at_once_with_where_the_log_begins) {
    partition_host host;
    append_batches(host, 5);
    host.delete_below(6, 1);
    host.keep();
    for (const auto offset : {0, 3, 6})
        host.delete_below(offset, static_cast<std::uint64_t>(10 + offset));
    EXPECT_FALSE(host.keeping);
    for (const auto offset : {0, 3, 6})
        EXPECT_EQ(host.deletions.at(static_cast<std::uint64_t>(10 + offset)).low_watermark, log_offset(6));
}

TEST(record_deletion, above_the_high_watermark_or_below_zero_is_out_of_range) {
    partition_host host;
    append_batches(host, 2);
    host.hold_syncs = true;
    host.append({.records = 2});
    host.settle();
    EXPECT_EQ(host.machine->high_watermark(), log_offset(4));
    host.delete_below(5, 1);
    host.delete_below(-2, 2);
    EXPECT_EQ(host.deletions.at(1).code, errc::offset_out_of_range);
    EXPECT_EQ(host.deletions.at(2).code, errc::offset_out_of_range);
    EXPECT_EQ(host.deletions.at(1).low_watermark, log_offset(-1));
}

TEST(record_deletion, of_a_topic_that_is_only_compacted_is_refused) {
    auto options = replica::log_host::small_options();
    options.delete_policy = false;
    partition_host host(options);
    append_batches(host, 2);
    host.delete_below(1, 1);
    EXPECT_EQ(host.deletions.at(1).code, errc::policy_violation);
}

TEST(record_deletion, that_cannot_be_kept_fails_and_deletes_nothing) {
    partition_host host;
    append_batches(host, 3);
    host.delete_below(4, 1);
    host.keep(error{errc::storage_error, "broken"});
    EXPECT_EQ(host.deletions.at(1).code, errc::storage_error);
    EXPECT_EQ(host.machine->log().log_start_offset(), log_offset(0));
    host.delete_below(4, 2);
    host.keep();
    EXPECT_EQ(host.deletions.at(2).code, errc::ok);
}

TEST(record_deletion, those_that_come_together_share_one_write) {
    partition_host host;
    append_batches(host, 5);
    host.delete_below(2, 1);
    host.delete_below(5, 2);
    host.delete_below(4, 3);
    EXPECT_EQ(host.keeping, log_offset(2));
    host.keep();
    EXPECT_EQ(host.keeping, log_offset(5));
    EXPECT_EQ(host.deletions.size(), 1u);
    host.keep();
    EXPECT_EQ(host.deletions.size(), 3u);
    EXPECT_EQ(host.deletions.at(3).low_watermark, log_offset(5));
}

TEST(record_deletion, below_where_a_restart_would_begin_waits_for_no_other) {
    partition_host host;
    append_batches(host, 5);
    host.delete_below(4, 1);
    host.keep();
    host.delete_below(8, 2);
    EXPECT_EQ(host.keeping, log_offset(8));
    host.delete_below(3, 3);
    EXPECT_EQ(host.deletions.at(3).low_watermark, log_offset(4));
    EXPECT_FALSE(host.deletions.contains(2));
}

TEST(record_deletion, too_many_that_wait_are_refused_until_some_are_answered) {
    partition_host host;
    append_batches(host, 2);
    std::uint64_t reply = 1;
    for (; reply <= partition_limits::waiting_deletions_max; ++reply)
        host.delete_below(3, reply);
    EXPECT_TRUE(host.deletions.empty());
    host.delete_below(2, reply);
    EXPECT_EQ(host.deletions.at(reply).code, errc::throttled);
    host.keep();
    EXPECT_EQ(host.deletions.size(), partition_limits::waiting_deletions_max + 1);
    host.delete_below(4, ++reply);
    host.keep();
    EXPECT_EQ(host.deletions.at(reply).code, errc::ok);
}

/// Else the log would end below its start after a power cut, and give offsets out again.
TEST(record_deletion, under_write_caching_waits_for_the_sync_of_what_it_deletes) {
    partition_host host;
    host.write_caching = true;
    host.kill();
    host.open(false);
    append_batches(host, 2, 20);
    EXPECT_EQ(host.machine->high_watermark(), log_offset(4));
    EXPECT_EQ(host.machine->log().stable_offset(), log_offset(0));
    host.hold_syncs = true;
    host.delete_below(3, 1);
    EXPECT_FALSE(host.keeping);
    ASSERT_EQ(host.held_syncs.size(), 1u);
    auto sync = std::move(host.held_syncs.front());
    sync.run(host.files);
    host.machine->on_synced(sync);
    EXPECT_EQ(host.keeping, log_offset(3));
}

TEST(record_deletion, waiting_when_the_partition_closes_is_answered) {
    partition_host host;
    append_batches(host, 2);
    host.delete_below(2, 1);
    host.machine->on_close();
    EXPECT_EQ(host.deletions.at(1).code, errc::not_leader_or_follower);
    host.keep();
    EXPECT_TRUE(host.ended);
}

TEST(record_deletion, waiting_when_the_directory_fails_is_answered_and_later_ones_are_refused) {
    partition_host host;
    append_batches(host, 5);
    host.delete_below(6, 1);
    ASSERT_TRUE(host.keeping);
    host.machine->on_directory_failed({errc::storage_error, "the disk is gone"});
    host.settle();
    EXPECT_EQ(host.deletions.at(1).code, errc::storage_error);
    EXPECT_EQ(host.epoch_end(3).code, errc::storage_error);
    host.delete_below(7, 2);
    EXPECT_EQ(host.deletions.at(2).code, errc::storage_error);
    host.keep();
    EXPECT_EQ(host.machine->log().log_start_offset(), log_offset(0)) << "the log is closed already";
    EXPECT_EQ(host.removals, 0u);
    host.machine->on_close();
    EXPECT_TRUE(host.ended);
}

TEST(record_deletion, retention_that_a_restart_may_not_know_answers_nothing) {
    auto options = replica::log_host::small_options();
    options.retention_bytes = 1000;
    partition_host host(options);
    append_batches(host, 10);
    host.machine->on_check_retention();
    const auto start = host.machine->log().log_start_offset();
    ASSERT_GT(start, log_offset(2)) << "segments have left the log, their files are not renamed yet";
    host.machine->on_delete_records({0, log_offset(2)}, 1);
    EXPECT_TRUE(host.deletions.empty());
    EXPECT_EQ(host.keeping, log_offset(2));
    host.settle();
    host.keep();
    EXPECT_EQ(host.deletions.at(1).low_watermark, start);
    EXPECT_EQ(host.machine->checkpointed().log_start, log_offset(-1)) << "the oldest segment says it";
}

TEST(checkpointed_offsets, of_a_partition_that_has_closed_name_its_end) {
    partition_host host;
    append_batches(host, 2, 20);
    EXPECT_EQ(host.machine->checkpointed().high_watermark, log_offset(4));
    EXPECT_EQ(host.machine->checkpointed().recovery_point, log_offset(0)) << "no snapshot was due";
    host.machine->on_close();
    host.settle();
    ASSERT_TRUE(host.ended);
    EXPECT_EQ(host.machine->checkpointed(),
              (checkpointed_offsets{log_offset(4), log_offset(-1), log_offset(4), log_offset(-1)}));
}

TEST(offset_query, earliest_latest_and_what_no_tier_has) {
    partition_host host;
    append_batches(host, 3);
    EXPECT_EQ(host.ask(-1).offset, log_offset(6));
    EXPECT_EQ(host.ask(-1).epoch, leader_epoch(3));
    for (const auto earliest : {-2, -4}) {
        EXPECT_EQ(host.ask(earliest).offset, log_offset(0));
        EXPECT_EQ(host.ask(earliest).epoch, leader_epoch(3));
    }
    for (const auto elsewhere : {-5, -6}) {
        EXPECT_EQ(host.ask(elsewhere).code, errc::ok);
        EXPECT_EQ(host.ask(elsewhere).offset, log_offset(-1));
        EXPECT_EQ(host.ask(elsewhere).epoch, leader_epoch(-1));
    }
    for (const auto timestamp : {-1, -2, -3, -4, -5, -6, 1000}) {
        EXPECT_EQ(host.ask(timestamp, 2).code, errc::fenced_leader_epoch);
        EXPECT_EQ(host.ask(timestamp, 4).code, errc::unknown_leader_epoch);
        EXPECT_EQ(host.ask(timestamp, 3).code, errc::ok);
    }
}

TEST(offset_query, times_of_deleted_records_count_no_more) {
    partition_host host;
    host.append({.records = 4, .timestamp = 9000});
    host.append({.records = 3, .timestamp = 2000});
    host.settle();
    EXPECT_EQ(host.ask(-3).offset, log_offset(3));
    EXPECT_EQ(host.ask(9001).offset, log_offset(1));
    // In the middle of the first batch: its largest timestamp, 9003, is of a record that stays; then not.
    host.delete_below(2, 1);
    host.keep();
    EXPECT_EQ(host.ask(9001).offset, log_offset(2));
    EXPECT_EQ(host.ask(-3).offset, log_offset(3));
    host.delete_below(4, 2);
    host.keep();
    EXPECT_EQ(host.ask(-3).offset, log_offset(6));
    EXPECT_EQ(host.ask(-3).timestamp, timestamp_ms(2002));
    EXPECT_EQ(host.ask(9001).offset, log_offset(-1));
    EXPECT_EQ(host.ask(0).offset, log_offset(4));
    host.delete_below(-1, 3);
    host.keep();
    EXPECT_EQ(host.ask(-3).offset, log_offset(-1));
    EXPECT_EQ(host.ask(0).offset, log_offset(-1));
}

TEST(offset_query, largest_time_of_a_half_deleted_batch_is_that_of_what_is_left) {
    partition_host host;
    // Falling timestamps: the first record has the largest.
    batch::batch_builder builder;
    for (const auto timestamp : {5000, 4000, 3000})
        builder.append_text(timestamp_ms(timestamp), "key", "value");
    auto bytes = builder.build();
    const auto header = batch::parse_header(bytes.bytes());
    append_request request;
    request.batches.push_back({std::move(bytes), *header});
    host.machine->on_append(request, 0);
    host.settle();
    EXPECT_EQ(host.ask(-3).offset, log_offset(0));
    host.delete_below(1, 1);
    host.keep();
    EXPECT_EQ(host.ask(-3).offset, log_offset(1));
    EXPECT_EQ(host.ask(-3).timestamp, timestamp_ms(4000));
}

/// Who is told an epoch with a position asks for it again.
TEST(epoch_query, the_leaders_epoch_is_known_before_anything_is_appended_in_it) {
    partition_host host;
    for (const std::int64_t which : {-1, -2})
        EXPECT_EQ(host.ask(which).epoch, leader_epoch(3)) << which;
    EXPECT_EQ(host.epoch_end(3).epoch, leader_epoch(3));
    EXPECT_EQ(host.epoch_end(3).end_offset, log_offset(0));
    EXPECT_EQ(host.epoch_end(2).end_offset, log_offset(0)) << "an earlier one ended where that began";
    EXPECT_EQ(host.epoch_end(4).epoch, leader_epoch(-1));
}

TEST(epoch_query, ends_of_epochs_and_checks_of_the_current_one) {
    partition_host host;
    append_batches(host, 3);
    EXPECT_EQ(host.epoch_end(3).end_offset, log_offset(6));
    EXPECT_EQ(host.epoch_end(3).epoch, leader_epoch(3));
    EXPECT_EQ(host.epoch_end(9).end_offset, log_offset(-1));
    EXPECT_EQ(host.epoch_end(3, 3).code, errc::ok);
    EXPECT_EQ(host.epoch_end(3, 2).code, errc::fenced_leader_epoch);
    EXPECT_EQ(host.epoch_end(3, 4).code, errc::unknown_leader_epoch);
    host.hold_syncs = true;
    host.append({.records = 2});
    host.settle();
    EXPECT_EQ(host.epoch_end(3).end_offset, log_offset(6)) << "what is not committed is nobody's end yet";
}

TEST(lookups, by_time_do_not_pass_over_a_missing_segment) {
    partition_host host;
    append_batches(host, 10);
    const auto segments = host.machine->log().segments();
    ASSERT_GT(segments.size(), 2u);
    const auto wanted = segments[0].newest.timestamp.get();
    for (const auto suffix : {replica::log_suffix, replica::offset_index_suffix, replica::time_index_suffix})
        ASSERT_TRUE(host.files.remove(replica::segment_path(replica::test_directory, log_offset(0), suffix)));
    EXPECT_EQ(host.ask(wanted).code, errc::storage_error);
    EXPECT_EQ(host.ask(wanted + 1).code, errc::ok);
}

TEST(lookups, by_time_are_made_again_when_their_segment_was_deleted) {
    partition_host host;
    append_batches(host, 10);
    const auto segments = host.machine->log().segments();
    ASSERT_GT(segments.size(), 2u);
    const auto wanted = segments[0].newest.timestamp.get();
    // The job waits while the segment goes.
    host.machine->on_offset_query({0, timestamp_ms(wanted), leader_epoch(-1), false}, 79);
    auto find = host.take_job();
    host.delete_below(segments[1].base_offset.get(), 1);
    host.keep();
    find();
    host.settle();
    EXPECT_EQ(host.offsets.at(79).code, errc::ok);
    EXPECT_EQ(host.offsets.at(79).offset, segments[1].base_offset);
}

} // namespace
} // namespace barnabas::deletion_test
