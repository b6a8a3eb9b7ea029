#include "tests/unit/actors/replica/log_host.hpp"

#include "actors/replica/log/small_file.hpp"
#include "protocol/batch/big_endian.hpp"
#include "protocol/batch/crc32c.hpp"
#include "protocol/model/mark.hpp"

#include <gtest/gtest.h>

namespace barnabas::replica::recovery_test {
namespace {

std::string path_of(std::int64_t base, std::string_view suffix = log_suffix) {
    return segment_path(test_directory, log_offset(base), suffix);
}

void damage(memory_files& files, const std::string& path,
            const std::function<void(std::vector<std::byte>&)>& how) {
    auto bytes = files.content(path);
    how(bytes);
    files.put(path, bytes);
}

class recovery_test : public ::testing::Test {
protected:
    recovery_test() : host(files) {
        EXPECT_TRUE(host.open());
        for (int i = 0; i < 8; ++i)
            EXPECT_TRUE(host.append({.records = 2, .value_size = 40}, static_cast<std::uint64_t>(i)));
        files.kill();
    }
    memory_files files;
    log_host host;
};

TEST_F(recovery_test, torn_tail_is_cut_and_reported) {
    damage(files, path_of(0), [](auto& bytes) { bytes.erase(bytes.end() - 7, bytes.end()); });
    ASSERT_TRUE(host.open(false));
    EXPECT_EQ(host.log->log_end_offset(), log_offset(14));
    EXPECT_EQ(host.report.cut_at, log_offset(14));
    EXPECT_GT(host.report.bytes_cut, 0u);
    EXPECT_NE(to_string(host.report).find("inside of a batch"), std::string::npos) << to_string(host.report);
    EXPECT_EQ(files.content(path_of(0)).size(), host.log->active_segment().size);
}

TEST_F(recovery_test, zeros_and_garbage_behind_the_end_are_cut) {
    const auto size = files.content(path_of(0)).size();
    for (const auto filler : {std::byte{0}, std::byte{0xa5}, std::byte{1}, std::byte{2}}) {
        damage(files, path_of(0), [&](auto& bytes) { bytes.resize(size + 500, filler); });
        ASSERT_TRUE(host.open(false));
        EXPECT_EQ(host.log->log_end_offset(), log_offset(16));
        EXPECT_EQ(host.report.bytes_cut, 500u);
        files.kill();
    }
}

TEST_F(recovery_test, flipped_byte_cuts_from_its_batch_on) {
    const auto size = files.content(path_of(0)).size();
    damage(files, path_of(0), [&](auto& bytes) { bytes[size / 8 * 6 + 70] ^= std::byte{1}; });
    ASSERT_TRUE(host.open(false));
    EXPECT_EQ(host.log->log_end_offset(), log_offset(12));
    EXPECT_NE(host.report.cut_reason.find("CRC"), std::string::npos);
}

TEST_F(recovery_test, indexes_are_made_anew) {
    const auto offsets = files.content(path_of(0, offset_index_suffix));
    ASSERT_FALSE(offsets.empty());
    for (const auto suffix : {offset_index_suffix, time_index_suffix}) {
        ASSERT_TRUE(files.remove(path_of(0, suffix)));
        ASSERT_TRUE(host.open(false));
        EXPECT_EQ(files.content(path_of(0, offset_index_suffix)), offsets);
        EXPECT_FALSE(files.content(path_of(0, time_index_suffix)).empty());
        files.kill();
    }
    damage(files, path_of(0, offset_index_suffix), [](auto& bytes) { bytes.resize(bytes.size() + 4096); });
    ASSERT_TRUE(host.open(false));
    EXPECT_EQ(files.content(path_of(0, offset_index_suffix)), offsets);
}

TEST_F(recovery_test, left_overs_are_removed_and_a_swap_takes_its_place) {
    const std::string directory = test_directory;
    files.put(directory + "/00000000000000000900.log.deleted", {});
    files.put(directory + "/00000000000000000900.log.cleaned", {});
    files.put(directory + "/leader-epoch-checkpoint.tmp", {});
    files.put(directory + "/00000000000000000900.index", {});
    const auto log = files.content(path_of(0));
    ASSERT_TRUE(host.open(false));
    EXPECT_EQ(host.report.files_removed, 4u);
    EXPECT_EQ(host.log->log_end_offset(), log_offset(16));
    files.kill();
    files.put(path_of(0) + ".swap", log);
    ASSERT_TRUE(files.remove(path_of(0)));
    ASSERT_TRUE(host.open(false));
    EXPECT_EQ(host.log->log_end_offset(), log_offset(16));
    EXPECT_FALSE(files.has(path_of(0) + ".swap"));
}

/// Whether a log whose only snapshot rotted for good is scanned from its start.
bool scans_behind_a_rotten_snapshot(memory_files& files, const planted_bugs& planted) {
    auto options = log_host::small_options();
    options.planted = planted;
    log_host host(files, options);
    EXPECT_TRUE(host.open(false));
    EXPECT_TRUE(host.close());
    EXPECT_TRUE(host.open(false));
    EXPECT_TRUE(host.report.clean);
    EXPECT_LT(host.report.bytes_scanned, 500u) << "the index leads to the end";
    EXPECT_TRUE(host.close());
    damage(files, path_of(16, snapshot_suffix), [](auto& bytes) { bytes[4] ^= std::byte{1}; });
    EXPECT_TRUE(host.open(false));
    EXPECT_EQ(host.log->log_end_offset(), log_offset(16));
    return !host.report.clean && host.report.bytes_scanned == files.content(path_of(0)).size();
}

TEST_F(recovery_test, missing_snapshot_means_a_scan_from_the_start) {
    EXPECT_TRUE(scans_behind_a_rotten_snapshot(files, {}));
}

TEST_F(recovery_test, is_found_snapshot_crc_ignored) {
    planted_bugs planted;
    planted.snapshot_crc_ignored = true;
    EXPECT_FALSE(scans_behind_a_rotten_snapshot(files, planted));
}

TEST_F(recovery_test, damage_in_what_was_stable_is_no_torn_tail) {
    ASSERT_TRUE(host.open(false));
    ASSERT_TRUE(host.close());
    const auto whole = files.content(path_of(0));
    using change = std::function<void(std::vector<std::byte>&)>;
    const change changes[] = {
        [](auto& bytes) { bytes.erase(bytes.end() - 7, bytes.end()); },
        [](auto& bytes) { bytes.clear(); },
        [](auto& bytes) { bytes[bytes.size() - 20] ^= std::byte{1}; },
        [](auto& bytes) { std::fill(bytes.end() - 150, bytes.end(), std::byte{0}); },
    };
    for (const auto& how : changes) {
        files.put(path_of(0), whole);
        damage(files, path_of(0), how);
        const auto damaged = files.content(path_of(0));
        const auto opened = host.open(false);
        EXPECT_EQ(opened.code(), errc::corrupt_message);
        EXPECT_NE(opened.failure().detail.find("below offset 16"), std::string::npos)
            << opened.failure().detail;
        EXPECT_EQ(files.content(path_of(0)), damaged) << "nothing is cut";
        EXPECT_EQ(files.open_count(), 0u);
    }
    ASSERT_TRUE(files.remove(path_of(0)));
    EXPECT_EQ(host.open(false).code(), errc::corrupt_message) << "the segment is gone";
    files.put(path_of(0), whole);
    ASSERT_TRUE(host.open(false)) << "it was brought back";
    EXPECT_EQ(host.log->log_end_offset(), log_offset(16));
}

/// Closes it with several segments, which are below the recovery point but for the last.
void fill_segments(log_host& host) {
    ASSERT_TRUE(host.open(false));
    for (std::uint64_t i = 8; i < 40; ++i)
        ASSERT_TRUE(host.append({.records = 2, .value_size = 40}, i));
    ASSERT_GT(host.log->segments().size(), 2u);
    ASSERT_TRUE(host.close());
}

TEST_F(recovery_test, damage_in_a_closed_segment_is_found_at_each_start) {
    fill_segments(host);
    damage(files, path_of(0), [](auto& bytes) { bytes[bytes.size() / 2] ^= std::byte{1}; });
    ASSERT_TRUE(files.remove(path_of(0, time_index_suffix)));
    for (int start = 0; start < 3; ++start)
        EXPECT_EQ(host.open(false).code(), errc::corrupt_message) << "start " << start;
}

/// Of its records, which the CRC covers.
void damage_first_batch(memory_files& files, const std::string& path) {
    damage(files, path, [](auto& bytes) { bytes[batch::batch_header_size + 8] ^= std::byte{1}; });
}

/// As an operator does.
void allow_cut(memory_files& files) {
    files.put(std::string(test_directory) + "/" + std::string(cut_allowed_name), {});
}

/// With permission the log opens, and so it does later without; what lies behind the damage is read.
void expect_damage_let_pass(memory_files& files, log_host& host, const std::string& damage_told) {
    EXPECT_EQ(host.open(false).code(), errc::corrupt_message);
    allow_cut(files);
    for (int start = 0; start < 3; ++start) {
        const auto opened = host.open(false);
        ASSERT_TRUE(opened) << "start " << start << ": " << to_string(opened.failure());
        EXPECT_FALSE(files.has(std::string(test_directory) + "/" + std::string(cut_allowed_name)));
        ASSERT_EQ(host.report.damage.size(), 1u) << "start " << start;
        EXPECT_NE(host.report.damage.front().find(damage_told), std::string::npos)
            << host.report.damage.front();
        EXPECT_EQ(host.log->segments().front().base_offset, log_offset(0)) << "nothing goes";
        EXPECT_TRUE(host.read(host.log->segments()[1].base_offset.get()));
        files.kill();
    }
}

TEST_F(recovery_test, damage_in_a_closed_segment_that_was_let_pass_once_is_only_told) {
    fill_segments(host);
    damage_first_batch(files, path_of(0));
    ASSERT_TRUE(files.remove(path_of(0, time_index_suffix)));
    const auto refused = host.open(false);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.failure().detail.find("give up all records"), std::string::npos)
        << refused.failure().detail;
    expect_damage_let_pass(files, host, "CRC");
    ASSERT_TRUE(host.open(false));
    EXPECT_EQ(host.read(0).code(), errc::corrupt_message) << "reads tell of it";
}

TEST_F(recovery_test, damage_behind_what_was_let_pass_is_another_one) {
    fill_segments(host);
    damage_first_batch(files, path_of(0));
    ASSERT_TRUE(files.remove(path_of(0, time_index_suffix)));
    expect_damage_let_pass(files, host, "CRC");
    ASSERT_GT(host.log->segments().size(), 3u);
    const auto next = host.log->segments()[1].base_offset.get();
    damage_first_batch(files, path_of(next));
    ASSERT_TRUE(files.remove(path_of(next, time_index_suffix)));
    EXPECT_EQ(host.open(false).code(), errc::corrupt_message);
}

TEST_F(recovery_test, an_emptied_segment_that_was_let_pass_once_is_only_told) {
    fill_segments(host);
    damage(files, path_of(0), [](auto& bytes) { bytes.clear(); });
    expect_damage_let_pass(files, host, "it is empty");
}

/// Below the interval of the indexes a segment has a closing time entry only.
TEST(recovery, a_short_closed_segment_that_was_emptied_is_damage) {
    auto options = log_host::small_options();
    options.index_interval_bytes = 4096;
    memory_files files;
    log_host host(files, options);
    ASSERT_TRUE(host.open());
    for (std::uint64_t i = 0; i < 40; ++i)
        ASSERT_TRUE(host.append({.records = 2, .value_size = 40}, i));
    ASSERT_GT(host.log->segments().size(), 2u);
    ASSERT_TRUE(host.close());
    ASSERT_TRUE(files.content(path_of(0, offset_index_suffix)).empty());
    damage(files, path_of(0), [](auto& bytes) { bytes.clear(); });
    for (int start = 0; start < 2; ++start)
        EXPECT_EQ(host.open(false).code(), errc::corrupt_message) << "start " << start;
}

TEST_F(recovery_test, a_closed_segment_that_was_emptied_is_damage) {
    fill_segments(host);
    ASSERT_GT(files.content(path_of(0, offset_index_suffix)).size(), 0u);
    const auto whole = files.content(path_of(0));
    damage(files, path_of(0), [](auto& bytes) { bytes.clear(); });
    for (int start = 0; start < 2; ++start)
        EXPECT_EQ(host.open(false).code(), errc::corrupt_message) << "start " << start;
    files.put(path_of(0), whole);
    EXPECT_TRUE(host.open(false)) << "it was brought back";
}

TEST_F(recovery_test, an_empty_swap_takes_no_segment_along) {
    fill_segments(host);
    const auto swap = path_of(0) + std::string(swap_suffix);
    files.put(swap, {});
    ASSERT_TRUE(host.open(false));
    const auto read = host.read(0);
    ASSERT_TRUE(read);
    const auto first = batch::parse_header(read->bytes());
    ASSERT_TRUE(first);
    EXPECT_EQ(first->base_offset, log_offset(0));
    EXPECT_FALSE(*files.exists(swap));
}

TEST_F(recovery_test, who_removes_the_snapshots_gives_up_what_is_damaged) {
    ASSERT_TRUE(host.open(false));
    ASSERT_TRUE(host.close());
    damage(files, path_of(0), [](auto& bytes) { bytes.erase(bytes.end() - 7, bytes.end()); });
    EXPECT_FALSE(host.open(false));
    ASSERT_TRUE(files.remove(path_of(16, snapshot_suffix)));
    ASSERT_TRUE(host.open(false));
    EXPECT_EQ(host.log->log_end_offset(), log_offset(14));
}

/// As the checkpoint of the data directory says it, with a copy of ours beside it.
void checkpoint_own(log_host& host, std::int64_t recovery_point) {
    checkpointed_offsets said;
    said.recovery_point = said.own_recovery_point = log_offset(recovery_point);
    host.checkpoint(said);
}

TEST_F(recovery_test, damage_below_our_own_checkpoint_is_not_cut_without_snapshots_either) {
    const auto marks = mark_hits("damage_below_checkpoint");
    ASSERT_TRUE(host.open(false));
    ASSERT_TRUE(host.close());
    ASSERT_TRUE(files.remove(path_of(16, snapshot_suffix)));
    const auto whole = files.content(path_of(0));
    using change = std::function<void(std::vector<std::byte>&)>;
    const change changes[] = {
        [](auto& bytes) { bytes.erase(bytes.end() - 7, bytes.end()); },
        [](auto& bytes) { bytes.resize(bytes.size() / 8 * 7); },
        [](auto& bytes) { bytes.clear(); },
        [](auto& bytes) { bytes[bytes.size() - 20] ^= std::byte{1}; },
    };
    checkpoint_own(host, 16);
    for (const auto& how : changes) {
        files.put(path_of(0), whole);
        damage(files, path_of(0), how);
        const auto damaged = files.content(path_of(0));
        const auto opened = host.open(false);
        ASSERT_EQ(opened.code(), errc::corrupt_message);
        EXPECT_NE(opened.failure().detail.find("below offset 16"), std::string::npos)
            << opened.failure().detail;
        EXPECT_EQ(files.content(path_of(0)), damaged) << "nothing is cut";
    }
    allow_cut(files);
    ASSERT_TRUE(host.open(false));
    EXPECT_EQ(host.report.lost_upto, log_offset(16));
    EXPECT_EQ(host.log->log_end_offset(), log_offset(16)) << "no offset is given out twice";
    ASSERT_TRUE(host.append({}));
    files.kill();
    ASSERT_TRUE(host.open(false)) << "it was allowed once and for good";
    EXPECT_EQ(host.log->log_end_offset(), log_offset(17));
    EXPECT_GT(mark_hits("damage_below_checkpoint"), marks);
}

TEST_F(recovery_test, a_torn_tail_behind_our_own_checkpoint_is_cut) {
    checkpoint_own(host, 14);
    damage(files, path_of(0), [](auto& bytes) { bytes.erase(bytes.end() - 7, bytes.end()); });
    ASSERT_TRUE(host.open(false));
    EXPECT_EQ(host.log->log_end_offset(), log_offset(14));
    EXPECT_EQ(host.report.lost_from, host.report.lost_upto);
}

TEST_F(recovery_test, a_log_whose_segments_are_all_gone_does_not_begin_anew_below_our_own_checkpoint) {
    ASSERT_TRUE(host.open(false));
    ASSERT_TRUE(host.close());
    for (const auto suffix : {log_suffix, offset_index_suffix, time_index_suffix})
        ASSERT_TRUE(files.remove(path_of(0, suffix)));
    ASSERT_TRUE(files.remove(path_of(16, snapshot_suffix)));
    checkpoint_own(host, 16);
    EXPECT_EQ(host.open(false).code(), errc::corrupt_message);
    EXPECT_FALSE(files.has(path_of(0)));
    allow_cut(files);
    ASSERT_TRUE(host.open(false));
    EXPECT_EQ(host.log->log_end_offset(), log_offset(16));
}

/// As Kafka writes them.
void remove_sync_mark(std::vector<std::byte>& snapshot) {
    snapshot.resize(10 + 46 * batch::load_big_endian<std::uint32_t>(snapshot.data() + 6));
    batch::store_big_endian(snapshot.data() + 2, batch::crc32c(std::span(snapshot).subspan(6)));
}

TEST_F(recovery_test, loss_below_a_snapshot_of_kafkas_never_reuses_an_offset) {
    ASSERT_TRUE(host.open(false));
    ASSERT_TRUE(host.close());
    damage(files, path_of(16, snapshot_suffix), remove_sync_mark);
    damage(files, path_of(0), [](auto& bytes) { bytes.erase(bytes.end() - 7, bytes.end()); });
    ASSERT_TRUE(host.open(false));
    EXPECT_EQ(host.log->log_end_offset(), log_offset(16));
    EXPECT_EQ(host.report.lost_from, log_offset(14));
    EXPECT_EQ(host.report.lost_upto, log_offset(16));
    EXPECT_NE(to_string(host.report).find("LOST"), std::string::npos);
    ASSERT_TRUE(host.append({}));
    auto split = batch::split_batches(*host.read(14));
    ASSERT_TRUE(split && !split->empty()) << "a read goes on behind the hole";
    EXPECT_EQ(split->front().header.base_offset, log_offset(16));
    files.kill();
    ASSERT_TRUE(host.open(false));
    EXPECT_EQ(host.log->log_end_offset(), log_offset(17));
}

TEST_F(recovery_test, where_kafka_wrote_the_newest_snapshot_our_checkpoint_refuses_nothing) {
    ASSERT_TRUE(host.open(false));
    ASSERT_TRUE(host.close());
    damage(files, path_of(16, snapshot_suffix), remove_sync_mark);
    damage(files, path_of(0), [](auto& bytes) { bytes.erase(bytes.end() - 7, bytes.end()); });
    checkpoint_own(host, 16);
    ASSERT_TRUE(host.open(false));
    EXPECT_EQ(host.report.lost_from, log_offset(14));
}

TEST_F(recovery_test, other_topics_directory_is_refused) {
    auto options = log_host::small_options();
    options.topic_id.bytes[0] = 8;
    log_host other(files, options);
    const auto opened = other.open(false);
    ASSERT_EQ(opened.code(), errc::inconsistent_topic_id);
    EXPECT_NE(opened.failure().detail.find("move it away"), std::string::npos) << "what to do";
    EXPECT_EQ(files.open_count(), 0u);
}

TEST(recovery, what_a_removal_left_behind_is_not_adopted_by_a_new_topic) {
    for (const std::string name : {"00000000000000000000.log", "00000000000000000007.snapshot"}) {
        memory_files files;
        log_host host(files);
        files.add_directory(test_directory);
        const auto bytes = slice::copy_of(std::string_view("of somebody"));
        files.put(std::string(test_directory) + "/" + name, bytes.bytes());
        const auto opened = host.open(true);
        EXPECT_EQ(opened.code(), errc::inconsistent_topic_id);
        EXPECT_TRUE(files.has(std::string(test_directory) + "/" + name));
        EXPECT_FALSE(files.has(std::string(test_directory) + "/partition.metadata"));
    }
    // The making of this very partition may have been cut short.
    memory_files files;
    log_host host(files);
    files.add_directory(test_directory);
    files.put(std::string(test_directory) + "/partition.metadata.tmp", {});
    EXPECT_TRUE(host.open(true).has_value());
}

TEST(recovery, absent_directory_is_made_only_when_asked) {
    memory_files files;
    log_host host(files);
    EXPECT_EQ(host.open(false).code(), errc::not_found);
    ASSERT_TRUE(host.open(true));
    EXPECT_TRUE(host.report.created);
    const std::string directory = test_directory;
    const auto text = files.content(directory + "/partition.metadata");
    EXPECT_EQ(text.size(), std::string("version: 0\ntopic_id: \n").size() + 22);
    ASSERT_TRUE(host.close());
    ASSERT_TRUE(host.open(false));
    EXPECT_EQ(host.log->log_end_offset(), log_offset(0));
}

/// A short segment may have an index without entries, but never none: retention that a power cut took back in
/// part leaves a segment so.
TEST(recovery, absent_offset_index_of_an_old_segment_is_built_anew_whatever_interrupts_it) {
    const auto options = log_host::small_options();
    for (std::uint64_t seed = 0; seed < 40; ++seed) {
        memory_files files;
        log_host host(files, options);
        ASSERT_TRUE(host.open());
        for (int i = 0; i < 40; ++i)
            ASSERT_TRUE(host.append({.value_size = 100}, static_cast<std::uint64_t>(i)));
        ASSERT_GT(host.log->segments().size(), 2u);
        files.kill();
        const auto index = files.content(path_of(0, offset_index_suffix));
        ASSERT_FALSE(index.empty());
        ASSERT_TRUE(files.remove(path_of(0, offset_index_suffix)));
        ASSERT_TRUE(files.sync_directory(test_directory));
        if (seed > 0) {
            files.cut_power_after(seed);
            (void)host.open(false);
            std::mt19937_64 random(seed);
            files.crash(random);
            files.never_fail();
        }
        ASSERT_TRUE(host.open(false));
        EXPECT_EQ(files.content(path_of(0, offset_index_suffix)), index) << seed;
    }
}

TEST(recovery, hole_between_segments_ends_the_log) {
    auto options = log_host::small_options();
    options.snapshot_interval_bytes = 1 << 20;
    memory_files files;
    log_host host(files, options);
    ASSERT_TRUE(host.open());
    for (int i = 0; i < 7; ++i)
        ASSERT_TRUE(host.queue({.value_size = 600}));
    host.write_all(); // Nothing is synced, so no snapshot is there.
    ASSERT_GT(host.log->segments().size(), 2u);
    files.kill();
    auto bytes = files.content(path_of(0));
    bytes.erase(bytes.begin() + static_cast<std::ptrdiff_t>(bytes.size() / 2), bytes.end());
    files.put(path_of(0), bytes);
    ASSERT_TRUE(host.open());
    EXPECT_EQ(host.log->log_end_offset(), log_offset(1));
    EXPECT_EQ(host.log->segments().size(), 1u);
    EXPECT_GE(host.report.segments_removed, 2u);
    EXPECT_NE(host.report.cut_reason.find("segment"), std::string::npos);
}

} // namespace
} // namespace barnabas::replica::recovery_test
