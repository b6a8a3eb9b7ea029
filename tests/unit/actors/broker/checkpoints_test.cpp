#include "actors/broker/checkpoints.hpp"
#include "actors/broker/data_directories.hpp"
#include "actors/broker/small_files.hpp"
#include "protocol/model/mark.hpp"
#include "sim/disk/memory_disk.hpp"

#include <gtest/gtest.h>

namespace barnabas::checkpoints_test {
namespace {

using kind = checkpoint_kind;

const partition_name orders{"orders", partition_index(0)};
const partition_name clicks{"clicks", partition_index(3)};

checkpointed_offsets offsets_of(std::int64_t recovery_point, std::int64_t log_start,
                                std::int64_t high_watermark, std::int64_t cleaned_upto = -1) {
    return {log_offset(recovery_point), log_offset(log_start), log_offset(high_watermark),
            log_offset(cleaned_upto)};
}

monotonic_ns at_ms(std::int64_t ms) {
    return monotonic_ns(ms * 1'000'000);
}

/// The machine with the files that it would have written.
class checkpoints : public testing::Test {
protected:
    void start(found_checkpoints found = {}) {
        checkpoint_options options;
        options.directory = "/d";
        machine.emplace(options, std::move(found));
    }
    template <class Step>
    void step(const Step& one) {
        out = {};
        one();
        for (const auto& [question, outcome] : out.answers)
            answers.emplace_back(question, outcome.code());
        if (out.write)
            writing = std::move(out.write);
    }
    void marks(const partition_name& where, const checkpointed_offsets& offsets, std::int64_t now,
               bool last = false, bool removed = false) {
        step([&] { machine->on_marks({where, offsets, last, removed}, at_ms(now), out); });
    }
    void timer(std::int64_t now) {
        step([&] { machine->on_timer(at_ms(now), out); });
    }
    void written(std::int64_t now, result<void> outcome = {}) {
        auto job = std::move(*std::exchange(writing, std::nullopt));
        if (outcome)
            for (const auto& [which, text] : job.texts)
                files[which] = text;
        job.outcome = outcome;
        step([&] { machine->on_written(job, at_ms(now), out); });
    }

