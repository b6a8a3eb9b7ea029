#include "actors/broker/data_directories.hpp"
#include "actors/broker/small_files.hpp"
#include "actors/replica/moving/move_jobs.hpp"
#include "protocol/model/mark.hpp"
#include "sim/disk/memory_disk.hpp"
#include "tests/unit/actors/replica/log_host.hpp"

#include <gtest/gtest.h>

#include <algorithm>

/// A log that moves from /a to /b while it is written: every operation on the disk fails once, is the last
/// before the process dies, and the last before the power goes. Afterwards a start finds exactly one
/// directory of the partition, and everything in it that was synced.
namespace barnabas::replica::move_jobs_test {
namespace {

constexpr const char* source = "/a/orders-0";
constexpr const char* future = "/b/orders-0.0123456789abcdef0123456789abcdef-future";
constexpr const char* discarded = "/a/orders-0.0123456789abcdef0123456789abcdef-delete";

data_directory_options both_directories() {
    data_directory_options options;
    options.directories = {"/a", "/b"};
    options.metadata_directory = "/a";
    options.node = node_id(1);
    options.seed = 1;
    return options;
}

std::vector<runtime::directory_entry> entries_of(runtime::file_system& files, const std::string& path) {
    auto found = files.list(path);
    EXPECT_TRUE(found.has_value());
    return found ? std::move(*found) : std::vector<runtime::directory_entry>();
}

log_options options_in(const std::string& directory) {
    auto options = log_host::small_options();
    options.directory = directory;
    return options;
}

/// One life of a broker with one partition in it.
class moving_life {
public:
    explicit moving_life(std::uint64_t seed) : disk_(seed) {
        auto& files = disk_.files();
        EXPECT_TRUE(files.create_directory("/a/__cluster_metadata-0").has_value());
        EXPECT_TRUE(write_small_file(files, "/a", "meta.properties",
                                     "version=1\ncluster.id=c\nnode.id=1\n"
                                     "directory.id=aaaaaaaaaaaaaaaaaaaaaA\n")
                        .has_value());
        EXPECT_TRUE(files.create_directory("/b").has_value());
        EXPECT_TRUE(files.sync_directory("/").has_value());
        auto opened = open_data_directories(files, both_directories());
        EXPECT_TRUE(opened.has_value());
        EXPECT_TRUE(close_data_directories(files, *opened, false).has_value());
        host_ = std::make_unique<log_host>(files, options_in(source));
        EXPECT_TRUE(host_->open().has_value());
        append(12);
        log_copy::options wanted;
        wanted.source = source;
        wanted.target = future;
        wanted.topic = host_->log->options().topic_id;
        wanted.index_interval_bytes = host_->log->options().index_interval_bytes;
        copy_ = std::make_shared<log_copy>(wanted);
    }

    sim::memory_disk& disk() { return disk_; }
    log_host& host() { return *host_; }

    /// Appends that were acknowledged count.
    void append(int count) {
        for (int i = 0; i < count; ++i) {
            const batch_shape shape{.records = 2,
                                    .value_size = 150,
                                    .producer = 7,
                                    .sequence = 2 * static_cast<std::int32_t>(acked_.get() / 2)};
            const auto done = host_->append(shape, ++label_);
            if (done && host_->log->stable_offset() >= done->next_offset)
                acked_ = done->next_offset;
        }
    }

    result<void> run(move_step step) {
        move_job job;
        job.step = step;
        job.copy = copy_;
        job.upto = host_->log != nullptr ? host_->log->stable_offset() : log_offset(0);
        job.bytes = 700;
        job.discarded_directory = discarded;
        job.new_directory = "/b/orders-0";
        job.exchanged = exchanged_;
        do
            job.run({disk_.files(), disk_.files(), target_is_short_});
        while (job.outcome && step == move_step::copy && !job.progress.caught_up);
        decided_ |= job.decided;
        exchanged_ = job.exchanged;
        source_unclear_ = job.source_unclear;
        may_be_tried_again_ = job.lacks_room;
        return job.outcome;
    }

    /// The whole move, as far as it comes; the log goes on when it fails.
    result<void> move() {
        if (auto done = run(move_step::begin); !done)
            return done;
        if (auto done = run(move_step::copy); !done)
            return done;
        append(5);
        if (auto done = run(move_step::copy); !done)
            return done;
        append(1);
        if (auto done = host_->close(); !done)
            return done;
        for (const auto step : {move_step::finish, move_step::exchange, move_step::discard})
            if (auto done = run(step); !done)
                return done;
        return {};
    }

