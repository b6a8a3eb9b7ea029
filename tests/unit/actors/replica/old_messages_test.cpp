#include "actors/replica/log/small_file.hpp"
#include "protocol/batch/big_endian.hpp"
#include "protocol/batch/crc32.hpp"
#include "protocol/batch/crc32c.hpp"
#include "protocol/batch/message_builder.hpp"
#include "protocol/batch/record_reader.hpp"
#include "protocol/model/mark.hpp"
#include "tests/unit/actors/replica/log_host.hpp"

#include <gtest/gtest.h>

/// A log with messages of magic 0 and 1, as Kafka wrote it before 0.11, is made one of batches when it is
/// opened.
namespace barnabas::replica {
namespace {

using batch::codec;

struct plain_record {
    std::int64_t offset = 0;
    std::int64_t timestamp = -1;
    std::optional<std::string> key;
    std::optional<std::string> value;

    bool operator==(const plain_record&) const = default;
};

using records = std::vector<plain_record>;

std::optional<std::string> text_of(const batch::optional_bytes& bytes) {
    return bytes ? std::optional(std::string(reinterpret_cast<const char*>(bytes->data()), bytes->size()))
                 : std::nullopt;
}

batch::optional_bytes bytes_of(const std::optional<std::string>& text) {
    return text ? batch::optional_bytes(batch::bytes_of(std::string_view(*text))) : std::nullopt;
}

/// What a directory has, and what a reader of it must see.
struct old_log {
    std::map<std::string, std::vector<std::byte>> files;
    records expected;
    std::int64_t base = 0;

