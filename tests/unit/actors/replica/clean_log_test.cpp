#include "actors/replica/log/clean_log.hpp"

#include "runtime/disk/bounded_files.hpp"
#include "tests/unit/actors/replica/log_host.hpp"

#include <gtest/gtest.h>

namespace barnabas::replica::clean_log_test {
namespace {

/// A log with several segments, two producers and two epochs, closed in good order.
struct clean_log_test : testing::Test {
    memory_files disk;
    log_host host{disk};

    void SetUp() override {
        ASSERT_TRUE(host.open());
        for (int i = 0; i < 60; ++i) {
            const batch_shape shape{.records = 2, .producer = 5 + i % 2, .sequence = i / 2 * 2};
            ASSERT_TRUE(host.append(shape, static_cast<std::uint64_t>(i), 1 + i / 30));
        }
        ASSERT_GT(host.log->segments().size(), 3U);
        ASSERT_TRUE(host.close());
        ASSERT_FALSE(host.closed.empty());
    }
};

TEST_F(clean_log_test, restored_log_is_what_an_ordinary_opening_finds) {
    ASSERT_TRUE(host.open());
    const auto& found = *host.log;
    log_host other(disk);
    const auto closed_again = [&] {
        log_host third(disk);
        return third.open() && third.close() ? third.closed : slice();
    }();
    other.closed = closed_again;
    other.believes_close = true;
    ASSERT_TRUE(other.open());
    const auto& restored = *other.log;
    EXPECT_EQ(restored.log_start_offset(), found.log_start_offset());
    EXPECT_EQ(restored.log_end_offset(), found.log_end_offset());
    EXPECT_EQ(restored.stable_offset(), found.stable_offset());
    EXPECT_EQ(restored.snapshot_offset(), found.snapshot_offset());
    ASSERT_EQ(restored.segments().size(), found.segments().size());
    for (std::size_t i = 0; i < found.segments().size(); ++i) {
        EXPECT_EQ(restored.segments()[i].base_offset, found.segments()[i].base_offset);
        EXPECT_EQ(restored.segments()[i].size, found.segments()[i].size);
        EXPECT_EQ(restored.segments()[i].time_index_size, found.segments()[i].time_index_size);
        EXPECT_EQ(restored.segments()[i].offset_index_size, found.segments()[i].offset_index_size);
        EXPECT_EQ(restored.segments()[i].newest.timestamp, found.segments()[i].newest.timestamp);
    }
    ASSERT_EQ(restored.epochs().entries().size(), found.epochs().entries().size());
    for (std::size_t i = 0; i < found.epochs().entries().size(); ++i)
        EXPECT_EQ(restored.epochs().entries()[i], found.epochs().entries()[i]);
    ASSERT_EQ(restored.producers().entries().size(), found.producers().entries().size());
    for (const auto& [id, entry] : found.producers().entries())
        EXPECT_EQ(*restored.producers().find(id)->last_batch(), *entry.last_batch());
}

TEST_F(clean_log_test, restored_log_needs_no_file_before_it_is_used) {
    runtime::bounded_files files(disk, 2);
    log_host lazy(files, log_host::small_options());
    lazy.closed = host.closed;
    lazy.believes_close = true;
    const auto before = disk.operations();
    ASSERT_TRUE(lazy.open());
    std::uint64_t indexes = 0;
    for (const auto& segment : lazy.log->segments())
        indexes += (segment.offset_index_size > 0 ? 1 : 0) + (segment.time_index_size > 0 ? 1 : 0);
    ASSERT_TRUE(lazy.close());
    EXPECT_EQ(disk.operations(), before + 1 + 2 * indexes)
        << "but for one look at the names, and at the length of each index with entries; nor does its close";
    EXPECT_FALSE(lazy.closed.empty());
    lazy.believes_close = true;
    ASSERT_TRUE(lazy.open());
    const auto end = lazy.log->log_end_offset();
    ASSERT_TRUE(lazy.append({.producer = 5, .sequence = 60}, 0, 2));
    EXPECT_EQ(lazy.log->log_end_offset(), end + 1);
    for (std::int64_t at = 0; at <= end.get(); at += 2)
        EXPECT_TRUE(lazy.read(at).has_value()) << at;
    EXPECT_LE(disk.open_count(), 2U);
    ASSERT_TRUE(lazy.close());
    ASSERT_TRUE(host.open());
    EXPECT_EQ(host.log->log_end_offset(), end + 1);
}

TEST_F(clean_log_test, log_that_somebody_changed_takes_nothing_more) {
    host.believes_close = true;
    ASSERT_TRUE(host.open());
    const auto path = segment_path(test_directory, host.log->active_segment().base_offset, log_suffix);
    auto bytes = disk.content(path);
    bytes.resize(bytes.size() - 1);
    disk.put(path, bytes);
    (void)host.append({}, 0, 2);
    ASSERT_EQ(host.failures.size(), 1U);
    EXPECT_EQ(host.failures.front().error.code, errc::storage_error);
    EXPECT_TRUE(host.log->offline());
    EXPECT_EQ(disk.content(path), bytes);
}

TEST_F(clean_log_test, what_does_not_fit_is_opened_the_ordinary_way) {
    const auto whole = host.closed;
    for (std::size_t size = 0; size < whole.size(); ++size) {
        memory_files none;
        EXPECT_FALSE(restore_clean_log(none, log_host::small_options(), whole.bytes().first(size)));
    }
    auto options = log_host::small_options();
    options.topic_id.bytes[0] = 99;
    EXPECT_EQ(restore_clean_log(disk, options, whole.bytes()).code(), errc::inconsistent_topic_id);
    host.closed = whole.sub(0, whole.size() - 1);
    host.believes_close = true;
    ASSERT_TRUE(host.open());
    EXPECT_EQ(host.log->log_end_offset(), log_offset(120));
}

/// Of the newest segment, and of a log that has only one.
TEST_F(clean_log_test, first_segment_that_somebody_removed_is_remarked_upon) {
    ASSERT_TRUE(host.open());
    const auto first = host.log->segments().front().base_offset;
    const auto next = host.log->segments()[1].base_offset;
    ASSERT_TRUE(host.close());
    for (const auto suffix : {log_suffix, offset_index_suffix, time_index_suffix})
        ASSERT_TRUE(disk.remove(segment_path(std::string(test_directory), first, suffix)));
    host.believes_close = true;
    ASSERT_TRUE(host.open(false));
    EXPECT_EQ(host.log->log_start_offset(), next);
    ASSERT_EQ(host.report.remarks.size(), 1u);
    for (const auto& told : {segment_file_name(first, log_suffix), std::to_string(next.get())})
        EXPECT_NE(host.report.remarks.front().find(told), std::string::npos) << host.report.remarks.front();
}

TEST_F(clean_log_test, an_index_that_is_gone_is_made_anew) {
    memory_files other;
    {
        log_host lone(other);
        ASSERT_TRUE(lone.open());
        ASSERT_TRUE(lone.append({.records = 3}));
        ASSERT_TRUE(lone.close());
    }
    for (auto* of : {&disk, &other})
        for (const auto suffix : {offset_index_suffix, time_index_suffix}) {
            runtime::bounded_files files(*of, 8);
            log_host lazy(files, log_host::small_options());
            ASSERT_TRUE(lazy.open(false));
            const auto newest = lazy.log->active_segment().base_offset;
            ASSERT_TRUE(lazy.close());
            ASSERT_TRUE(of->remove(segment_path(test_directory, newest, suffix)));
            lazy.believes_close = true;
            ASSERT_TRUE(lazy.open(false));
            EXPECT_TRUE(lazy.read(newest.get())) << suffix;
            EXPECT_TRUE(lazy.append({.records = 1}, 1, 2)) << suffix;
            ASSERT_TRUE(lazy.close());
        }
}

TEST_F(clean_log_test, failed_log_tells_nothing) {
    ASSERT_TRUE(host.open());
    ASSERT_TRUE(host.queue({}, 0, 2));
    disk.fail_after(0);
    host.write_all();
    ASSERT_TRUE(host.log->offline());
    (void)host.close();
    EXPECT_TRUE(host.closed.empty());
}

} // namespace
} // namespace barnabas::replica::clean_log_test
