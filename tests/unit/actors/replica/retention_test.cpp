#include "protocol/model/mark.hpp"
#include "tests/unit/actors/replica/log_host.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <random>

/// The age of segments whose records have no times that make sense, over the lives of a log.
namespace barnabas::replica::retention_test {
namespace {

constexpr std::int64_t day = 24 * 3600 * 1000;
/// In 2026.
constexpr std::int64_t today = 20'500 * day;
constexpr std::int64_t far_future = std::numeric_limits<std::int64_t>::max();

class retention : public ::testing::Test {
protected:
    retention() { options.retention_ms = 7 * day; }

    void open(std::int64_t now) {
        set_clock(now);
        host = std::make_unique<log_host>(files, options);
        files.add_directory("/data");
        ASSERT_TRUE(host->open());
    }
    void set_clock(std::int64_t now) {
        now_ = now;
        files.now = timestamp_ms(now);
    }
    /// About three segments.
    void fill(std::int64_t stamp) {
        for (std::uint64_t i = 0; i < 12; ++i)
            ASSERT_TRUE(host->append({.records = 4, .value_size = 100, .timestamp = stamp - 4}, i, 1, now_));
    }
    std::size_t segments() const { return host->log->segments().size(); }
    /// Bases of the segments that a pass takes.
    std::size_t pass() {
        auto job = host->log->retention(timestamp_ms(now_), host->monotonic, host->log->stable_offset());
        if (!job)
            return 0;
        job->run(files);
        EXPECT_TRUE(job->outcome);
        return job->segments.size();
    }
    void kill() {
        host.reset();
        files.kill();
    }
    std::string path(std::size_t index) const {
        return segment_path(test_directory, host->log->segments()[index].base_offset, log_suffix);
    }

    /// Of records from the future in a log that dies every day: when the first of them go; 0: not in a month.
    std::int64_t day_of_the_end() {
        open(today);
        fill(far_future);
        EXPECT_GE(segments(), 3u);
        for (std::int64_t past = 1; past <= 30; ++past) {
            kill();
            open(today + past * day - 1);
            if (pass() > 0)
                return past;
        }
        return 0;
    }

