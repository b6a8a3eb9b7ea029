#include "runtime/disk/bounded_files.hpp"

#include "runtime/disk/posix_files.hpp"
#include "sim/disk/memory_disk.hpp"
#include "tests/unit/runtime/disk/scratch_directory.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace barnabas::runtime::bounded_files_test {
namespace {

struct bounded_files_test : testing::Test {
    sim::memory_disk disk{1};
    bounded_files files{disk.files(), 3};

    result<void> write(file_id file, std::string_view text, std::uint64_t at = 0) {
        const auto bytes = slice::copy_of(text);
        return files.write(file, file_position(at), std::span(&bytes, 1));
    }
    std::string read(file_id file) {
        std::string text(100, ' ');
        const auto got = files.read(file, file_position(0), std::as_writable_bytes(std::span(text)));
        return got ? text.substr(0, *got) : to_string(got.failure());
    }
    std::vector<file_id> make(int count, const std::string& prefix = "/") {
        std::vector<file_id> made;
        for (int i = 0; i < count; ++i) {
            made.push_back(*files.open(prefix + std::to_string(i), open_mode::create));
            EXPECT_TRUE(write(made.back(), std::to_string(i)));
        }
        return made;
    }
    result<void> sync(file_id file) { return files.sync(std::span(&file, 1)); }
};

TEST_F(bounded_files_test, many_files_share_few_descriptors) {
    const auto all = make(20);
    EXPECT_LE(disk.open_files(), 3U);
    for (int round = 0; round < 2; ++round)
        for (std::size_t i = 0; i < all.size(); ++i) {
            EXPECT_EQ(read(all[i]), std::to_string(i));
            EXPECT_LE(disk.open_files(), 3U);
        }
    EXPECT_EQ(files.now().files, 20U);
    for (const auto file : all)
        files.close(file);
    EXPECT_EQ(files.now().files, 0U);
    EXPECT_EQ(disk.open_files(), 0U);
}

TEST_F(bounded_files_test, file_opened_later_costs_nothing_before_its_first_use) {
    make(1);
    const auto before = disk.operations();
    const auto file = files.open("/0", open_mode::later);
    ASSERT_TRUE(file.has_value());
    const auto absent = files.open("/absent", open_mode::later);
    ASSERT_TRUE(absent.has_value());
    EXPECT_EQ(disk.operations(), before);
    EXPECT_EQ(read(*file), "0");
    EXPECT_TRUE(write(*file, "new"));
    EXPECT_EQ(files.size(*absent).code(), errc::not_found);
}

TEST_F(bounded_files_test, what_was_written_is_synced_before_its_descriptor_goes) {
    const auto all = make(3);
    ASSERT_TRUE(disk.files().sync_directory("/"));
    make(8);
    runtime::random draws(1);
    disk.power_cut(draws, sim::power_cut_faults::lose_all());
    ASSERT_TRUE(disk.content("/0").has_value());
    EXPECT_EQ(disk.content("/0")->size(), 1U);
    EXPECT_GT(files.now().synced_for_it, 0U);
}

TEST_F(bounded_files_test, files_without_unsynced_bytes_go_first) {
    const auto all = make(3);
    ASSERT_TRUE(sync(all[2]));
    const auto syncs = disk.syncs();
    make(1);
    EXPECT_EQ(disk.syncs(), syncs);
}

TEST_F(bounded_files_test, sync_that_failed_for_others_is_told_to_whoever_wrote) {
    const auto all = make(3);
    disk.set_faults({.sync_error_chance = 1'000'000});
    const auto more = files.open("/more", open_mode::create);
    ASSERT_TRUE(more.has_value());
    disk.set_faults({});
    EXPECT_EQ(sync(all[0]).code(), errc::storage_error);
    EXPECT_EQ(write(all[0], "again").code(), errc::storage_error);
    EXPECT_EQ(sync(all[0]).code(), errc::storage_error);
    EXPECT_TRUE(sync(all[1]));
}

TEST_F(bounded_files_test, what_was_synced_here_needs_no_descriptor_to_be_synced_again) {
    const auto all = make(2);
    ASSERT_TRUE(sync(all[0]));
    make(5, "/x");
    disk.set_faults({.no_descriptor_chance = 1'000'000});
    const auto syncs = disk.syncs();
    EXPECT_TRUE(sync(all[0]));
    EXPECT_TRUE(sync(all[1])) << "it was synced when its descriptor was given up";
    EXPECT_EQ(disk.syncs(), syncs);
    // What an earlier process left may lie in the memory of the system only.
    const auto found = files.open("/0", open_mode::later);
    ASSERT_TRUE(found.has_value());
    EXPECT_EQ(sync(*found).code(), errc::too_many_open_files);
    disk.set_faults({});
    ASSERT_TRUE(write(all[0], "new"));
    EXPECT_TRUE(sync(all[0]));
    EXPECT_GT(disk.syncs(), syncs);
}

/// Somebody else takes the descriptors that are given up, a few times.
class greedy_files final : public posix_files {
public:
    int taken = 0;
    result<file_id> open(const std::string& path, open_mode mode) override {
        if (taken > 0 && taken-- > 0)
            return error{errc::too_many_open_files, "taken by another process"};
        return posix_files::open(path, mode);
    }
};

TEST(scarce_descriptors, several_are_given_up_until_one_is_had) {
    scratch_directory directory;
    greedy_files below;
    bounded_files files(below, 10);
    std::vector<file_id> all;
    for (int i = 0; i < 8; ++i)
        all.push_back(*files.open(directory.path() + "/" + std::to_string(i), open_mode::create));
    below.taken = 5;
    EXPECT_TRUE(files.open(directory.path() + "/one more", open_mode::create).has_value());
    EXPECT_EQ(files.now().given_up, 5U);
    below.taken = 2;
    EXPECT_TRUE(files.size(all[0]).has_value());
    below.taken = 100;
    EXPECT_EQ(files.size(all[1]).code(), errc::too_many_open_files);
}

TEST_F(bounded_files_test, renamed_file_is_found_under_its_new_name) {
    ASSERT_TRUE(files.create_directory("/a"));
    const auto file = *files.open("/a/x", open_mode::create);
    ASSERT_TRUE(write(file, "one"));
    make(5);
    ASSERT_TRUE(files.rename("/a/x", "/a/y"));
    EXPECT_EQ(read(file), "one");
    make(5);
    ASSERT_TRUE(files.rename("/a", "/b"));
    EXPECT_EQ(read(file), "one");
    make(5);
    EXPECT_EQ(read(file), "one");
}

TEST_F(bounded_files_test, file_whose_name_is_gone_is_the_same_file_still) {
    const auto all = make(8);
    ASSERT_TRUE(files.rename("/7", "/0"));
    ASSERT_TRUE(files.remove("/1"));
    make(5, "/other");
    EXPECT_EQ(read(all[7]), "7");
    EXPECT_EQ(read(all[0]), "0") << "another file has its name now";
    EXPECT_EQ(read(all[1]), "1");
    files.close(all[0]);
    files.close(all[1]);
    EXPECT_EQ(files.now().pinned, 0U);
}

TEST_F(bounded_files_test, directory_with_open_files_is_removed_under_them) {
    ASSERT_TRUE(files.create_directory("/a"));
    const auto file = *files.open("/a/x", open_mode::create);
    ASSERT_TRUE(write(file, "one"));
    make(5);
    ASSERT_TRUE(files.remove_directory("/a"));
    make(5);
    EXPECT_EQ(read(file), "one");
}

TEST_F(bounded_files_test, lock_is_never_given_up) {
    const auto lock = files.lock("/lock");
    ASSERT_TRUE(lock.has_value());
    make(8);
    EXPECT_EQ(disk.files().lock("/lock").code(), errc::locked);
    files.close(*lock);
    EXPECT_TRUE(disk.files().lock("/lock").has_value());
}

TEST_F(bounded_files_test, more_files_than_the_bound_are_synced_at_once) {
    const auto all = make(8);
    EXPECT_TRUE(files.sync(all));
    EXPECT_LE(disk.open_files(), 3U);
}

TEST_F(bounded_files_test, read_that_would_have_to_open_says_so) {
    const auto all = make(5);
    const auto never = [](file_id) -> result<std::size_t> { return std::size_t{7}; };
    EXPECT_EQ(files.read_if_held(all[0], never).code(), errc::would_block);
    EXPECT_EQ(*files.read_if_held(all[4], never), 7U);
}

TEST_F(bounded_files_test, read_that_may_not_wait_syncs_and_closes_nothing) {
    const auto all = make(3);
    // More than the bound are open now, and what is to go has unsynced bytes.
    ASSERT_TRUE(files.lock("/lock").has_value());
    const auto syncs = disk.syncs();
    const auto open = disk.open_files();
    ASSERT_GT(open, 3U);
    EXPECT_EQ(*files.read_if_held(all[2], [](file_id) -> result<std::size_t> { return std::size_t{7}; }), 7U);
    EXPECT_EQ(disk.syncs(), syncs);
    EXPECT_EQ(disk.open_files(), open);
    EXPECT_EQ(read(all[2]), "2");
    EXPECT_LE(disk.open_files(), 3U);
}

TEST_F(bounded_files_test, file_that_is_closed_during_such_a_read_is_closed_with_its_end) {
    const auto all = make(1);
    const auto closes = [&](file_id) -> result<std::size_t> {
        files.close(all[0]);
        EXPECT_EQ(disk.open_files(), 1U);
        return std::size_t{7};
    };
    EXPECT_EQ(*files.read_if_held(all[0], closes), 7U);
    EXPECT_EQ(disk.open_files(), 0U);
}

} // namespace
} // namespace barnabas::runtime::bounded_files_test
