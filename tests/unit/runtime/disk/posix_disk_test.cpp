#include "runtime/disk/posix_disk.hpp"

#include "runtime/disk/directory_lane.hpp"
#include "tests/unit/runtime/disk/scratch_directory.hpp"
#include "tests/unit/runtime/waiting.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <fcntl.h>
#include <future>
#include <memory>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace barnabas::runtime::posix_disk_test {
namespace {

TEST(posix_disk, jobs_of_a_lane_run_and_complete_in_the_order_submitted) {
    constexpr std::uint64_t lanes = 4;
    constexpr int jobs = 200;
    std::array<std::vector<int>, lanes> ran;
    std::array<std::vector<int>, lanes> completed;
    {
        posix_disk disk(3);
        constexpr std::array kinds{disk_job_kind::blocking, disk_job_kind::buffered_write,
                                   disk_job_kind::cached_read};
        for (int i = 0; i < jobs; ++i)
            for (std::uint64_t lane = 0; lane < lanes; ++lane)
                disk.submit(
                    disk_lane(lane), kinds[static_cast<std::size_t>(i) * (lane + 1) % kinds.size()],
                    [&ran, lane, i](file_system&) { ran[lane].push_back(i); },
                    [&completed, lane, i] { completed[lane].push_back(i); });
    }
    for (std::uint64_t lane = 0; lane < lanes; ++lane) {
        ASSERT_EQ(ran[lane].size(), static_cast<std::size_t>(jobs));
        for (int i = 0; i < jobs; ++i)
            EXPECT_EQ(ran[lane][static_cast<std::size_t>(i)], i);
        EXPECT_EQ(completed[lane], ran[lane]);
    }
}

TEST(posix_disk, buffered_write_of_an_idle_lane_runs_at_once_on_the_submitting_thread) {
    posix_disk disk(1);
    std::thread::id ran_on;
    bool done = false;
    disk.submit(
        disk_lane(1), disk_job_kind::buffered_write,
        [&](file_system&) { ran_on = std::this_thread::get_id(); }, [&] { done = true; });
    EXPECT_TRUE(done);
    EXPECT_EQ(ran_on, std::this_thread::get_id());
}

TEST(posix_disk, buffered_write_waits_behind_its_lane_and_not_behind_others) {
    std::promise<void> gate;
    reports<char> order;
    posix_disk disk(1);
    disk.submit(
        disk_lane(1), disk_job_kind::blocking,
        [&, open = gate.get_future().share()](file_system&) {
            open.wait();
            order.push('a');
        },
        [] {});
    disk.submit(
        disk_lane(1), disk_job_kind::buffered_write, [&](file_system&) { order.push('b'); }, [] {});
    disk.submit(
        disk_lane(2), disk_job_kind::buffered_write, [&](file_system&) { order.push('c'); }, [] {});
    gate.set_value();
    EXPECT_EQ(order.take(), 'c');
    EXPECT_EQ(order.take(), 'a');
    EXPECT_EQ(order.take(), 'b');
}

TEST(posix_disk, cached_read_that_would_wait_is_run_again_elsewhere) {
    posix_disk disk(1);
    scratch_directory directory;
    const std::string path = directory.path() + "/file";
    auto file = disk.files().open(path, open_mode::create);
    ASSERT_TRUE(file.has_value());
    const std::vector<slice> parts{slice::copy_of(std::string(100'000, 'x'))};
    ASSERT_TRUE(disk.files().write(*file, file_position(0), parts).has_value());
    ASSERT_TRUE(disk.files().sync({&*file, 1}).has_value());
    // Out of memory, where the file system keeps anything on a device at all.
    ASSERT_TRUE(drop_from_page_cache(path));
    std::vector<std::byte> bytes(100'000);
    reports<bool> done;
    int runs = 0;
    std::size_t count = 0;
    disk.submit(
        disk_lane(1), disk_job_kind::cached_read,
        [&](file_system& files) {
            ++runs;
            auto got = files.read(*file, file_position(0), bytes);
            count = got ? *got : 0;
        },
        [&] { done.push(true); });
    ASSERT_TRUE(done.take().has_value());
    EXPECT_EQ(count, 100'000u);
    EXPECT_EQ(bytes.back(), std::byte{'x'});
    EXPECT_GE(runs, 1);
    EXPECT_LE(runs, 2);
    EXPECT_EQ(done.size(), 0u);
}

TEST(posix_disk, cached_read_from_memory_runs_at_once) {
    posix_disk disk(1);
    scratch_directory directory;
    auto file = disk.files().open(directory.path() + "/file", open_mode::create);
    ASSERT_TRUE(file.has_value());
    const std::vector<slice> parts{slice::copy_of("bytes in memory")};
    ASSERT_TRUE(disk.files().write(*file, file_position(0), parts).has_value());
    reports<std::thread::id> done;
    std::array<std::byte, 5> bytes{};
    disk.submit(
        disk_lane(1), disk_job_kind::cached_read,
        [&](file_system& files) { EXPECT_EQ(*files.read(*file, file_position(0), bytes), 5u); },
        [&] { done.push(std::this_thread::get_id()); });
    const auto where = done.take();
    ASSERT_TRUE(where.has_value());
    EXPECT_EQ(bytes[0], std::byte{'b'});
}

TEST(posix_disk, syncs_of_many_lanes_all_complete) {
    posix_disk disk(4);
    scratch_directory directory;
    reports<bool> done;
    for (std::uint64_t lane = 0; lane < 16; ++lane)
        disk.submit(
            disk_lane(lane), disk_job_kind::blocking,
            [&, lane](file_system& files) {
                auto file = files.open(directory.path() + "/" + std::to_string(lane), open_mode::create);
                ASSERT_TRUE(file.has_value());
                const std::vector<slice> parts{slice::copy_of("x")};
                EXPECT_TRUE(files.write(*file, file_position(0), parts).has_value());
                EXPECT_TRUE(files.sync({&*file, 1}).has_value());
                files.close(*file);
            },
            [&] { done.push(true); });
    for (int i = 0; i < 16; ++i)
        ASSERT_TRUE(done.take().has_value());
}

TEST(posix_disk, shutdown_runs_what_is_queued_and_drops_what_comes_later) {
    std::atomic<int> ran{0};
    std::atomic<int> completed{0};
    posix_disk disk(2);
    const auto submit = [&](std::uint64_t lane) {
        disk.submit(
            disk_lane(lane), disk_job_kind::blocking, [&](file_system&) { ++ran; }, [&] { ++completed; });
    };
    for (std::uint64_t i = 0; i < 300; ++i)
        submit(i % 7);
    disk.shutdown();
    EXPECT_EQ(ran, 300);
    EXPECT_EQ(completed, 300);
    submit(1);
    EXPECT_EQ(ran, 300);
}

namespace {

/// Two data directories, of which one keeps every thread that goes there.
struct two_directories : testing::Test {
    scratch_directory hung;
    scratch_directory well;
    std::promise<void> back;
    std::shared_future<void> never = back.get_future().share();
    reports<int> ended;
    std::unique_ptr<posix_disk> disk = std::make_unique<posix_disk>(
        posix_disk::options{4, 100, {hung.path(), well.path()}, std::chrono::milliseconds(500)});

    void hang(std::uint64_t use, int number = 0) {
        disk->submit(
            lane_in(hung.path(), use), disk_job_kind::blocking, [held = never](file_system&) { held.wait(); },
            [this, number] { ended.push(number); });
    }
    void work(disk_lane lane, int number, disk_job_kind kind = disk_job_kind::blocking) {
        disk->submit(
            lane, kind, [](file_system&) {}, [this, number] { ended.push(number); });
    }
};

} // namespace

TEST_F(two_directories, one_that_never_returns_leaves_the_threads_of_the_other) {
    for (std::uint64_t use = 0; use < 20; ++use)
        hang(use);
    work(lane_in(well.path(), 1), 7);
    EXPECT_EQ(ended.take(), 7);
    work(lane_of_none(1), 8);
    EXPECT_EQ(ended.take(), 8);
    back.set_value();
}

TEST_F(two_directories, threads_are_bounded_and_writes_are_handed_over) {
    EXPECT_EQ(disk->threads(), 6u);
    EXPECT_EQ(posix_disk(3).threads(), 3u);
    std::promise<std::thread::id> ran_on;
    disk->submit(
        lane_in(well.path(), 1), disk_job_kind::buffered_write,
        [&](file_system&) { ran_on.set_value(std::this_thread::get_id()); }, [] {});
    EXPECT_NE(ran_on.get_future().get(), std::this_thread::get_id());
}

TEST_F(two_directories, stop_leaves_what_does_not_come_back_and_ends_the_rest) {
    hang(1, 1);
    hang(2, 2);
    work(lane_in(hung.path(), 2), 3);
    work(lane_in(well.path(), 1), 4);
    EXPECT_EQ(ended.take(), 4);
    EXPECT_EQ(disk->shutdown(), std::vector<std::string>{hung.path()});
    disk.reset();
    // Nobody hears of it any more, for who asked may be gone.
    back.set_value();
}

TEST_F(two_directories, stop_waits_for_as_long_as_jobs_come_to_their_end) {
    constexpr int count = 100;
    const posix_disk::options patient{2, 100, {hung.path(), well.path()}, std::chrono::minutes(10)};
    disk = std::make_unique<posix_disk>(patient);
    for (int i = 0; i < count; ++i)
        work(lane_in(hung.path(), 1), i);
    EXPECT_TRUE(disk->shutdown().empty());
    for (int i = 0; i < count; ++i)
        EXPECT_EQ(ended.take(), i);
    back.set_value();
}

TEST_F(two_directories, call_that_does_not_return_is_known_by_its_directory) {
    // Whoever opens a pipe to read waits for a writer.
    const auto pipe = hung.path() + "/pipe";
    ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
    EXPECT_FALSE(disk->oldest_call(hung.path()));
    disk->submit(
        lane_in(hung.path(), 1), disk_job_kind::blocking,
        [pipe](file_system& files) { static_cast<void>(files.open(pipe, open_mode::read_only)); },
        [this] { ended.push(1); });
    std::optional<call_under_way> call;
    while (!call || call->age < std::chrono::milliseconds(2))
        call = disk->oldest_call(hung.path() + "/");
    EXPECT_EQ(call->what, "open");
    EXPECT_FALSE(disk->oldest_call(well.path()));
    const int writer = ::open(pipe.c_str(), O_WRONLY);
    EXPECT_EQ(ended.take(), 1);
    ::close(writer);
    EXPECT_FALSE(disk->oldest_call(hung.path()));
    back.set_value();
}

} // namespace
} // namespace barnabas::runtime::posix_disk_test
