#include "actors/replica/log/offset_index.hpp"
#include "actors/replica/log/small_file.hpp"
#include "actors/replica/log/sound_entry.hpp"
#include "actors/replica/log/time_index.hpp"
#include "protocol/batch/message_builder.hpp"
#include "protocol/model/mark.hpp"
#include "tests/unit/actors/replica/old_log.hpp"

#include <gtest/gtest.h>

/// A log with messages of magic 0 and 1, as Kafka wrote it before 0.11, is made one of batches when it is
/// opened.
namespace barnabas::replica::old_messages_test {
namespace {

using batch::codec;
using records = plain_records;

class old_messages : public ::testing::Test {
protected:
    result<void> open() {
        host = std::make_unique<log_host>(files);
        return host->open(false);
    }
    result<records> read_from(std::int64_t offset) { return records_from(*host, offset); }
    void expect_all(const records& expected, const std::string& where = {}) {
        const auto seen = read_from(0);
        ASSERT_TRUE(seen) << where << to_string(seen.failure());
        ASSERT_EQ(*seen, expected) << where << to_string(host->report);
        for (const auto& name : files.names())
            EXPECT_FALSE(name.ends_with(".converted")) << where << name;
    }
    records read_after_reopening() {
        EXPECT_TRUE(open());
        auto seen = read_from(0);
        EXPECT_TRUE(seen);
        EXPECT_TRUE(host->close());
        return seen ? *seen : records{};
    }
    /// The report of an opening that is refused.
    error refused() {
        const auto opened = open();
        EXPECT_FALSE(opened);
        return opened ? error{} : opened.failure();
    }
    std::string path(std::int64_t base, std::string_view suffix) const {
        return segment_path(test_directory, log_offset(base), suffix);
    }

