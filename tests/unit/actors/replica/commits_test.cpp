#include "tests/unit/actors/replica/log_host.hpp"

#include <gtest/gtest.h>

#include <cstring>

/// A log, its own syncs and the commit journal.
namespace barnabas::replica::commits_test {
namespace {

class commits : public ::testing::Test {
protected:
    commits() : host(files, options()) {
        EXPECT_TRUE(host.open());
        EXPECT_TRUE(host.append({}, 0));
    }
    static log_options options() {
        auto wanted = log_host::small_options();
        wanted.keeps_for_journal = true;
        return wanted;
    }
    void write() {
        ASSERT_TRUE(host.queue({}, 1));
        host.write_all();
    }
    void commit() {
        auto job = host.log->commit();
        job.taken = true;
        job.outcome = result<void>();
        host.log->on_committed(job);
    }
    /// Written, with a permit that rides on its bytes.
    std::shared_ptr<int> write_with_permit() {
        auto permit = std::make_shared<int>(0);
        auto batch = make_batch({});
        auto memory = chunk::allocate(batch.bytes.size());
        std::memcpy(memory->data(), batch.bytes.bytes().data(), batch.bytes.size());
        memory->attach_permit(permit);
        batch.bytes = slice(std::move(memory), 0, batch.bytes.size());
        std::vector<write_job> jobs;
        EXPECT_TRUE(host.log->append({std::move(batch)},
                                     {leader_epoch(1), timestamp_ms(5000), monotonic_ns(1), true}, jobs));
        jobs.front().run(files);
        host.log->on_written(jobs.front());
        return permit;
    }

    memory_files files;
    log_host host;
};

TEST_F(commits, the_logs_own_sync_waits_for_a_settle_but_a_commit_does_not) {
    write();
    commit();
    auto settle = host.log->settle();
    ASSERT_TRUE(settle);
    write();
    EXPECT_FALSE(host.log->wants_sync()) << "a failed write of a file is told only once";
    EXPECT_TRUE(host.log->may_commit());
    settle->run(files);
    host.log->on_settled(*settle);
    EXPECT_TRUE(host.log->wants_sync());
}

TEST_F(commits, settling_that_lacks_a_descriptor_is_made_again) {
    write();
    commit();
    auto settle = host.log->settle();
    ASSERT_TRUE(settle);
    files.fail_after(0, errc::too_many_open_files);
    settle->run(files);
    EXPECT_FALSE(host.log->on_settled(*settle));
    EXPECT_FALSE(host.log->offline());
    EXPECT_LT(host.log->settled_offset(), host.log->stable_offset());
    auto again = host.log->settle();
    ASSERT_TRUE(again);
    EXPECT_EQ(again->to_sync, settle->to_sync);
    again->run(files);
    EXPECT_FALSE(host.log->on_settled(*again));
    EXPECT_EQ(host.log->settled_offset(), host.log->stable_offset());
}

TEST_F(commits, settling_covers_what_a_sync_without_descriptors_left) {
    write();
    commit();
    write();
    auto sync = host.log->sync();
    files.fail_after(0, errc::too_many_open_files);
    sync.run(files);
    EXPECT_FALSE(host.log->on_synced(sync));
    auto settle = host.log->settle();
    ASSERT_TRUE(settle);
    EXPECT_EQ(settle->to_sync, sync.to_sync);
}

TEST_F(commits, a_repair_waits_for_the_logs_own_sync) {
    write();
    auto sync = host.log->sync();
    ASSERT_TRUE(host.queue({}, 2));
    files.fail_after(0, errc::disk_full);
    host.write_all();
    files.never_fail();
    EXPECT_FALSE(host.log->wants_repair());
    sync.run(files);
    host.log->on_synced(sync);
    EXPECT_TRUE(host.repair());
}

TEST_F(commits, a_sync_that_ends_in_an_offline_log_makes_nothing_stable) {
    write();
    auto sync = host.log->sync();
    sync.run(files);
    host.log->fail({errc::storage_error, "the directory failed"});
    EXPECT_FALSE(host.log->on_synced(sync));
    EXPECT_EQ(host.log->stable_offset(), log_offset(1));
}

TEST_F(commits, a_commit_that_ends_in_an_offline_log_makes_nothing_stable) {
    write();
    auto job = host.log->commit();
    host.log->fail({errc::storage_error, "the directory failed"});
    job.taken = true;
    job.outcome = result<void>();
    EXPECT_FALSE(host.log->on_committed(job));
    EXPECT_EQ(host.log->stable_offset(), log_offset(1));
}

TEST_F(commits, after_a_commit_that_was_not_taken_the_log_syncs_itself) {
    write();
    auto job = host.log->commit();
    write();
    EXPECT_FALSE(host.log->may_commit());
    EXPECT_FALSE(host.log->on_committed(job));
    EXPECT_FALSE(host.log->may_commit()) << "the journal was offered them already";
    ASSERT_TRUE(host.log->wants_sync());
    host.sync();
    EXPECT_EQ(host.log->stable_offset(), log_offset(3));
    write();
    EXPECT_TRUE(host.log->may_commit());
}

TEST_F(commits, an_offline_log_and_a_closed_one_hold_no_requests) {
    auto permit = write_with_permit();
    EXPECT_GT(permit.use_count(), 1) << "for the journal";
    host.log->fail({errc::storage_error, "the directory failed"});
    EXPECT_EQ(permit.use_count(), 1);
    EXPECT_FALSE(host.close());
    ASSERT_TRUE(host.open(false));
    permit = write_with_permit();
    (void)host.log->close();
    EXPECT_EQ(permit.use_count(), 1);
}

} // namespace
} // namespace barnabas::replica::commits_test