    std::optional<directory_checkpoints> machine;
    checkpoint_effects out;
    std::optional<checkpoint_job> writing;
    std::map<kind, std::string> files;
    std::vector<std::pair<std::uint64_t, errc>> answers;
};

TEST_F(checkpoints, who_has_records_beyond_its_recovery_point_notes_one_after_an_interval) {
    start();
    marks(orders, offsets_of(5, 0, 5), 0);
    marks(clicks, offsets_of(5, 0, 8), 0);
    EXPECT_TRUE(machine->is_behind(clicks));
    timer(59'999);
    EXPECT_TRUE(out.note.empty());
    if (writing)
        written(59'999);
    timer(60'000);
    EXPECT_EQ(out.note, std::vector{clicks});
    if (writing)
        written(60'000);
    marks(clicks, offsets_of(8, 0, 8), 60'001);
    EXPECT_FALSE(machine->is_behind(clicks));
    timer(200'000);
    EXPECT_TRUE(out.note.empty());
}

TEST(checkpoint_file, text_is_kafkas_and_comes_back) {
    offsets_by_partition offsets{{orders, offsets_of(5, -1, 7)}, {clicks, offsets_of(9, 3, 11)}};
    const auto text = encode_checkpoint(offsets, kind::recovery_point);
    EXPECT_EQ(text, "0\n2\nclicks 3 9\norders 0 5\n");
    EXPECT_EQ(encode_checkpoint(offsets, kind::log_start), "0\n1\nclicks 3 3\n");
    EXPECT_EQ(encode_checkpoint(offsets, kind::cleaned_upto), "0\n0\n");
    const auto lines = decode_checkpoint(text);
    ASSERT_TRUE(lines);
    EXPECT_EQ(*lines,
              (std::map<partition_name, log_offset>{{orders, log_offset(5)}, {clicks, log_offset(9)}}));
}

TEST(checkpoint_file, every_cut_is_refused_but_that_of_the_last_line_end) {
    const std::string text = "0\n2\nclicks 3 9\norders 0 15\n";
    for (std::size_t length = 0; length + 2 < text.size(); ++length)
        EXPECT_EQ(decode_checkpoint(text.substr(0, length)).code(), errc::malformed) << length;
    const auto copy = encode_checkpoint_copy(text);
    for (std::size_t length = 0; length < copy.size(); ++length)
        EXPECT_FALSE(decode_checkpoint_copy(copy.substr(0, length))) << length;
    for (std::size_t at = 0; at < copy.size(); ++at) {
        auto damaged = copy;
        damaged[at] = static_cast<char>(damaged[at] ^ 1);
        EXPECT_FALSE(decode_checkpoint_copy(damaged)) << at;
    }
    EXPECT_EQ(*decode_checkpoint_copy(copy), text);
    for (const auto* senseless : {"1\n0\n", "0\n1\norders 0 -1\n", "0\n1\norders -2 1\n", "0\n1\norders 1\n",
                                  "0\n1\n 0 1\n", "0\n1\norders x 1\n", "0\n0\norders 0 1\n"})
        EXPECT_EQ(decode_checkpoint(senseless).code(), errc::malformed) << senseless;
}

TEST(checkpoint_file, a_damaged_log_start_checkpoint_is_replaced_by_its_copy) {
    sim::memory_disk disk(1);
    auto& files = disk.files();
    ASSERT_TRUE(files.create_directory("/d"));
    checkpoint_job job{"/d", {{kind::log_start, "0\n1\norders 0 42\n"}, {kind::high_watermark, "0\n0\n"}}};
    job.run(files);
    ASSERT_TRUE(job.outcome);
    ASSERT_TRUE(write_small_file(files, "/d", "log-start-offset-checkpoint", "0\n1\nord"));
    ASSERT_TRUE(write_small_file(files, "/d", "replication-offset-checkpoint", "garbage"));
    auto found = read_checkpoints(files, "/d");
    ASSERT_TRUE(found);
    EXPECT_EQ(found->offsets.at(orders).log_start, log_offset(42));
    EXPECT_EQ(found->damage.size(), 2u);
    EXPECT_EQ(found->to_write.size(), 4u) << "two are absent, two damaged";
    ASSERT_TRUE(write_small_file(files, "/d", std::string(log_start_copy_name), "garbage"));
    found = read_checkpoints(files, "/d");
    ASSERT_TRUE(found);
    EXPECT_TRUE(found->offsets.empty());
    EXPECT_NE(found->damage.at(0).find("may be read again"), std::string::npos);
}

TEST(checkpoint_file, a_log_start_beyond_that_of_the_copy_is_not_believed) {
    sim::memory_disk disk(1);
    auto& files = disk.files();
    ASSERT_TRUE(files.create_directory("/d"));
    checkpoint_job job{"/d", {{kind::log_start, "0\n2\nclicks 3 7\norders 0 42\n"}}};
    job.run(files);
    ASSERT_TRUE(job.outcome);
    auto found = read_checkpoints(files, "/d");
    ASSERT_TRUE(found);
    EXPECT_TRUE(found->damage.empty());
    ASSERT_TRUE(write_small_file(files, "/d", "log-start-offset-checkpoint",
                                 "0\n3\nclicks 3 6\norders 0 50\nothers 1 5\n"));
    found = read_checkpoints(files, "/d");
    ASSERT_TRUE(found);
    EXPECT_EQ(found->offsets.at(orders).log_start, log_offset(42));
    EXPECT_EQ(found->offsets.at(clicks).log_start, log_offset(6));
    EXPECT_EQ(found->offsets.at({"others", partition_index(1)}).log_start, log_offset(0));
    ASSERT_EQ(found->damage.size(), 1u);
    EXPECT_NE(found->damage[0].find("orders-0 begin at offset 50"), std::string::npos);
    EXPECT_TRUE(found->to_write.contains(kind::log_start));
}

/// A line disappears when its log begins with a segment again, and with its partition.
TEST(checkpoint_file, crash_between_the_copy_and_the_file_is_no_damage_when_a_line_disappears) {
    sim::memory_disk disk(1);
    auto& files = disk.files();
    ASSERT_TRUE(files.create_directory("/d"));
    checkpoint_job first{"/d", {{kind::log_start, "0\n2\nclicks 3 7\norders 0 42\n"}}};
    checkpoint_job second{"/d", {{kind::log_start, "0\n1\nclicks 3 9\n"}}};
    int between = 0;
    for (std::uint64_t n = 1; !second.outcome; ++n) {
        first.run(files);
        ASSERT_TRUE(first.outcome);
        disk.fail_nth(n, errc::storage_error);
        second.run(files);
        disk.fail_nth(0, errc::ok);
        const auto found = read_checkpoints(files, "/d");
        ASSERT_TRUE(found);
        EXPECT_TRUE(found->damage.empty()) << n << ": " << found->damage[0];
        if (found->ignored.empty())
            continue;
        ++between;
        EXPECT_EQ(found->offsets.at(orders).log_start, log_offset(0));
        EXPECT_EQ(found->offsets.at(clicks).log_start, log_offset(7));
        EXPECT_TRUE(found->to_write.contains(kind::log_start));
    }
    EXPECT_GT(between, 0);
}

/// Kafka leaves such files in directories in which nothing was compacted yet.
TEST(checkpoint_file, an_empty_file_has_no_lines_unless_its_copy_knows_better) {
    sim::memory_disk disk(1);
    auto& files = disk.files();
    ASSERT_TRUE(files.create_directory("/d"));
    for (const auto which : all_checkpoints)
        ASSERT_TRUE(write_small_file(files, "/d", std::string(file_name_of(which)), ""));
    auto found = read_checkpoints(files, "/d");
    ASSERT_TRUE(found);
    EXPECT_TRUE(found->offsets.empty());
    EXPECT_TRUE(found->damage.empty());
    ASSERT_TRUE(write_small_file(files, "/d", std::string(log_start_copy_name),
                                 encode_checkpoint_copy("0\n1\norders 0 42\n")));
    found = read_checkpoints(files, "/d");
    ASSERT_TRUE(found);
    EXPECT_EQ(found->offsets.at(orders).log_start, log_offset(42));
    EXPECT_EQ(found->damage.size(), 1u);
}

TEST(checkpoint_file, a_file_that_is_gone_is_replaced_by_its_copy) {
    sim::memory_disk disk(1);
    auto& files = disk.files();
    ASSERT_TRUE(files.create_directory("/d"));
    checkpoint_job job{"/d", {{kind::log_start, "0\n1\norders 0 42\n"}}};
    job.run(files);
    ASSERT_TRUE(job.outcome);
    ASSERT_TRUE(files.remove("/d/log-start-offset-checkpoint"));
    const auto hits = mark_hits("checkpoint_missing_beside_copy");
    auto found = read_checkpoints(files, "/d");
    ASSERT_TRUE(found);
    EXPECT_EQ(mark_hits("checkpoint_missing_beside_copy") - hits, 1u);
    EXPECT_EQ(found->offsets.at(orders).log_start, log_offset(42));
    EXPECT_TRUE(found->damage.empty()) << "a crash may have come before the first file";
    EXPECT_TRUE(found->to_write.contains(kind::log_start));
    ASSERT_TRUE(write_small_file(files, "/d", "log-start-offset-checkpoint", ""));
    found = read_checkpoints(files, "/d");
    ASSERT_TRUE(found);
    EXPECT_EQ(found->offsets.at(orders).log_start, log_offset(42));
    ASSERT_EQ(found->damage.size(), 1u);
    EXPECT_NE(found->damage[0].find("it is empty"), std::string::npos) << found->damage[0];
    ASSERT_TRUE(files.remove("/d/log-start-offset-checkpoint"));
    // A copy without lines, one that is damaged, and none: nothing was promised that anybody knows of.
    for (const auto& copy : {encode_checkpoint_copy("0\n0\n"), std::string("garbage"), std::string()}) {
        ASSERT_TRUE(write_small_file(files, "/d", std::string(log_start_copy_name), copy));
        found = read_checkpoints(files, "/d");
        ASSERT_TRUE(found);
        EXPECT_TRUE(found->offsets.empty()) << copy;
        EXPECT_TRUE(found->damage.empty()) << copy;
    }
}

TEST(checkpoint_file, a_recovery_point_is_our_own_as_far_as_its_copy_says_it_too) {
    sim::memory_disk disk(1);
    auto& files = disk.files();
    ASSERT_TRUE(files.create_directory("/d"));
    checkpoint_job job{"/d", {{kind::recovery_point, "0\n2\nclicks 3 7\norders 0 42\n"}}};
    job.run(files);
    ASSERT_TRUE(job.outcome);
    auto found = read_checkpoints(files, "/d");
    ASSERT_TRUE(found);
    EXPECT_EQ(found->offsets.at(orders).own_recovery_point, log_offset(42));
    EXPECT_FALSE(found->to_write.contains(kind::recovery_point));
    // As another broker leaves it.
    const std::string name(file_name_of(kind::recovery_point));
    ASSERT_TRUE(write_small_file(files, "/d", name, "0\n3\nclicks 3 90\norders 0 30\nothers 1 5\n"));
    found = read_checkpoints(files, "/d");
    ASSERT_TRUE(found);
    EXPECT_EQ(found->offsets.at(clicks).own_recovery_point, log_offset(7));
    EXPECT_EQ(found->offsets.at(clicks).recovery_point, log_offset(7)) << "it will be written again";
    EXPECT_EQ(found->offsets.at(orders).own_recovery_point, log_offset(30));
    EXPECT_EQ(found->offsets.at({"others", partition_index(1)}).own_recovery_point, log_offset(-1));
    EXPECT_EQ(found->offsets.at({"others", partition_index(1)}).recovery_point, log_offset(-1));
    EXPECT_TRUE(found->to_write.contains(kind::recovery_point));
    ASSERT_TRUE(write_small_file(files, "/d", name, "garbage"));
    found = read_checkpoints(files, "/d");
    ASSERT_TRUE(found);
    EXPECT_EQ(found->offsets.at(orders).own_recovery_point, log_offset(42)) << "the copy has its place";
    ASSERT_EQ(found->damage.size(), 1u);
    EXPECT_NE(found->damage[0].find(recovery_point_copy_name), std::string::npos) << found->damage[0];
}

TEST(checkpoint_file, a_recovery_point_without_a_sound_copy_is_nobodys_and_gets_one) {
    sim::memory_disk disk(1);
    auto& files = disk.files();
    ASSERT_TRUE(files.create_directory("/d"));
    const std::string name(file_name_of(kind::recovery_point));
    ASSERT_TRUE(write_small_file(files, "/d", name, "0\n1\norders 0 42\n"));
    for (const bool damaged : {false, true}) {
        if (damaged) {
            ASSERT_TRUE(write_small_file(files, "/d", std::string(recovery_point_copy_name),
                                         "0\n1\norders 0 42\ncrc32c 00000000\n"));
        }
        const auto found = read_checkpoints(files, "/d");
        ASSERT_TRUE(found);
        EXPECT_EQ(found->offsets.at(orders).recovery_point, log_offset(42));
        EXPECT_EQ(found->offsets.at(orders).own_recovery_point, log_offset(-1));
        EXPECT_TRUE(found->to_write.contains(kind::recovery_point));
        EXPECT_TRUE(found->damage.empty());
    }
}

TEST(checkpoint_file, lines_reach_their_partition_and_those_of_nobody_count_for_nothing) {
    sim::memory_disk disk(1);
    auto& files = disk.files();
    data_directory_options options;
    options.directories = {"/d"};
    options.metadata_directory = "/d";
    options.node = node_id(1);
    options.seed = 1;
    auto opened = open_data_directories(files, options);
    ASSERT_TRUE(opened);
    ASSERT_TRUE(close_data_directories(files, *opened, true));
    ASSERT_TRUE(files.create_directory("/d/__cluster_metadata-0"));
    ASSERT_TRUE(files.create_directory("/d/orders-0"));
    checkpoint_job job{"/d", {{kind::log_start, "0\n2\norders 0 42\nclicks 3 1\n"}}};
    job.run(files);
    opened = open_data_directories(files, options);
    ASSERT_TRUE(opened) << to_string(opened.failure());
    const auto& directory = opened->directories[0];
    const auto found = std::find_if(directory.partitions.begin(), directory.partitions.end(),
                                    [](const auto& one) { return one.topic == "orders"; });
    ASSERT_NE(found, directory.partitions.end());
    EXPECT_EQ(found->checkpointed.log_start, log_offset(42));
    EXPECT_EQ(directory.checkpoints.offsets.size(), 1u);
    EXPECT_EQ(directory.checkpoints.without_partition, (std::vector<partition_name>{clicks}));
}

TEST_F(checkpoints, each_file_is_written_within_its_interval_and_only_when_something_changed) {
    start();
    marks(orders, offsets_of(7, -1, 7), 0);
    EXPECT_FALSE(writing);
    ASSERT_TRUE(out.arm);
    EXPECT_EQ(out.arm->count(), 5'000'000'000);
    timer(5000);
    ASSERT_TRUE(writing);
    EXPECT_EQ(out.ask, (std::vector<partition_name>{orders}));
    written(5001);
    EXPECT_EQ(files, (std::map<kind, std::string>{{kind::high_watermark, "0\n1\norders 0 7\n"}}));
    timer(59999);
    EXPECT_FALSE(writing) << "nothing but the recovery point is due, and that not yet";
    timer(60000);
    written(60001);
    EXPECT_EQ(files.at(kind::recovery_point), "0\n1\norders 0 7\n");
    EXPECT_FALSE(files.contains(kind::log_start));
    timer(200000);
    EXPECT_FALSE(writing);
    EXPECT_FALSE(out.arm) << "nobody has moved";
}

TEST_F(checkpoints, a_promise_is_answered_after_its_write_and_those_that_come_meanwhile_share_the_next) {
    start();
    step([&] { machine->on_keep(1, {0, orders, log_offset(10)}, at_ms(0), out); });
    ASSERT_TRUE(writing);
    for (std::uint64_t question = 2; question <= 4; ++question)
        step([&] {
            machine->on_keep(question, {0, clicks, log_offset(20 + static_cast<std::int64_t>(question))},
                             at_ms(1), out);
        });
    EXPECT_TRUE(answers.empty());
    written(2);
    EXPECT_EQ(answers, (std::vector<std::pair<std::uint64_t, errc>>{{1, errc::ok}}));
    EXPECT_EQ(files.at(kind::log_start), "0\n1\norders 0 10\n");
    written(3);
    EXPECT_EQ(answers.size(), 4u);
    EXPECT_EQ(files.at(kind::log_start), "0\n2\nclicks 3 24\norders 0 10\n");
    EXPECT_FALSE(writing);
}

TEST_F(checkpoints, a_failed_write_fails_the_promise_and_is_tried_again) {
    start();
    step([&] { machine->on_keep(1, {0, orders, log_offset(10)}, at_ms(0), out); });
    written(1, error{errc::disk_full, "full"});
    EXPECT_EQ(answers, (std::vector<std::pair<std::uint64_t, errc>>{{1, errc::disk_full}}));
    EXPECT_TRUE(out.failed);
    ASSERT_TRUE(out.arm);
    timer(1 + 60000);
    written(60002);
    EXPECT_EQ(files.at(kind::log_start), "0\n1\norders 0 10\n");
}

TEST_F(checkpoints, a_name_is_forgotten_in_all_files_before_it_is_used_again) {
    found_checkpoints found;
    found.offsets[orders] = offsets_of(5, 4, 7, 2);
    found.without_partition = {clicks};
    start(std::move(found));
    step([&] { machine->on_forget(1, {0, orders}, at_ms(0), out); });
    EXPECT_TRUE(answers.empty());
    ASSERT_TRUE(writing);
    // One whose line went with the write in flight waits for a write that has begun behind the question.
    step([&] { machine->on_forget(2, {0, clicks}, at_ms(1), out); });
    written(2);
    EXPECT_EQ(answers.size(), 1u);
    EXPECT_EQ(files.size(), 4u);
    for (const auto& [which, text] : files)
        EXPECT_EQ(text, "0\n0\n");
    if (writing)
        written(3);
    EXPECT_EQ(answers.size(), 2u);
    step([&] { machine->on_forget(3, {0, orders}, at_ms(4), out); });
    EXPECT_EQ(answers.size(), 3u) << "nothing says anything of it any more";
    EXPECT_FALSE(writing);
}

TEST_F(checkpoints, a_removed_partition_leaves_the_files_and_a_clean_stop_writes_all) {
    start();
    marks(orders, offsets_of(5, 4, 7), 0);
    marks(clicks, offsets_of(1, -1, 2), 0);
    marks(orders, offsets_of(5, 4, 7), 10, true, true);
    marks(clicks, offsets_of(3, -1, 3, 2), 11, true);
    step([&] { machine->on_close(at_ms(12), out); });
    EXPECT_FALSE(out.closed);
    ASSERT_TRUE(writing);
    written(13);
    ASSERT_TRUE(out.closed && *out.closed);
    EXPECT_EQ(files.at(kind::recovery_point), "0\n1\nclicks 3 3\n");
    EXPECT_EQ(files.at(kind::high_watermark), "0\n1\nclicks 3 3\n");
    EXPECT_EQ(files.at(kind::cleaned_upto), "0\n1\nclicks 3 2\n");
}

TEST_F(checkpoints, a_stop_that_cannot_write_says_so) {
    start();
    marks(orders, offsets_of(5, 4, 7), 0, true);
    step([&] { machine->on_close(at_ms(1), out); });
    written(2, error{errc::storage_error, "broken"});
    ASSERT_TRUE(out.closed);
    EXPECT_EQ(out.closed->code(), errc::storage_error);
}

TEST_F(checkpoints, of_a_failed_directory_promise_and_write_nothing_and_hold_no_stop_up) {
    start();
    step([&] { machine->on_keep(1, {0, orders, log_offset(5)}, at_ms(0), out); });
    ASSERT_TRUE(writing);
    step([&] { machine->on_keep(2, {0, clicks, log_offset(3)}, at_ms(1), out); });
    machine->on_directory_failed({errc::storage_error, "the disk is gone"});
    step([&] { machine->on_keep(3, {0, clicks, log_offset(4)}, at_ms(2), out); });
    EXPECT_TRUE(answers.empty()) << "the write in flight comes back first";
    written(3, error{errc::storage_error, "the disk is gone"});
    EXPECT_FALSE(out.failed) << "nothing is tried again";
    EXPECT_EQ(answers, (std::vector<std::pair<std::uint64_t, errc>>{
                           {1, errc::storage_error}, {2, errc::storage_error}, {3, errc::storage_error}}));
    marks(orders, offsets_of(5, 5, 7), 4);
    timer(100'000);
    EXPECT_FALSE(writing);
    EXPECT_FALSE(out.arm);
    step([&] { machine->on_close(at_ms(100'001), out); });
    ASSERT_TRUE(out.closed);
    EXPECT_TRUE(*out.closed);
    EXPECT_FALSE(writing);
}

} // namespace
} // namespace barnabas::checkpoints_test