    memory_files files;
    std::unique_ptr<log_host> host;
};

TEST_F(old_messages, every_record_keeps_offset_time_key_and_value) {
    const auto log = three_segments();
    log.store(files);
    const auto hits = mark_hits("segment_converted");
    const auto opened = open();
    ASSERT_TRUE(opened) << to_string(opened.failure());
    EXPECT_EQ(mark_hits("segment_converted") - hits, 3u);
    EXPECT_EQ(host->report.segments_converted, 3u);
    EXPECT_EQ(host->report.records_converted, log.expected.size());
    EXPECT_EQ(host->log->log_end_offset(), log_offset(50));
    EXPECT_EQ(host->report.bytes_cut, 0u);
    expect_all(log.expected);
    for (std::int64_t from = 0; from < 50; ++from) {
        auto wanted = log.expected;
        std::erase_if(wanted, [&](const plain_record& one) { return one.offset < from; });
        const auto seen = read_from(from);
        ASSERT_TRUE(seen) << from;
        ASSERT_EQ(*seen, wanted) << from;
    }
}

TEST_F(old_messages, plain_messages_share_batches_and_wrappers_keep_their_codec) {
    const auto log = three_segments();
    log.store(files);
    ASSERT_TRUE(open());
    const auto read = host->read(0, 1 << 20);
    const auto batches = batch::split_batches(*read);
    ASSERT_TRUE(batches);
    // Nine messages, three in a wrapper, and two behind it.
    ASSERT_EQ(batches->size(), 3u);
    EXPECT_EQ((*batches)[0].header.record_count, 9);
    EXPECT_EQ((*batches)[1].header.compression(), codec::gzip);
    EXPECT_EQ((*batches)[1].header.last_offset(), log_offset(12));
    EXPECT_EQ((*batches)[2].header.base_offset, log_offset(13));
    const auto second = batch::split_batches(*host->read(15, 1 << 20));
    ASSERT_TRUE(second);
    // A batch has one log-append time.
    ASSERT_EQ(second->size(), 5u);
    EXPECT_EQ((*second)[2].header.record_count, 2);
    EXPECT_EQ((*second)[2].header.time_type(), batch::timestamp_type::log_append_time);
    EXPECT_EQ((*second)[4].header.compression(), codec::snappy);
}

TEST_F(old_messages, times_are_found_by_new_indexes) {
    three_segments().store(files);
    ASSERT_TRUE(open());
    const auto found = host->find(host->log->find_by_timestamp(timestamp_ms(1042), log_offset(50)));
    ASSERT_TRUE(found && *found);
    EXPECT_EQ((**found).offset, log_offset(42));
}

TEST_F(old_messages, a_format_that_changed_within_a_segment_is_no_obstacle) {
    auto log = three_segments();
    log.add_batch({record(50, 2000), record(51, 2001)}, 4);
    log.base = 52;
    log.add_batch({record(52, 2002)}, 5);
    log.add_snapshot(52);
    log.add_epochs("0\n2\n4 50\n5 52\n");
    log.store(files);
    const auto hits = mark_hits("converted_beside_epoch_checkpoint");
    ASSERT_TRUE(open());
    EXPECT_EQ(mark_hits("converted_beside_epoch_checkpoint") - hits, 0u) << "there are epochs";
    EXPECT_EQ(host->report.segments_converted, 3u);
    EXPECT_EQ(host->log->log_end_offset(), log_offset(53));
    expect_all(log.expected);
}

TEST_F(old_messages, a_torn_tail_is_cut) {
    auto log = three_segments();
    auto& newest = log.file(log_suffix);
    newest.resize(newest.size() - 10);
    log.expected.pop_back();
    log.store(files);
    ASSERT_TRUE(open());
    EXPECT_EQ(host->log->log_end_offset(), log_offset(49)) << to_string(host->report);
    EXPECT_GT(host->report.bytes_cut, 0u);
    expect_all(log.expected);
}

TEST_F(old_messages, what_is_damaged_below_the_recovery_point_stays_as_it_is) {
    auto log = three_segments();
    log.base = 0;
    auto& oldest = log.file(log_suffix);
    oldest[oldest.size() / 2] ^= std::byte{1};
    log.store(files);
    const auto hits = mark_hits("old_messages_end_in_damage");
    const auto opened = open();
    ASSERT_TRUE(opened) << to_string(opened.failure());
    EXPECT_EQ(mark_hits("old_messages_end_in_damage") - hits, 1u);
    EXPECT_EQ(host->log->log_end_offset(), log_offset(50));
    EXPECT_EQ(host->report.bytes_cut, 0u) << to_string(host->report);
    EXPECT_FALSE(read_from(0));
    const auto rest = read_from(15);
    ASSERT_TRUE(rest);
    EXPECT_EQ(rest->front().offset, 17);
    EXPECT_EQ(rest->back().offset, 49);
}

TEST_F(old_messages, one_that_cannot_be_unpacked_keeps_the_log_closed_until_it_is_given_up) {
    auto log = three_segments();
    add_nonsense(log, 50);
    log.store(files);
    const auto hits = mark_hits("old_message_not_converted");
    const auto again = mark_hits("old_messages_met_late");
    const auto failure = refused();
    EXPECT_EQ(mark_hits("old_message_not_converted") - hits, 1u);
    EXPECT_EQ(mark_hits("old_messages_met_late") - again, 0u) << "a second conversion would find the same";
    EXPECT_EQ(failure.code, errc::unsupported_for_message_format);
    EXPECT_NE(failure.detail.find("cut-allowed"), std::string::npos) << failure.detail;
    for (const auto& [name, bytes] : log.files)
        EXPECT_EQ(files.content(std::string(test_directory) + "/" + name), bytes) << name;

    const auto given_up = mark_hits("old_message_given_up");
    files.put(std::string(test_directory) + "/" + std::string(cut_allowed_name), {});
    const auto opened = open();
    ASSERT_TRUE(opened) << to_string(opened.failure());
    EXPECT_GT(mark_hits("old_message_given_up") - given_up, 0u);
    EXPECT_EQ(host->log->log_end_offset(), log_offset(50)) << to_string(host->report);
    expect_all(log.expected);
}

/// Its segment has no times, so that its indexes are made anew at each start that is not told of a clean
/// stop.
TEST_F(old_messages, one_that_was_given_up_below_the_recovery_point_stays_given_up) {
    nonsense_below_recovery_point().store(files);
    EXPECT_EQ(refused().code, errc::unsupported_for_message_format);
    files.put(std::string(test_directory) + "/" + std::string(cut_allowed_name), {});
    for (int start = 0; start < 3; ++start) {
        const auto opened = open();
        ASSERT_TRUE(opened) << start << ": " << to_string(opened.failure());
        EXPECT_EQ(host->report.damage.size(), 1u) << start;
        EXPECT_EQ(host->log->log_end_offset(), log_offset(12 + start));
        const auto behind = read_from(10);
        ASSERT_TRUE(behind) << start;
        EXPECT_EQ(behind->size(), 2u + static_cast<std::size_t>(start));
        ASSERT_TRUE(host->append({.timestamp = 2000}));
        host.reset();
        files.kill();
    }
}

/// No CRC covers the length, and what it says asks for memory.
TEST(sound_entry, more_than_a_header_is_asked_for_only_where_that_is_one) {
    constexpr std::size_t size = 3 << 20;
    for (const int magic : {0, 1, 2, 3, 77}) {
        std::vector<std::byte> bytes(size);
        batch::store_big_endian(bytes.data() + batch::message_at::size, static_cast<std::int32_t>(size - 12));
        bytes[batch::message_at::magic] = static_cast<std::byte>(magic);
        std::size_t largest = 0;
        const auto found = look_at_entry(size, [&](std::size_t count) -> result<slice> {
            largest = std::max(largest, count);
            return slice::copy_of(std::span(bytes).first(std::min(count, size)));
        });
        ASSERT_TRUE(found);
        EXPECT_EQ(found->kind, entry_kind::unknown);
        EXPECT_EQ(largest, magic <= 2 ? size : batch::batch_header_size) << magic;
        const auto cut = look_at_entry(size - 1, [&](std::size_t count) -> result<slice> {
            EXPECT_EQ(count, batch::batch_header_size) << "it is longer than what there is";
            return slice::copy_of(std::span(bytes).first(count));
        });
        ASSERT_TRUE(cut);
        EXPECT_EQ(cut->kind, entry_kind::unknown);
    }
}

TEST_F(old_messages, a_message_that_ends_within_its_header_is_a_torn_tail) {
    auto log = three_segments();
    std::vector<std::byte> tail(batch::message_at::magic + 1);
    batch::store_big_endian(tail.data(), std::int64_t{50});
    batch::store_big_endian(tail.data() + batch::message_at::size, std::int32_t{5});
    batch::store_big_endian(tail.data() + batch::message_at::crc,
                            batch::crc32(std::span(tail).subspan(batch::message_at::magic)));
    log.put(slice::copy_of(tail));
    log.store(files);
    const auto opened = open();
    ASSERT_TRUE(opened) << to_string(opened.failure());
    EXPECT_EQ(host->log->log_end_offset(), log_offset(50));
    EXPECT_EQ(host->report.bytes_cut, tail.size());
    expect_all(log.expected);
}

TEST_F(old_messages, a_swap_of_kafkas_is_completed) {
    for (const bool some_left : {false, true}) {
        files = {};
        const auto log = with_swap(some_left);
        log.store(files);
        const auto opened = open();
        ASSERT_TRUE(opened) << to_string(opened.failure());
        EXPECT_EQ(host->log->segments().size(), 2u);
        expect_all(log.expected);
    }
}

TEST_F(old_messages, a_swap_with_one_that_cannot_be_unpacked_refuses_and_says_why) {
    auto log = with_swap(false);
    old_log nonsense;
    add_nonsense(nonsense, 29);
    auto& swap = log.files.at(segment_file_name(log_offset(0), log_suffix) + ".swap");
    const auto& bytes = nonsense.file(log_suffix);
    swap.insert(swap.end(), bytes.begin(), bytes.end());
    log.store(files);
    const auto failure = refused();
    EXPECT_NE(failure.detail.find("cannot be made a batch"), std::string::npos) << failure.detail;
    EXPECT_NE(failure.detail.find("remove it"), std::string::npos) << failure.detail;
    EXPECT_EQ(failure.detail.find(cut_allowed_name), std::string::npos) << "it is not asked for";
    for (const auto& [name, content] : log.files)
        EXPECT_EQ(files.content(std::string(test_directory) + "/" + name), content) << name;
}

TEST_F(old_messages, those_behind_what_barnabas_wrote_are_met_by_the_scan) {
    host = std::make_unique<log_host>(files);
    ASSERT_TRUE(host->open());
    ASSERT_TRUE(host->append({.records = 3, .timestamp = 900}));
    ASSERT_TRUE(host->close());
    const auto before = read_after_reopening();
    old_log behind;
    behind.files[segment_file_name(log_offset(0), log_suffix)] = files.content(path(0, log_suffix));
    behind.add(kind(1), {record(3, 2000), record(4, 2001)});
    files.put(path(0, log_suffix), behind.file(log_suffix));
    const auto hits = mark_hits("old_messages_met_late");
    const auto opened = open();
    ASSERT_TRUE(opened) << to_string(opened.failure());
    EXPECT_EQ(mark_hits("old_messages_met_late") - hits, 1u);
    auto expected = before;
    expected.insert(expected.end(), behind.expected.begin(), behind.expected.end());
    expect_all(expected);
}

/// One entry: a batch of one record at this offset.
journal::journal_part journal_with(std::int64_t segment_base, std::int64_t offset) {
    journal::journal_part part;
    part.log = {"orders-0", log_host::small_options().topic_id};
    part.entries.push_back({log_offset(segment_base),
                            file_position(0),
                            log_offset(offset),
                            log_offset(offset + 1),
                            {make_batch({}).bytes}});
    return part;
}

/// Batches, then messages, then batches again, with indexes whose last entries lead behind the messages, and
/// all of it below the recovery point.
old_log down_and_up_again(std::string_view epochs) {
    old_log log;
    log.add_batch({record(0, 1000), record(1, 1001)}, 2);
    for (std::int64_t offset = 2; offset < 6; ++offset)
        log.add(kind(1), {record(offset, 1000 + offset)});
    const file_position last(log.file(log_suffix).size());
    log.add_batch({record(6, 1006), record(7, 1007)}, 3);
    put_offset_entry(log.file(offset_index_suffix), log_offset(0), {log_offset(7), last});
    put_time_entry(log.file(time_index_suffix), log_offset(0), {timestamp_ms(1007), log_offset(7)});
    log.add_snapshot(8);
    const auto bytes = std::as_bytes(std::span(epochs));
    log.files[std::string(epoch_checkpoint_name)] = {bytes.begin(), bytes.end()};
    return log;
}

/// Kafka forgets the epochs with the format.
TEST_F(old_messages, those_between_batches_are_told_by_the_epochs) {
    for (const std::string_view epochs : {"0\n1\n3 6\n", "0\n0\n"}) {
        files = {};
        const auto log = down_and_up_again(epochs);
        log.store(files);
        const auto hits = mark_hits("old_messages_told_by_epochs");
        const auto opened = open();
        ASSERT_TRUE(opened) << to_string(opened.failure());
        EXPECT_EQ(mark_hits("old_messages_told_by_epochs") - hits, 1u) << epochs;
        EXPECT_EQ(host->report.records_converted, 4u);
        EXPECT_EQ(host->log->log_end_offset(), log_offset(8));
        expect_all(log.expected, std::string(epochs));
        ASSERT_TRUE(host->close());
        ASSERT_TRUE(open());
        EXPECT_EQ(mark_hits("old_messages_told_by_epochs") - hits, 1u) << "once and for good";
        expect_all(log.expected);
    }
}

/// Before Kafka 2.0 the epochs stayed. An operator who takes the snapshots away has all of it looked at.
TEST_F(old_messages, those_that_the_epochs_hide_are_found_without_a_snapshot) {
    const auto log = down_and_up_again("0\n2\n2 0\n3 6\n");
    log.store(files);
    ASSERT_TRUE(open());
    EXPECT_EQ(read_from(0).code(), errc::unsupported_for_message_format);
    ASSERT_TRUE(host->close());
    for (const auto& name : files.names()) {
        if (!name.ends_with(snapshot_suffix))
            continue;
        ASSERT_TRUE(files.remove(name));
    }
    ASSERT_TRUE(open());
    EXPECT_EQ(host->report.records_converted, 4u);
    expect_all(log.expected);
}

TEST_F(old_messages, a_log_of_batches_alone_is_not_read_for_them) {
    old_log log;
    log.base = 5;
    log.add_batch({record(5, 1000), record(6, 1001)}, 2);
    log.add_snapshot(7);
    const std::string epochs = "0\n1\n2 5\n";
    const auto bytes = std::as_bytes(std::span(epochs));
    log.files[std::string(epoch_checkpoint_name)] = {bytes.begin(), bytes.end()};
    log.store(files);
    const auto hits = mark_hits("old_messages_told_by_epochs");
    ASSERT_TRUE(open());
    EXPECT_EQ(mark_hits("old_messages_told_by_epochs"), hits);
}

TEST_F(old_messages, a_journal_that_has_the_log_refuses) {
    three_segments().store(files);
    host = std::make_unique<log_host>(files);
    host->journaled.push_back(journal_with(30, 30));
    const auto hits = mark_hits("old_messages_beside_journal");
    EXPECT_EQ(host->open(false).code(), errc::unsupported_for_message_format);
    EXPECT_EQ(mark_hits("old_messages_beside_journal") - hits, 1u);
}

TEST_F(old_messages, what_the_journal_has_below_the_recovery_point_is_no_obstacle) {
    const auto log = three_segments();
    log.store(files);
    host = std::make_unique<log_host>(files);
    host->journaled.push_back(journal_with(0, 29));
    const auto opened = host->open(false);
    ASSERT_TRUE(opened) << to_string(opened.failure());
    expect_all(log.expected);
}

} // namespace
} // namespace barnabas::replica::old_messages_test
