#include "runtime/disk/directory_gate.hpp"

#include "runtime/disk/bounded_files.hpp"
#include "runtime/disk/posix_files.hpp"
#include "tests/unit/runtime/disk/scratch_directory.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace barnabas::runtime::directory_gate_test {
namespace {

/// A posix file system whose next call of a kind fails.
class failing_files final : public posix_files {
public:
    errc next_write = errc::ok;
    errc next_sync = errc::ok;
    errc next_open = errc::ok;
    int writes = 0;

    result<file_id> open(const std::string& path, open_mode mode) override {
        if (next_open != errc::ok && mode != open_mode::read_only)
            return error{next_open, "open made to fail"};
        return posix_files::open(path, mode);
    }

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
    result<void> sync_directory(const std::string& path) override {
        if (next_sync != errc::ok)
            return error{next_sync, "sync made to fail"};
        return posix_files::sync_directory(path);
    }
};

struct directory_gate_test : testing::Test {
    scratch_directory directory;
    failing_files files;
    std::vector<error> told;
    bool was_shut_when_told = false;
    int short_told = 0;
    directory_gate gate{directory.path(),
                        1000,
                        {[this](const error& why) {
                             was_shut_when_told |= gate.is_shut();
                             told.push_back(why);
                         },
                         [this](std::uint64_t) { ++short_told; }}};
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

TEST_F(directory_gate_test, its_owner_hears_of_the_failure_before_anybody_is_refused) {
    const auto file = make("a");
    files.next_write = errc::storage_error;
    ASSERT_FALSE(write(file, "x").has_value());
    EXPECT_EQ(told.size(), 1U);
    EXPECT_FALSE(was_shut_when_told);
    EXPECT_TRUE(gate.is_shut());
    ASSERT_TRUE(gate.failure().has_value());
    EXPECT_EQ(gate.failure()->code, errc::storage_error);
}

TEST_F(directory_gate_test, every_failed_sync_is_final_even_for_lack_of_room) {
    const auto file = make("a");
    files.next_sync = errc::disk_full;
    EXPECT_EQ(gated.sync(std::span(&file, 1)).code(), errc::disk_full);
    EXPECT_TRUE(gate.is_shut());
}

TEST_F(directory_gate_test, so_is_that_of_a_directory) {
    files.next_sync = errc::too_many_open_files;
    EXPECT_EQ(gated.sync_directory(directory.path()).code(), errc::too_many_open_files);
    EXPECT_FALSE(gate.is_shut());
    files.next_sync = errc::disk_full;
    EXPECT_EQ(gated.sync_directory(directory.path()).code(), errc::disk_full);
    EXPECT_TRUE(gate.is_shut());
}

/// A file of an idle log is opened with its first use, which may be a look.
TEST_F(directory_gate_test, directory_that_became_read_only_is_shut_by_the_first_look) {
    make("a");
    bounded_files bounded(files, 4);
    gated_files behind(bounded, gate);
    const auto file = behind.open(directory.path() + "/a", open_mode::later);
    ASSERT_TRUE(file.has_value());
    files.next_open = errc::read_only;
    EXPECT_EQ(behind.size(*file).code(), errc::read_only);
    EXPECT_TRUE(gate.is_shut());
    ASSERT_EQ(told.size(), 1u);
    EXPECT_EQ(told[0].code, errc::read_only);
    behind.close(*file);
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

/// Somebody filled the disk between two looks, and has taken back a part since.
TEST_F(directory_gate_test, what_a_look_explains_is_a_lack_of_room) {
    gate.note_free(1'000'000);
    const auto file = make("a");
    files.next_write = errc::disk_full;
    EXPECT_EQ(write(file, "x").code(), errc::disk_full);
    EXPECT_FALSE(gate.may_use_reserve());
    gate.note_free(800);
    EXPECT_TRUE(gate.is_short());
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

} // namespace
} // namespace barnabas::runtime::directory_gate_test
