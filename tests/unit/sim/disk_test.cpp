#include "runtime/disk/directory_lane.hpp"
#include "sim/disk/memory_disk.hpp"
#include "sim/disk/simulated_disk.hpp"
#include "sim/world/world.hpp"
#include "tests/unit/sim/disk_calls.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

namespace barnabas::sim::disk_test {
namespace {

TEST(memory_disk, a_killed_process_loses_nothing_it_completed) {
    memory_disk disk(1);
    const auto file = open(disk, "/a");
    ASSERT_TRUE(write(disk, file, 0, filled(10'000, 1)));
    ASSERT_TRUE(disk.files().create_directory("/x/y"));
    ASSERT_TRUE(disk.files().rename("/a", "/x/y/b"));
    disk.kill();
    EXPECT_EQ(disk.content("/x/y/b"), filled(10'000, 1));
    EXPECT_EQ(disk.content("/a"), std::nullopt);
    EXPECT_EQ(disk.files().size(file).code(), errc::storage_error);
}

TEST(memory_disk, reading_past_the_end_is_short_and_gaps_are_zeros) {
    memory_disk disk(1);
    const auto file = open(disk, "/a");
    ASSERT_TRUE(write(disk, file, 9'000, filled(10, 5)));
    bytes into(20'000, std::byte{9});
    const auto count = disk.files().read(file, file_position(0), into);
    ASSERT_TRUE(count.has_value());
    EXPECT_EQ(*count, 9'010U);
    EXPECT_EQ(into[0], std::byte{0});
    EXPECT_EQ(into[9'009], std::byte{5});
    ASSERT_TRUE(disk.files().truncate(file, 9'005));
    ASSERT_TRUE(disk.files().truncate(file, 9'020));
    EXPECT_EQ((*disk.content("/a"))[9'004], std::byte{5});
    EXPECT_EQ((*disk.content("/a"))[9'007], std::byte{0});
}

TEST(memory_disk, a_power_cut_that_loses_all_shows_the_last_sync) {
    memory_disk disk(1);
    const auto file = open(disk, "/a");
    ASSERT_TRUE(write(disk, file, 0, filled(9'000, 1)));
    ASSERT_TRUE(sync(disk, file));
    ASSERT_TRUE(disk.files().sync_directory("/"));
    ASSERT_TRUE(write(disk, file, 4'000, filled(9'000, 2)));
    ASSERT_TRUE(disk.files().truncate(file, 100));
    ASSERT_TRUE(write(disk, file, 50, filled(5'000, 3)));
    open(disk, "/unsynced");
    cut(disk, 1, power_cut_faults::lose_all());
    EXPECT_EQ(disk.content("/a"), filled(9'000, 1));
    EXPECT_EQ(disk.content("/unsynced"), std::nullopt);
}

/// Random operations against two plain models: what is there, and what the last sync covered.
class disk_model {
public:
    explicit disk_model(std::uint64_t seed) : draws_(seed), disk_(seed), file_(open(disk_, "/f")) {
        EXPECT_TRUE(disk_.files().sync_directory("/").has_value());
    }
    void run(int operations) {
        while (operations-- > 0) {
            switch (draws_.below(8)) {
            case 0:
                EXPECT_TRUE(sync(disk_, file_).has_value());
                synced_ = current_;
                break;
            case 1: truncate(); break;
            default: write_some();
            }
            EXPECT_EQ(disk_.content("/f"), current_);
        }
    }
    void check_all_kept() {
        cut(disk_, 1, power_cut_faults::keep_all());
        EXPECT_EQ(disk_.content("/f"), current_);
    }
    void check_all_lost() {
        cut(disk_, 1, power_cut_faults::lose_all());
        EXPECT_EQ(disk_.content("/f"), synced_);
    }
    /// Every sector is new or old as a whole or zeros, and the length lies between old and new.
    void check_some_kept(std::uint64_t seed) {
        cut(disk_, seed, {.sector_garbage = 0});
        const auto found = *disk_.content("/f");
        EXPECT_LE(found.size(), std::max(current_.size(), synced_.size()));
        EXPECT_GE(found.size(), std::min(current_.size(), synced_.size()));
        for (std::size_t at = 0; at < found.size(); at += memory_file::sector_size) {
            const auto size = std::min(memory_file::sector_size, found.size() - at);
            const bytes sector(found.begin() + static_cast<std::ptrdiff_t>(at),
                               found.begin() + static_cast<std::ptrdiff_t>(at + size));
            EXPECT_TRUE(sector == part_of(current_, at, size) || sector == part_of(synced_, at, size) ||
                        sector == filled(size, 0))
                << "sector at " << at;
        }
    }

private:
    static bytes part_of(const bytes& whole, std::size_t at, std::size_t size) {
        bytes part(size, std::byte{0});
        for (std::size_t index = 0; index < size && at + index < whole.size(); ++index)
            part[index] = whole[at + index];
        return part;
    }
    void write_some() {
        const auto at = draws_.chance(2, 3) ? current_.size() : draws_.below(current_.size() + 1);
        const auto count = draws_.log_between(1, 20'000);
        const auto with = filled(count, static_cast<int>(draws_.between(1, 255)));
        if (current_.size() < at + count)
            current_.resize(at + count);
        std::copy(with.begin(), with.end(), current_.begin() + static_cast<std::ptrdiff_t>(at));
        EXPECT_TRUE(write(disk_, file_, at, with).has_value());
    }
    void truncate() {
        const auto size = draws_.below(current_.size() + 1);
        current_.resize(size);
        EXPECT_TRUE(disk_.files().truncate(file_, size).has_value());
    }

    runtime::random draws_;
    memory_disk disk_;
    file_id file_;
    bytes current_, synced_;
};

TEST(memory_disk, behaves_as_a_plain_file_and_a_cut_shows_synced_or_newer_sectors) {
    for (std::uint64_t seed = 1; seed <= 300; ++seed) {
        disk_model kept(seed), lost(seed), some(seed);
        const auto operations = static_cast<int>(seed % 40);
        kept.run(operations);
        kept.check_all_kept();
        lost.run(operations);
        lost.check_all_lost();
        some.run(operations);
        some.check_some_kept(seed);
    }
}

TEST(memory_disk, power_cuts_reach_all_kinds_of_outcomes_of_one_write) {
    std::set<int> seen; // 0 old, 1 new, 2 mixed, 3 garbage
    for (std::uint64_t seed = 1; seed <= 300; ++seed) {
        memory_disk disk(seed);
        const auto file = open(disk, "/a");
        ASSERT_TRUE(write(disk, file, 0, filled(4'096, 1)));
        ASSERT_TRUE(sync(disk, file));
        ASSERT_TRUE(disk.files().sync_directory("/"));
        ASSERT_TRUE(write(disk, file, 0, filled(4'096, 2)));
        cut(disk, seed, {});
        const auto found = *disk.content("/a");
        ASSERT_EQ(found.size(), 4'096U);
        const auto ones = std::count(found.begin(), found.end(), std::byte{1});
        const auto twos = std::count(found.begin(), found.end(), std::byte{2});
        seen.insert(ones == 4'096 ? 0 : twos == 4'096 ? 1 : ones + twos == 4'096 ? 2 : 3);
    }
    EXPECT_EQ(seen.size(), 4U);
}

TEST(memory_disk, a_synced_file_may_lose_its_name_unless_the_directory_was_synced) {
    std::set<bool> seen;
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
        memory_disk disk(seed);
        ASSERT_TRUE(write(disk, open(disk, "/a"), 0, filled(10, 1)));
        const auto other = open(disk, "/b");
        ASSERT_TRUE(disk.files().sync_directory("/"));
        const auto file = open(disk, "/c");
        ASSERT_TRUE(sync(disk, file) && sync(disk, other));
        cut(disk, seed, {});
        EXPECT_TRUE(disk.content("/a").has_value());
        EXPECT_TRUE(disk.content("/b").has_value());
        seen.insert(disk.content("/c").has_value());
    }
    EXPECT_EQ(seen.size(), 2U);
}

TEST(memory_disk, a_rename_shows_the_old_or_the_new_content_never_nothing) {
    std::set<int> seen;
    for (std::uint64_t seed = 1; seed <= 100; ++seed) {
        memory_disk disk(seed);
        const auto target = open(disk, "/d");
        ASSERT_TRUE(write(disk, target, 0, filled(10, 1)));
        ASSERT_TRUE(sync(disk, target));
        ASSERT_TRUE(disk.files().sync_directory("/"));
        const auto fresh = open(disk, "/d.tmp");
        ASSERT_TRUE(write(disk, fresh, 0, filled(10, 2)));
        ASSERT_TRUE(sync(disk, fresh));
        ASSERT_TRUE(disk.files().rename("/d.tmp", "/d"));
        cut(disk, seed, {});
        const auto found = disk.content("/d");
        ASSERT_TRUE(found.has_value());
        EXPECT_TRUE(found == filled(10, 1) || found == filled(10, 2));
        seen.insert(static_cast<int>((*found)[0]));
    }
    EXPECT_EQ(seen.size(), 2U);
}

TEST(memory_disk, a_rename_across_directories_is_durable_when_either_was_synced) {
    memory_disk disk(1);
    ASSERT_TRUE(disk.files().create_directory("/x"));
    ASSERT_TRUE(disk.files().create_directory("/y"));
    ASSERT_TRUE(disk.files().sync_directory("/"));
    ASSERT_TRUE(sync(disk, open(disk, "/x/a")));
    ASSERT_TRUE(disk.files().rename("/x/a", "/y/b"));
    ASSERT_TRUE(disk.files().sync_directory("/y"));
    cut(disk, 1, power_cut_faults::lose_all());
    EXPECT_FALSE(disk.content("/x/a").has_value());
    EXPECT_TRUE(disk.content("/y/b").has_value());
}

TEST(memory_disk, a_removed_file_may_come_back_with_its_synced_content) {
    memory_disk disk(1);
    const auto file = open(disk, "/a");
    ASSERT_TRUE(write(disk, file, 0, filled(5'000, 1)));
    ASSERT_TRUE(sync(disk, file));
    ASSERT_TRUE(disk.files().sync_directory("/"));
    disk.files().close(file);
    ASSERT_TRUE(disk.files().remove("/a"));
    EXPECT_EQ(disk.used_bytes(), 0U);
    cut(disk, 1, power_cut_faults::lose_all());
    EXPECT_EQ(disk.content("/a"), filled(5'000, 1));
    EXPECT_EQ(disk.used_bytes(), 8'192U);
    ASSERT_TRUE(disk.files().remove("/a"));
    ASSERT_TRUE(disk.files().sync_directory("/"));
    cut(disk, 1, power_cut_faults::lose_all());
    EXPECT_FALSE(disk.content("/a").has_value());
}

TEST(memory_disk, a_failed_sync_loses_the_pages_and_a_later_success_proves_nothing) {
    std::set<bool> cache_kept;
    for (std::uint64_t seed = 1; seed <= 30; ++seed) {
        memory_disk disk(seed);
        const auto file = open(disk, "/a");
        ASSERT_TRUE(write(disk, file, 0, filled(4'096, 1)));
        ASSERT_TRUE(sync(disk, file));
        ASSERT_TRUE(disk.files().sync_directory("/"));
        ASSERT_TRUE(write(disk, file, 0, filled(4'096, 2)));
        disk.set_faults({.sync_error_chance = 1'000'000});
        EXPECT_EQ(sync(disk, file).code(), errc::storage_error);
        disk.set_faults({});
        cache_kept.insert(disk.content("/a") == filled(4'096, 2));
        EXPECT_TRUE(sync(disk, file));
        cut(disk, seed, power_cut_faults::keep_all());
        EXPECT_EQ(disk.content("/a"), filled(4'096, 1));
    }
    EXPECT_EQ(cache_kept.size(), 2U);
}

TEST(memory_disk, a_sync_that_lies_succeeds_and_a_power_cut_shows_it) {
    memory_disk disk(1);
    const auto file = open(disk, "/a");
    ASSERT_TRUE(write(disk, file, 0, filled(4'096, 1)));
    ASSERT_TRUE(sync(disk, file));
    ASSERT_TRUE(disk.files().sync_directory("/"));
    ASSERT_TRUE(write(disk, file, 0, filled(4'096, 2)));
    disk.set_faults({.sync_lie_chance = 1'000'000});
    EXPECT_TRUE(sync(disk, file));
    EXPECT_EQ(disk.content("/a"), filled(4'096, 2));
    cut(disk, 1, power_cut_faults::lose_all());
    EXPECT_EQ(disk.content("/a"), filled(4'096, 1));
}

TEST(memory_disk, a_full_disk_takes_what_fits) {
    memory_disk disk(1, 3 * 4'096);
    const auto file = open(disk, "/a");
    EXPECT_EQ(write(disk, file, 0, filled(20'000, 1)).code(), errc::disk_full);
    EXPECT_EQ(disk.content("/a"), filled(3 * 4'096, 1));
    EXPECT_EQ(disk.files().room("/")->free, 0U);
    ASSERT_TRUE(disk.files().truncate(file, 4'096));
    EXPECT_EQ(disk.files().room("/")->free, 2U * 4'096);
    EXPECT_EQ(disk.files().room("/")->total, 3U * 4'096);
    EXPECT_TRUE(write(disk, file, 4'096, filled(4'096, 2)));
}

TEST(memory_disk, a_lock_is_exclusive_until_closed_or_dead) {
    memory_disk disk(1);
    auto held = disk.files().lock("/.lock");
    ASSERT_TRUE(held);
    EXPECT_EQ(disk.files().lock("/.lock").code(), errc::locked);
    disk.files().close(*held);
    EXPECT_TRUE(disk.files().lock("/.lock"));
    disk.kill();
    EXPECT_TRUE(disk.files().lock("/.lock"));
}

TEST(memory_disk, the_nth_operation_fails_and_has_no_effect) {
    memory_disk disk(1);
    const auto file = open(disk, "/a");
    disk.fail_nth(2, errc::storage_error);
    EXPECT_TRUE(write(disk, file, 0, filled(1, 1)));
    EXPECT_EQ(write(disk, file, 1, filled(1, 2)).code(), errc::storage_error);
    EXPECT_TRUE(write(disk, file, 1, filled(1, 3)));
    EXPECT_EQ(disk.content("/a"), (bytes{std::byte{1}, std::byte{3}}));
}

TEST(memory_disk, nothing_takes_effect_after_the_planned_crash) {
    memory_disk disk(1);
    const auto file = open(disk, "/a");
    int told = 0;
    disk.crash_after_operations(2, [&told] { ++told; });
    EXPECT_TRUE(write(disk, file, 0, filled(1, 1)));
    EXPECT_TRUE(write(disk, file, 1, filled(1, 2)));
    EXPECT_EQ(write(disk, file, 2, filled(1, 3)).code(), errc::closed);
    EXPECT_EQ(disk.files().remove("/a").code(), errc::closed);
    EXPECT_EQ(told, 1);
    disk.kill();
    EXPECT_EQ(disk.content("/a"), (bytes{std::byte{1}, std::byte{2}}));
    EXPECT_TRUE(disk.files().remove("/a"));
}

TEST(memory_disk, listings_come_in_different_orders) {
    memory_disk disk(1);
    ASSERT_TRUE(disk.files().create_directory("/d/e"));
    for (const char* name : {"/d/a", "/d/b", "/d/c"})
        open(disk, name);
    std::set<std::string> orders;
    for (int count = 0; count < 50; ++count) {
        std::string order;
        const auto entries = disk.files().list("/d");
        ASSERT_TRUE(entries.has_value());
        for (const auto& entry : *entries)
            order += entry.name + (entry.is_directory ? "/" : "");
        orders.insert(order);
    }
    EXPECT_GT(orders.size(), 5U);
    EXPECT_EQ(orders.begin()->size(), 5U);
    ASSERT_TRUE(disk.files().remove_directory("/d"));
    EXPECT_FALSE(*disk.files().exists("/d"));
    EXPECT_EQ(disk.files().list("/d").code(), errc::not_found);
}

TEST(simulated_disk, a_lane_runs_in_order_and_done_comes_later_or_at_once) {
    world run(1);
    memory_disk disk(1);
    simulated_disk seam(run, run.open_owner(), 0, disk, runtime::random(4));
    std::vector<int> order;
    for (int job = 0; job < 50; ++job) {
        seam.submit(
            runtime::disk_lane(7), runtime::disk_job_kind::blocking,
            [&order, job](runtime::file_system&) { order.push_back(job); },
            [&order, job] { order.push_back(1'000 + job); });
    }
    EXPECT_TRUE(order.empty());
    run.run_for(second);
    std::vector<int> expected;
    for (int job = 0; job < 50; ++job) {
        expected.push_back(job);
        expected.push_back(1'000 + job);
    }
    EXPECT_EQ(order, expected);
}

TEST(simulated_disk, a_stalled_disk_ends_no_job_before_its_time) {
    world run(1);
    memory_disk disk(1);
    simulated_disk seam(run, run.open_owner(), 0, disk, runtime::random(4));
    disk.set_faults({.stalled_until = 3 * second, .inline_chance = 1'000'000});
    int done = 0;
    for (const auto kind : {runtime::disk_job_kind::blocking, runtime::disk_job_kind::cached_read})
        seam.submit(
            runtime::disk_lane(static_cast<std::uint64_t>(kind)), kind, [](runtime::file_system&) {},
            [&done] { ++done; });
    run.run_for(3 * second - millisecond);
    EXPECT_EQ(done, 0);
    run.run_for(second);
    EXPECT_EQ(done, 2);
}

TEST(simulated_disk, a_process_that_stands_still_hears_of_no_job) {
    world run(1);
    memory_disk disk(1);
    simulated_disk seam(run, run.open_owner(), 0, disk, runtime::random(4));
    seam.watch_pauses([] { return virtual_time(3 * second); });
    bool done = false;
    seam.submit(
        runtime::lane_in("/data", 1), runtime::disk_job_kind::blocking, [](runtime::file_system&) {},
        [&done] { done = true; });
    run.run_for(3 * second - millisecond);
    EXPECT_FALSE(done);
    EXPECT_TRUE(seam.oldest_call("/data").has_value()) << "nor does the call return to its thread";
    run.run_for(second);
    EXPECT_TRUE(done);
    EXPECT_FALSE(seam.oldest_call("/data").has_value());
}

TEST(simulated_disk, a_cached_read_may_run_twice_and_sees_would_block_first) {
    world run(1);
    memory_disk disk(1);
    disk.set_faults({.not_cached_chance = 1'000'000, .inline_chance = 0});
    ASSERT_TRUE(write(disk, open(disk, "/a"), 0, filled(10, 1)));
    simulated_disk seam(run, run.open_owner(), 0, disk, runtime::random(4));
    int runs = 0, refused = 0;
    bool done = false;
    file_id file(0);
    seam.submit(
        runtime::disk_lane(1), runtime::disk_job_kind::blocking,
        [&](runtime::file_system& files) { file = *files.open("/a", runtime::open_mode::read_only); }, [] {});
    seam.submit(
        runtime::disk_lane(1), runtime::disk_job_kind::cached_read,
        [&](runtime::file_system& files) {
            ++runs;
            bytes into(10);
            for (int count = 0; count < 5; ++count)
                refused += files.read(file, file_position(0), into).code() == errc::would_block;
        },
        [&done] { done = true; });
    run.run_for(second);
    EXPECT_EQ(runs, 2);
    EXPECT_GT(refused, 0);
    EXPECT_TRUE(done);
}

TEST(simulated_disk, after_the_end_nothing_runs_and_callbacks_are_gone) {
    world run(1);
    memory_disk disk(1);
    simulated_disk seam(run, run.open_owner(), 0, disk, runtime::random(4));
    auto held = std::make_shared<int>(0);
    for (int job = 0; job < 3; ++job)
        seam.submit(
            runtime::disk_lane(1), runtime::disk_job_kind::blocking,
            [held](runtime::file_system&) { ++*held; }, [held] { ++*held; });
    seam.end();
    EXPECT_EQ(held.use_count(), 1);
    EXPECT_EQ(*held, 0);
}

} // namespace
} // namespace barnabas::sim::disk_test
