#include "runtime/disk/directory_gate.hpp"

#include "runtime/disk/posix_files.hpp"
#include "tests/unit/runtime/disk/scratch_directory.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace barnabas::runtime {
namespace {

/// A posix file system whose next call of a kind fails.
class failing_files final : public posix_files {
public:
    errc next_write = errc::ok;
    errc next_sync = errc::ok;
    int writes = 0;

    result<void> write(file_id file, file_position position, std::span<const slice> parts) override {
        ++writes;
        if (next_write != errc::ok)
            return error{next_write, "write made to fail"};
        return posix_files::write(file, position, parts);
    }
    result<void> sync(std::span<const file_id> files) override {
        if (next_sync != errc::ok)
            return error{next_sync, "sync made to fail"};
        return posix_files::sync(files);
    }
};

struct directory_gate_test : testing::Test {
    scratch_directory directory;
    failing_files files;
    std::vector<error> told;
    int short_told = 0;
    directory_gate gate{
        directory.path(),
        1000,
        {[this](const error& why) { told.push_back(why); }, [this](std::uint64_t) { ++short_told; }}};
    gated_files gated{files, gate};

    file_id make(const std::string& name) {
        auto file = gated.open(directory.path() + "/" + name, open_mode::create);
        EXPECT_TRUE(file.has_value());
        return *file;
    }
    result<void> write(file_id file, const std::string& text) {
        const auto part = slice::copy_of(text);
        return gated.write(file, file_position(0), std::span(&part, 1));
    }
};

TEST_F(directory_gate_test, failed_write_is_the_last_that_reaches_the_disk) {
    const auto file = make("a");
    const auto other = make("b");
    ASSERT_TRUE(write(file, "x").has_value());
    files.next_write = errc::storage_error;
    EXPECT_EQ(write(file, "y").code(), errc::storage_error);
    ASSERT_EQ(told.size(), 1u);
    EXPECT_TRUE(gate.is_shut());
    files.next_write = errc::ok;
    const int before = files.writes;
    EXPECT_EQ(write(other, "z").code(), errc::storage_error);
    EXPECT_EQ(files.writes, before);
    EXPECT_EQ(gated.sync(std::span(&other, 1)).code(), errc::storage_error);
    EXPECT_EQ(gated.rename(directory.path() + "/a", directory.path() + "/c").code(), errc::storage_error);
    EXPECT_EQ(gated.list(directory.path()).code(), errc::storage_error);
    EXPECT_EQ(gated.open(directory.path() + "/a", open_mode::read_only).code(), errc::storage_error);
    EXPECT_NE(write(other, "z").failure().detail.find("made to fail"), std::string::npos);
    EXPECT_EQ(told.size(), 1u) << "told once";
    gated.close(file);
}

TEST_F(directory_gate_test, every_failed_sync_is_final_even_for_lack_of_room) {
    const auto file = make("a");
    files.next_sync = errc::disk_full;
    EXPECT_EQ(gated.sync(std::span(&file, 1)).code(), errc::disk_full);
    EXPECT_TRUE(gate.is_shut());
}

TEST_F(directory_gate_test, what_is_missing_or_scarce_is_no_failure_of_the_directory) {
    const auto file = make("a");
    EXPECT_EQ(gated.open(directory.path() + "/none", open_mode::read_write).code(), errc::not_found);
    EXPECT_EQ(gated.remove(directory.path() + "/none").code(), errc::not_found);
    files.next_write = errc::too_many_open_files;
    EXPECT_EQ(write(file, "x").code(), errc::too_many_open_files);
    EXPECT_FALSE(gate.is_shut());
    files.next_write = errc::disk_full;
    EXPECT_EQ(write(file, "x").code(), errc::disk_full);
    EXPECT_FALSE(gate.is_shut());
    EXPECT_TRUE(gate.is_short());
    EXPECT_EQ(short_told, 1);
}

TEST_F(directory_gate_test, room_is_the_last_look_less_what_was_written_since) {
    const auto file = make("a");
    EXPECT_FALSE(gate.free_bytes().has_value());
    ASSERT_TRUE(write(file, "before the first look").has_value());
    gate.note_free(1005);
    EXPECT_FALSE(gate.is_short());
    ASSERT_TRUE(write(make("b"), "12345").has_value());
    EXPECT_FALSE(gate.is_short());
    ASSERT_TRUE(write(make("c"), "6").has_value());
    EXPECT_TRUE(gate.is_short());
    EXPECT_EQ(*gate.free_bytes(), 999u);
    EXPECT_EQ(short_told, 1);
}

TEST_F(directory_gate_test, room_must_be_a_little_more_than_the_reserve_before_it_counts_again) {
    gate.note_free(10);
    EXPECT_TRUE(gate.is_short());
    gate.note_free(1000);
    EXPECT_TRUE(gate.is_short());
    gate.note_free(room_to_resume(1000));
    EXPECT_FALSE(gate.is_short());
    gate.note_free(999);
    EXPECT_TRUE(gate.is_short());
    EXPECT_EQ(short_told, 2);
}

TEST_F(directory_gate_test, what_is_written_again_needs_no_more_room) {
    const auto file = make("a");
    gate.note_free(2000);
    ASSERT_TRUE(write(file, std::string(500, 'x')).has_value());
    for (int i = 0; i < 10; ++i)
        ASSERT_TRUE(write(file, std::string(500, 'y')).has_value());
    EXPECT_EQ(*gate.free_bytes(), 1500u);
    ASSERT_TRUE(write(file, std::string(600, 'z')).has_value());
    EXPECT_EQ(*gate.free_bytes(), 1400u);
    ASSERT_TRUE(gated.truncate(file, 100).has_value());
    ASSERT_TRUE(write(file, std::string(600, 'z')).has_value());
    EXPECT_EQ(*gate.free_bytes(), 900u);
    EXPECT_TRUE(gate.is_short());
    gated.close(file);
}

TEST_F(directory_gate_test, refusal_that_free_bytes_do_not_explain_holds_longer_each_time) {
    const auto file = make("a");
    std::vector<int> looks;
    for (int round = 0; round < 9; ++round) {
        gate.note_free(1'000'000);
        ASSERT_FALSE(gate.is_short());
        // Nothing grows: what is asked for is refused.
        files.next_write = errc::disk_full;
        EXPECT_EQ(write(file, "x").code(), errc::disk_full);
        looks.push_back(0);
        while (gate.is_short()) {
            gate.note_free(1'000'000);
            ++looks.back();
        }
    }
    EXPECT_EQ(looks, (std::vector{2, 3, 5, 9, 17, 33, 65, 65, 65}));
    EXPECT_EQ(short_told, 9);
    // A write that succeeds shows that there is room again.
    EXPECT_EQ(write(file, "x").code(), errc::disk_full);
    ASSERT_TRUE(gate.is_short());
    files.next_write = errc::ok;
    ASSERT_TRUE(write(file, "x").has_value());
    gate.note_free(1'000'000);
    EXPECT_FALSE(gate.is_short());
}

TEST_F(directory_gate_test, one_look_at_a_time) {
    EXPECT_TRUE(gate.begin_look());
    EXPECT_FALSE(gate.begin_look());
    gate.end_look();
    EXPECT_TRUE(gate.begin_look());
}

TEST_F(directory_gate_test, half_of_the_reserve_is_for_what_keeps_clients_going) {
    EXPECT_FALSE(gate.may_use_reserve()) << "before the first look";
    gate.note_free(999);
    EXPECT_TRUE(gate.is_short());
    EXPECT_TRUE(gate.may_use_reserve());
    gate.note_free(500);
    EXPECT_TRUE(gate.may_use_reserve());
    gate.note_free(499);
    EXPECT_FALSE(gate.may_use_reserve());
    gate.note_free(0);
    EXPECT_FALSE(gate.may_use_reserve());
    // A quota: the disk looks as if it had room.
    gate.note_free(1'000'000);
    const auto file = make("a");
    files.next_write = errc::disk_full;
    EXPECT_EQ(write(file, "x").code(), errc::disk_full);
    gate.note_free(1'000'000);
    ASSERT_TRUE(gate.is_short());
    EXPECT_FALSE(gate.may_use_reserve());
    while (gate.is_short())
        gate.note_free(1'000'000);
    gate.note_free(800);
    EXPECT_TRUE(gate.may_use_reserve());
}

/// A directory with its proof, and what is done to both behind the broker's back.
struct gone_directory_test : testing::Test {
    scratch_directory scratch;
    const std::string path = scratch.path() + "/data";
    const std::string away = scratch.path() + "/away";
    posix_files files;
    std::vector<error> told;
    directory_gate gate{path, 0, {[this](const error& why) { told.push_back(why); }, {}}, "proof"};
    gated_files gated{files, gate};

