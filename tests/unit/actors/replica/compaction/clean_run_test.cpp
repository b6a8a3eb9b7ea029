#include "protocol/batch/patch.hpp"
#include "sim/disk/memory_disk.hpp"
#include "tests/unit/actors/replica/compaction/clean_host.hpp"
#include "tests/unit/actors/replica/compaction/watched_files.hpp"

#include <gtest/gtest.h>

/// What a pass does to the disk: what it writes, what it leaves, what it asks for.
namespace barnabas::replica::clean_run_test {
namespace {

std::vector<std::string> names_with(runtime::file_system& files, std::string_view part) {
    std::vector<std::string> found;
    const auto listed = files.list("/data/orders-0");
    for (const auto& entry : *listed)
        if (entry.name.find(part) != std::string::npos)
            found.push_back(entry.name);
    return found;
}

/// Segments that end in batches which compaction would drop, had they no segment to end.
void fill(clean_host& host) {
    for (int round = 0; round < 12; ++round) {
        for (int i = 0; i < 4; ++i)
            host.put("key " + std::to_string(10 * round + i), std::string(60, '.'));
        host.put("often", std::to_string(round), {.producer = 5, .sequence = round});
        host.put("often", std::nullopt);
    }
    host.roll();
    host.roll();
}

TEST(clean_run, leaves_segments_alone_that_lose_nothing) {
    sim::memory_disk disk(1);
    watched_files files(disk.files());
    clean_host host(files);
    ASSERT_TRUE(host.open());
    fill(host);
    // Until what became small is merged.
    for (int pass = 0; pass < 4; ++pass) {
        *host.cleaner = compactor(log_offset(-1));
        ASSERT_TRUE(host.clean());
    }
    const auto before = *host.batches();
    bool empty_at_an_end = false;
    for (std::size_t i = 0; i + 1 < before.size(); ++i)
        empty_at_an_end |= before[i].header.record_count == 0;
    ASSERT_TRUE(empty_at_an_end) << "the case that this is about";
    *host.cleaner = compactor(log_offset(-1));
    files.written = files.changes_of_names = 0;
    const auto again = host.clean();
    ASSERT_TRUE(again && again->outcome);
    EXPECT_GT(again->cleaned_upto, log_offset(0));
    EXPECT_EQ(again->counts.bytes_written, 0u);
    EXPECT_EQ(files.written, 0u);
    EXPECT_EQ(files.changes_of_names, 0u);
    EXPECT_EQ(host.batches()->size(), before.size());
}

TEST(clean_run, a_change_at_the_end_of_a_segment_is_not_missed) {
    sim::memory_disk disk(1);
    clean_host host(disk.files());
    ASSERT_TRUE(host.open());
    for (int i = 0; i < 4; ++i)
        host.put("kept " + std::to_string(i), std::string(60, '.'));
    host.put("late", "1");
    host.roll();
    host.roll();
    ASSERT_TRUE(host.clean());
    host.put("late", "2");
    host.roll();
    host.roll();
    ASSERT_TRUE(host.clean());
    EXPECT_EQ(host.values_of("late"), (std::vector<std::optional<std::string>>{"2"}));
    for (int i = 0; i < 4; ++i)
        EXPECT_EQ(host.values_of("kept " + std::to_string(i)).size(), 1u) << i;
}

TEST(clean_run, removes_the_group_that_is_not_put_in_place) {
    auto options = clean_host::small_options();
    options.delete_policy = true;
    options.retention_bytes = 700;
    sim::memory_disk disk(1);
    clean_host host(disk.files(), options);
    ASSERT_TRUE(host.open());
    for (int i = 0; i < 60; ++i)
        host.put("key " + std::to_string(i % 20), std::string(60, '.'));
    auto job = host.begin_cleaning();
    ASSERT_TRUE(job);
    // A group is ready, and then retention is faster.
    auto& step = std::get<clean_job>(*job);
    step.run(disk.files());
    ASSERT_FALSE(names_with(disk.files(), ".cleaned").empty());
    ASSERT_TRUE(host.log->retention(timestamp_ms(5000), monotonic_ns(0), host.log->stable_offset()));
    auto next = host.cleaner->on_cleaned(step, *host.log);
    while (next)
        next = host.run(std::move(*next));
    EXPECT_FALSE(host.cleaner->take_outcome()->outcome);
    EXPECT_EQ(names_with(disk.files(), ".cleaned"), std::vector<std::string>{});
}

TEST(clean_run, removes_a_group_when_it_is_stopped) {
    sim::memory_disk disk(1);
    clean_host host(disk.files());
    ASSERT_TRUE(host.open());
    fill(host);
    auto job = host.begin_cleaning();
    ASSERT_TRUE(job);
    auto& step = std::get<clean_job>(*job);
    step.run(disk.files());
    ASSERT_FALSE(names_with(disk.files(), ".cleaned").empty());
    host.cleaner->stop();
    auto next = host.cleaner->on_cleaned(step, *host.log);
    while (next)
        next = host.run(std::move(*next));
    EXPECT_EQ(names_with(disk.files(), ".cleaned"), std::vector<std::string>{});
}

/// Segments far apart, as compaction leaves them (CLN-09): they must not become one that has an offset which
/// no index entry can name.
TEST(clean_run, segments_far_apart_do_not_become_one) {
    constexpr std::int64_t far = std::int64_t{1} << 31;
    const std::vector<std::int64_t> bases{0, far - 10, far, 2 * far - 1, 2 * far + 5, 2 * far + 8};
    sim::memory_disk disk(1);
    auto& files = disk.files();
    ASSERT_TRUE(files.create_directory("/data") && files.create_directory("/data/orders-0"));
    for (const auto base : bases) {
        auto batch = batch_of({{"key " + std::to_string(base), "1"}, {"again", "1"}});
        batch::set_base_offset(batch, log_offset(base));
        batch::set_leader_epoch(batch, leader_epoch(1));
        auto file = files.open(segment_path("/data/orders-0", log_offset(base), log_suffix),
                               runtime::open_mode::create);
        ASSERT_TRUE(file && files.write(*file, file_position(0), std::span(&batch.bytes, 1)));
        files.close(*file);
    }
    auto options = clean_host::small_options();
    options.checkpointed.cleaned_upto = log_offset(0);
    clean_host host(files, options);
    ASSERT_TRUE(host.open());
    EXPECT_EQ(host.log->log_end_offset().get(), bases.back() + 2);
    for (int life = 0; life < 3; ++life) {
        host.roll();
        host.roll();
        *host.cleaner = compactor(log_offset(-1));
        const auto outcome = host.clean();
        ASSERT_TRUE(outcome && outcome->outcome) << to_string(outcome->outcome.failure());
        const auto& segments = host.log->segments();
        for (std::size_t i = 0; i + 1 < segments.size(); ++i)
            EXPECT_LE(segments[i + 1].base_offset - segments[i].base_offset, far) << i;
        for (const auto base : bases) {
            const auto found = host.records(base);
            ASSERT_TRUE(found) << base << ": " << to_string(found.failure());
            EXPECT_EQ(found->front().offset, base);
            EXPECT_EQ(found->front().key, "key " + std::to_string(base));
        }
        EXPECT_EQ(host.values_of("again").size(), 1u);
        disk.kill();
        ASSERT_TRUE(host.open());
        EXPECT_TRUE(host.report.damage.empty());
    }
    EXPECT_LT(host.log->segments().front().base_offset, log_offset(far - 10));
    bool merged = true;
    for (const auto& segment : host.log->segments())
        merged &= segment.base_offset != log_offset(2 * far + 5);
    EXPECT_TRUE(merged) << "those that lie near each other";
}

/// One file of many small batches, as a stream reads it.
struct streamed_file {
    explicit streamed_file(std::size_t count) {
        static_cast<void>(disk.files().create_directory("/data"));
        file = *disk.files().open("/data/0.log", runtime::open_mode::create);
        for (std::size_t i = 0; i < count; ++i) {
            auto batch = batch_of({{"key", std::string(1000, '.')}});
            batch::set_base_offset(batch, log_offset(static_cast<std::int64_t>(i)));
            EXPECT_TRUE(disk.files().write(file, file_position(size), std::span(&batch.bytes, 1)));
            size += batch.bytes.size();
        }
    }

