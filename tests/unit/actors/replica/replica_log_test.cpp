#include "tests/unit/actors/replica/log_host.hpp"

#include "actors/replica/log/index_builder.hpp"
#include "protocol/batch/validate.hpp"

#include <gtest/gtest.h>

namespace barnabas::replica::replica_log_test {
namespace {

std::vector<batch::batch_view> batches_of(const slice& records) {
    auto split = batch::split_batches(records);
    EXPECT_TRUE(split);
    return split ? *split : std::vector<batch::batch_view>{};
}

TEST(replica_log, append_gives_offsets_and_read_returns_them) {
    memory_files files;
    log_host host(files);
    ASSERT_TRUE(host.open());
    for (int i = 0; i < 5; ++i) {
        auto appended = host.append({.records = 3}, static_cast<std::uint64_t>(i), 4);
        ASSERT_TRUE(appended);
        EXPECT_EQ(appended->base_offset, log_offset(i * 3));
        EXPECT_EQ(appended->next_offset, log_offset(i * 3 + 3));
    }
    EXPECT_EQ(host.log->stable_offset(), log_offset(15));
    auto read = host.read(7);
    ASSERT_TRUE(read);
    auto batches = batches_of(*read);
    ASSERT_EQ(batches.size(), 3u);
    EXPECT_EQ(batches[0].header.base_offset, log_offset(6)) << "the batch that holds the offset";
    EXPECT_EQ(batches[0].header.leader_epoch, leader_epoch(4));
    EXPECT_EQ(batches[2].header.next_offset(), log_offset(15));
    EXPECT_EQ(host.read(16).code(), errc::offset_out_of_range);
    EXPECT_TRUE(host.read(15)->empty());
}

TEST(replica_log, read_keeps_to_bound_and_bytes_but_gives_one_batch_when_asked) {
    memory_files files;
    log_host host(files);
    ASSERT_TRUE(host.open());
    for (int i = 0; i < 4; ++i)
        ASSERT_TRUE(host.append({.records = 1, .value_size = 300}));
    const auto one = batches_of(*host.read(0, 10, true));
    ASSERT_EQ(one.size(), 1u);
    EXPECT_TRUE(host.read(0, 10, false)->empty());
    EXPECT_EQ(batches_of(*host.read(0, one[0].bytes.size() * 2 + 5, false)).size(), 2u);
    auto job = *host.log->read(log_offset(0), 1 << 20, log_offset(3), true);
    job.run(files);
    host.log->on_read(job);
    EXPECT_EQ(batches_of(*job.records).back().header.next_offset(), log_offset(3));
}

TEST(replica_log, segments_roll_by_size_and_old_ones_are_read_by_index) {
    memory_files files;
    log_host host(files);
    ASSERT_TRUE(host.open());
    for (int i = 0; i < 40; ++i)
        ASSERT_TRUE(host.append({.records = 2, .value_size = 60}, static_cast<std::uint64_t>(i)));
    EXPECT_GT(host.log->segments().size(), 3u);
    for (int from = 0; from < 80; ++from) {
        auto batches = batches_of(*host.read(from, 1));
        ASSERT_EQ(batches.size(), 1u) << from;
        EXPECT_EQ(batches[0].header.base_offset, log_offset(from / 2 * 2));
    }
    EXPECT_EQ(files.open_count(), 3u) << "only the active segment stays open";
}

TEST(replica_log, segments_roll_by_record_time_and_by_full_index) {
    auto options = log_host::small_options();
    options.segment_bytes = 1 << 20;
    options.segment_ms = 1000;
    memory_files files;
    log_host host(files, options);
    ASSERT_TRUE(host.open());
    ASSERT_TRUE(host.append({.timestamp = 1000}));
    ASSERT_TRUE(host.append({.timestamp = 2000}));
    EXPECT_EQ(host.log->segments().size(), 1u);
    ASSERT_TRUE(host.append({.timestamp = 2001}));
    EXPECT_EQ(host.log->segments().size(), 2u);
    options.segment_ms = -1;
    options.segment_index_bytes = 48;
    memory_files other;
    log_host full(other, options);
    ASSERT_TRUE(full.open());
    for (int i = 0; i < 30; ++i)
        ASSERT_TRUE(full.append({.value_size = 150, .timestamp = 1000 + i}));
    EXPECT_GT(full.log->segments().size(), 2u);
}

TEST(replica_log, too_large_batches_are_refused) {
    auto options = log_host::small_options();
    options.max_message_bytes = 500;
    memory_files files;
    log_host host(files, options);
    ASSERT_TRUE(host.open());
    EXPECT_EQ(host.append({.value_size = 600}).code(), errc::message_too_large);
    std::vector<write_job> jobs;
    std::vector<batch::batch_view> many;
    for (int i = 0; i < 6; ++i)
        many.push_back(make_batch({.value_size = 400}));
    EXPECT_EQ(host.log->append(many, {leader_epoch(1), timestamp_ms(1), host.monotonic, true}, jobs).code(),
              errc::record_list_too_large);
    EXPECT_EQ(host.log->log_end_offset(), log_offset(0));
    EXPECT_TRUE(jobs.empty());
}

TEST(replica_log, timestamps_out_of_bounds_are_refused) {
    auto options = log_host::small_options();
    options.timestamp_before_max_ms = 1000;
    options.timestamp_after_max_ms = 1000;
    memory_files files;
    log_host host(files, options);
    ASSERT_TRUE(host.open());
    EXPECT_EQ(host.append({.timestamp = 3999}).code(), errc::invalid_timestamp);
    EXPECT_EQ(host.append({.timestamp = 6001}).code(), errc::invalid_timestamp);
    EXPECT_EQ(host.append({.timestamp = std::numeric_limits<std::int64_t>::max()}).code(),
              errc::invalid_timestamp);
    EXPECT_TRUE(host.append({.timestamp = 4000}));
    EXPECT_TRUE(host.append({.timestamp = 6000}));
}

TEST(replica_log, log_append_time_replaces_the_clients) {
    auto options = log_host::small_options();
    options.timestamp_type = batch::timestamp_type::log_append_time;
    memory_files files;
    log_host host(files, options);
    ASSERT_TRUE(host.open());
    auto appended = host.append({.timestamp = 77}, 0, 1, 9000);
    ASSERT_TRUE(appended);
    EXPECT_EQ(appended->log_append_time, timestamp_ms(9000));
    const auto batch = batches_of(*host.read(0)).front();
    EXPECT_EQ(batch.header.max_timestamp, timestamp_ms(9000));
    EXPECT_TRUE(batch::validate_batch(batch, {.origin = batch::batch_origin::replica}));
}

TEST(replica_log, duplicate_answers_with_the_old_offsets) {
    memory_files files;
    log_host host(files);
    ASSERT_TRUE(host.open());
    ASSERT_TRUE(host.append({.records = 2, .producer = 5, .sequence = 0}));
    ASSERT_TRUE(host.append({.records = 2, .producer = 5, .sequence = 2}));
    auto again = host.append({.records = 2, .producer = 5, .sequence = 0});
    ASSERT_TRUE(again);
    EXPECT_TRUE(again->duplicate);
    EXPECT_EQ(again->base_offset, log_offset(0));
    EXPECT_EQ(again->next_offset, log_offset(2));
    EXPECT_EQ(host.log->log_end_offset(), log_offset(4));
    EXPECT_EQ(host.append({.records = 1, .producer = 5, .sequence = 9}).code(), errc::out_of_order_sequence);
}

TEST(replica_log, batch_refused_at_first_is_not_called_a_duplicate_when_sent_again) {
    memory_files files;
    auto options = log_host::small_options();
    options.timestamp_after_max_ms = 1000;
    log_host host(files, options);
    ASSERT_TRUE(host.open());
    EXPECT_EQ(host.append({.records = 5, .timestamp = 9000, .producer = 5, .sequence = 0}, 0, 1, 10).code(),
              errc::invalid_timestamp);
    ASSERT_TRUE(host.append({.records = 2, .timestamp = 10, .producer = 5, .sequence = 5}, 0, 1, 10));
    // Their answers were lost, so the producer repeats both, and the clock may jump meanwhile.
    EXPECT_EQ(host.append({.records = 5, .timestamp = 9000, .producer = 5, .sequence = 0}, 0, 1, 10).code(),
              errc::invalid_timestamp);
    EXPECT_EQ(host.append({.records = 5, .timestamp = 9000, .producer = 5, .sequence = 0}, 0, 1, 9000).code(),
              errc::out_of_order_sequence);
    EXPECT_TRUE(
        host.append({.records = 2, .timestamp = 10, .producer = 5, .sequence = 5}, 0, 1, 10)->duplicate);
}

TEST(replica_log, producers_survive_close_kill_and_reopen) {
    memory_files files;
    log_host host(files);
    ASSERT_TRUE(host.open());
    ASSERT_TRUE(host.append({.records = 2, .producer = 5, .sequence = 0}));
    ASSERT_TRUE(host.close());
    ASSERT_TRUE(host.open(false));
    EXPECT_TRUE(host.report.clean) << to_string(host.report);
    EXPECT_TRUE(host.append({.records = 2, .producer = 5, .sequence = 0})->duplicate);
    ASSERT_TRUE(host.append({.records = 1, .producer = 5, .sequence = 2}));
    files.kill();
    ASSERT_TRUE(host.open(false));
    EXPECT_FALSE(host.report.clean);
    EXPECT_EQ(host.report.bytes_cut, 0u);
    EXPECT_TRUE(host.append({.records = 1, .producer = 5, .sequence = 2})->duplicate);
    EXPECT_EQ(host.append({.records = 1, .producer = 5, .sequence = 4}).code(), errc::out_of_order_sequence);
}

TEST(replica_log, older_leader_epoch_is_fenced_and_epochs_survive) {
    memory_files files;
    log_host host(files);
    ASSERT_TRUE(host.open());
    ASSERT_TRUE(host.append({}, 0, 1));
    ASSERT_TRUE(host.append({}, 0, 3));
    EXPECT_EQ(host.append({}, 0, 2).code(), errc::fenced_leader_epoch);
    files.kill();
    ASSERT_TRUE(host.open(false));
    const auto end_of = [&](leader_epoch epoch) { return host.log->end_offset_for(epoch, leader_epoch(3)); };
    EXPECT_EQ(end_of(leader_epoch(1)), (epoch_end{leader_epoch(1), log_offset(1)}));
    EXPECT_EQ(end_of(leader_epoch(3)), (epoch_end{leader_epoch(3), log_offset(2)}));
}

TEST(replica_log, failed_write_fails_all_behind_and_offsets_are_reused_after_repair_only) {
    memory_files files;
    log_host host(files);
    ASSERT_TRUE(host.open());
    ASSERT_TRUE(host.append({.producer = 1, .sequence = 0}, 0));
    ASSERT_TRUE(host.queue({.producer = 1, .sequence = 1}, 1));
    ASSERT_TRUE(host.queue({.producer = 1, .sequence = 2}, 2));
    files.fail_after(0, errc::disk_full);
    auto failure = host.write_one();
    ASSERT_TRUE(failure);
    EXPECT_EQ(failure->from, log_offset(1));
    EXPECT_EQ(failure->error.code, errc::disk_full);
    EXPECT_EQ(host.queue({.producer = 1, .sequence = 3}).code(), errc::disk_full);
    EXPECT_FALSE(host.log->wants_repair()) << "a write is still out";
    EXPECT_FALSE(host.write_one()) << "told once";
    EXPECT_EQ(host.log->log_end_offset(), log_offset(1));
    ASSERT_TRUE(host.log->wants_repair());
    files.fail_after(0, errc::disk_full);
    EXPECT_FALSE(host.repair());
    ASSERT_TRUE(host.log->wants_repair());
    EXPECT_TRUE(host.repair());
    auto again = host.append({.producer = 1, .sequence = 1}, 3);
    ASSERT_TRUE(again);
    EXPECT_FALSE(again->duplicate);
    EXPECT_EQ(again->base_offset, log_offset(1));
    EXPECT_EQ(batches_of(*host.read(0)).size(), 2u);
}

TEST(replica_log, failed_roll_is_undone) {
    memory_files files;
    log_host host(files);
    ASSERT_TRUE(host.open());
    ASSERT_TRUE(host.append({.value_size = 1500}));
    for (std::uint64_t n = 0; n < 8; ++n) {
        ASSERT_TRUE(host.queue({.value_size = 1500}, n));
        ASSERT_TRUE(host.queue({.value_size = 1500}, n));
        EXPECT_EQ(host.log->segments().size(), 3u);
        files.fail_after(n, errc::disk_full);
        ASSERT_TRUE(host.write_one()) << n;
        host.write_one();
        EXPECT_EQ(host.log->segments().size(), 1u);
        ASSERT_TRUE(host.repair());
        EXPECT_EQ(files.open_count(), 3u);
        EXPECT_FALSE(files.has(segment_path(test_directory, log_offset(1), log_suffix)));
    }
    ASSERT_TRUE(host.append({.value_size = 1500}));
    EXPECT_EQ(host.log->segments().size(), 2u);
}

TEST(replica_log, failed_sync_takes_the_log_offline) {
    memory_files files;
    log_host host(files);
    ASSERT_TRUE(host.open());
    ASSERT_TRUE(host.append({}, 0));
    ASSERT_TRUE(host.queue({}, 1));
    host.write_all();
    files.fail_after(0);
    auto failure = host.sync();
    ASSERT_TRUE(failure);
    EXPECT_EQ(failure->from, log_offset(1));
    EXPECT_TRUE(host.log->offline());
    EXPECT_FALSE(host.log->wants_sync());
    EXPECT_FALSE(host.log->wants_repair());
    EXPECT_EQ(host.queue({}).code(), errc::storage_error);
    // Its files are closed, but nothing vouches for what they hold.
    EXPECT_EQ(host.close().code(), errc::storage_error);
    EXPECT_EQ(files.open_count(), 0u);
    ASSERT_TRUE(host.open(false));
    // Recovery wrote the bytes again, so they survive now, whatever the failed sync did to them.
    const auto end = host.log->log_end_offset();
    std::mt19937_64 random(1);
    files.crash(random);
    ASSERT_TRUE(host.open(false));
    EXPECT_EQ(host.log->log_end_offset(), end);
}

TEST(replica_log, failed_checkpoint_after_a_good_sync_is_tried_again) {
    memory_files files;
    log_host host(files);
    ASSERT_TRUE(host.open());
    ASSERT_TRUE(host.queue({}, 0));
    host.write_all();
    files.fail_after(1, errc::disk_full); // The sync itself is operation 0.
    EXPECT_FALSE(host.sync());
    EXPECT_EQ(host.log->stable_offset(), log_offset(1));
    ASSERT_TRUE(host.append({}, 1));
    EXPECT_EQ(files.content(std::string(test_directory) + "/leader-epoch-checkpoint").size(), 8u);
}

TEST(replica_log, finds_offsets_by_time) {
    memory_files files;
    log_host host(files);
    ASSERT_TRUE(host.open());
    for (int i = 0; i < 40; ++i)
        ASSERT_TRUE(
            host.append({.records = 2, .value_size = 60, .timestamp = 1000 + (i ^ 1) * 10}, 0, i / 10));
    const auto end = host.log->written_offset();
    for (int wanted = 900; wanted < 1420; wanted += 3) {
        std::optional<found_offset> expected;
        for (int at = 0; at < 80 && !expected; ++at) {
            const auto i = at / 2;
            if (const auto time = 1000 + (i ^ 1) * 10 + at % 2; time >= wanted)
                expected = found_offset{log_offset(at), timestamp_ms(time), leader_epoch(i / 10)};
        }
        auto found = host.find(host.log->find_by_timestamp(timestamp_ms(wanted), end));
        ASSERT_TRUE(found);
        EXPECT_EQ(*found, expected) << wanted;
    }
    auto largest = host.find(host.log->find_max_timestamp(end));
    ASSERT_TRUE(largest && *largest);
    EXPECT_EQ((*largest)->offset, log_offset(77));
    auto below = host.find(host.log->find_max_timestamp(log_offset(4)));
    ASSERT_TRUE(below && *below);
    EXPECT_EQ((*below)->offset, log_offset(1));
    EXPECT_FALSE(*host.find(host.log->find_by_timestamp(timestamp_ms(1390), log_offset(60))));
}

TEST(replica_log, retention_by_time_drops_old_segments_in_two_steps) {
    auto options = log_host::small_options();
    options.retention_ms = 10000;
    memory_files files;
    log_host host(files, options);
    ASSERT_TRUE(host.open());
    for (int i = 0; i < 20; ++i)
        ASSERT_TRUE(host.append({.value_size = 400, .timestamp = 1000 + i}, 0, 1, 1000 + i));
    const auto active = host.log->active_segment().base_offset;
    EXPECT_FALSE(host.log->retention(timestamp_ms(5000), host.monotonic, host.log->stable_offset()));
    auto held = host.log->retention(timestamp_ms(60000), host.monotonic, log_offset(7));
    ASSERT_TRUE(held);
    EXPECT_LE(host.log->log_start_offset(), log_offset(7));
    held->run(files);
    auto job = host.log->retention(timestamp_ms(60000), host.monotonic, host.log->stable_offset());
    ASSERT_TRUE(job);
    EXPECT_EQ(host.log->log_start_offset(), active) << "never the active one";
    EXPECT_EQ(host.read(0).code(), errc::offset_out_of_range);
    job->run(files);
    ASSERT_TRUE(job->outcome);
    EXPECT_FALSE(files.has(segment_path(test_directory, log_offset(7), log_suffix)));
    EXPECT_FALSE(job->removal.paths.empty());
    for (const auto& path : job->removal.paths)
        EXPECT_TRUE(files.has(path)) << path;
    job->removal.run(files);
    held->removal.run(files);
    for (const auto& name : files.names())
        EXPECT_EQ(name.find(".deleted"), std::string::npos) << name;
    ASSERT_TRUE(host.close());
    ASSERT_TRUE(host.open(false));
    EXPECT_EQ(host.log->log_start_offset(), active);
    EXPECT_EQ(host.log->epochs().entries().front().start_offset, active);
}

TEST(replica_log, the_last_records_of_an_idle_topic_go_too) {
    auto options = log_host::small_options();
    options.retention_ms = 10000;
    memory_files files;
    log_host host(files, options);
    ASSERT_TRUE(host.open());
    ASSERT_TRUE(host.append({.producer = 7, .sequence = 0}, 0, 1, 1000));
    const auto end = host.log->stable_offset();
    EXPECT_FALSE(host.log->roll_expired(timestamp_ms(5000), end)) << "young";
    EXPECT_FALSE(host.log->roll_expired(timestamp_ms(60000), log_offset(0))) << "not replicated";
    auto rolled = host.log->roll_expired(timestamp_ms(60000), end);
    ASSERT_TRUE(rolled);
    EXPECT_FALSE(host.log->roll_expired(timestamp_ms(60000), end)) << "one is under way";
    rolled->run(files);
    EXPECT_FALSE(host.log->on_written(*rolled));
    EXPECT_FALSE(host.log->retention(timestamp_ms(60000), host.monotonic, end))
        << "not yet on stable storage";
    ASSERT_TRUE(host.log->wants_sync()) << "a segment was made";
    EXPECT_FALSE(host.sync());
    EXPECT_FALSE(host.log->wants_sync());
    auto job = host.log->retention(timestamp_ms(60000), host.monotonic, end);
    ASSERT_TRUE(job);
    job->run(files);
    EXPECT_EQ(host.log->log_start_offset(), end);
    EXPECT_EQ(host.log->total_bytes(), 0u);
    EXPECT_FALSE(host.log->roll_expired(timestamp_ms(90000), end)) << "it is empty";
    ASSERT_TRUE(host.close());
    ASSERT_TRUE(host.open(false));
    EXPECT_EQ(host.log->log_start_offset(), end);
    EXPECT_EQ(host.log->log_end_offset(), end);
    EXPECT_TRUE(host.append({.producer = 7, .sequence = 0}, 0, 1, 90000)->duplicate) << "producers are known";
    EXPECT_EQ(host.append({}, 1, 1, 90000)->base_offset, end);
}

TEST(replica_log, an_active_segment_without_sensible_times_counts_from_its_beginning) {
    auto options = log_host::small_options();
    options.retention_ms = 10000;
    memory_files files;
    log_host host(files, options);
    for (const std::int64_t timestamp : {99999999, -1}) {
        ASSERT_TRUE(host.open());
        ASSERT_TRUE(host.append({.timestamp = timestamp}, 0, 1, 1000));
        const auto end = host.log->stable_offset();
        EXPECT_FALSE(host.log->roll_expired(timestamp_ms(50000), end)) << "seen for the first time";
        EXPECT_FALSE(host.log->roll_expired(timestamp_ms(60000), end));
        auto rolled = host.log->roll_expired(timestamp_ms(60001), end);
        ASSERT_TRUE(rolled);
        host.writes.push_back(std::move(*rolled));
        host.write_all();
        host.sync();
        EXPECT_FALSE(host.log->retention(timestamp_ms(70001), host.monotonic, end)) << "from its end again";
        auto retired = host.log->retention(timestamp_ms(70002), host.monotonic, end);
        ASSERT_TRUE(retired);
        retired->run(files);
        ASSERT_TRUE(host.close());
    }
}

TEST(replica_log, future_timestamps_do_not_pin_a_segment) {
    auto options = log_host::small_options();
    options.retention_ms = 1000;
    memory_files files;
    log_host host(files, options);
    ASSERT_TRUE(host.open());
    for (int i = 0; i < 6; ++i)
        ASSERT_TRUE(host.append({.value_size = 900, .timestamp = 99999999}, 0, 1, 5000));
    EXPECT_FALSE(host.log->retention(timestamp_ms(5900), host.monotonic, host.log->stable_offset()));
    EXPECT_TRUE(host.log->retention(timestamp_ms(6100), host.monotonic, host.log->stable_offset()));
}

TEST(replica_log, wall_clock_that_jumps_makes_no_repeated_batch_new) {
    auto options = log_host::small_options();
    options.retention_ms = -1;
    memory_files files;
    log_host host(files, options);
    ASSERT_TRUE(host.open());
    const auto first = host.append({.producer = 7, .sequence = 0});
    ASSERT_TRUE(first);
    const std::int64_t far_ms = 40 * options.producer_id_expiration_ms;
    for (const auto wall : {far_ms, std::int64_t{1}, far_ms}) {
        host.log->retention(timestamp_ms(wall), host.monotonic, host.log->stable_offset());
        const auto again = host.append({.producer = 7, .sequence = 0}, 0, 1, wall);
        ASSERT_TRUE(again);
        EXPECT_TRUE(again->duplicate) << "at wall time " << wall;
        EXPECT_EQ(again->base_offset, first->base_offset);
    }
    host.monotonic = host.monotonic + options.producer_id_expiration_ms * 1'000'000;
    host.log->retention(timestamp_ms(1), host.monotonic, host.log->stable_offset());
    EXPECT_EQ(host.log->producers().find(producer_id(7)), nullptr) << "it was silent all the time";
}

TEST(replica_log, retention_by_size_keeps_at_least_the_bound) {
    auto options = log_host::small_options();
    options.retention_ms = -1;
    options.retention_bytes = 4000;
    memory_files files;
    log_host host(files, options);
    ASSERT_TRUE(host.open());
    for (int i = 0; i < 20; ++i)
        ASSERT_TRUE(host.append({.value_size = 900}));
    ASSERT_TRUE(host.log->retention(timestamp_ms(1), host.monotonic, host.log->stable_offset()));
    EXPECT_GE(host.log->total_bytes(), 4000u);
    EXPECT_LE(host.log->total_bytes(), 4000u + 2000u);
}

TEST(replica_log, reader_keeps_a_rolled_segment_open) {
    memory_files files;
    log_host host(files);
    ASSERT_TRUE(host.open());
    ASSERT_TRUE(host.append({.value_size = 900}));
    auto job = *host.log->read(log_offset(0), 1 << 20, log_offset(1), true);
    for (int i = 0; i < 6; ++i)
        ASSERT_TRUE(host.append({.value_size = 900}));
    EXPECT_FALSE(host.log->idle());
    job.run(files);
    EXPECT_EQ(batches_of(*job.records).size(), 1u);
    host.log->on_read(job);
    EXPECT_TRUE(host.log->idle());
    for (int i = 0; i < 3; ++i)
        ASSERT_TRUE(host.append({.value_size = 900}));
    EXPECT_LE(files.open_count(), 6u);
}

TEST(replica_log, cold_damage_is_told_to_the_reader) {
    memory_files files;
    log_host host(files);
    ASSERT_TRUE(host.open());
    for (int i = 0; i < 3; ++i)
        ASSERT_TRUE(host.append({.value_size = 100}));
    ASSERT_TRUE(host.close());
    const auto path = segment_path(test_directory, log_offset(0), log_suffix);
    auto bytes = files.content(path);
    bytes[bytes.size() / 3 + 80] ^= std::byte{4};
    files.put(path, bytes);
    ASSERT_TRUE(host.open(false));
    EXPECT_EQ(host.log->log_end_offset(), log_offset(3)) << "below the recovery point nothing is cut";
    EXPECT_EQ(batches_of(*host.read(0)).size(), 1u);
    EXPECT_EQ(host.read(1).code(), errc::corrupt_message);
    EXPECT_EQ(batches_of(*host.read(2)).size(), 1u);
}

} // namespace
} // namespace barnabas::replica::replica_log_test
