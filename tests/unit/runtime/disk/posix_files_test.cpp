#include "runtime/disk/posix_files.hpp"

#include "runtime/disk/directory_gate.hpp"
#include "runtime/disk/parallel_sync.hpp"
#include "tests/unit/runtime/disk/scratch_directory.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <string>
#include <sys/resource.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace barnabas::runtime::posix_files_test {
namespace {

struct posix_files_test : testing::Test {
    scratch_directory directory;
    posix_files files;

    std::string path(const std::string& name) const { return directory.path() + "/" + name; }
    file_id make(const std::string& name) {
        auto file = files.open(path(name), open_mode::create);
        EXPECT_TRUE(file.has_value());
        return *file;
    }
    void write(file_id file, std::uint64_t at, const std::vector<slice>& parts) {
        EXPECT_TRUE(files.write(file, file_position(at), parts).has_value());
    }
    std::string read(file_id file, std::uint64_t at, std::size_t max) {
        std::string text(max, '?');
        auto count = files.read(file, file_position(at), std::as_writable_bytes(std::span(text)));
        EXPECT_TRUE(count.has_value());
        text.resize(*count);
        return text;
    }
};

TEST_F(posix_files_test, written_parts_are_read_back_and_a_short_read_means_the_end) {
    const auto file = make("a");
    write(file, 0, {slice::copy_of("hello "), slice(), slice::copy_of("world")});
    write(file, 6, {slice::copy_of("there")});
    EXPECT_EQ(read(file, 0, 100), "hello there");
    EXPECT_EQ(read(file, 6, 2), "th");
    EXPECT_EQ(read(file, 11, 5), "");
    EXPECT_EQ(*files.size(file), 11u);
}

/// Says that a file may not grow beyond `bytes`, as LimitFSIZE of a service does.
class size_limit {
public:
    explicit size_limit(rlim_t bytes) : signal_(std::signal(SIGXFSZ, SIG_IGN)) {
        EXPECT_EQ(::getrlimit(RLIMIT_FSIZE, &before_), 0);
        const rlimit tight{bytes, before_.rlim_max};
        EXPECT_EQ(::setrlimit(RLIMIT_FSIZE, &tight), 0);
    }
    ~size_limit() {
        ::setrlimit(RLIMIT_FSIZE, &before_);
        std::signal(SIGXFSZ, signal_);
    }
    size_limit(const size_limit&) = delete;
    size_limit& operator=(const size_limit&) = delete;

private:
    rlimit before_{};
    sighandler_t signal_;
};

TEST_F(posix_files_test, a_file_at_its_limit_is_no_lack_of_room) {
    directory_gate gate(directory.path(), 0, {});
    gated_files gated(files, gate, kept_room::may_be_used);
    const auto large = make("large");
    const auto small = make("small");
    const std::vector<slice> part{slice::copy_of(std::string(4096, 'x'))};
    {
        const size_limit limit(8192);
        EXPECT_TRUE(gated.write(large, file_position(4096), part));
        const auto refused = gated.write(large, file_position(6144), part);
        EXPECT_EQ(refused.code(), errc::file_too_large);
        EXPECT_TRUE(is_scarce(refused.code())) << "it lost nothing";
        EXPECT_TRUE(gated.write(small, file_position(0), part)) << "others may still grow";
    }
    EXPECT_FALSE(gate.is_short());
    EXPECT_FALSE(gate.is_shut());
    EXPECT_TRUE(gated.write(large, file_position(6144), part)) << "and so may it when the limit is raised";
}

TEST_F(posix_files_test, more_parts_than_one_system_call_takes_are_written) {
    const auto file = make("a");
    std::vector<slice> parts;
    std::string whole;
    for (int i = 0; i < 3'000; ++i) {
        parts.push_back(slice::copy_of(std::to_string(i) + ","));
        whole += parts.back().text();
    }
    write(file, 3, parts);
    EXPECT_EQ(read(file, 3, whole.size() + 1), whole);
}

TEST_F(posix_files_test, much_at_once_is_as_it_was_written_wherever_it_begins) {
    const auto file = make("a");
    std::string whole = "front";
    write(file, 0, {slice::copy_of(whole)});
    for (const char letter : {'a', 'b', 'c'}) {
        const std::string part((1 << 20) + 7, letter);
        write(file, whole.size(), {slice::copy_of(part), slice::copy_of("|")});
        whole += part + "|";
    }
    write(file, 3, {slice::copy_of("XY")});
    whole.replace(3, 2, "XY");
    EXPECT_EQ(read(file, 0, whole.size() + 1), whole);
}

TEST_F(posix_files_test, a_file_tells_when_it_was_changed) {
    const auto file = make("a");
    const timespec times[] = {{0, UTIME_OMIT}, {1'700'000'000, 123'456'789}};
    ASSERT_EQ(::utimensat(AT_FDCWD, path("a").c_str(), times, 0), 0);
    EXPECT_EQ(files.modified(file), timestamp_ms(1'700'000'000'123));
    write(file, 0, {slice::copy_of("later")});
    EXPECT_GT(files.modified(file), timestamp_ms(1'700'000'000'123));
    files.close(file);
    EXPECT_EQ(files.modified(file), no_timestamp);
}

TEST_F(posix_files_test, truncated_bytes_are_gone) {
    const auto file = make("a");
    write(file, 0, {slice::copy_of("0123456789")});
    ASSERT_TRUE(files.truncate(file, 4).has_value());
    EXPECT_EQ(read(file, 0, 100), "0123");
    EXPECT_TRUE(files.sync({&file, 1}).has_value());
}

TEST_F(posix_files_test, many_files_are_synced_at_once_and_one_that_is_not_open_is_told) {
    std::vector<file_id> all;
    for (int i = 0; i < 200; ++i) {
        all.push_back(make(std::to_string(i)));
        write(all.back(), 0, {slice::copy_of("bytes")});
    }
    EXPECT_TRUE(files.sync(all).has_value());
    files.close(all[70]);
    EXPECT_EQ(files.sync(all).code(), errc::storage_error);
}

TEST(parallel_sync, names_the_first_descriptor_that_failed) {
    if (!parallel_sync::available())
        GTEST_SKIP() << "this kernel refuses io_uring";
    scratch_directory directory;
    std::vector<int> descriptors(100, ::open(directory.path().c_str(), O_RDONLY | O_DIRECTORY));
    EXPECT_FALSE(*parallel_sync::run(descriptors));
    constexpr int not_a_descriptor = 1'000'000;
    descriptors[80] = not_a_descriptor;
    descriptors[90] = not_a_descriptor;
    const auto failed = *parallel_sync::run(descriptors);
    ASSERT_TRUE(failed);
    EXPECT_EQ(failed->place, 80u);
    EXPECT_EQ(failed->number, EBADF);
    ::close(descriptors[0]);
}

TEST_F(posix_files_test, rename_replaces_its_target) {
    const auto one = make("one");
    write(one, 0, {slice::copy_of("new")});
    const auto other = make("other");
    write(other, 0, {slice::copy_of("old")});
    ASSERT_TRUE(files.rename(path("one"), path("other")).has_value());
    ASSERT_TRUE(files.sync_directory(directory.path()).has_value());
    EXPECT_FALSE(*files.exists(path("one")));
    auto again = files.open(path("other"), open_mode::read_only);
    ASSERT_TRUE(again.has_value());
    EXPECT_EQ(read(*again, 0, 10), "new");
}

TEST_F(posix_files_test, directories_are_made_listed_by_name_and_removed_whole) {
    ASSERT_TRUE(files.create_directory(path("x/y/z")).has_value());
    ASSERT_TRUE(files.create_directory(path("x/y/z")).has_value());
    make("x/y/b");
    make("x/y/a");
    auto entries = files.list(path("x/y"));
    ASSERT_TRUE(entries.has_value());
    ASSERT_EQ(entries->size(), 3u);
    EXPECT_EQ((*entries)[0].name, "a");
    EXPECT_EQ((*entries)[1].name, "b");
    EXPECT_EQ((*entries)[2].name, "z");
    EXPECT_TRUE((*entries)[2].is_directory);
    EXPECT_FALSE((*entries)[0].is_directory);
    ASSERT_TRUE(files.remove(path("x/y/a")).has_value());
    EXPECT_FALSE(*files.exists(path("x/y/a")));
    ASSERT_TRUE(files.remove_directory(path("x")).has_value());
    EXPECT_FALSE(*files.exists(path("x")));
}

TEST_F(posix_files_test, directory_whose_entries_vanish_meanwhile_is_removed_whole) {
    for (int round = 0; round < 20; ++round) {
        ASSERT_TRUE(files.create_directory(path("x")).has_value());
        for (int i = 0; i < 100; ++i)
            make("x/" + std::to_string(i));
        // Retention renames and removes in another lane.
        std::thread other([this] {
            for (int i = 0; i < 100; ++i) {
                const auto name = path("x/" + std::to_string(i));
                static_cast<void>(files.rename(name, name + ".deleted"));
                static_cast<void>(files.remove(name + ".deleted"));
            }
        });
        const auto removed = files.remove_directory(path("x"));
        other.join();
        EXPECT_TRUE(removed.has_value()) << to_string(removed.failure());
        EXPECT_FALSE(*files.exists(path("x")));
    }
}

TEST_F(posix_files_test, names_in_the_way_or_too_long_are_told_from_a_failing_disk) {
    make("file");
    ASSERT_TRUE(files.create_directory(path("full")).has_value());
    ASSERT_TRUE(files.create_directory(path("other")).has_value());
    make("full/file");
    EXPECT_EQ(files.open(path("full"), open_mode::read_write).code(), errc::already_exists);
    EXPECT_EQ(files.open(path("file/below"), open_mode::create).code(), errc::not_found);
    EXPECT_EQ(files.rename(path("other"), path("full")).code(), errc::already_exists);
    EXPECT_EQ(files.rename(path("other"), path(std::string(256, 'n'))).code(), errc::malformed);
    EXPECT_FALSE(*files.exists(path(std::string(256, 'n'))));
    EXPECT_TRUE(files.rename(path("other"), path(std::string(255, 'n'))).has_value());
}

TEST_F(posix_files_test, errors_have_their_code_and_name_path_and_operation) {
    auto missing = files.open(path("nowhere"), open_mode::read_write);
    ASSERT_EQ(missing.code(), errc::not_found);
    EXPECT_NE(missing.failure().detail.find(path("nowhere")), std::string::npos);
    EXPECT_NE(missing.failure().detail.find("open"), std::string::npos);
    EXPECT_EQ(files.remove(path("nowhere")).code(), errc::not_found);
    EXPECT_EQ(files.list(path("nowhere")).code(), errc::not_found);
    EXPECT_EQ(files.rename(path("nowhere"), path("there")).code(), errc::not_found);
    make("file");
    EXPECT_EQ(files.create_directory(path("file/below")).code(), errc::not_found);
    EXPECT_EQ(files.size(file_id(12345)).code(), errc::storage_error);
}

TEST_F(posix_files_test, full_device_says_so) {
    auto full = files.open("/dev/full", open_mode::read_write);
    if (!full)
        GTEST_SKIP() << "this system has no device that is always full";
    const std::vector<slice> parts{slice::copy_of("x")};
    EXPECT_EQ(files.write(*full, file_position(0), parts).code(), errc::disk_full);
}

TEST_F(posix_files_test, locked_file_is_refused_until_it_is_closed) {
    auto held = files.lock(path("lock"));
    ASSERT_TRUE(held.has_value());
    posix_files another;
    EXPECT_EQ(another.lock(path("lock")).code(), errc::locked);
    files.close(*held);
    EXPECT_TRUE(another.lock(path("lock")).has_value());
}

TEST_F(posix_files_test, closed_file_is_an_error_and_its_number_is_not_used_again) {
    const auto file = make("a");
    files.close(file);
    EXPECT_EQ(files.size(file).code(), errc::storage_error);
    EXPECT_NE(make("b"), file);
    EXPECT_NE(make("a"), file);
}

TEST_F(posix_files_test, room_on_the_device_is_known) {
    const auto room = files.room(directory.path());
    ASSERT_TRUE(room);
    EXPECT_GT(room->free, 0u);
    EXPECT_GE(room->total, room->free);
}

} // namespace
} // namespace barnabas::runtime::posix_files_test
