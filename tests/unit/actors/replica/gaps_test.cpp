#include "actors/replica/log/small_file.hpp"
#include "protocol/batch/big_endian.hpp"
#include "protocol/batch/crc32c.hpp"
#include "tests/unit/actors/replica/log_host.hpp"

#include <gtest/gtest.h>

/// Whole segments that somebody removed, and files that should not be there.
namespace barnabas::replica::gaps_test {
namespace {

std::string path_of(log_offset base, std::string_view suffix = log_suffix) {
    return segment_path(test_directory, base, suffix);
}

class gaps : public ::testing::Test {
protected:
    void fill() {
        ASSERT_TRUE(host.open());
        for (std::uint64_t i = 0; i < 60; ++i)
            ASSERT_TRUE(host.append({.records = 2, .value_size = 40}, i));
        for (const auto& segment : host.log->segments())
            bases.push_back(segment.base_offset);
        ASSERT_GT(bases.size(), 4u);
        end = host.log->log_end_offset();
        ASSERT_TRUE(host.close());
    }
    void remove_segment(log_offset base) {
        for (const auto suffix : {log_suffix, offset_index_suffix, time_index_suffix})
            ASSERT_TRUE(files.remove(path_of(base, suffix)));
    }
    void allow() { files.put(std::string(test_directory) + "/" + std::string(cut_allowed_name), {}); }
    /// As Kafka writes snapshots.
    void remove_sync_marks() {
        for (const auto& name : files.names()) {
            if (!name.ends_with(snapshot_suffix))
                continue;
            auto bytes = files.content(name);
            bytes.resize(10 + 46 * batch::load_big_endian<std::uint32_t>(bytes.data() + 6));
            batch::store_big_endian(bytes.data() + 2, batch::crc32c(std::span(bytes).subspan(6)));
            files.put(name, bytes);
        }
    }
    std::string missing() const {
        return "offsets " + std::to_string(bases[2].get()) + " to " + std::to_string(bases[3].get() - 1);
    }

