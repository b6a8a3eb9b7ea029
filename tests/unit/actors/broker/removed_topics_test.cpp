#include "actors/broker/broker.hpp"
#include "actors/broker/directory_jobs.hpp"
#include "actors/broker/limits.hpp"
#include "actors/broker/small_files.hpp"
#include "actors/broker/stored_partitions.hpp"
#include "actors/replica/log_removal.hpp"
#include "protocol/model/mark.hpp"
#include "runtime/disk/posix_files.hpp"
#include "tests/unit/actors/broker/partition_set_fixture.hpp"
#include "tests/unit/runtime/disk/scratch_directory.hpp"
#include "tests/unit/sim/each_operation.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

/// What is left on disk of topics that were deleted before this start, and of a making that was cut short.
namespace barnabas::removed_topics_test {

namespace {

const removed_topics topic_8 = std::make_shared<const std::set<topic_id>>(std::set<topic_id>{id_of(8)});

effects::effects answer(partition_set& set, const result<void>& outcome) {
    effects::effects out;
    set.on_directories_set_aside(outcome, out);
    return recorded(set, std::move(out));
}

std::string stray(const std::string& path) {
    return path + "." + to_string(id_of(8)) + "-stray";
}

gates_by_path gates_of_data() {
    return {{"/data",
             std::make_shared<runtime::directory_gate>("/data", 0, runtime::directory_gate::listeners{})}};
}

void write(runtime::file_system& files, const std::string& path, const std::string& name,
           std::string_view text) {
    ASSERT_TRUE(files.create_directory(path));
    ASSERT_TRUE(write_small_file(files, path, name, text));
    ASSERT_TRUE(files.sync_directory(parent_path(path)));
    ASSERT_TRUE(files.sync_directory("/"));
}

/// A log of topic `id` with two files.
void make_log(runtime::file_system& files, const std::string& path, std::uint8_t id) {
    write(files, path, "partition.metadata", "version: 0\ntopic_id: " + to_string(id_of(id)) + "\n");
    write(files, path, "00000000000000000000.log", "records");
    write(files, path, "00000000000000000000.index", "offsets");
}

/// Somebody with more rights put w-1 there.
class files_of_others final : public runtime::posix_files {
public:
    result<void> remove(const std::string& path) override {
        return path.find("w-1") == std::string::npos
                   ? posix_files::remove(path)
                   : error{errc::access_denied, "cannot remove " + path + ": Operation not permitted"};
    }
};

std::vector<std::string> names_in(runtime::file_system& files, const std::string& path) {
    const auto entries = files.list(path);
    std::vector<std::string> names;
    for (std::size_t i = 0; entries && i < entries->size(); ++i)
        names.push_back((*entries)[i].name);
    std::sort(names.begin(), names.end());
    return names;
}

} // namespace

TEST(removed_topics, interrupted_deletion_is_carried_on_at_the_next_start) {
    partition_set set(usual, directories_with({stored("other", 0, id_of(9)), stored("w", 0, id_of(8)),
                                               stored("w", 1, id_of(8))}));
    set.know_removed(topic_8);
    const auto marks = mark_hits("interrupted_deletion_resumed");
    auto out = apply(set, image_of(5, {{"t", 1}}));
    EXPECT_EQ(notes(out), (std::vector<std::string>{"partition_deletions_resumed"}));
    EXPECT_EQ(mark_hits("interrupted_deletion_resumed") - marks, 2u);
    const auto aside = all<effects::set_aside_directories>(out);
    ASSERT_EQ(aside.size(), 1u);
    EXPECT_EQ(aside[0].renames, (std::vector<std::pair<std::string, std::string>>{
                                    {"/a/w-0", stray("/a/w-0")}, {"/a/w-1", stray("/a/w-1")}}));
    EXPECT_TRUE(all<effects::remove_strays>(out).empty()) << "they still have the names";
    out = answer(set, {});
    ASSERT_EQ(all<effects::remove_strays>(out).size(), 1u);
    EXPECT_EQ(*all<effects::remove_strays>(out)[0].topics, *topic_8);
    EXPECT_EQ(notes(out),
              (std::vector<std::string>{"partition_directory_missing", "partition_directory_unknown"}))
        << "other-0 stays";
    EXPECT_EQ(all<effects::open_partition>(out).size(), 1u) << "nothing waits for the removal";
    opened(set, place(1, 0));
    EXPECT_TRUE(all<effects::remove_strays>(apply(set, image_of(6, {{"t", 1}}))).empty());
}

TEST(removed_topics, strays_of_earlier_starts_go_though_nothing_else_is_left) {
    partition_set set(usual, directories_with());
    set.know_removed(topic_8);
    EXPECT_EQ(all<effects::remove_strays>(apply(set, image_of(5, {}))).size(), 1u);
    partition_set nothing_removed(usual, directories_with());
    nothing_removed.know_removed(std::make_shared<const std::set<topic_id>>());
    EXPECT_TRUE(all<effects::remove_strays>(apply(nothing_removed, image_of(5, {}))).empty());
}

TEST(removed_topics, name_that_could_not_be_freed_is_set_aside_when_it_is_needed) {
    partition_set set(usual, directories_with({stored("w", 0, id_of(8))}));
    set.know_removed(topic_8);
    apply(set, image_of(5, {}));
    const auto told = notes(answer(set, error{errc::too_many_open_files, "no descriptor is left"}));
    EXPECT_EQ(told, std::vector<std::string>{"partition_directory_not_set_aside"}) << "its topic is known";
    const auto aside = all<effects::set_aside_directories>(apply(set, image_of(6, {{"w", 1}})));
    ASSERT_EQ(aside.size(), 1u);
    EXPECT_EQ(aside[0].renames.front().first, "/a/w-0");
}

TEST(removed_topics, log_that_was_made_here_and_names_a_removed_topic_stays) {
    auto options = usual;
    options.created_upto = log_offset(1'000);
    partition_set set(options, directories_with({stored("t", 0, id_of(8))}));
    set.know_removed(topic_8);
    const auto out = apply(set, image_of(5, {{"t", 1}}));
    EXPECT_TRUE(all<effects::set_aside_directories>(out).empty());
    EXPECT_EQ(notes(out).front(), "partition_directory_misnamed");
}

TEST(removed_topics, directory_that_is_offline_is_left_to_a_later_start) {
    auto directories = directories_with({stored("w", 0, id_of(8))});
    directories[0].offline = error{errc::storage_error, "gone"};
    partition_set set(usual, directories);
    set.know_removed(topic_8);
    EXPECT_TRUE(all<effects::set_aside_directories>(apply(set, image_of(5, {}))).empty());
}

TEST(removed_topics, nameless_directory_of_no_topic_is_looked_at_for_being_empty) {
    partition_set set(usual, directories_with({stored("w", 0, std::nullopt)}));
    const auto aside = all<effects::set_aside_directories>(apply(set, image_of(5, {})));
    ASSERT_EQ(aside.size(), 1u);
    EXPECT_TRUE(aside[0].renames.empty());
    EXPECT_EQ(aside[0].if_empty, std::vector<std::string>{"/a/w-0"});
    EXPECT_EQ(all<effects::confirm_applied>(answer(set, {})).size(), 1u);
}

TEST(removed_topics, crash_in_a_removal_leaves_what_says_whose_it_is_or_nothing) {
    sim::at_every_operation([](sim::doomed_operation& doomed) {
        make_log(doomed.files(), "/data/w-0", 8);
        doomed.arm();
        const auto removed = replica::remove_log_directory(doomed.files(), "/data/w-0");
        doomed.end_process();
        const auto names = names_in(doomed.files(), "/data/w-0");
        const bool known = std::find(names.begin(), names.end(), "partition.metadata") != names.end();
        EXPECT_TRUE(names.empty() || known) << doomed.text() << ": " << names.front();
        if (removed) {
            EXPECT_FALSE(*doomed.files().exists("/data/w-0")) << doomed.text();
        }
    });
}

TEST(removed_topics, strays_go_by_their_identity_and_a_few_at_a_time) {
    sim::memory_disk disk(1);
    auto& files = disk.files();
    constexpr auto count = broker_limits::strays_at_once + 1;
    for (std::size_t i = 0; i < count; ++i)
        make_log(files, stray("/data/w-" + std::to_string(i)), 8);
    make_log(files, "/data/t-0." + to_string(id_of(9)) + "-stray", 9);
    write(files, "/data/t-1.fragment-stray", "00000000000000000000.log", "records");
    make_log(files, "/data/w-0", 8);
    const auto marks = mark_hits("stray_of_deleted_topic_removed");
    stray_removal work{"/data", topic_8, std::nullopt, {}};
    remove_strays(files, *gates_of_data().at("/data"), work);
    EXPECT_TRUE(work.failed.has_value()) << to_string(work.failed.failure());
    EXPECT_EQ(work.left->size(), 1u);
    EXPECT_EQ(names_in(files, "/data").size(), 4u);
    remove_strays(files, *gates_of_data().at("/data"), work);
    EXPECT_TRUE(work.left->empty());
    EXPECT_EQ(names_in(files, "/data"), (std::vector<std::string>{"t-0." + to_string(id_of(9)) + "-stray",
                                                                  "t-1.fragment-stray", "w-0"}));
    EXPECT_EQ(mark_hits("stray_of_deleted_topic_removed") - marks, count);
}

TEST(removed_topics, what_cannot_be_removed_stays_and_the_others_go) {
    runtime::scratch_directory scratch;
    files_of_others files;
    const auto data = scratch.path();
    for (const auto* name : {"/w-0", "/w-1", "/w-2"})
        make_log(files, stray(data + name), 8);
    const auto gate =
        std::make_shared<runtime::directory_gate>(data, 0, runtime::directory_gate::listeners{});
    const auto marks = mark_hits("stray_not_removed");
    stray_removal work{data, topic_8, std::nullopt, {}};
    remove_strays(files, *gate, work);
    EXPECT_TRUE(work.left->empty());
    EXPECT_FALSE(work.failed.has_value());
    EXPECT_FALSE(gate->is_shut());
    EXPECT_EQ(mark_hits("stray_not_removed") - marks, 1u);
    EXPECT_EQ(names_in(files, data), std::vector<std::string>{"w-1." + to_string(id_of(8)) + "-stray"});
}

TEST(removed_topics, directory_whose_making_was_cut_short_makes_room_for_the_partition) {
    sim::memory_disk disk(1);
    auto& files = disk.files();
    write(files, "/data/new-0", "partition.metadata.tmp", "");
    write(files, "/data/new-0", "00000000000000000000.log", "");
    write(files, "/data/new-1", "00000000000000000000.log", "records");
    write(files, "/data/new-2", "00000000000000000042.log", "");
    make_log(files, "/data/new-3", 8);
    std::vector<std::pair<std::string, std::string>> renames;
    for (const auto* name : {"/data/new-0", "/data/new-1", "/data/new-2", "/data/new-3", "/data/new-4"})
        renames.emplace_back(name, name + std::string(".fragment-stray"));
    const auto marks = mark_hits("unfinished_directory_removed");
    ASSERT_TRUE(set_aside(files, gates_of_data(), renames));
    EXPECT_EQ(mark_hits("unfinished_directory_removed") - marks, 1u);
    EXPECT_EQ(
        names_in(files, "/data"),
        (std::vector<std::string>{"new-1.fragment-stray", "new-2.fragment-stray", "new-3.fragment-stray"}));
}

/// What a start does.
std::vector<std::string> remove_fragments(runtime::file_system& files) {
    std::vector<std::string> fragments;
    EXPECT_TRUE(list_partitions(files, "/data", false, {}, &fragments));
    remove_unused_fragments(files, "/data", fragments);
    return names_in(files, "/data");
}

/// The copy without records of a partition that lies in two directories.
TEST(removed_topics, fragment_without_a_record_goes_at_a_start) {
    sim::at_every_operation([](sim::doomed_operation& doomed) {
        auto& files = doomed.files();
        write(files, "/data/t-0", "partition.metadata",
              "version: 0\ntopic_id: " + to_string(id_of(9)) + "\n");
        write(files, "/data/t-0", "00000000000000000000.log", "");
        write(files, "/data/t-0.fragment-stray", "00000000000000000000.log", "");
        doomed.arm();
        static_cast<void>(set_aside(files, gates_of_data(), {{"/data/t-0", "/data/t-0.fragment-stray"}}));
        std::vector<std::string> fragments;
        static_cast<void>(list_partitions(files, "/data", false, {}, &fragments));
        remove_unused_fragments(files, "/data", fragments);
        doomed.end_process();
        for (const auto& name : remove_fragments(doomed.files()))
            EXPECT_EQ(name, "t-0") << doomed.text();
    });
}

TEST(removed_topics, fragment_in_which_something_was_stored_stays) {
    sim::memory_disk disk(1);
    auto& files = disk.files();
    write(files, "/data/a-0.fragment-stray", "00000000000000000000.log", "records");
    write(files, "/data/b-0.fragment-stray", "00000000000000000042.log", "");
    write(files, "/data/c-0.fragment+2-stray", "00000000000000000000.log.deleted", "");
    write(files, "/data/d-0.fragment+2-stray", "00000000000000000000.log", "");
    write(files, "/data/e-0." + to_string(id_of(9)) + "-stray", "00000000000000000000.log", "");
    write(files, "/data/f-0.fragment", "00000000000000000000.log", "");
    EXPECT_EQ(remove_fragments(files),
              (std::vector<std::string>{"a-0.fragment-stray", "b-0.fragment-stray", "c-0.fragment+2-stray",
                                        "e-0." + to_string(id_of(9)) + "-stray", "f-0.fragment"}));
}

TEST(removed_topics, only_what_is_empty_is_removed_of_nobodys) {
    sim::memory_disk disk(1);
    auto& files = disk.files();
    ASSERT_TRUE(files.create_directory("/data/w-0"));
    write(files, "/data/w-1", "notes.txt", "");
    const auto marks = mark_hits("empty_directory_removed");
    remove_empty(files, gates_of_data(), {"/data/w-0", "/data/w-1", "/data/w-2"});
    EXPECT_EQ(mark_hits("empty_directory_removed") - marks, 1u);
    EXPECT_EQ(names_in(files, "/data"), std::vector<std::string>{"w-1"});
}

} // namespace barnabas::removed_topics_test
