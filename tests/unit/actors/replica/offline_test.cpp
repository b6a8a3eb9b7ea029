#include "actors/replica/replica_log.hpp"
#include "tests/unit/actors/replica/log_host.hpp"

#include <gtest/gtest.h>

/// A log whose disk failed for good.
namespace barnabas::replica {

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
        EXPECT_EQ(host.queue({}).code(), code);
        EXPECT_EQ(host.close().code(), code);
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

} // namespace barnabas::replica