    memory_files files;
    log_host host{files};
    std::vector<log_offset> bases;
    log_offset end;
};

TEST_F(gaps, missing_segment_is_told_with_its_offsets_and_what_to_do) {
    fill();
    remove_segment(bases[2]);
    const auto names = files.names();
    for (int start = 0; start < 2; ++start) {
        const auto opened = host.open(false);
        ASSERT_EQ(opened.code(), errc::corrupt_message) << "start " << start;
        const auto& detail = opened.failure().detail;
        for (const auto& told : {missing(), std::string(test_directory), std::string(cut_allowed_name)})
            EXPECT_NE(detail.find(told), std::string::npos) << detail;
    }
    EXPECT_EQ(files.names(), names) << "nothing is changed";
}

TEST_F(gaps, missing_segment_is_noticed_after_a_clean_stop) {
    fill();
    host.believes_close = true;
    const auto closed = host.closed;
    ASSERT_TRUE(host.open(false)) << "all is there";
    ASSERT_TRUE(host.close());
    remove_segment(bases[2]);
    host.closed = closed;
    host.believes_close = true;
    EXPECT_EQ(host.open(false).code(), errc::corrupt_message);
}

TEST_F(gaps, missing_records_that_are_given_up_are_told_once_and_remembered) {
    fill();
    remove_segment(bases[2]);
    allow();
    ASSERT_TRUE(host.open(false));
    ASSERT_EQ(host.report.damage.size(), 1u);
    EXPECT_NE(host.report.damage.front().find(missing()), std::string::npos) << host.report.damage.front();
    EXPECT_EQ(host.log->log_end_offset(), end) << "what lies behind them stays";
    files.kill();
    ASSERT_TRUE(host.open(false)) << "the next start needs no permission";
    EXPECT_TRUE(host.report.damage.empty());
    ASSERT_EQ(host.report.remarks.size(), 1u);
    EXPECT_NE(host.report.remarks.front().find(missing()), std::string::npos);
    ASSERT_TRUE(files.remove(std::string(test_directory) + "/" + std::string(epoch_checkpoint_name)));
    files.kill();
    ASSERT_TRUE(host.open(false)) << "nor one that reads everything";
    EXPECT_EQ(host.log->log_end_offset(), end);
    for (std::uint64_t i = 0; i < 20; ++i)
        ASSERT_TRUE(host.append({.records = 2, .value_size = 40}, i));
    const auto newer = host.log->segments();
    ASSERT_TRUE(host.close());
    remove_segment(newer[newer.size() - 2].base_offset);
    EXPECT_EQ(host.open(false).code(), errc::corrupt_message) << "what came later is vouched for";
}

/// Their names alone would let the log go on behind the hole.
TEST_F(gaps, missing_segment_below_our_own_checkpoint_is_noticed_when_no_snapshot_can_be_read) {
    fill();
    remove_segment(bases[2]);
    for (const auto& name : files.names())
        if (name.ends_with(snapshot_suffix))
            files.put(name, {});
    checkpointed_offsets said;
    said.recovery_point = said.own_recovery_point = end;
    host.checkpoint(said);
    const auto names = files.names();
    const auto opened = host.open(false);
    ASSERT_EQ(opened.code(), errc::corrupt_message);
    EXPECT_NE(opened.failure().detail.find(missing()), std::string::npos) << opened.failure().detail;
    EXPECT_EQ(files.names(), names) << "nothing is changed";
    allow();
    ASSERT_TRUE(host.open(false));
    EXPECT_EQ(host.log->log_end_offset(), end) << "what lies behind it stays";
    files.kill();
    EXPECT_TRUE(host.open(false)) << "it was allowed once and for good";
}

TEST_F(gaps, damage_that_is_given_up_stays_given_up) {
    fill();
    auto bytes = files.content(path_of(bases[1]));
    bytes[bytes.size() / 2] ^= std::byte{1};
    files.put(path_of(bases[1]), bytes);
    ASSERT_TRUE(files.remove(path_of(bases[1], time_index_suffix)));
    EXPECT_FALSE(host.open(false));
    allow();
    EXPECT_TRUE(host.open(false));
    files.kill();
    EXPECT_TRUE(host.open(false));
}

TEST_F(gaps, segment_that_lost_its_last_batch_is_damage) {
    fill();
    auto bytes = files.content(path_of(bases[1]));
    std::size_t last = 0;
    for (std::size_t at = 0; at < bytes.size();) {
        last = at;
        at += batch::parse_header(std::span(bytes).subspan(at))->total_size();
    }
    bytes.resize(last);
    files.put(path_of(bases[1]), bytes);
    EXPECT_EQ(host.open(false).code(), errc::corrupt_message);
}

/// No CRC covers a base offset: reads tell of that batch, and the others are served.
TEST_F(gaps, wrong_offset_of_one_batch_is_no_missing_segment) {
    fill();
    const auto whole = files.content(path_of(bases[1]));
    for (const std::int64_t wrong : {-2, -1, 1, 2}) {
        auto bytes = whole;
        std::size_t last = 0;
        for (std::size_t at = 0; at < bytes.size();) {
            last = at;
            at += batch::parse_header(std::span(bytes).subspan(at))->total_size();
        }
        const auto base = batch::load_big_endian<std::int64_t>(bytes.data() + last);
        batch::store_big_endian(bytes.data() + last, base + wrong);
        files.put(path_of(bases[1]), bytes);
        EXPECT_TRUE(host.open(false)) << wrong;
        files.kill();
    }
}

TEST_F(gaps, offset_that_comes_wrong_once_is_no_missing_segment) {
    fill();
    auto options = log_host::small_options();
    options.compact_policy = true;
    log_host other(files, options);
    files.rot_read_after(1'000'000);
    const auto before = files.reads();
    ASSERT_TRUE(other.open(false));
    const auto reads = files.reads() - before;
    for (std::uint64_t i = 0; i < reads; ++i)
        for (const std::size_t byte : {6, 7, 26}) {
            files.kill();
            files.rot_read_after(i, byte, std::byte{3});
            const auto opened = other.open(false);
            EXPECT_TRUE(opened) << i << ": " << (opened ? "" : opened.failure().detail);
        }
}

/// Kafka's compaction may drop the last batch of a segment, ours keeps it.
TEST_F(gaps, compacted_log_may_lack_what_kafka_dropped_and_nothing_of_ours) {
    fill();
    auto options = log_host::small_options();
    options.compact_policy = true;
    log_host compacted(files, options);
    ASSERT_TRUE(compacted.open(false));
    ASSERT_TRUE(compacted.close());
    remove_segment(bases[2]);
    EXPECT_EQ(compacted.open(false).code(), errc::corrupt_message);
    remove_sync_marks();
    ASSERT_TRUE(compacted.open(false));
    EXPECT_TRUE(compacted.report.remarks.empty());
    EXPECT_EQ(compacted.log->log_end_offset(), end);
}

TEST_F(gaps, missing_segment_of_kafkas_is_remarked_upon) {
    fill();
    remove_segment(bases[2]);
    remove_sync_marks();
    ASSERT_TRUE(host.open(false));
    ASSERT_EQ(host.report.remarks.size(), 1u);
    EXPECT_NE(host.report.remarks.front().find(missing()), std::string::npos);
}

TEST_F(gaps, is_found_missing_segments_passed) {
    fill();
    remove_segment(bases[2]);
    auto options = log_host::small_options();
    options.planted.missing_segments_passed = true;
    log_host planted(files, options);
    EXPECT_TRUE(planted.open(false));
}

TEST_F(gaps, emptied_last_segment_is_remarked_upon) {
    auto options = log_host::small_options();
    options.snapshot_interval_bytes = 1 << 20;
    log_host other(files, options);
    ASSERT_TRUE(other.open());
    for (std::uint64_t i = 0; i < 30; ++i)
        ASSERT_TRUE(other.append({.records = 2, .value_size = 40}, i));
    const auto last = other.log->active_segment().base_offset;
    ASSERT_GT(other.log->segments().size(), 2u);
    files.kill();
    ASSERT_FALSE(files.content(path_of(last, offset_index_suffix)).empty());
    files.put(path_of(last), {});
    ASSERT_TRUE(other.open(false));
    EXPECT_EQ(other.log->log_end_offset(), last);
    ASSERT_EQ(other.report.remarks.size(), 1u);
    EXPECT_NE(other.report.remarks.front().find(segment_file_name(last, log_suffix)), std::string::npos);
    files.kill();
    ASSERT_TRUE(other.open(false));
    EXPECT_TRUE(other.report.remarks.empty()) << "an empty segment is nothing strange";
}

TEST_F(gaps, index_whose_log_somebody_removed_is_remarked_upon) {
    fill();
    const auto& first = bases.front();
    ASSERT_FALSE(files.content(path_of(first, offset_index_suffix)).empty());
    files.kill();
    ASSERT_TRUE(files.remove(path_of(first)));
    ASSERT_TRUE(host.open(false));
    EXPECT_EQ(host.log->log_start_offset(), bases[1]);
    ASSERT_EQ(host.report.remarks.size(), 1u);
    EXPECT_NE(host.report.remarks.front().find(segment_file_name(first, log_suffix)), std::string::npos);
}

TEST_F(gaps, stray_files_behind_the_end_do_not_move_it) {
    fill();
    const log_offset stray = end + 100;
    const auto garbage = slice::copy_of(std::string_view("no snapshot"));
    files.put(path_of(stray), {});
    files.put(path_of(stray, snapshot_suffix), garbage.bytes());
    const auto opened = host.open(false);
    ASSERT_EQ(opened.code(), errc::corrupt_message) << "a name alone may be all that is left of records";
    EXPECT_NE(opened.failure().detail.find(segment_file_name(stray, snapshot_suffix)), std::string::npos);
    ASSERT_TRUE(files.remove(path_of(stray)));
    ASSERT_TRUE(files.remove(path_of(stray, snapshot_suffix)));
    ASSERT_TRUE(host.open(false));
    EXPECT_EQ(host.log->log_end_offset(), end);
    ASSERT_TRUE(host.close());
    remove_sync_marks();
    files.put(path_of(stray), {});
    files.put(path_of(stray, snapshot_suffix), garbage.bytes());
    ASSERT_TRUE(host.open(false)) << "in Kafka's directories what does not follow is cut";
    EXPECT_EQ(host.log->log_end_offset(), end);
    EXPECT_FALSE(files.has(path_of(stray)));
    EXPECT_NE(host.report.cut_reason.find(std::to_string(stray.get())), std::string::npos);
}

TEST_F(gaps, lookup_by_time_does_not_pass_over_a_missing_segment) {
    ASSERT_TRUE(host.open());
    for (std::int64_t i = 0; i < 40; ++i)
        ASSERT_TRUE(host.append({.records = 2, .value_size = 40, .timestamp = 1000 + i}));
    const auto& segments = host.log->segments();
    const auto newest = segments[1].newest.timestamp;
    remove_segment(segments[1].base_offset);
    const auto upto = host.log->written_offset();
    EXPECT_EQ(host.find(host.log->find_by_timestamp(newest, upto)).code(), errc::offset_out_of_range);
    EXPECT_TRUE(host.find(host.log->find_by_timestamp(newest + 1, upto))) << "it is in the next";
}

} // namespace
} // namespace barnabas::replica::gaps_test
