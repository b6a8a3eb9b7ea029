#include "tests/unit/actors/replica/log_host.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

/// An opening counts the bytes that it checks, as it goes.
namespace barnabas::replica::recovery_progress_test {
namespace {

using reading = runtime::work_meter::reading;

/// Looks at the meter with each read.
class looking_files final : public memory_files {
public:
    std::shared_ptr<runtime::work_meter> meter = std::make_shared<runtime::work_meter>();
    std::vector<reading> seen;

    result<std::size_t> read(runtime::file_id file, file_position position,
                             std::span<std::byte> into) override {
        seen.push_back(meter->now());
        return memory_files::read(file, position, into);
    }
};

class recovery_progress : public ::testing::Test {
protected:
    recovery_progress() {
        options.segment_bytes = 3 << 20;
        options.index_interval_bytes = 64 << 10;
        options.snapshot_interval_bytes = 64 << 20;
    }
    void fill(int batches) {
        log_host host(static_cast<memory_files&>(files), options);
        ASSERT_TRUE(host.open());
        for (int i = 0; i < batches; ++i)
            ASSERT_TRUE(host.append({.records = 1, .value_size = 100'000}));
        files.kill();
    }
    std::uint64_t log_bytes() const {
        std::uint64_t bytes = 0;
        for (const auto& name : files.names())
            if (name.ends_with(log_suffix))
                bytes += files.content(name).size();
        return bytes;
    }
    void without(std::string_view suffix) {
        for (const auto& name : files.names()) {
            if (!name.ends_with(suffix))
                continue;
            ASSERT_TRUE(files.remove(name));
        }
    }
    /// So many bytes were expected of it beforehand.
    void open(std::uint64_t expected) {
        open_job job;
        job.options = options;
        files.meter->expect(expected);
        job.progress = {files.meter, expected};
        job.run(files);
        ASSERT_TRUE(job.outcome) << to_string(job.outcome.failure());
        EXPECT_EQ(job.progress.meter, nullptr);
        replica_log log(options, std::move(*job.outcome), monotonic_ns(1));
        auto close = log.close();
        close.run(files);
    }

    looking_files files;
    log_options options = log_host::small_options();
};

TEST_F(recovery_progress, all_of_a_log_without_recovery_point_is_counted_piece_by_piece) {
    fill(80);
    without(snapshot_suffix);
    const auto all = log_bytes();
    ASSERT_GT(all, 7u << 20);
    open(all);
    EXPECT_EQ(files.meter->now(), (reading{all, all}));
    std::size_t steps = 0;
    for (std::size_t i = 1; i < files.seen.size(); ++i) {
        ASSERT_GE(files.seen[i].done, files.seen[i - 1].done);
        EXPECT_EQ(files.seen[i].expected, all);
        steps += files.seen[i].done != files.seen[i - 1].done ? 1 : 0;
    }
    EXPECT_GE(steps, 7u) << "a piece of a segment at a time";
}

TEST_F(recovery_progress, what_need_not_be_read_counts_as_done) {
    fill(20);
    const auto all = log_bytes();
    open(all);
    EXPECT_EQ(files.meter->now(), (reading{all, all}));
}

TEST_F(recovery_progress, what_was_not_expected_is_added) {
    fill(80);
    without(snapshot_suffix);
    const auto all = log_bytes();
    open(0);
    const auto now = files.meter->now();
    EXPECT_EQ(now, (reading{all, all}));
}

TEST_F(recovery_progress, an_opening_that_fails_leaves_nothing_to_wait_for) {
    open_job job;
    job.options = options;
    files.meter->expect(500);
    job.progress = {files.meter, 500};
    job.run(files);
    EXPECT_EQ(job.outcome.code(), errc::not_found);
    EXPECT_EQ(files.meter->now(), (reading{500, 500}));
}

TEST(work_share, adds_what_is_more_and_counts_the_rest_at_its_end) {
    auto meter = std::make_shared<runtime::work_meter>();
    meter->expect(10);
    {
        runtime::work_share share({meter, 10});
        share.advance(4);
        EXPECT_EQ(meter->now(), (reading{4, 10}));
        share.expect(5);
        EXPECT_EQ(meter->now(), (reading{4, 15}));
        share.advance(20);
        EXPECT_EQ(meter->now(), (reading{24, 24}));
        share.expect(6);
    }
    EXPECT_EQ(meter->now(), (reading{30, 30}));
    runtime::work_share nobody({});
    nobody.advance(3);
}

} // namespace
} // namespace barnabas::replica::recovery_progress_test
