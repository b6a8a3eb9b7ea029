#include "runtime/disk/directory_files.hpp"
#include "runtime/disk/directory_lane.hpp"

#include "sim/disk/memory_disk.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

namespace barnabas::runtime::directory_files_test {
namespace {

std::int64_t time_now = 0;

struct directory_files_test : testing::Test {
    sim::memory_disk disk{1};
    directory_files files{disk.files(), 4, {"/one", "/one/inner/", "/other"}, [] { return time_now; }};

    directory_files_test() {
        for (const auto* path : {"/one", "/one/inner", "/oneself", "/other"})
            EXPECT_TRUE(disk.files().create_directory(path));
    }
    file_id make(const std::string& path) {
        const auto file = files.open(path, open_mode::create);
        EXPECT_TRUE(file.has_value());
        const auto bytes = slice::copy_of(path);
        EXPECT_TRUE(files.write(*file, file_position(0), std::span(&bytes, 1)));
        return *file;
    }
    std::string read(file_id file) {
        std::string text(100, ' ');
        const auto got = files.read(file, file_position(0), std::as_writable_bytes(std::span(text)));
        return got ? text.substr(0, *got) : to_string(got.failure());
    }
};

TEST_F(directory_files_test, files_are_found_by_their_directory_the_innermost_one) {
    for (const std::string path : {"/one/a", "/one/inner/a", "/oneself/a", "/other/a", "/a"})
        EXPECT_EQ(read(make(path)), path);
    EXPECT_EQ(files.now().files, 5u);
    EXPECT_EQ(read(file_id(77)), "storage_error: file 77 is not open");
}

TEST_F(directory_files_test, room_for_a_file_is_made_in_its_own_directory) {
    const auto first = make("/one/a");
    for (int i = 0; i < 10; ++i)
        make("/other/" + std::to_string(i));
    EXPECT_TRUE(files.within_bounds());
    disk.hang_place("/other");
    // Nothing of the directory that hangs is closed, or synced, for it.
    for (int i = 0; i < 10; ++i)
        make("/one/" + std::to_string(i));
    EXPECT_EQ(read(first), "/one/a");
    EXPECT_FALSE(disk.took_hang());
}

TEST_F(directory_files_test, files_of_several_directories_are_synced_by_one_call) {
    const std::vector<file_id> all{make("/one/a"), make("/other/a"), make("/one/b")};
    for (const auto* path : {"/", "/one", "/other"})
        ASSERT_TRUE(files.sync_directory(path));
    ASSERT_TRUE(files.sync(all));
    random draws(1);
    disk.power_cut(draws, sim::power_cut_faults::lose_all());
    for (const std::string path : {"/one/a", "/other/a", "/one/b"})
        EXPECT_EQ(disk.content(path)->size(), path.size());
}

TEST_F(directory_files_test, no_call_is_under_way_when_all_have_returned) {
    make("/one/a");
    EXPECT_FALSE(files.oldest_call("/one"));
    EXPECT_FALSE(files.oldest_call("/one/"));
}

TEST(directory_lane, path_lies_in_a_directory_whose_name_it_goes_on_from) {
    for (const auto* directory : {"/data", "/data/"}) {
        EXPECT_TRUE(lies_in("/data/t-0", directory));
        EXPECT_TRUE(lies_in("/data", directory));
        EXPECT_FALSE(lies_in("/data1/t-0", directory));
        EXPECT_FALSE(lies_in("/dat", directory));
    }
    EXPECT_TRUE(lies_in("/data", "/"));
}

TEST(directory_lane, names_its_directory_however_it_is_written) {
    EXPECT_EQ(lane_in("/data", 7), lane_in("/data/", 7));
    EXPECT_NE(lane_in("/data", 7), lane_in("/data", 8));
    EXPECT_NE(lane_in("/data", 7), lane_in("/data1", 7));
    EXPECT_EQ(directory_key_of(lane_in("/data", ~std::uint64_t{0})), directory_key("/data"));
    EXPECT_EQ(directory_key_of(lane_of_none(~std::uint64_t{0})), 0u);
    EXPECT_NE(directory_key(""), 0u);
}

} // namespace
} // namespace barnabas::runtime::directory_files_test
