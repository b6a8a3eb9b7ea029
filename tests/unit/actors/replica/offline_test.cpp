#include "actors/replica/replica_log.hpp"
#include "tests/unit/actors/replica/log_host.hpp"

#include <gtest/gtest.h>

/// A log whose disk failed for good.
namespace barnabas::replica::offline_test {

TEST(replica_offline, failed_write_that_no_room_would_mend_takes_the_log_offline) {
    for (const auto code : {errc::storage_error, errc::read_only, errc::not_found}) {
        memory_files files;
        log_host host(files);
        ASSERT_TRUE(host.open());
        ASSERT_TRUE(host.append({}, 0));
        ASSERT_TRUE(host.queue({}, 1));
        ASSERT_TRUE(host.queue({}, 2));
        files.fail_after(0, code);
        const auto failure = host.write_one();
        ASSERT_TRUE(failure);
        EXPECT_EQ(failure->from, log_offset(1));
        EXPECT_FALSE(host.write_one()) << "told once";
        EXPECT_TRUE(host.log->offline());
        EXPECT_FALSE(host.log->wants_repair());
        EXPECT_FALSE(host.log->wants_sync());
        EXPECT_EQ(failure->error.code, errc::storage_error) << "whatever the system called it";
        EXPECT_EQ(host.queue({}).code(), errc::storage_error);
        EXPECT_EQ(host.close().code(), errc::storage_error);
        EXPECT_EQ(files.open_count(), 0u);
        ASSERT_TRUE(host.open(false));
        EXPECT_GE(host.log->log_end_offset(), log_offset(1));
    }
}

TEST(replica_offline, log_of_a_failed_directory_takes_nothing_and_is_closed_as_it_is) {
    memory_files files;
    log_host host(files);
    ASSERT_TRUE(host.open());
    ASSERT_TRUE(host.append({}, 0));
    host.log->fail({errc::storage_error, "the directory failed"});
    EXPECT_EQ(host.queue({}).code(), errc::storage_error);
    EXPECT_FALSE(host.log->wants_sync());
    EXPECT_EQ(host.close().code(), errc::storage_error);
    EXPECT_EQ(files.open_count(), 0u);
}

/// The size of the log's file when the n-th operation of an append finds no room.
std::size_t size_after_refusal(std::uint64_t n, bool closes) {
    memory_files files;
    auto options = log_host::small_options();
    options.index_interval_bytes = 0;
    log_host host(files, options);
    EXPECT_TRUE(host.open());
    EXPECT_TRUE(host.append({}, 0));
    const auto path = segment_path(test_directory, log_offset(0), log_suffix);
    const auto before = files.content(path).size();
    EXPECT_TRUE(host.queue({}, 1));
    files.fail_after(n, errc::disk_full);
    EXPECT_TRUE(host.write_one());
    if (closes) {
        EXPECT_EQ(host.close().code(), errc::disk_full);
    }
    files.kill();
    EXPECT_TRUE(host.open(false));
    EXPECT_EQ(host.log->log_end_offset(), log_offset(1)) << "operation " << n;
    return files.content(path).size() - before;
}

TEST(replica_offline, refused_batch_is_not_found_after_a_kill) {
    for (std::uint64_t n = 0; n < 3; ++n)
        for (const bool closes : {false, true})
            EXPECT_EQ(size_after_refusal(n, closes), 0u) << "operation " << n;
}

TEST(replica_offline, sync_that_lacks_a_descriptor_for_a_file_is_made_again_and_closes_nothing) {
    memory_files files;
    log_host host(files);
    ASSERT_TRUE(host.open());
    for (int i = 0; host.log->segments().size() < 3; ++i) {
        ASSERT_TRUE(host.queue({.value_size = 400}, static_cast<std::uint64_t>(i)));
        host.write_all();
    }
    const auto end = host.log->written_offset();
    auto job = host.log->sync();
    ASSERT_FALSE(job.to_close.empty());
    files.fail_after(0, errc::too_many_open_files);
    job.run(files);
    EXPECT_FALSE(host.log->on_synced(job));
    EXPECT_FALSE(host.log->offline());
    EXPECT_LT(host.log->stable_offset(), end);
    EXPECT_FALSE(host.log->may_commit()) << "the journal does not hold what that sync was to make stable";
    ASSERT_TRUE(host.log->wants_sync());
    auto again = host.log->sync();
    EXPECT_EQ(again.to_sync, job.to_sync);
    EXPECT_EQ(again.to_close, job.to_close);
    again.run(files);
    EXPECT_FALSE(host.log->on_synced(again));
    EXPECT_EQ(host.log->stable_offset(), end);
    std::mt19937_64 random(1);
    files.crash(random);
    const auto opened = host.open(false);
    ASSERT_TRUE(opened) << to_string(opened.failure());
    EXPECT_EQ(host.log->log_end_offset(), end);
}

TEST(replica_offline, log_that_is_closed_before_such_a_sync_is_made_again_loses_nothing) {
    memory_files files;
    log_host host(files);
    ASSERT_TRUE(host.open());
    for (int i = 0; host.log->segments().size() < 3; ++i) {
        ASSERT_TRUE(host.queue({.value_size = 400}, static_cast<std::uint64_t>(i)));
        host.write_all();
    }
    const auto end = host.log->written_offset();
    auto job = host.log->sync();
    files.fail_after(0, errc::too_many_open_files);
    job.run(files);
    EXPECT_FALSE(host.log->on_synced(job));
    EXPECT_TRUE(host.close());
    EXPECT_EQ(files.open_count(), 0u);
    std::mt19937_64 random(1);
    files.crash(random);
    ASSERT_TRUE(host.open(true));
    EXPECT_EQ(host.log->log_end_offset(), end);
}

TEST(replica_offline, sync_that_lacks_a_descriptor_for_the_directory_is_made_again) {
    memory_files files;
    log_host host(files);
    ASSERT_TRUE(host.open());
    for (int i = 0; host.log->segments().size() == 1; ++i) {
        ASSERT_TRUE(host.queue({.value_size = 400}, static_cast<std::uint64_t>(i)));
        host.write_all();
    }
    const auto end = host.log->written_offset();
    auto job = host.log->sync();
    ASSERT_TRUE(job.names_changed);
    files.fail_after(1, errc::too_many_open_files);
    job.run(files);
    EXPECT_FALSE(host.log->on_synced(job));
    EXPECT_FALSE(host.log->offline());
    EXPECT_LT(host.log->stable_offset(), end);
    ASSERT_TRUE(host.log->wants_sync());
    auto again = host.log->sync();
    EXPECT_TRUE(again.names_changed);
    again.run(files);
    EXPECT_FALSE(host.log->on_synced(again));
    EXPECT_EQ(host.log->stable_offset(), end);
    ASSERT_TRUE(host.append({}, 99));
    std::mt19937_64 random(1);
    const auto after = host.log->log_end_offset();
    files.crash(random);
    ASSERT_TRUE(host.open(false));
    EXPECT_EQ(host.log->log_end_offset(), after);
}

} // namespace barnabas::replica::offline_test