    gone_directory_test() {
        EXPECT_TRUE(files.create_directory(path + "/log").has_value());
        const auto proof = files.open(path + "/proof", open_mode::create);
        EXPECT_TRUE(proof.has_value());
        files.close(*proof);
    }
    void take_away() {
        ASSERT_TRUE(files.rename(path, away).has_value());
        ASSERT_TRUE(files.create_directory(path).has_value());
    }
};

TEST_F(gone_directory_test, names_made_in_its_place_are_worth_nothing) {
    ASSERT_TRUE(gated.create_directory(path + "/a").has_value());
    ASSERT_TRUE(gated.sync_directory(path).has_value());
    take_away();
    ASSERT_TRUE(gated.create_directory(path + "/b").has_value());
    EXPECT_EQ(gated.sync_directory(path).code(), errc::storage_error);
    EXPECT_TRUE(gate.is_shut());
    ASSERT_EQ(told.size(), 1u);
    EXPECT_NE(told.front().detail.find(path + "/proof is gone"), std::string::npos) << told.front().detail;
}

TEST_F(gone_directory_test, who_misses_a_directory_below_learns_of_it) {
    EXPECT_EQ(gated.sync_directory(path + "/other").code(), errc::not_found);
    EXPECT_FALSE(gate.is_shut()) << "that one never was there";
    take_away();
    EXPECT_EQ(gated.sync_directory(path + "/log").code(), errc::storage_error);
    EXPECT_TRUE(gate.is_shut());
}

TEST_F(gone_directory_test, looks_see_it_and_what_is_open_goes_on_until_then) {
    const auto file = gated.open(path + "/log/a", open_mode::create);
    ASSERT_TRUE(file.has_value());
    EXPECT_FALSE(gate.shut_if_gone(files));
    take_away();
    const auto part = slice::copy_of(std::string_view("bytes"));
    EXPECT_TRUE(gated.write(*file, file_position(0), std::span(&part, 1)).has_value());
    EXPECT_TRUE(gated.sync(std::span(&*file, 1)).has_value());
    EXPECT_TRUE(gate.shut_if_gone(files));
    EXPECT_EQ(gated.write(*file, file_position(5), std::span(&part, 1)).code(), errc::storage_error);
    gated.close(*file);
    EXPECT_EQ(*files.size(*files.open(away + "/log/a", open_mode::read_only)), 5u);
}

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
} // namespace barnabas::runtime