    /// A start finds one directory, and the log in it whole.
    void expect_whole(bool moved) {
        auto& files = disk_.files();
        auto opened = open_data_directories(files, both_directories());
        ASSERT_TRUE(opened.has_value()) << to_string(opened.failure());
        std::string found;
        int count = 0;
        for (const auto& directory : opened->directories) {
            for (const auto& partition : directory.partitions)
                if (partition.directory_name == "orders-0") {
                    found = directory.path + "/orders-0";
                    ++count;
                }
            for (const auto& name : entries_of(files, directory.path))
                EXPECT_FALSE(name.name.ends_with("-delete"));
        }
        ASSERT_EQ(count, 1);
        if (moved) {
            EXPECT_EQ(found, "/b/orders-0");
        }
        log_host again(files, options_in(found));
        const auto again_opened = again.open(false);
        ASSERT_TRUE(again_opened.has_value()) << to_string(again_opened.failure());
        EXPECT_GE(again.log->log_end_offset(), acked_);
        EXPECT_EQ(again.report.lost_from, again.report.lost_upto);
        EXPECT_TRUE(again.report.damage.empty());
        expect_records(again);
        EXPECT_NE(again.log->producers().find(producer_id(7)), nullptr);
    }

    log_offset acked() const { return acked_; }
    void target_is_short(bool is) { target_is_short_ = is; }
    bool decided() const { return decided_; }
    bool source_unclear() const { return source_unclear_; }
    bool may_be_tried_again() const { return may_be_tried_again_; }

private:
    void expect_records(log_host& again) {
        log_offset next{0};
        while (next < acked_) {
            auto records = again.read(next.get(), 1000);
            ASSERT_TRUE(records.has_value()) << to_string(records.failure());
            auto batches = batch::split_batches(*records);
            ASSERT_TRUE(batches && !batches->empty());
            for (const auto& one : *batches) {
                EXPECT_EQ(one.header.base_offset, next);
                EXPECT_EQ(one.header.producer_id, producer_id(7));
                next = one.header.next_offset();
            }
        }
    }

