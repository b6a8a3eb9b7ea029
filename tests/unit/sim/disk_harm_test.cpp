#include "tests/unit/sim/disk_calls.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace barnabas::sim {
namespace {

bytes read_all(memory_disk& disk, file_id file, std::size_t count) {
    bytes into(count);
    const auto got = disk.files().read(file, file_position(0), into);
    EXPECT_TRUE(got.has_value());
    into.resize(got ? *got : 0);
    return into;
}

TEST(memory_disk, a_read_that_rots_once_is_right_the_next_time) {
    memory_disk disk(1);
    const auto file = open(disk, "/a.log");
    ASSERT_TRUE(write(disk, file, 0, filled(5'000, 1)));
    disk.set_faults({.read_rot_chance = 1'000'000});
    EXPECT_EQ(read_all(disk, file, 5'000), filled(5'000, 1)) << "what is not synced is in memory";
    ASSERT_TRUE(sync(disk, file));
    EXPECT_NE(read_all(disk, file, 5'000), filled(5'000, 1));
    disk.set_faults({});
    EXPECT_EQ(read_all(disk, file, 5'000), filled(5'000, 1));
    const auto text = open(disk, "/text");
    ASSERT_TRUE(write(disk, text, 0, filled(100, 1)));
    ASSERT_TRUE(sync(disk, text));
    disk.set_faults({.read_rot_chance = 1'000'000});
    EXPECT_EQ(read_all(disk, text, 100), filled(100, 1)) << "a format without a checksum";
}

TEST(memory_disk, the_commit_journal_rots_too) {
    memory_disk disk(1);
    const auto file = open(disk, "/commit-journal-3");
    ASSERT_TRUE(write(disk, file, 0, filled(5'000, 1)));
    ASSERT_TRUE(sync(disk, file));
    disk.set_faults({.read_rot_chance = 1'000'000});
    EXPECT_NE(read_all(disk, file, 5'000), filled(5'000, 1));
}

TEST(memory_disk, what_is_scarce_is_refused_by_name_and_comes_back) {
    memory_disk disk(1);
    auto& files = disk.files();
    const auto file = open(disk, "/a");
    disk.set_faults({.no_descriptor_chance = 1'000'000});
    EXPECT_EQ(files.open("/b", runtime::open_mode::create).code(), errc::too_many_open_files);
    EXPECT_EQ(files.sync_directory("/").code(), errc::too_many_open_files);
    EXPECT_TRUE(write(disk, file, 0, filled(5'000, 1)));
    disk.set_faults({.no_room_for_name_chance = 1'000'000});
    EXPECT_TRUE(files.sync_directory("/").has_value()) << "there is room";
    disk.set_capacity(disk.used_bytes());
    EXPECT_EQ(files.open("/b", runtime::open_mode::create).code(), errc::disk_full);
    EXPECT_EQ(files.create_directory("/c").code(), errc::disk_full);
    EXPECT_EQ(files.rename("/a", "/b").code(), errc::disk_full);
    EXPECT_EQ(files.sync_directory("/").code(), errc::disk_full);
    EXPECT_TRUE(files.remove("/a").has_value());
    files.close(file);
    EXPECT_TRUE(files.create_directory("/c").has_value());
}

TEST(memory_disk, no_name_is_longer_than_a_real_one) {
    memory_disk disk(1);
    auto& files = disk.files();
    const auto longest = "/" + std::string(255, 'n');
    EXPECT_TRUE(files.create_directory(longest).has_value());
    EXPECT_EQ(files.create_directory(longest + "n").code(), errc::malformed);
    EXPECT_EQ(files.open(longest + "n", runtime::open_mode::create).code(), errc::malformed);
    EXPECT_EQ(files.rename(longest, longest + "n").code(), errc::malformed);
}

TEST(memory_disk, a_rotten_sector_stays_so_until_it_is_written_or_the_fault_is_lifted) {
    memory_disk disk(1);
    const auto file = open(disk, "/a.log");
    ASSERT_TRUE(write(disk, file, 0, filled(5'000, 1)));
    ASSERT_TRUE(sync(disk, file));
    disk.set_faults({.sticky_rot_chance = 1'000'000});
    const auto rotten = read_all(disk, file, 5'000);
    disk.set_faults({});
    EXPECT_NE(rotten, filled(5'000, 1));
    EXPECT_EQ(read_all(disk, file, 5'000), rotten);
    EXPECT_EQ(disk.content("/a.log"), rotten);
    disk.lift_rot();
    EXPECT_EQ(read_all(disk, file, 5'000), filled(5'000, 1));
    ASSERT_TRUE(disk.rot("/a.log", 700, 3));
    ASSERT_TRUE(write(disk, file, 600, filled(200, 1)));
    ASSERT_TRUE(sync(disk, file));
    EXPECT_EQ(read_all(disk, file, 5'000)[700], std::byte{1 ^ 8}) << "only a part of the sector was written";
    ASSERT_TRUE(write(disk, file, 512, filled(512, 1)));
    ASSERT_TRUE(sync(disk, file));
    EXPECT_EQ(read_all(disk, file, 5'000), filled(5'000, 1));
}

TEST(memory_disk, one_write_lands_elsewhere_and_no_other) {
    memory_disk disk(1);
    const auto file = open(disk, "/a");
    ASSERT_TRUE(write(disk, file, 0, filled(8'192, 1)));
    disk.set_faults({.misdirect_chance = 1'000'000});
    ASSERT_TRUE(write(disk, file, 8'192, filled(100, 2)));
    const auto content = *disk.content("/a");
    EXPECT_EQ(content.size(), 8'192U);
    EXPECT_EQ(std::count(content.begin(), content.end(), std::byte{2}), 100);
    ASSERT_TRUE(write(disk, file, 8'192, filled(100, 3)));
    EXPECT_EQ(disk.content("/a")->size(), 8'292U);
}

TEST(memory_disk, a_broken_place_fails_and_the_rest_serves_on) {
    memory_disk disk(1);
    ASSERT_TRUE(disk.files().create_directory("/one"));
    ASSERT_TRUE(disk.files().create_directory("/oneself"));
    const auto broken = open(disk, "/one/a");
    ASSERT_TRUE(write(disk, broken, 0, filled(10, 1)));
    const auto sound = open(disk, "/oneself/a");
    disk.break_place("/one");
    bytes into(10);
    EXPECT_EQ(disk.files().read(broken, file_position(0), into).code(), errc::storage_error);
    EXPECT_EQ(disk.files().list("/one").code(), errc::storage_error);
    EXPECT_EQ(sync(disk, broken).code(), errc::storage_error);
    EXPECT_TRUE(write(disk, sound, 0, filled(10, 1)) && sync(disk, sound));
    disk.break_place("/one", errc::read_only);
    EXPECT_TRUE(disk.files().read(broken, file_position(0), into));
    EXPECT_EQ(write(disk, broken, 0, filled(10, 2)).code(), errc::read_only);
    EXPECT_EQ(disk.files().remove("/one/a").code(), errc::read_only);
    disk.break_place("");
    EXPECT_TRUE(write(disk, broken, 0, filled(10, 2)));
}

TEST(memory_disk, a_call_on_a_place_that_hangs_has_no_effect_and_neither_has_what_its_job_does_next) {
    memory_disk disk(1);
    ASSERT_TRUE(disk.files().create_directory("/one"));
    ASSERT_TRUE(disk.files().create_directory("/oneself"));
    const auto hung = open(disk, "/one/a");
    const auto sound = open(disk, "/oneself/a");
    disk.hang_place("/one");
    EXPECT_TRUE(write(disk, sound, 0, filled(10, 1)) && sync(disk, sound));
    EXPECT_FALSE(disk.took_hang());
    EXPECT_EQ(write(disk, hung, 0, filled(10, 2)).code(), errc::closed);
    EXPECT_EQ(write(disk, sound, 0, filled(10, 2)).code(), errc::closed);
    EXPECT_TRUE(disk.took_hang());
    EXPECT_EQ(disk.content("/one/a"), bytes());
    EXPECT_EQ(read_all(disk, sound, 10), filled(10, 1));
    disk.hang_place("");
    disk.kill();
    EXPECT_TRUE(write(disk, open(disk, "/one/a"), 0, filled(10, 3)));
}

TEST(memory_disk, another_disk_is_empty) {
    memory_disk disk(1);
    ASSERT_TRUE(write(disk, open(disk, "/a"), 0, filled(10, 1)));
    disk.replace();
    EXPECT_EQ(disk.content("/a"), std::nullopt);
    EXPECT_EQ(disk.used_bytes(), 0U);
    EXPECT_EQ(disk.open_files(), 0U);
}

} // namespace
} // namespace barnabas::sim
