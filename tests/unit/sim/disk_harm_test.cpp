#include "tests/unit/sim/disk_calls.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace barnabas::sim::disk_harm_test {
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

TEST(memory_disk, indexes_and_texts_rot_by_chances_of_their_own) {
    memory_disk disk(1);
    const std::vector<std::string> names{"/a.log", "/a.index", "/a.timeindex", "/meta.properties"};
    const auto wrong = [&] {
        std::string all;
        for (const auto& name : names)
            all += read_all(disk, open(disk, name), 600) == filled(600, 1) ? '.' : 'x';
        return all;
    };
    for (const auto& name : names) {
        const auto file = open(disk, name);
        ASSERT_TRUE(write(disk, file, 0, filled(600, 1)) && sync(disk, file));
    }
    disk.set_faults({.text_rot_chance = 1'000'000});
    EXPECT_EQ(wrong(), "...x");
    disk.set_faults({});
    EXPECT_EQ(wrong(), "....");
    disk.set_faults({.sticky_text_rot_chance = 1'000'000});
    EXPECT_EQ(wrong(), "...x");
    disk.set_faults({.index_rot_chance = 1'000'000});
    // Half of the wrong reads of an index are wrong from then on.
    for (int i = 0; i < 30; ++i)
        wrong();
    disk.set_faults({});
    EXPECT_EQ(wrong(), ".xxx");
    disk.lift_harm();
    EXPECT_EQ(wrong(), "....");
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
    disk.lift_harm();
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
    ASSERT_TRUE(write(disk, file, 0, filled(8'192, 1)) && sync(disk, file));
    disk.set_faults({.misdirect_chance = 1'000'000});
    ASSERT_TRUE(write(disk, file, 8'192, filled(1'000, 2)));
    auto unsynced = *disk.content("/a");
    EXPECT_EQ(bytes(unsynced.begin() + 8'192, unsynced.end()), filled(1'000, 2)) << "it is in memory";
    ASSERT_TRUE(sync(disk, file));
    const auto content = *disk.content("/a");
    EXPECT_EQ(content.size(), 9'192U) << "the length is the file system's business";
    EXPECT_EQ(bytes(content.begin() + 8'192, content.end()), filled(1'000, 0));
    EXPECT_EQ(std::count(content.begin(), content.begin() + 8'192, std::byte{2}), 1'000);
    ASSERT_TRUE(write(disk, file, 9'192, filled(100, 3)) && sync(disk, file));
    EXPECT_EQ(std::count(content.begin(), content.end(), std::byte{2}), 1'000);
    disk.lift_harm();
    auto whole = filled(8'192, 1);
    const auto second = filled(1'000, 2);
    const auto third = filled(100, 3);
    whole.insert(whole.end(), second.begin(), second.end());
    whole.insert(whole.end(), third.begin(), third.end());
    EXPECT_EQ(disk.content("/a"), whole) << "the write that went astray, and what it went over";
}

TEST(memory_disk, what_a_stray_write_hit_is_well_again_when_it_is_written) {
    memory_disk disk(3);
    const auto hit = open(disk, "/a");
    ASSERT_TRUE(write(disk, hit, 0, filled(4'096, 1)) && sync(disk, hit));
    disk.set_faults({.misdirect_chance = 1'000'000});
    ASSERT_TRUE(write(disk, hit, 0, filled(1'024, 2)) && sync(disk, hit));
    // There is but one place that it could go to, so that it hit what it missed.
    EXPECT_EQ(read_all(disk, hit, 512), filled(512, 1));
    ASSERT_TRUE(write(disk, hit, 100, filled(10, 3)) && sync(disk, hit));
    auto part = filled(512, 1);
    std::fill_n(part.begin() + 100, 10, std::byte{3});
    EXPECT_EQ(read_all(disk, hit, 512), part) << "a part of a sector is written into what is there";
    ASSERT_TRUE(write(disk, hit, 0, filled(512, 4)) && sync(disk, hit));
    EXPECT_EQ(read_all(disk, hit, 512), filled(512, 4));
    EXPECT_EQ(read_all(disk, hit, 1'024)[1'000], std::byte{1}) << "the next sector";
}

TEST(memory_disk, a_lie_of_a_sync_comes_true_later) {
    memory_disk disk(1);
    std::int64_t now = 0;
    disk.set_true_time([&] { return now; });
    ASSERT_TRUE(disk.files().create_directory("/d"));
    ASSERT_TRUE(disk.files().sync_directory("/"));
    const auto store = [&](const std::string& name) {
        disk.set_faults({.sync_lie_chance = 1'000'000, .sync_lie_high = second});
        const auto file = open(disk, name);
        ASSERT_TRUE(write(disk, file, 0, filled(100, 1)) && sync(disk, file));
        ASSERT_TRUE(disk.files().sync_directory("/d"));
        disk.set_faults({});
    };
    store("/d/a");
    cut(disk, 1, power_cut_faults::lose_all());
    EXPECT_EQ(disk.content("/d/a"), std::nullopt) << "neither its name nor its bytes";
    store("/d/b");
    now += second;
    cut(disk, 1, power_cut_faults::lose_all());
    EXPECT_EQ(disk.content("/d/b"), filled(100, 1));
}

TEST(memory_disk, an_image_is_what_was_there_and_comes_back_whole_or_in_one_place) {
    memory_disk disk(1);
    runtime::random draws(1);
    for (const auto* name : {"/one", "/two"})
        ASSERT_TRUE(disk.files().create_directory(name));
    const auto store = [&](int what) {
        for (const auto* name : {"/one/a", "/two/a"}) {
            const auto file = open(disk, name);
            ASSERT_TRUE(write(disk, file, 0, filled(5'000, what)) && sync(disk, file));
        }
        for (const auto* name : {"/", "/one", "/two"})
            ASSERT_TRUE(disk.files().sync_directory(name));
    };
    store(1);
    ASSERT_TRUE(write(disk, open(disk, "/one/a"), 0, filled(5'000, 2)));
    const auto lost = disk.take_image(draws, power_cut_faults::lose_all());
    const auto kept = disk.take_image(draws, power_cut_faults::keep_all());
    EXPECT_EQ(disk.content("/one/a"), filled(5'000, 2)) << "taking it changes nothing";
    store(3);
    const auto put_in = [&](const std::string& place, const memory_disk::image_ptr& image) {
        cut(disk, 1, power_cut_faults::keep_all());
        disk.exchange(place, image);
    };
    put_in("/one", lost);
    EXPECT_EQ(disk.content("/one/a"), filled(5'000, 1));
    EXPECT_EQ(disk.content("/two/a"), filled(5'000, 3));
    put_in("", kept);
    EXPECT_EQ(disk.content("/one/a"), filled(5'000, 2));
    EXPECT_EQ(disk.content("/two/a"), filled(5'000, 1));
    ASSERT_TRUE(write(disk, open(disk, "/one/a"), 0, filled(5'000, 4)));
    put_in("", kept);
    EXPECT_EQ(disk.content("/one/a"), filled(5'000, 2)) << "an image stays what it was";
    EXPECT_EQ(disk.used_bytes(), 4 * memory_file::page_size);
    put_in("/two", nullptr);
    EXPECT_EQ(disk.content("/two/a"), std::nullopt);
    EXPECT_TRUE(*disk.files().exists("/two")) << "it is mounted";
    EXPECT_EQ(disk.used_bytes(), 2 * memory_file::page_size);
    cut(disk, 1, power_cut_faults::lose_all());
    EXPECT_TRUE(*disk.files().exists("/two"));
}

TEST(memory_disk, what_is_open_goes_with_a_directory_that_is_taken_away_and_comes_back_with_it) {
    memory_disk disk(1);
    ASSERT_TRUE(disk.files().create_directory("/d"));
    ASSERT_TRUE(disk.files().sync_directory("/"));
    const auto file = open(disk, "/d/a");
    ASSERT_TRUE(disk.files().sync_directory("/d"));
    disk.take_away("/d");
    EXPECT_FALSE(*disk.files().exists("/d/a"));
    EXPECT_EQ(disk.files().open("/d/a", open_mode::read_write).code(), errc::not_found);
    ASSERT_TRUE(write(disk, file, 0, filled(5'000, 1)) && sync(disk, file));
    ASSERT_TRUE(write(disk, open(disk, "/d/b"), 0, filled(100, 2)));
    ASSERT_TRUE(disk.files().sync_directory("/d"));
    EXPECT_EQ(disk.used_bytes(), 3 * memory_file::page_size);
    disk.kill();
    disk.put_back();
    EXPECT_EQ(disk.content("/d/a"), filled(5'000, 1));
    EXPECT_EQ(disk.content("/d/b"), std::nullopt);
    EXPECT_EQ(disk.used_bytes(), 2 * memory_file::page_size);
    cut(disk, 1, power_cut_faults::lose_all());
    EXPECT_EQ(disk.content("/d/a"), filled(5'000, 1));
}

TEST(memory_disk, power_fails_for_what_was_taken_away_as_well) {
    memory_disk disk(1);
    ASSERT_TRUE(disk.files().create_directory("/d"));
    const auto file = open(disk, "/d/a");
    ASSERT_TRUE(disk.files().sync_directory("/d"));
    ASSERT_TRUE(write(disk, file, 0, filled(5'000, 1)) && sync(disk, file));
    disk.take_away("/d");
    ASSERT_TRUE(write(disk, file, 0, filled(5'000, 2)));
    cut(disk, 1, power_cut_faults::lose_all());
    EXPECT_EQ(disk.content("/d/a"), std::nullopt);
    disk.put_back();
    EXPECT_EQ(disk.content("/d/a"), filled(5'000, 1));
    EXPECT_EQ(disk.used_bytes(), 2 * memory_file::page_size);
    cut(disk, 1, power_cut_faults::lose_all());
    EXPECT_EQ(disk.content("/d/a"), filled(5'000, 1)) << "its name is as durable as that of a mount point";
}

TEST(memory_disk, somebody_else_writes_a_file_and_checksums_tell) {
    memory_disk disk(1);
    ASSERT_TRUE(disk.files().create_directory("/d"));
    const auto file = open(disk, "/d/a");
    ASSERT_TRUE(write(disk, file, 0, filled(5'000, 1)));
    const auto before = disk.checksums("/d");
    EXPECT_EQ(before.size(), 1U);
    EXPECT_FALSE(disk.rewrite("/d/b", "other"));
    ASSERT_TRUE(disk.rewrite("/d/a", "other"));
    EXPECT_EQ(disk.content("/d/a")->size(), 5U);
    EXPECT_EQ(disk.used_bytes(), memory_file::page_size);
    EXPECT_NE(disk.checksums("/d"), before);
    EXPECT_TRUE(disk.checksums("/e").empty());
    ASSERT_TRUE(disk.rewrite("/d/a", std::nullopt));
    disk.kill();
    EXPECT_EQ(disk.used_bytes(), 0U);
    cut(disk, 1, power_cut_faults::keep_all());
    EXPECT_EQ(disk.content("/d/a"), std::nullopt) << "for good";
}

TEST(memory_disk, places_for_files_are_short_while_bytes_are_free) {
    memory_disk disk(1);
    ASSERT_TRUE(disk.files().create_directory("/d"));
    const auto open_still = open(disk, "/d/a");
    disk.set_places_left(1);
    ASSERT_TRUE(write(disk, open_still, 0, filled(5'000, 1)));
    EXPECT_EQ(disk.files().create_directory("/d/e/f").code(), errc::disk_full) << "there was one for /d/e";
    EXPECT_EQ(disk.files().open("/d/b", open_mode::create).code(), errc::disk_full);
    EXPECT_TRUE(disk.files().rename("/d/a", "/d/b")) << "needs none";
    EXPECT_EQ(disk.places_left(), 0U);
    ASSERT_TRUE(disk.files().remove("/d/b"));
    EXPECT_EQ(disk.places_left(), 0U) << "it is open";
    disk.files().close(open_still);
    EXPECT_TRUE(disk.files().open("/d/b", open_mode::create));
    EXPECT_EQ(disk.files().open("/d/c", open_mode::create).code(), errc::disk_full);
    disk.set_places_left(memory_disk::unlimited);
    EXPECT_TRUE(disk.files().open("/d/c", open_mode::create));
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
    disk.kill();
    runtime::random draws(1);
    disk.power_cut(draws, {});
    disk.exchange("", nullptr);
    EXPECT_EQ(disk.content("/a"), std::nullopt);
    EXPECT_EQ(disk.used_bytes(), 0U);
    EXPECT_EQ(disk.open_files(), 0U);
}

} // namespace
} // namespace barnabas::sim::disk_harm_test
