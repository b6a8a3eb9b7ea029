#include "tests/unit/actors/replica/compaction/clean_host.hpp"

#include "sim/disk/memory_disk.hpp"

#include <gtest/gtest.h>

#include <limits>

/// What compaction keeps, rule by rule.
namespace barnabas::replica::rules_test {
namespace {

using values = std::vector<std::optional<std::string>>;

class compaction : public testing::Test {
protected:
    void open(const log_options& options = clean_host::small_options()) {
        host.emplace(disk.files(), options);
        ASSERT_TRUE(host->open());
    }
    /// Appends what is not cleaned, cleans all before it.
    clean_outcome clean() {
        host->roll();
        host->roll();
        auto outcome = host->clean();
        EXPECT_TRUE(outcome.has_value());
        if (!outcome)
            return {};
        EXPECT_TRUE(outcome->outcome) << to_string(outcome->outcome.failure());
        return *outcome;
    }
    /// The batch that holds this offset; nothing if it is gone.
    std::optional<batch::batch_header> batch_at(std::int64_t offset) {
        const auto all = host->batches();
        if (!all)
            return std::nullopt;
        for (const auto& batch : *all)
            if (batch.header.base_offset.get() <= offset && batch.header.last_offset().get() >= offset)
                return batch.header;
        return std::nullopt;
    }

    /// Whether the log recognises a repeated batch whose records were compacted, when nothing but the log is
    /// left.
    bool is_known_after_lost_snapshots(bool planted) {
        auto options = clean_host::small_options();
        options.directory += planted ? "-planted" : "";
        options.planted.last_of_producer_dropped = planted;
        open(options);
        host->put("a", "1", {.producer = 5, .sequence = 0});
        host->put("a", "2", {.producer = 5, .sequence = 1});
        host->put("a", "3");
        clean();
        const auto listed = disk.files().list(options.directory);
        for (const auto& entry : *listed)
            if (entry.name.ends_with(".snapshot"))
                static_cast<void>(disk.files().remove(options.directory + "/" + entry.name));
        disk.kill();
        EXPECT_TRUE(host->open());
        return host->put("a", "again", {.producer = 5, .sequence = 1}) == 1;
    }