    sim::memory_disk disk_;
    std::unique_ptr<log_host> host_;
    std::shared_ptr<log_copy> copy_;
    log_offset acked_{0};
    std::uint64_t label_ = 0;
    bool target_is_short_ = false;
    int exchanged_ = 0;
    bool decided_ = false;
    bool source_unclear_ = false;
    bool may_be_tried_again_ = false;
};

TEST(move_jobs, copy_is_the_log_byte_for_byte_and_opens_as_closed_in_good_order) {
    moving_life life(1);
    ASSERT_TRUE(life.run(move_step::begin).has_value());
    ASSERT_TRUE(life.run(move_step::copy).has_value());
    life.append(7);
    ASSERT_TRUE(life.host().close().has_value());
    ASSERT_TRUE(life.run(move_step::finish).has_value());
    auto names = entries_of(life.disk().files(), source);
    std::size_t logs = 0;
    for (const auto& entry : names) {
        const auto ours = life.disk().content(std::string(future) + "/" + entry.name);
        ASSERT_TRUE(ours.has_value()) << entry.name;
        logs += entry.name.ends_with(".log") ? 1 : 0;
        EXPECT_EQ(*ours, life.disk().content(std::string(source) + "/" + entry.name)) << entry.name;
    }
    EXPECT_GT(logs, 2u);
    EXPECT_EQ(entries_of(life.disk().files(), future).size(), names.size());
    ASSERT_TRUE(life.run(move_step::exchange).has_value());
    log_host moved(life.disk().files(), options_in("/b/orders-0"));
    ASSERT_TRUE(moved.open(false).has_value());
    EXPECT_TRUE(moved.report.clean);
    EXPECT_EQ(moved.report.indexes_rebuilt, 0u);
}

TEST(move_jobs, any_operation_may_fail_and_the_log_is_whole_in_one_place) {
    for (std::uint64_t n = 1;; ++n) {
        moving_life life(n);
        const auto before = life.disk().operations();
        life.disk().fail_nth(n, errc::storage_error);
        const auto moved = life.move();
        const bool failed = life.disk().operations() - before >= n;
        life.disk().fail_nth(0, errc::ok);
        life.disk().kill();
        SCOPED_TRACE("operation " + std::to_string(n));
        life.expect_whole(moved.has_value());
        if (!failed || testing::Test::HasFailure())
            break;
    }
}

TEST(move_jobs, process_may_die_at_any_operation) {
    for (std::uint64_t n = 1;; ++n) {
        moving_life life(n);
        life.disk().crash_after_operations(n);
        const auto moved = life.move();
        life.disk().kill();
        SCOPED_TRACE("operation " + std::to_string(n));
        life.expect_whole(life.decided());
        if (moved || testing::Test::HasFailure())
            break;
    }
}

TEST(move_jobs, power_may_go_at_any_operation) {
    for (std::uint64_t n = 1;; ++n) {
        moving_life life(n);
        life.disk().crash_after_operations(n);
        const auto moved = life.move();
        runtime::random draws(n);
        life.disk().power_cut(draws, {});
        SCOPED_TRACE("operation " + std::to_string(n));
        life.expect_whole(life.decided());
        if (moved || testing::Test::HasFailure())
            break;
    }
}

TEST(move_jobs, power_may_go_while_a_start_settles_what_a_killed_process_renamed_but_did_not_sync) {
    bool both_renamed = false;
    for (std::uint64_t n = 1;; ++n) {
        moving_life life(n);
        ASSERT_TRUE(life.run(move_step::begin).has_value());
        ASSERT_TRUE(life.run(move_step::copy).has_value());
        ASSERT_TRUE(life.host().close().has_value());
        ASSERT_TRUE(life.run(move_step::finish).has_value());
        auto& files = life.disk().files();
        ASSERT_TRUE(files.rename(source, discarded).has_value());
        if (both_renamed) {
            ASSERT_TRUE(files.sync_directory("/a").has_value());
            ASSERT_TRUE(files.rename(future, "/b/orders-0").has_value());
        }
        life.disk().kill();
        life.disk().crash_after_operations(n);
        const auto started = open_data_directories(life.disk().files(), both_directories());
        runtime::random draws(n);
        life.disk().power_cut(draws, {});
        SCOPED_TRACE("operation " + std::to_string(n));
        life.expect_whole(both_renamed);
        if (testing::Test::HasFailure() || (started && both_renamed))
            break;
        if (started) {
            both_renamed = true;
            n = 0;
        }
    }
}

TEST(move_jobs, any_read_may_bring_a_wrong_bit_once_and_the_copy_is_right) {
    for (std::uint64_t n = 1; n < 60; ++n) {
        moving_life life(n);
        ASSERT_TRUE(life.run(move_step::begin).has_value());
        life.disk().rot_nth_read(n);
        ASSERT_TRUE(life.run(move_step::copy).has_value()) << n;
        ASSERT_TRUE(life.host().close().has_value());
        const auto finished = life.run(move_step::finish);
        ASSERT_TRUE(finished.has_value()) << n << ": " << to_string(finished.failure());
        life.disk().rot_nth_read(0);
        for (const auto& entry : entries_of(life.disk().files(), source))
            EXPECT_EQ(life.disk().content(std::string(future) + "/" + entry.name),
                      life.disk().content(std::string(source) + "/" + entry.name))
                << entry.name << ", read " << n;
        if (testing::Test::HasFailure())
            break;
    }
}

TEST(move_jobs, what_is_damaged_is_not_copied) {
    moving_life life(1);
    ASSERT_TRUE(life.run(move_step::begin).has_value());
    ASSERT_TRUE(life.disk().flip_bit(std::string(source) + "/00000000000000000000.log", 100, 3));
    EXPECT_EQ(life.run(move_step::copy).code(), errc::corrupt_message);
}

TEST(move_jobs, segments_that_retention_takes_leave_the_copy) {
    moving_life life(1);
    ASSERT_TRUE(life.run(move_step::begin).has_value());
    ASSERT_TRUE(life.run(move_step::copy).has_value());
    auto& log = *life.host().log;
    const auto segments = log.segments().size();
    log.delete_below(log_offset(life.acked().get() - 4));
    auto retired = log.retention(timestamp_ms(5000), monotonic_ns(0), log.stable_offset());
    ASSERT_TRUE(retired.has_value());
    retired->run(life.disk().files());
    ASSERT_TRUE(retired->outcome.has_value());
    EXPECT_LT(log.segments().size(), segments);
    const auto first = log.segments().front().base_offset;
    ASSERT_TRUE(life.host().close().has_value());
    ASSERT_TRUE(life.run(move_step::finish).has_value());
    std::vector<std::string> logs;
    for (const auto& entry : entries_of(life.disk().files(), future))
        if (entry.name.ends_with(".log"))
            logs.push_back(entry.name);
    std::sort(logs.begin(), logs.end());
    EXPECT_EQ(logs.front(), segment_file_name(first, log_suffix));
}

TEST(move_jobs, dropped_move_leaves_nothing) {
    moving_life life(1);
    ASSERT_TRUE(life.run(move_step::begin).has_value());
    ASSERT_TRUE(life.run(move_step::copy).has_value());
    ASSERT_TRUE(life.run(move_step::drop).has_value());
    EXPECT_FALSE(*life.disk().files().exists(future));
    const auto open = life.disk().open_files();
    ASSERT_TRUE(life.host().close().has_value());
    EXPECT_LE(life.disk().open_files(), open);
    EXPECT_EQ(life.disk().open_files(), 0u);
}

TEST(move_jobs, nothing_is_copied_to_where_the_reserve_is_touched) {
    moving_life life(1);
    for (const auto step : {move_step::begin, move_step::copy, move_step::finish}) {
        life.target_is_short(true);
        const auto before = life.disk().operations();
        EXPECT_EQ(life.run(step).code(), errc::disk_full);
        EXPECT_EQ(life.disk().operations(), before);
        life.target_is_short(false);
        if (step == move_step::copy) {
            ASSERT_TRUE(life.host().close().has_value());
        }
        ASSERT_TRUE(life.run(step).has_value());
    }
    life.target_is_short(true);
    EXPECT_TRUE(life.run(move_step::exchange).has_value()) << "it needs no room to speak of";
}

TEST(move_jobs, exchange_that_lacks_room_goes_on_where_it_was) {
    for (const auto lack : {errc::disk_full, errc::too_many_open_files})
        for (std::uint64_t n = 1; n <= 4; ++n) {
            moving_life life(n);
            ASSERT_TRUE(life.run(move_step::begin).has_value());
            ASSERT_TRUE(life.host().close().has_value());
            ASSERT_TRUE(life.run(move_step::finish).has_value());
            life.disk().fail_nth(n, lack);
            EXPECT_EQ(life.run(move_step::exchange).code(), lack) << n;
            EXPECT_TRUE(life.may_be_tried_again());
            EXPECT_FALSE(life.source_unclear());
            life.disk().fail_nth(0, errc::ok);
            ASSERT_TRUE(life.run(move_step::exchange).has_value()) << n;
            EXPECT_FALSE(life.may_be_tried_again());
            EXPECT_TRUE(life.decided());
            life.expect_whole(true);
        }
}

TEST(move_jobs, exchange_whose_first_rename_the_disk_fails_may_have_been_carried_out) {
    moving_life life(1);
    ASSERT_TRUE(life.run(move_step::begin).has_value());
    ASSERT_TRUE(life.host().close().has_value());
    ASSERT_TRUE(life.run(move_step::finish).has_value());
    life.disk().fail_nth(1, errc::storage_error);
    EXPECT_FALSE(life.run(move_step::exchange).has_value());
    EXPECT_TRUE(life.source_unclear()) << "or its copy would be removed";
    EXPECT_FALSE(life.decided());
}

TEST(move_jobs, proof_of_an_exchange_stays_while_the_copy_is_out_of_sight) {
    moving_life life(1);
    ASSERT_TRUE(life.run(move_step::begin).has_value());
    ASSERT_TRUE(life.run(move_step::copy).has_value());
    ASSERT_TRUE(life.host().close().has_value());
    ASSERT_TRUE(life.run(move_step::finish).has_value());
    auto& files = life.disk().files();
    ASSERT_TRUE(files.rename(source, discarded).has_value());
    ASSERT_TRUE(files.sync_directory("/a").has_value());
    auto one = both_directories();
    one.directories = {"/a"};
    const auto marks = mark_hits("discarded_without_copy");
    auto opened = open_data_directories(files, one);
    ASSERT_TRUE(opened.has_value()) << to_string(opened.failure());
    EXPECT_EQ(mark_hits("discarded_without_copy"), marks + 1);
    EXPECT_TRUE(*files.exists(discarded)) << "it may be all that is left of the log";
    ASSERT_EQ(opened->directories[0].discarded.size(), 1u);
    EXPECT_EQ(opened->directories[0].discarded[0].directory_name, "orders-0");
    ASSERT_TRUE(close_data_directories(files, *opened, false).has_value());
    life.expect_whole(true);
}

TEST(move_jobs, begun_again_after_a_crash_nothing_of_the_old_copy_is_believed) {
    moving_life life(1);
    ASSERT_TRUE(life.run(move_step::begin).has_value());
    auto& files = life.disk().files();
    ASSERT_TRUE(write_small_file(files, future, "00000000000000000000.log", "old").has_value());
    auto opened = open_data_directories(files, both_directories());
    ASSERT_TRUE(opened.has_value()) << to_string(opened.failure());
    ASSERT_EQ(opened->directories[1].futures.size(), 1u);
    EXPECT_EQ(opened->directories[1].futures[0].directory_name, "orders-0");
    EXPECT_EQ(opened->directories[1].futures[0].id, life.host().log->options().topic_id);
    ASSERT_TRUE(life.run(move_step::begin).has_value());
    EXPECT_EQ(entries_of(files, future).size(), 1u);
}

} // namespace
} // namespace barnabas::replica::move_jobs_test
