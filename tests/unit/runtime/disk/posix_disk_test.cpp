#include "runtime/disk/posix_disk.hpp"

#include "tests/unit/runtime/disk/scratch_directory.hpp"
#include "tests/unit/runtime/waiting.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <future>
#include <thread>
#include <vector>

namespace barnabas::runtime {
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

} // namespace
} // namespace barnabas::runtime
