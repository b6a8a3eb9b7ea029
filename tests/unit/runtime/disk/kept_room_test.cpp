#include "runtime/disk/directory_gate.hpp"
#include "runtime/disk/posix_files.hpp"
#include "tests/unit/runtime/disk/scratch_directory.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

/// What is kept back on a full disk: bytes, and places for files.
namespace barnabas::runtime::kept_room_test {
namespace {

/// Nothing can be written while the file of the kept room has bytes.
class full_files final : public posix_files {
public:
    bool is_full = false;

    result<void> write(file_id file, file_position position, std::span<const slice> parts) override {
        if (is_full)
            return error{errc::disk_full, "no room"};
        return posix_files::write(file, position, parts);
    }
    result<void> truncate(file_id file, std::uint64_t size) override {
        is_full = false;
        ++truncated;
        return posix_files::truncate(file, size);
    }
    result<void> sync(std::span<const file_id> files) override {
        ++syncs;
        if (is_full)
            return error{errc::disk_full, "no room for what was written"};
        return posix_files::sync(files);
    }
    int truncated = 0;
    int syncs = 0;
};

struct kept_room_test : testing::Test {
    scratch_directory directory;
    full_files files;
    directory_gate gate{directory.path(), 16'000, {}};
    gated_files others{files, gate};
    gated_files own{files, gate, kept_room::may_be_used};
    const std::string kept = directory.path() + "/" + kept_room_name;

    std::uint64_t kept_size() {
        auto file = files.open(kept, open_mode::read_only);
        EXPECT_TRUE(file.has_value());
        const auto size = files.size(*file);
        files.close(*file);
        return *size;
    }
    result<void> write(gated_files& through) {
        auto file = through.open(directory.path() + "/a", open_mode::create);
        EXPECT_TRUE(file.has_value());
        const auto part = slice::copy_of(std::string_view("bytes"));
        auto done = through.write(*file, file_position(0), std::span(&part, 1));
        through.close(*file);
        return done;
    }
};

TEST_F(kept_room_test, is_given_to_what_makes_room_and_to_nobody_else) {
    gate.note_free(1'000'000);
    ASSERT_TRUE(gate.keep_room(files).has_value());
    EXPECT_EQ(kept_size(), 1'000u);
    EXPECT_EQ(*gate.free_bytes(), 999'000u);
    files.truncated = 0;
    files.is_full = true;
    EXPECT_EQ(write(others).code(), errc::disk_full);
    EXPECT_EQ(kept_size(), 1'000u);
    for (int part = 7; part >= 0; --part) {
        files.is_full = true;
        EXPECT_TRUE(write(own).has_value());
        EXPECT_EQ(kept_size(), part * 125u) << "a part each time, for others may take it";
        EXPECT_TRUE(gate.is_short()) << "clients' records are refused all the same";
    }
    files.is_full = true;
    EXPECT_EQ(write(own).code(), errc::disk_full) << "there is no more of it";
    EXPECT_EQ(files.truncated, 8);
}

TEST_F(kept_room_test, is_kept_again_when_there_is_room_to_spare) {
    gate.note_free(room_to_resume(16'000) + 999);
    ASSERT_TRUE(gate.keep_room(files).has_value());
    EXPECT_FALSE(*files.exists(kept)) << "it would take the reserve";
    gate.note_free(room_to_resume(16'000) + 1'000);
    ASSERT_TRUE(gate.keep_room(files).has_value());
    EXPECT_EQ(kept_size(), 1'000u);
    files.is_full = true;
    ASSERT_TRUE(write(own).has_value());
    gate.note_free(1'000);
    ASSERT_TRUE(gate.keep_room(files).has_value());
    EXPECT_EQ(kept_size(), 875u);
    gate.note_free(1'000'000);
    ASSERT_TRUE(gate.keep_room(files).has_value());
    EXPECT_EQ(kept_size(), 1'000u);
}

TEST_F(kept_room_test, of_an_earlier_life_is_found_though_the_disk_is_full) {
    gate.note_free(1'000'000);
    ASSERT_TRUE(gate.keep_room(files).has_value());
    directory_gate next(directory.path(), 16'000, {});
    gated_files of_next(files, next, kept_room::may_be_used);
    next.note_free(0);
    ASSERT_TRUE(next.keep_room(files).has_value());
    files.is_full = true;
    EXPECT_TRUE(write(of_next).has_value());
}

TEST_F(kept_room_test, of_an_earlier_life_is_given_before_the_first_look) {
    gate.note_free(1'000'000);
    ASSERT_TRUE(gate.keep_room(files).has_value());
    directory_gate next(directory.path(), 16'000, {});
    gated_files of_next(files, next, kept_room::may_be_used);
    files.is_full = true;
    EXPECT_TRUE(write(of_next).has_value());
    EXPECT_EQ(kept_size(), 875u);
}

TEST_F(kept_room_test, of_an_earlier_life_is_given_in_parts_of_what_it_was) {
    gate.note_free(1'000'000);
    ASSERT_TRUE(gate.keep_room(files).has_value());
    directory_gate without_reserve(directory.path(), 0, {});
    gated_files of_next(files, without_reserve, kept_room::may_be_used);
    files.is_full = true;
    EXPECT_TRUE(write(of_next).has_value());
    EXPECT_EQ(kept_size(), 875u);
}

TEST_F(kept_room_test, failed_sync_is_not_tried_again_with_it) {
    gate.note_free(1'000'000);
    ASSERT_TRUE(gate.keep_room(files).has_value());
    auto file = own.open(directory.path() + "/a", open_mode::create);
    ASSERT_TRUE(file.has_value());
    files.syncs = 0;
    files.is_full = true;
    EXPECT_EQ(own.sync(std::span(&*file, 1)).code(), errc::disk_full);
    EXPECT_EQ(files.syncs, 1);
    EXPECT_TRUE(gate.is_shut());
    own.close(*file);
}

/// A disk with bytes to spare that has places for so many more files.
class crowded_files final : public posix_files {
public:
    int names_left = 1'000;
    std::uint64_t free = 1 << 30;

    result<file_id> open(const std::string& path, open_mode mode) override {
        const bool is_new = mode == open_mode::create && !*exists(path);
        if (is_new && names_left == 0)
            return error{errc::disk_full, "no place for a file"};
        names_left -= is_new ? 1 : 0;
        return posix_files::open(path, mode);
    }
    result<void> create_directory(const std::string& path) override {
        if (names_left == 0)
            return error{errc::disk_full, "no place for a directory"};
        --names_left;
        return posix_files::create_directory(path);
    }
    result<void> rename(const std::string& source, const std::string& target) override {
        names_left += *exists(target) ? 1 : 0;
        return posix_files::rename(source, target);
    }
    result<void> remove(const std::string& path) override {
        auto removed = posix_files::remove(path);
        names_left += removed ? 1 : 0;
        return removed;
    }
    result<disk_room> room(const std::string&) override { return disk_room{free, free}; }
};

struct kept_names_test : testing::Test {
    scratch_directory directory;
    crowded_files files;
    directory_gate gate{directory.path(), 16'000, {}};
    gated_files others{files, gate};
    gated_files own{files, gate, kept_room::may_be_used};

    std::string path(const std::string& name) const { return directory.path() + "/" + name; }
    int names_kept() {
        const auto entries = files.list(directory.path());
        EXPECT_TRUE(entries.has_value());
        int count = 0;
        for (const auto& entry : *entries)
            count += entry.name.starts_with(kept_name_prefix) ? 1 : 0;
        return count;
    }
    std::uint64_t bytes_kept() {
        auto file = files.open(path(kept_room_name), open_mode::read_only);
        EXPECT_TRUE(file.has_value());
        const auto size = files.size(*file);
        files.close(*file);
        return *size;
    }
    /// As checkpoints are written.
    result<void> replace(gated_files& through, const std::string& name) {
        auto file = through.open(path(name + ".tmp"), open_mode::create);
        if (!file)
            return file.failure();
        through.close(*file);
        return through.rename(path(name + ".tmp"), path(name));
    }
    void keep() {
        gate.note_free(1'000'000);
        ASSERT_TRUE(gate.keep_room(files).has_value());
    }
};

TEST_F(kept_names_test, a_checkpoint_is_replaced_where_no_file_can_be_made) {
    keep();
    EXPECT_EQ(names_kept(), 8);
    ASSERT_TRUE(replace(own, "checkpoint").has_value());
    files.names_left = 0;
    EXPECT_EQ(replace(others, "checkpoint").code(), errc::disk_full);
    EXPECT_EQ(names_kept(), 8);
    ASSERT_TRUE(replace(own, "checkpoint").has_value());
    EXPECT_EQ(names_kept(), 7);
    EXPECT_EQ(bytes_kept(), 1'000u) << "bytes would be given for nothing";
    // The old file has made room for another.
    EXPECT_EQ(files.names_left, 1);
    for (int i = 0; i < 20; ++i)
        EXPECT_TRUE(replace(own, "checkpoint").has_value());
    keep();
    EXPECT_EQ(names_kept(), 8);
}

TEST_F(kept_names_test, directories_are_made_of_them_as_long_as_there_are_any) {
    keep();
    files.names_left = 0;
    for (int i = 0; i < 8; ++i)
        EXPECT_TRUE(own.create_directory(path("d" + std::to_string(i))).has_value()) << i;
    EXPECT_EQ(own.create_directory(path("d8")).code(), errc::disk_full);
    EXPECT_EQ(bytes_kept(), 1'000u);
    keep();
    EXPECT_EQ(names_kept(), 0);
}

TEST_F(kept_names_test, of_an_earlier_life_are_given_before_the_first_look) {
    keep();
    directory_gate next(directory.path(), 16'000, {});
    gated_files of_next(files, next, kept_room::may_be_used);
    files.names_left = 0;
    EXPECT_TRUE(replace(of_next, "checkpoint").has_value());
    EXPECT_EQ(names_kept(), 7);
}

TEST_F(kept_names_test, bytes_are_given_where_bytes_are_short) {
    keep();
    for (int name = 7; name >= 0; --name)
        EXPECT_TRUE(gate.give_name(files)) << name;
    EXPECT_FALSE(gate.give_name(files));
    files.names_left = 0;
    files.free = 100;
    EXPECT_EQ(replace(own, "checkpoint").code(), errc::disk_full);
    EXPECT_EQ(bytes_kept(), 0u);
}

TEST_F(kept_names_test, none_are_kept_where_no_room_is_kept) {
    directory_gate without(directory.path(), 0, {});
    without.note_free(1'000'000);
    ASSERT_TRUE(without.keep_room(files).has_value());
    EXPECT_EQ(names_kept(), 0);
}

} // namespace
} // namespace barnabas::runtime::kept_room_test