    sim::memory_disk disk{1};
    std::optional<clean_host> host;
};

TEST_F(compaction, the_newest_record_of_each_key_stays_at_its_offset) {
    open();
    host->put("a", "1");
    host->put("b", "1");
    const auto a = host->put("a", "2");
    const auto b = host->put("b", "2");
    clean();
    EXPECT_EQ(host->values_of("a"), values{"2"});
    EXPECT_EQ(host->values_of("b"), values{"2"});
    const auto all = *host->records();
    EXPECT_EQ(all[0].offset, a);
    EXPECT_EQ(all[1].offset, b);
}

TEST_F(compaction, a_batch_loses_records_and_keeps_its_frame) {
    open();
    for (const auto which : {batch::codec::none, batch::codec::gzip, batch::codec::snappy, batch::codec::lz4,
                             batch::codec::zstd}) {
        const auto name = std::to_string(static_cast<int>(which));
        const batch_kind kind{
            .compression = which, .timestamp = 2000, .producer = 9, .sequence = 3 * static_cast<int>(which)};
        const auto at =
            host->append(batch_of({{"x" + name, "1"}, {"y" + name, "1"}, {"z" + name, "1"}}, kind));
        host->put("x" + name, "2");
        host->put("z" + name, "2");
        host->put("late", "1");
        ASSERT_EQ(at, 6 * static_cast<int>(which));
    }
    clean();
    for (int which = 0; which < 5; ++which) {
        const auto header = batch_at(6 * which + 1);
        ASSERT_TRUE(header);
        EXPECT_EQ(header->record_count, 1);
        EXPECT_EQ(header->base_offset, log_offset(6 * which));
        EXPECT_EQ(header->last_offset_delta, 2);
        EXPECT_EQ(header->codec_bits(), which);
        EXPECT_EQ(header->producer_id, producer_id(9));
        EXPECT_EQ(header->base_sequence, 3 * which);
        EXPECT_EQ(header->leader_epoch, leader_epoch(1));
        EXPECT_EQ(header->max_timestamp, timestamp_ms(2001));
        EXPECT_EQ(host->values_of("y" + std::to_string(which)), values{"1"});
    }
}

TEST_F(compaction, a_batch_that_keeps_all_is_copied_byte_for_byte) {
    open();
    auto batch = batch_of({{"a", "1"}, {"b", "1"}}, {.compression = batch::codec::zstd});
    const auto bytes = batch.bytes;
    const auto at = host->append(std::move(batch));
    host->put("c", "1");
    host->put("c", "2");
    clean();
    EXPECT_TRUE((*host->batches())[0].bytes == bytes);
    EXPECT_EQ(at, 0);
}

TEST_F(compaction, records_without_a_key_go) {
    open();
    host->append(batch_of({{std::nullopt, "no key"}, {"a", "1"}}));
    clean();
    const auto all = *host->records();
    EXPECT_EQ(all[0], (seen_record{1, "a", "1", 1001}));
}

TEST_F(compaction, a_tombstone_stays_until_its_delete_horizon) {
    open();
    host->put("a", "1");
    const auto at = host->put("a", std::nullopt);
    clean();
    EXPECT_EQ(host->values_of("a"), values{std::nullopt});
    EXPECT_EQ(batch_at(at)->delete_horizon(), timestamp_ms(6000));
    const auto kept = *host->records();
    EXPECT_EQ(kept[0].timestamp, 1000) << "the horizon takes the place of the base timestamp only";
    host->now = 5999;
    clean();
    EXPECT_EQ(host->values_of("a"), values{std::nullopt});
    EXPECT_EQ(batch_at(at)->delete_horizon(), timestamp_ms(6000)) << "set once";
    host->now = 6000;
    clean();
    EXPECT_EQ(host->values_of("a"), values{});
}

TEST_F(compaction, a_tombstone_that_is_to_stay_for_ever_does) {
    auto options = clean_host::small_options();
    options.delete_retention_ms = std::numeric_limits<std::int64_t>::max();
    open(options);
    const auto at = host->put("a", std::nullopt);
    clean();
    EXPECT_EQ(batch_at(at)->delete_horizon(), timestamp_ms(std::numeric_limits<std::int64_t>::max()));
    clean();
    EXPECT_EQ(host->values_of("a"), values{std::nullopt});
}

TEST_F(compaction, the_largest_timestamp_is_that_of_a_record) {
    open();
    const auto at = host->put("a", "1", {.timestamp = 5000});
    const auto emptied = host->put("b", "1", {.timestamp = 9000, .producer = 5});
    host->put("b", "2", {.timestamp = 10});
    clean();
    ASSERT_EQ(batch_at(emptied)->record_count, 0);
    auto job = host->log->find_max_timestamp(host->log->stable_offset());
    job.run(disk.files());
    ASSERT_TRUE(job.found.has_value() && job.found->has_value());
    EXPECT_EQ((*job.found)->offset, log_offset(at));
    EXPECT_EQ((*job.found)->timestamp, timestamp_ms(5000));
}

TEST_F(compaction, a_tombstone_that_is_not_the_newest_goes_at_once) {
    open();
    host->put("a", std::nullopt);
    host->put("a", "1");
    clean();
    EXPECT_EQ(host->values_of("a"), values{"1"});
}

TEST_F(compaction, a_horizon_is_kept_over_a_later_rewrite_of_its_batch) {
    open();
    const auto at = host->append(batch_of({{"a", std::nullopt}, {"b", "1"}}));
    clean();
    host->put("b", "2");
    clean();
    EXPECT_EQ(batch_at(at)->delete_horizon(), timestamp_ms(6000));
    EXPECT_EQ(host->values_of("a"), values{std::nullopt});
    EXPECT_EQ(host->values_of("b"), values{"2"});
}

TEST_F(compaction, the_last_batch_of_a_producer_stays_without_its_records) {
    open();
    host->put("a", "1", {.producer = 5, .sequence = 0});
    const auto at = host->put("a", "2", {.producer = 5, .sequence = 1});
    host->put("a", "3");
    clean();
    EXPECT_EQ(host->values_of("a"), values{"3"});
    const auto header = batch_at(at);
    ASSERT_TRUE(header);
    EXPECT_EQ(header->record_count, 0);
    EXPECT_EQ(header->last_sequence(), 1);
    EXPECT_FALSE(batch_at(0)) << "the one before is not needed";
    host->put("a", "4", {.producer = 5, .sequence = 2});
    clean();
    EXPECT_FALSE(batch_at(at)) << "and neither is this one, when another follows";
}

TEST_F(compaction, the_producer_is_known_after_a_start_without_snapshots) {
    for (const bool planted : {false, true})
        EXPECT_EQ(is_known_after_lost_snapshots(planted), !planted);
}

TEST_F(compaction, planted_bugs_break_its_rules) {
    auto options = clean_host::small_options();
    options.planted.tombstone_dropped_early = true;
    open(options);
    host->put("a", "1");
    host->put("a", std::nullopt);
    clean();
    EXPECT_EQ(host->values_of("a"), values{}) << "the tombstone should be there";
    options.planted.compacts_above_high_watermark = true;
    options.directory = "/data/orders-1";
    open(options);
    for (int i = 0; i < 40; ++i)
        host->put("a", std::string(60, '.'));
    EXPECT_TRUE(host->cleaner->begin(*host->log, host->settings, timestamp_ms(5000), log_offset(3)));
}

TEST_F(compaction, aborted_records_go_and_the_marker_stays_while_data_was_met) {
    open();
    host->put("a", "committed");
    const auto data = host->put("a", "aborted", {.producer = 7, .sequence = 0, .transactional = true});
    const auto marker = host->append(marker_of(7, false), false);
    // Another data batch, so that the aborted one is not the producer's last.
    host->put("b", "1", {.producer = 7, .sequence = 1, .transactional = true});
    host->append(marker_of(7, true), false);
    clean();
    EXPECT_EQ(host->values_of("a"), values{"committed"}) << "an aborted record supersedes nothing";
    EXPECT_FALSE(batch_at(data));
    ASSERT_TRUE(batch_at(marker));
    EXPECT_FALSE(batch_at(marker)->has_delete_horizon());
    clean();
    EXPECT_EQ(batch_at(marker)->delete_horizon(), timestamp_ms(6000)) << "its data is gone";
    EXPECT_EQ(batch_at(marker)->record_count, 1);
    host->now = 6000;
    clean();
    EXPECT_FALSE(batch_at(marker));
    EXPECT_EQ(host->values_of("b"), values{"1"});
}

TEST_F(compaction, the_marker_of_data_that_is_left_has_no_horizon) {
    open();
    host->put("a", "1", {.producer = 7, .sequence = 0, .transactional = true});
    const auto marker = host->append(marker_of(7, true), false);
    for (int i = 0; i < 3; ++i) {
        clean();
        ASSERT_TRUE(batch_at(marker));
        EXPECT_FALSE(batch_at(marker)->has_delete_horizon());
    }
}

TEST_F(compaction, what_kafkas_transaction_index_says_counts_as_well) {
    open();
    const auto data = host->put("a", "aborted", {.producer = 7, .sequence = 0, .transactional = true});
    const auto marker = host->append(marker_of(7, false), false);
    host->put("b", "1", {.producer = 7, .sequence = 1});
    std::vector<std::byte> entry;
    put_transaction_entry(entry, {producer_id(7), log_offset(data), log_offset(marker), log_offset(data)});
    const auto path = segment_path("/data/orders-0", log_offset(0), transaction_index_suffix);
    auto file = disk.files().open(path, runtime::open_mode::create);
    const auto bytes = slice::copy_of(entry);
    ASSERT_TRUE(disk.files().write(*file, file_position(0), std::span(&bytes, 1)));
    disk.files().close(*file);
    clean();
    EXPECT_EQ(host->values_of("a"), values{});
    EXPECT_EQ(disk.content(path), entry) << "the marker is still there, and so is its entry";
}

TEST_F(compaction, a_marker_behind_what_is_cleaned_aborts_records_there) {
    open();
    host->put("a", "1");
    host->put("a", "aborted", {.producer = 7, .sequence = 0, .transactional = true});
    host->roll();
    host->roll();
    const auto marker = host->append(marker_of(7, false), false);
    const auto outcome = host->clean();
    ASSERT_TRUE(outcome && outcome->outcome);
    EXPECT_LT(outcome->cleaned_upto.get(), marker);
    EXPECT_EQ(host->values_of("a"), values{"1"});
}

TEST_F(compaction, an_open_transaction_stops_it) {
    open();
    host->put("a", "1", {.producer = 7, .sequence = 0, .transactional = true});
    host->put("a", "2");
    host->roll();
    host->roll();
    EXPECT_FALSE(host->clean());
}

TEST_F(compaction, the_active_segment_and_what_is_above_the_high_watermark_stay) {
    open();
    for (int i = 0; i < 40; ++i)
        host->put("a", std::to_string(i) + std::string(60, '.'));
    const auto active = host->log->active_segment().base_offset;
    auto& log = *host->log;
    EXPECT_FALSE(host->cleaner->begin(log, host->settings, timestamp_ms(5000), log_offset(3)));
    const auto outcome = host->clean();
    ASSERT_TRUE(outcome);
    EXPECT_LE(outcome->cleaned_upto, active);
    const auto all = *host->records();
    EXPECT_EQ(all.back().offset, 39);
    for (std::size_t i = 0; i + 1 < all.size(); ++i)
        EXPECT_LT(all[i].offset, all[i + 1].offset);
}

TEST_F(compaction, segments_become_one_while_they_fit) {
    open();
    for (int i = 0; i < 60; ++i)
        host->put(i % 5 == 0 ? "rare " + std::to_string(i) : "a", std::string(60, '.'));
    host->roll();
    host->roll();
    ASSERT_TRUE(host->clean());
    // Groups are made by what segments had before; so small ones merge with the next pass.
    host->roll();
    host->roll();
    const auto before = host->log->segments().size();
    ASSERT_TRUE(host->clean());
    EXPECT_LT(host->log->segments().size(), before);
    for (const auto& segment : host->log->segments())
        EXPECT_LE(segment.size, 600u);
}

TEST_F(compaction, a_full_map_ends_the_pass_and_the_next_one_goes_on) {
    open();
    host->settings.map_bytes = 24 * 8;
    std::map<std::string, std::string> newest;
    for (int i = 0; i < 120; ++i) {
        const auto key = "key " + std::to_string(i % 30);
        newest[key] = std::to_string(i);
        host->put(key, newest[key]);
    }
    host->roll();
    host->roll();
    log_offset reached{-1};
    for (int passes = 0; passes < 100; ++passes) {
        const auto outcome = host->clean();
        if (!outcome)
            break;
        ASSERT_TRUE(outcome->outcome);
        ASSERT_GT(outcome->cleaned_upto, reached) << "every pass must progress";
        reached = outcome->cleaned_upto;
    }
    for (const auto& [key, value] : newest)
        EXPECT_EQ(host->values_of(key), values{value}) << key;
}

TEST_F(compaction, nothing_is_cleaned_below_the_dirty_ratio) {
    auto options = clean_host::small_options();
    options.min_cleanable_dirty_ratio = 0.9;
    open(options);
    for (int i = 0; i < 60; ++i)
        host->put("key " + std::to_string(i), std::string(60, '.'));
    host->roll();
    host->roll();
    ASSERT_TRUE(host->clean());
    host->roll();
    EXPECT_FALSE(host->clean()) << "little is dirty beside what was cleaned";
}

TEST_F(compaction, too_young_segments_wait_and_too_old_ones_do_not) {
    auto options = clean_host::small_options();
    options.min_compaction_lag_ms = 10'000;
    options.min_cleanable_dirty_ratio = 1;
    options.max_compaction_lag_ms = 20'000;
    open(options);
    for (int i = 0; i < 40; ++i)
        host->put("a", std::string(60, '.'));
    host->now = 10'999;
    EXPECT_FALSE(host->clean()) << "younger than min.compaction.lag.ms";
    host->now = 21'000;
    EXPECT_FALSE(host->clean()) << "the dirty ratio is never above 1";
    host->now = 30'000;
    EXPECT_TRUE(host->clean()) << "overdue";
}

TEST_F(compaction, a_log_of_unknown_history_is_cleaned_from_its_start) {
    open();
    host->put("a", "1");
    clean();
    auto options = clean_host::small_options();
    options.checkpointed.cleaned_upto = log_offset(1'000'000);
    host.emplace(disk.files(), options);
    disk.kill();
    ASSERT_TRUE(host->open());
    host->put("a", "2");
    clean();
    EXPECT_EQ(host->values_of("a"), values{"2"});
}

TEST_F(compaction, damage_ends_the_pass_and_is_not_rewritten) {
    open();
    for (int i = 0; i < 40; ++i)
        host->put("a", std::string(60, '.'));
    ASSERT_TRUE(disk.flip_bit(segment_path("/data/orders-0", log_offset(0), log_suffix), 90, 1));
    const auto outcome = host->clean();
    ASSERT_TRUE(outcome);
    EXPECT_EQ(outcome->outcome.code(), errc::corrupt_message);
    EXPECT_TRUE(host->cleaner->failure());
    EXPECT_TRUE(host->put("b", "goes on") > 0);
    const auto listed = disk.files().list("/data/orders-0");
    for (const auto& entry : *listed)
        EXPECT_FALSE(entry.name.ends_with(".cleaned")) << entry.name;
    ASSERT_TRUE(disk.flip_bit(segment_path("/data/orders-0", log_offset(0), log_suffix), 90, 1));
    const auto again = host->clean();
    ASSERT_TRUE(again && again->outcome) << "what ails a disk may pass";
    EXPECT_FALSE(host->cleaner->failure());
}

TEST_F(compaction, segments_that_retention_took_meanwhile_end_the_pass) {
    auto options = clean_host::small_options();
    options.delete_policy = true;
    options.retention_bytes = 700;
    open(options);
    for (int i = 0; i < 60; ++i)
        host->put("key " + std::to_string(i % 20), std::string(60, '.'));
    auto job = host->begin_cleaning();
    ASSERT_TRUE(job);
    auto retired = host->log->retention(timestamp_ms(5000), monotonic_ns(0), host->log->stable_offset());
    ASSERT_TRUE(retired);
    // The pass has not opened the old files yet.
    while (job)
        job = host->run(std::move(*job));
    const auto outcome = host->cleaner->take_outcome();
    EXPECT_FALSE(outcome->outcome);
    EXPECT_FALSE(host->cleaner->failure()) << "that is no failure of this log";
    EXPECT_TRUE(host->records());
}

} // namespace
} // namespace barnabas::replica::rules_test