    sim::memory_disk disk{1};
    watched_files files{disk.files()};
    runtime::file_id file;
    std::uint64_t size = 0;
};

TEST(batch_stream, length_that_came_wrong_takes_no_memory) {
    streamed_file one(4000);
    ASSERT_GT(one.size, std::uint64_t{4} << 20);
    // Of the second batch, the bit that makes it 4 MiB long.
    const auto length_at = one.size / 4000 + batch::at::batch_length;
    ASSERT_TRUE(one.disk.flip_bit("/data/0.log", length_at + 1, 6));
    batch_stream stream({one.file, one.size, "0.log", log_offset(0), 1 << 20}, 64 << 10);
    ASSERT_TRUE(stream.next(one.files));
    const auto second = stream.next(one.files);
    EXPECT_EQ(second.code(), errc::corrupt_message);
    EXPECT_LE(one.files.largest_read, 64u << 10);
}

TEST(batch_stream, batch_that_is_really_longer_than_allowed_is_read) {
    streamed_file one(1);
    auto batch = batch_of({{"key", std::string(3 << 20, '.')}});
    batch::set_base_offset(batch, log_offset(1));
    ASSERT_TRUE(one.disk.files().write(one.file, file_position(one.size), std::span(&batch.bytes, 1)));
    one.size += batch.bytes.size();
    batch_stream stream({one.file, one.size, "0.log", log_offset(0), 1 << 20}, 64 << 10);
    ASSERT_TRUE(stream.next(one.files));
    const auto second = stream.next(one.files);
    ASSERT_TRUE(second && *second);
    EXPECT_TRUE((*second)->bytes == batch.bytes);
}

} // namespace
} // namespace barnabas::replica::clean_run_test
