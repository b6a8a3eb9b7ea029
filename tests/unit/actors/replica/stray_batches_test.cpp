#include "actors/replica/log/small_file.hpp"
#include "protocol/batch/patch.hpp"
#include "tests/unit/actors/replica/log_host.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <span>

/// A disk put a batch of an earlier life of the same log over others. Its CRC is right.
namespace barnabas::replica::stray_batches_test {
namespace {

constexpr std::int64_t all_in_one_segment = 1 << 20;
constexpr int batches = 12;
const batch_shape shape{.records = 2, .value_size = 40};

class stray_batches : public ::testing::Test {
protected:
    /// Batches of two records, all of the same size.
    void fill(std::int64_t index_interval) {
        auto options = log_host::small_options();
        options.segment_bytes = all_in_one_segment;
        options.index_interval_bytes = index_interval;
        files = std::make_unique<memory_files>();
        log = std::make_unique<log_host>(*files, options);
        ASSERT_TRUE(log->open());
        for (int i = 0; i < batches; ++i)
            ASSERT_TRUE(log->append(shape, static_cast<std::uint64_t>(i)));
        sound = files->content(path);
        ASSERT_EQ(sound.size(), batches * batch_bytes);
    }
    /// The machine does not remember then where batches begin.
    void reopen() {
        ASSERT_TRUE(log->close());
        ASSERT_TRUE(log->open(false));
    }
    std::span<const std::byte> sound_from(int batch) const {
        return std::span(sound).subspan(static_cast<std::size_t>(batch) * batch_bytes);
    }
    /// Another batch with the offsets of `which` lies where `over` was.
    void overwrite(int over, int which, std::size_t value_size) {
        auto stray = make_batch({.records = 2, .value_size = value_size}, 99);
        batch::set_base_offset(stray, log_offset(2 * which));
        batch::set_leader_epoch(stray, leader_epoch(1));
        auto bytes = sound;
        const auto at = static_cast<std::size_t>(over) * batch_bytes;
        const auto written = std::min(stray.bytes.size(), bytes.size() - at);
        std::copy_n(stray.bytes.data(), written, bytes.begin() + static_cast<std::ptrdiff_t>(at));
        files->put(path, bytes);
    }
    void expect_nothing_stray(const std::string& what) {
        for (int batch = 0; batch < batches; ++batch)
            for (const std::size_t max_bytes : {std::size_t{1}, 3 * batch_bytes + 7, std::size_t{1} << 20}) {
                const auto read = log->read(2 * batch + batch % 2, max_bytes);
                ASSERT_TRUE(read || read.code() == errc::corrupt_message) << what << ", read of " << batch;
                if (!read)
                    continue;
                EXPECT_FALSE(read->empty()) << what << ", read of " << batch;
                EXPECT_TRUE(std::ranges::equal(read->bytes(), sound_from(batch).first(read->size())))
                    << what << ", read of " << batch << " with " << max_bytes << " bytes";
            }
    }
    /// By each batch that was to come later.
    void expect_damage_where_overwritten(std::size_t value_size) {
        for (int over = 0; over < batches - 1; ++over)
            for (int which = over + 1; which < batches; ++which) {
                overwrite(over, which, value_size);
                expect_nothing_stray(std::to_string(which) + " over " + std::to_string(over));
                EXPECT_EQ(log->read(2 * over).code(), errc::corrupt_message);
            }
    }