    memory_files files;
    log_options options = log_host::small_options();
    std::unique_ptr<log_host> host;
    std::int64_t now_ = 0;
};

TEST_F(retention, a_log_that_dies_every_day_loses_records_from_the_future_when_their_time_has_come) {
    EXPECT_EQ(day_of_the_end(), 8);
}

TEST_F(retention, the_planted_bug_keeps_them_for_ever) {
    options.planted.crash_makes_segments_young = true;
    EXPECT_EQ(day_of_the_end(), 0);
}

TEST_F(retention, a_power_cut_makes_no_segment_young) {
    std::mt19937_64 random(7);
    for (int i = 0; i < 20; ++i) {
        files = {};
        open(today);
        fill(far_future);
        host.reset();
        files.crash(random);
        open(today + 6 * day);
        EXPECT_EQ(pass(), 0u) << i;
        host.reset();
        files.crash(random);
        open(today + 8 * day);
        EXPECT_GT(pass(), 0u) << i;
    }
}

TEST_F(retention, a_restart_after_a_close_keeps_the_times_too) {
    open(today);
    fill(far_future);
    ASSERT_TRUE(host->close());
    open(today + 8 * day);
    EXPECT_GT(pass(), 0u);
}

/// As a tool leaves them that copies files without their times, or with those of an archive.
TEST_F(retention, files_from_long_ago_do_not_go_before_their_records) {
    open(today);
    fill(today);
    fill(far_future);
    const auto all = segments();
    std::vector<std::string> logs;
    for (std::size_t i = 0; i < all; ++i)
        logs.push_back(path(i));
    kill();
    for (const auto& log : logs)
        files.set_modified(log, timestamp_ms(10 * 365 * day));
    open(today + 6 * day);
    EXPECT_EQ(pass(), 0u);
    EXPECT_EQ(segments(), all);
    kill();
    open(today + 8 * day);
    EXPECT_EQ(pass(), all - 1) << "the newest sane time counts for what came behind it";
}

TEST_F(retention, a_time_that_no_file_can_have_counts_from_the_first_look) {
    const auto unknown = mark_hits("segment_end_unknown");
    for (const std::int64_t nonsense : {std::int64_t{-1}, std::int64_t{0}, today / 1000}) {
        files = {};
        open(today);
        fill(far_future);
        const auto oldest = path(0);
        kill();
        files.set_modified(oldest, timestamp_ms(nonsense));
        open(today + 20 * day);
        EXPECT_EQ(pass(), 0u) << nonsense;
        set_clock(today + 26 * day);
        EXPECT_EQ(pass(), 0u) << nonsense;
        set_clock(today + 28 * day);
        EXPECT_GT(pass(), 0u) << nonsense;
    }
    EXPECT_EQ(mark_hits("segment_end_unknown") - unknown, 3u);
}

TEST_F(retention, files_from_the_future_go_when_their_age_since_the_first_look_has_come) {
    open(today);
    fill(far_future);
    const auto all = segments();
    std::vector<std::string> logs;
    for (std::size_t i = 0; i < all; ++i)
        logs.push_back(path(i));
    kill();
    for (const auto& log : logs)
        files.set_modified(log, timestamp_ms(today + 3650 * day));
    open(today + day);
    EXPECT_EQ(pass(), 0u);
    set_clock(today + 7 * day);
    EXPECT_EQ(pass(), 0u);
    const auto hits = mark_hits("segment_end_in_future");
    set_clock(today + 9 * day);
    EXPECT_EQ(pass(), all - 1);
    EXPECT_GT(mark_hits("segment_end_in_future"), hits);
}

/// A host without a clock of its own shows some old day until it has asked for the time.
TEST_F(retention, a_clock_that_is_wrong_at_the_first_look_takes_nothing_when_it_is_right_again) {
    for (const std::int64_t stamp : {today, far_future}) {
        for (const std::int64_t wrong : {std::int64_t{60'000}, 10'957 * day}) {
            files = {};
            open(today);
            fill(stamp);
            kill();
            open(wrong);
            EXPECT_EQ(pass(), 0u) << stamp << " at " << wrong;
            set_clock(today + 6 * day);
            EXPECT_EQ(pass(), 0u) << stamp << " at " << wrong;
            set_clock(today + 8 * day);
            EXPECT_GT(pass(), 0u) << stamp << " at " << wrong;
        }
    }
}

/// What is rolled while the clock is ahead is not older than this life.
TEST_F(retention, a_clock_that_goes_back_takes_nothing_of_this_life) {
    open(today);
    EXPECT_EQ(pass(), 0u);
    set_clock(today + 30 * day);
    fill(far_future);
    set_clock(today + 10 * day);
    EXPECT_EQ(pass(), 0u);
}

TEST_F(retention, the_last_records_of_a_silent_topic_go_after_crashes_too) {
    open(today);
    ASSERT_TRUE(host->append({.timestamp = far_future - 1}, 0, 1, today));
    // What is behind the recovery point is written once more by the first opening.
    kill();
    open(today);
    for (const std::int64_t past : {3, 6, 8}) {
        kill();
        open(today + past * day);
        EXPECT_EQ(pass(), 0u);
        auto roll = host->log->roll_expired(timestamp_ms(now_), host->log->stable_offset());
        EXPECT_EQ(roll.has_value(), past == 8) << past;
        if (!roll)
            continue;
        roll->run(files);
        EXPECT_FALSE(host->log->on_written(*roll));
        host->sync();
    }
    kill();
    open(today + 16 * day);
    EXPECT_EQ(pass(), 1u);
}

} // namespace
} // namespace barnabas::replica::retention_test
