#include "actors/broker/checkpoint_file.hpp"
#include "actors/broker/clean_stop.hpp"
#include "actors/broker/data_directories.hpp"
#include "actors/broker/small_files.hpp"
#include "tests/unit/sim/each_operation.hpp"

#include <gtest/gtest.h>

#include <string>

/// The small files of a data directory, with each operation on files failing, or being the last before the
/// process dies or the power goes: what was promised before stays, and a success is a promise.
namespace barnabas::fail_nth_test {

namespace {

using kind = checkpoint_kind;
using sim::doomed_operation;

const partition_name orders{"orders", partition_index(0)};

void make_directory(runtime::file_system& files) {
    ASSERT_TRUE(files.create_directory("/d"));
    ASSERT_TRUE(files.sync_directory("/"));
}

checkpoint_job checkpoints_at(std::int64_t offset) {
    offsets_by_partition all;
    for (const auto which : all_checkpoints)
        value_of(all[orders], which) = log_offset(offset);
    checkpoint_job job;
    job.directory = "/d";
    for (const auto which : all_checkpoints)
        job.texts.emplace_back(which, encode_checkpoint(all, which));
    return job;
}

/// What is wrong unless all of them say this, or `newest`; empty when nothing is.
std::string problem_of_checkpoints(runtime::file_system& files, std::int64_t promised, std::int64_t newest) {
    const auto found = read_checkpoints(files, "/d");
    if (!found)
        return to_string(found.failure());
    if (!found->damage.empty())
        return found->damage.front();
    for (const auto which : all_checkpoints) {
        const auto here = found->offsets.find(orders);
        const auto said = here == found->offsets.end() ? -1 : value_of(here->second, which).get();
        if (said != promised && said != newest)
            return std::string(file_name_of(which)) + " says " + std::to_string(said);
    }
    return "";
}

/// The first problem of files that are written over while an operation fails, or is the last.
std::string problem_of_new_texts(bool planted_no_sync) {
    std::string problem;
    sim::at_every_operation([&](doomed_operation& doomed) {
        make_directory(doomed.files());
        auto before = checkpoints_at(10);
        before.run(doomed.files());
        ASSERT_TRUE(before.outcome);
        auto job = checkpoints_at(42);
        job.planted_no_sync = planted_no_sync;
        doomed.arm();
        job.run(doomed.files());
        doomed.end_process();
        auto seen = problem_of_checkpoints(doomed.files(), job.outcome ? 42 : 10, 42);
        auto next = checkpoints_at(77);
        next.run(doomed.files());
        ASSERT_TRUE(next.outcome) << to_string(next.outcome.failure());
        if (seen.empty())
            seen = problem_of_checkpoints(doomed.files(), 77, 77);
        if (problem.empty() && !seen.empty())
            problem = doomed.text() + ": " + seen;
    });
    return problem;
}

TEST(checkpoint_fail_nth, each_file_has_its_old_text_or_the_new_one) {
    EXPECT_EQ(problem_of_new_texts(false), "");
}

/// `planted_bugs::checkpoint_renamed_unsynced`.
TEST(checkpoint_fail_nth, is_found_checkpoint_renamed_unsynced) {
    EXPECT_NE(problem_of_new_texts(true), "");
}

/// The first ones of a directory: nothing was promised before.
TEST(checkpoint_fail_nth, the_first_files_are_whole_or_not_there) {
    sim::at_every_operation([](doomed_operation& doomed) {
        SCOPED_TRACE(doomed.text());
        make_directory(doomed.files());
        auto job = checkpoints_at(42);
        doomed.arm();
        job.run(doomed.files());
        doomed.end_process();
        const auto found = read_checkpoints(doomed.files(), "/d");
        ASSERT_TRUE(found) << to_string(found.failure());
        EXPECT_TRUE(found->damage.empty()) << found->damage.front();
        if (job.outcome) {
            EXPECT_EQ(problem_of_checkpoints(doomed.files(), 42, 42), "");
        }
    });
}

TEST(checkpoint_fail_nth, all_are_read_or_the_failure_is_told) {
    sim::at_every_operation([](doomed_operation& doomed) {
        SCOPED_TRACE(doomed.text());
        make_directory(doomed.files());
        auto job = checkpoints_at(42);
        job.run(doomed.files());
        // The copy is looked at, too.
        ASSERT_TRUE(write_small_file(doomed.files(), "/d", std::string(file_name_of(kind::log_start)), "x"));
        doomed.arm();
        const auto read = read_checkpoints(doomed.files(), "/d");
        doomed.end_process();
        if (!read) {
            EXPECT_FALSE(read.failure().detail.empty());
            return;
        }
        for (const auto which : all_checkpoints)
            EXPECT_EQ(value_of(read->offsets.at(orders), which), log_offset(42)) << file_name_of(which);
    });
}

const closed_logs stopped{{"orders-0", slice::copy_of(std::string(40, 'a'))},
                          {"orders-1", slice::copy_of(std::string(50, 'b'))}};

TEST(clean_stop_fail_nth, a_stop_vouches_for_all_logs_or_none) {
    sim::at_every_operation([](doomed_operation& doomed) {
        SCOPED_TRACE(doomed.text());
        make_directory(doomed.files());
        // An earlier stop, which a start has taken.
        ASSERT_TRUE(leave_clean_stop(doomed.files(), "/d", {{"orders-0", slice::copy_of("earlier")}}));
        ASSERT_TRUE(take_clean_stop(doomed.files(), "/d"));
        doomed.arm();
        const auto left = leave_clean_stop(doomed.files(), "/d", stopped);
        doomed.end_process();
        const auto found = take_clean_stop(doomed.files(), "/d");
        ASSERT_TRUE(found) << to_string(found.failure());
        EXPECT_TRUE(found->logs == stopped || (found->logs.empty() && !left));
        EXPECT_EQ(found->marked, !found->logs.empty());
    });
}

TEST(clean_stop_fail_nth, what_a_start_has_taken_vouches_for_nothing_any_more) {
    sim::at_every_operation([](doomed_operation& doomed) {
        SCOPED_TRACE(doomed.text());
        make_directory(doomed.files());
        ASSERT_TRUE(leave_clean_stop(doomed.files(), "/d", stopped));
        doomed.arm();
        const auto taken = take_clean_stop(doomed.files(), "/d");
        doomed.end_process();
        EXPECT_TRUE(!taken || taken->logs.empty() || taken->logs == stopped);
        const auto again = take_clean_stop(doomed.files(), "/d");
        ASSERT_TRUE(again) << to_string(again.failure());
        EXPECT_TRUE(again->logs.empty() || (!taken && again->marked && again->logs == stopped));
        EXPECT_TRUE(!taken || !again->marked) << "logs have changed since, and a marker says they have not";
    });
}

data_directory_options options() {
    data_directory_options made;
    made.directories = {"/d"};
    made.metadata_directory = "/d";
    made.node = node_id(1);
    made.seed = 1;
    return made;
}

TEST(created_fail_nth, what_was_made_is_never_forgotten) {
    sim::at_every_operation([](doomed_operation& doomed) {
        SCOPED_TRACE(doomed.text());
        auto opened = open_data_directories(doomed.files(), options());
        ASSERT_TRUE(opened) << to_string(opened.failure());
        ASSERT_TRUE(record_created(doomed.files(), "/d", log_offset(5)));
        doomed.arm();
        const auto recorded = record_created(doomed.files(), "/d", log_offset(9));
        doomed.end_process();
        opened = open_data_directories(doomed.files(), options());
        ASSERT_TRUE(opened) << to_string(opened.failure());
        ASSERT_TRUE(opened->created_upto) << "it was known";
        EXPECT_TRUE(opened->created_upto == log_offset(9) ||
                    (!recorded && opened->created_upto == log_offset(5)))
            << opened->created_upto->get();
    });
}

/// A start that meets a failure fails, or knows what was made; never that nothing was.
TEST(created_fail_nth, a_start_knows_what_was_made_or_fails) {
    sim::at_every_operation([](doomed_operation& doomed) {
        SCOPED_TRACE(doomed.text());
        auto opened = open_data_directories(doomed.files(), options());
        ASSERT_TRUE(opened) << to_string(opened.failure());
        ASSERT_TRUE(record_created(doomed.files(), "/d", log_offset(5)));
        ASSERT_TRUE(close_data_directories(doomed.files(), *opened, true));
        const auto cluster = opened->cluster_id;
        doomed.arm();
        opened = open_data_directories(doomed.files(), options());
        doomed.end_process();
        EXPECT_TRUE(!opened || opened->created_upto == log_offset(5));
        opened = open_data_directories(doomed.files(), options());
        ASSERT_TRUE(opened) << to_string(opened.failure());
        EXPECT_EQ(opened->created_upto, log_offset(5));
        EXPECT_EQ(opened->cluster_id, cluster) << "a directory takes its name for good";
    });
}

/// Of a stop that fails, the next start is told nothing, or all.
TEST(clean_stop_fail_nth, closing_data_directories_leaves_a_marker_or_tells_of_a_failure) {
    sim::at_every_operation([](doomed_operation& doomed) {
        SCOPED_TRACE(doomed.text());
        auto opened = open_data_directories(doomed.files(), options());
        ASSERT_TRUE(opened) << to_string(opened.failure());
        opened->directories[0].closed = stopped;
        doomed.arm();
        const auto closed = close_data_directories(doomed.files(), *opened, true);
        doomed.end_process();
        const auto found = take_clean_stop(doomed.files(), "/d");
        ASSERT_TRUE(found) << to_string(found.failure());
        EXPECT_TRUE(found->logs == stopped || (found->logs.empty() && !closed));
    });
}

} // namespace

} // namespace barnabas::fail_nth_test