    const std::string path = segment_path(test_directory, log_offset(0), log_suffix);
    const std::size_t batch_bytes = make_batch(shape).bytes.size();
    std::unique_ptr<memory_files> files;
    std::unique_ptr<log_host> log;
    std::vector<std::byte> sound;
};

/// Longer ones have garbage behind them, the others a batch that contradicts.
TEST_F(stray_batches, are_damage_where_the_log_should_have_no_gap) {
    for (const std::int64_t interval : {all_in_one_segment, std::int64_t{300}, std::int64_t{1}}) {
        fill(interval);
        reopen();
        expect_damage_where_overwritten(40);
        expect_damage_where_overwritten(60);
    }
}

TEST_F(stray_batches, are_damage_where_the_machine_knows_what_it_wrote) {
    fill(all_in_one_segment);
    for (int over = 0; over < batches; ++over)
        for (int which = 0; which < batches; ++which) {
            if (which == over)
                continue;
            overwrite(over, which, 40);
            expect_nothing_stray(std::to_string(which) + " over " + std::to_string(over));
            EXPECT_EQ(log->read(2 * over).code(), errc::corrupt_message);
        }
}

/// The log ends where the stray one says, and what lies behind it was stable.
TEST_F(stray_batches, do_not_end_the_log_that_they_lie_in) {
    for (int over = 0; over < batches - 1; ++over)
        for (int which = over + 1; which < batches; ++which) {
            fill(all_in_one_segment);
            ASSERT_TRUE(log->close());
            overwrite(over, which, 60);
            const auto bytes = files->content(path);
            const auto opened = log->open(false);
            ASSERT_EQ(opened.code(), errc::corrupt_message) << which << " over " << over;
            EXPECT_NE(opened.failure().detail.find("was on stable storage"), std::string::npos);
            EXPECT_EQ(files->content(path), bytes) << "nothing is cut";
            files->put(std::string(test_directory) + "/" + std::string(cut_allowed_name), {});
            ASSERT_TRUE(log->open(false)) << "unless the operator says so";
            EXPECT_EQ(log->log->log_end_offset(), log_offset(2 * batches));
            ASSERT_TRUE(log->append(shape, 77));
            EXPECT_TRUE(log->read(2 * batches));
        }
}

/// A log that was closed in good order is not looked at.
TEST_F(stray_batches, are_not_shown_at_the_end_of_the_log) {
    fill(all_in_one_segment);
    ASSERT_TRUE(log->close());
    overwrite(0, batches - 1, 60);
    log->believes_close = true;
    ASSERT_TRUE(log->open(false));
    EXPECT_EQ(log->read(2 * (batches - 1)).code(), errc::corrupt_message);
    EXPECT_EQ(log->read(2 * (batches - 1) + 1, 1).code(), errc::corrupt_message);
}

/// What was to be the end of the log was written over its beginning, and what was there is gone.
TEST_F(stray_batches, are_damage_where_they_lead_behind_the_recovery_point) {
    fill(all_in_one_segment);
    ASSERT_TRUE(log->close());
    overwrite(0, batches, 40);
    auto bytes = files->content(path);
    bytes.resize(batch_bytes);
    files->put(path, bytes);
    EXPECT_EQ(log->open(false).code(), errc::corrupt_message);
}

/// Their log was compacted, and nobody knows it any more: what is there is shown.
class gaps_nobody_knows_of : public stray_batches {
protected:
    void remove_batches(int from, int count) {
        ASSERT_TRUE(log->close());
        left = sound;
        const auto begin = left.begin() + from * static_cast<std::ptrdiff_t>(batch_bytes);
        left.erase(begin, begin + count * static_cast<std::ptrdiff_t>(batch_bytes));
        files->put(path, left);
        for (const auto suffix : {offset_index_suffix, time_index_suffix})
            ASSERT_TRUE(files->remove(segment_path(test_directory, log_offset(0), suffix)));
        ASSERT_TRUE(log->open(false));
    }
    std::vector<std::byte> left;
};

TEST_F(gaps_nobody_knows_of, are_read_across) {
    for (int from = 0; from < batches - 1; ++from)
        for (int count = 1; from + count < batches; ++count) {
            fill(300);
            remove_batches(from, count);
            const auto all = log->read(0);
            ASSERT_TRUE(all) << from << " and " << count;
            EXPECT_TRUE(std::ranges::equal(all->bytes(), left)) << from << " and " << count;
            for (int batch = from; batch < from + count; ++batch) {
                const auto behind = log->read(2 * batch, 1);
                ASSERT_TRUE(behind) << from << " and " << count;
                EXPECT_TRUE(std::ranges::equal(behind->bytes(), sound_from(from + count).first(batch_bytes)));
            }
        }
}

/// What is being written comes behind them, and is no batch yet.
TEST_F(gaps_nobody_knows_of, are_read_across_while_somebody_appends) {
    fill(300);
    remove_batches(0, batches - 1);
    ASSERT_TRUE(log->queue(shape, 50));
    for (const std::int64_t from : {0, 2 * batches - 2}) {
        const auto read = log->read(from);
        ASSERT_TRUE(read) << from;
        EXPECT_TRUE(std::ranges::equal(read->bytes(), left)) << from;
    }
    log->write_all();
    EXPECT_EQ(log->read(0)->size(), 2 * batch_bytes);
}

} // namespace
} // namespace barnabas::replica::stray_batches_test