    std::vector<std::byte>& file(std::string_view suffix) {
        return files[segment_file_name(log_offset(base), suffix)];
    }
    void put(const slice& bytes) {
        auto& log = file(log_suffix);
        log.insert(log.end(), bytes.bytes().begin(), bytes.bytes().end());
    }
    void add(const batch::message_builder_options& options, const records& some) {
        batch::message_builder builder(options);
        for (const auto& one : some)
            builder.append(log_offset(one.offset), timestamp_ms(one.timestamp), bytes_of(one.key),
                           bytes_of(one.value));
        put(builder.build());
        expected.insert(expected.end(), some.begin(), some.end());
    }
    void add_batch(const records& some, int epoch) {
        batch::builder_options options;
        options.base_offset = log_offset(some.front().offset);
        options.leader_epoch = leader_epoch(epoch);
        batch::batch_builder builder(options);
        for (const auto& one : some)
            builder.append(timestamp_ms(one.timestamp), bytes_of(one.key), bytes_of(one.value));
        put(builder.build());
        expected.insert(expected.end(), some.begin(), some.end());
    }
    /// Indexes that lead nowhere in another file.
    void add_indexes() {
        file(offset_index_suffix).assign(16, std::byte{3});
        file(time_index_suffix).assign(24, std::byte{0});
    }
    /// As Kafka writes it where there is no producer.
    void add_snapshot(std::int64_t offset) {
        std::vector<std::byte> bytes(10);
        bytes[1] = std::byte{1};
        batch::store_big_endian(bytes.data() + 2, batch::crc32c(std::span(bytes).subspan(6)));
        files[segment_file_name(log_offset(offset), snapshot_suffix)] = bytes;
    }
    void store(memory_files& disk) const {
        disk.add_directory("/data");
        for (const auto& [name, bytes] : files)
            disk.put(std::string(test_directory) + "/" + name, bytes);
    }
};

batch::message_builder_options kind(int magic, codec compression = codec::none, bool appended = false) {
    batch::message_builder_options options;
    options.magic = static_cast<std::int8_t>(magic);
    options.compression = compression;
    if (appended)
        options.time_type = batch::timestamp_type::log_append_time;
    return options;
}

plain_record record(std::int64_t offset, std::int64_t timestamp = -1) {
    return {offset, timestamp, "key " + std::to_string(offset % 5),
            "value " + std::to_string(offset) + std::string(60, '.')};
}

/// Three segments; the offsets have gaps, as compaction leaves them.
old_log three_segments() {
    old_log log;
    for (std::int64_t offset = 0; offset < 9; ++offset)
        log.add(kind(0), {record(offset)});
    log.add(kind(0, codec::gzip), {record(9), record(10), record(12)});
    log.add(kind(0), {{13, -1, std::nullopt, "without a key"}, {14, -1, "key", std::nullopt}});
    log.add_indexes();
    log.base = 15;
    log.add(kind(0), {record(17)});
    log.add(kind(1, codec::lz4), {record(20, 500), record(23, 400), record(24, 700)});
    log.add(kind(1, codec::none, true), {record(25, 800)});
    log.add(kind(1, codec::none, true), {record(26, 800)});
    log.add(kind(1, codec::none, true), {record(27, 801)});
    log.add(kind(1, codec::snappy, true), {record(28, 900), record(29, 900)});
    log.add_indexes();
    log.base = 30;
    for (std::int64_t offset = 30; offset < 50; ++offset)
        log.add(kind(1), {record(offset, 1000 + offset)});
    log.add_indexes();
    log.add_snapshot(30);
    return log;
}

class old_messages : public ::testing::Test {
protected:
    result<void> open() {
        host = std::make_unique<log_host>(files);
        return host->open(false);
    }
    result<records> read_from(std::int64_t offset) {
        records seen;
        const auto end = host->log->log_end_offset();
        for (auto next = log_offset(offset); next < end;) {
            const auto read = host->read(next.get(), 300);
            if (!read)
                return read.failure();
            const auto batches = batch::split_batches(*read);
            if (!batches || batches->empty())
                break;
            for (const auto& batch : *batches)
                if (auto visited =
                        batch::for_each_record(batch,
                                               [&](const batch::record_view& one) {
                                                   if (one.offset.get() >= offset)
                                                       seen.push_back({one.offset.get(), one.timestamp.get(),
                                                                       text_of(one.key), text_of(one.value)});
                                                   return result<void>{};
                                               });
                    !visited)
                    return visited.failure();
            next = batches->back().header.next_offset();
        }
        return seen;
    }
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
    const std::string epochs = "0\n2\n4 50\n5 52\n";
    const auto bytes = std::as_bytes(std::span(epochs));
    log.files[std::string(epoch_checkpoint_name)] = {bytes.begin(), bytes.end()};
    log.store(files);
    const auto hits = mark_hits("converted_beside_epoch_checkpoint");
    ASSERT_TRUE(open());
    EXPECT_EQ(mark_hits("converted_beside_epoch_checkpoint") - hits, 0u) << "there are epochs";
    EXPECT_EQ(host->report.segments_converted, 3u);
    EXPECT_EQ(host->log->log_end_offset(), log_offset(53));
    expect_all(log.expected);
}

TEST_F(old_messages, a_crash_behind_any_operation_leaves_every_record) {
    const auto log = three_segments();
    log.store(files);
    const auto before = files.operations();
    ASSERT_TRUE(open());
    const auto operations = files.operations() - before;
    for (std::uint64_t n = 0; n <= operations; ++n)
        for (std::uint64_t seed = 0; seed < 8 && !HasFailure(); ++seed) {
            host.reset();
            files = {};
            log.store(files);
            files.cut_power_after(n);
            static_cast<void>(open());
            host.reset();
            std::mt19937_64 random(seed * 1009 + n);
            files.never_fail();
            if (seed == 0)
                files.kill();
            else
                files.crash(random);
            const auto where = "operation " + std::to_string(n) + ", seed " + std::to_string(seed) + ": ";
            const auto again = open();
            ASSERT_TRUE(again) << where << to_string(again.failure());
            ASSERT_EQ(host->log->log_end_offset(), log_offset(50)) << where << to_string(host->report);
            expect_all(log.expected, where);
        }
}

TEST_F(old_messages, a_failure_of_any_operation_leaves_every_record) {
    const auto log = three_segments();
    log.store(files);
    const auto before = files.operations();
    ASSERT_TRUE(open());
    const auto operations = files.operations() - before;
    for (const auto code : {errc::storage_error, errc::disk_full, errc::too_many_open_files})
        for (std::uint64_t n = 0; n <= operations && !HasFailure(); ++n) {
            host.reset();
            files = {};
            log.store(files);
            files.fail_after(n, code);
            static_cast<void>(open());
            host.reset();
            files.never_fail();
            files.kill();
            const auto where = "operation " + std::to_string(n) + ": ";
            const auto again = open();
            ASSERT_TRUE(again) << where << to_string(again.failure());
            expect_all(log.expected, where);
        }
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

/// A wrapper whose CRC is right and whose value is no gzip.
void add_nonsense(old_log& log, std::int64_t offset) {
    batch::message_builder builder(kind(1));
    builder.append(log_offset(offset), timestamp_ms(5), std::nullopt, batch::bytes_of("no gzip"));
    auto bytes = builder.build();
    std::vector<std::byte> wrapper(bytes.bytes().begin(), bytes.bytes().end());
    wrapper[batch::message_at::attributes] = std::byte{1};
    batch::store_big_endian(wrapper.data() + batch::message_at::crc,
                            batch::crc32(std::span(wrapper).subspan(batch::message_at::magic)));
    log.put(slice::copy_of(wrapper));
}

TEST_F(old_messages, one_that_cannot_be_unpacked_keeps_the_log_closed_until_it_is_given_up) {
    auto log = three_segments();
    add_nonsense(log, 50);
    log.store(files);
    const auto hits = mark_hits("old_message_not_converted");
    const auto failure = refused();
    EXPECT_GT(mark_hits("old_message_not_converted") - hits, 0u);
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

TEST_F(old_messages, a_journal_that_has_the_log_refuses) {
    three_segments().store(files);
    host = std::make_unique<log_host>(files);
    journal::journal_part part;
    part.log = {"orders-0", log_host::small_options().topic_id};
    part.entries.push_back(
        {log_offset(30), file_position(0), log_offset(30), log_offset(31), {make_batch({}).bytes}});
    host->journaled.push_back(part);
    const auto hits = mark_hits("old_messages_beside_journal");
    EXPECT_EQ(host->open(false).code(), errc::unsupported_for_message_format);
    EXPECT_GT(mark_hits("old_messages_beside_journal") - hits, 0u);
}

} // namespace
} // namespace barnabas::replica
