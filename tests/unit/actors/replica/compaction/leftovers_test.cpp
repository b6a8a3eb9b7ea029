#include "sim/disk/memory_disk.hpp"
#include "tests/unit/actors/replica/compaction/clean_host.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

/// What a start makes of a swap that was cut short, when other files are there that do not belong to it, or
/// its own are damaged.
namespace barnabas::replica::leftovers_test {
namespace {

using records = std::vector<seen_record>;

constexpr const char* directory = "/data/orders-0";

class cut_swap {
public:
    /// A pass is cut short after `n` operations of the first swap of several segments.
    explicit cut_swap(std::uint64_t n) {
        EXPECT_TRUE(host->open());
        host->put("a", "old");
        host->put("a", "aborted", {.producer = 7, .sequence = 0, .transactional = true});
        host->append(marker_of(7, false), false);
        for (int i = 0; i < 20; ++i)
            host->put("key " + std::to_string(i % 3), std::to_string(i) + std::string(40, '.'));
        host->put("a", "new");
        host->roll();
        host->roll();
        static_cast<void>(host->clean());
        // Small segments are left, so that the next pass makes one of several.
        host->put("key 0", "newest");
        host->roll();
        host->roll();
        before = *host->records();
        for (auto job = host->begin_cleaning(); job; job = host->run(std::move(*job)))
            if (auto* swap = std::get_if<swap_job>(&*job);
                swap != nullptr && swap->group.replaced.size() > 1) {
                base = swap->group.state.base_offset;
                disk.crash_after_operations(n);
                swap->run(disk.files());
                completed = swap->outcome.has_value();
                return;
            }
        ADD_FAILURE() << "there is no such swap";
    }

    std::string swap_path() const { return segment_path(directory, base, log_suffix) + ".swap"; }
    bool has(const std::string& path) { return *disk.files().exists(path); }
    bool has_part(std::string_view part) {
        const auto listed = disk.files().list(directory);
        return std::any_of(listed->begin(), listed->end(),
                           [&](const auto& entry) { return entry.name.find(part) != std::string::npos; });
    }
    std::size_t count_logs() {
        const auto listed = disk.files().list(directory);
        return static_cast<std::size_t>(std::count_if(listed->begin(), listed->end(), [](const auto& entry) {
            return offset_of_file(entry.name, log_suffix).has_value();
        }));
    }
    /// Where the last batch of the swap's log begins.
    std::uint64_t last_batch_position() {
        const auto content = *disk.content(swap_path());
        const auto batches = *batch::split_batches(slice::copy_of(content));
        return content.size() - batches.back().header.total_size();
    }
    result<void> reopen() {
        host = std::make_unique<clean_host>(disk.files());
        return host->open();
    }
    void make_file(const std::string& name) {
        const auto path = std::string(directory) + "/" + name;
        auto file = disk.files().open(path, runtime::open_mode::create);
        ASSERT_TRUE(file);
        disk.files().close(*file);
    }
    /// As readers of committed records are told.
    std::size_t count_aborted() {
        std::size_t count = 0;
        for (auto from = host->log->log_start_offset(); from < host->log->written_offset(); from = from + 1) {
            auto job = host->log->read(from, 1 << 16, host->log->written_offset(), true, true);
            job->run(disk.files());
            host->log->on_read(*job);
            count += job->records && job->aborted ? job->aborted->size() : 0;
        }
        return count;
    }

    sim::memory_disk disk{1};
    std::unique_ptr<clean_host> host = std::make_unique<clean_host>(disk.files());
    records before;
    log_offset base;
    bool completed = false;
};

/// The newest values; what a log must have, compacted or not.
std::map<std::string, std::optional<std::string>> newest_of(const records& all) {
    std::map<std::string, std::optional<std::string>> newest;
    for (const auto& one : all)
        if (one.value != "aborted")
            newest[one.key] = one.value;
    return newest;
}

TEST(leftovers, cleaned_file_of_another_segment_does_not_undo_a_swap) {
    bool done = false;
    for (std::uint64_t n = 0; !done && !testing::Test::HasFailure(); ++n)
        for (std::uint64_t seed = 0; seed < 12; ++seed) {
            cut_swap one(n);
            done = one.completed;
            if (seed == 0) {
                one.disk.kill();
            } else {
                runtime::random draws(n * 100 + seed);
                one.disk.power_cut(draws, sim::power_cut_faults{});
            }
            one.make_file("00000000000000777777.timeindex.cleaned");
            const auto where = "after operation " + std::to_string(n) + ", seed " + std::to_string(seed);
            const auto opened = one.reopen();
            ASSERT_TRUE(opened) << where << ": " << to_string(opened.failure());
            const auto found = one.host->records();
            ASSERT_TRUE(found) << where << ": " << to_string(found.failure());
            ASSERT_TRUE(newest_of(*found) == newest_of(one.before)) << where;
            ASSERT_FALSE(one.has_part(".cleaned")) << where;
            ASSERT_FALSE(one.has_part(".swap")) << where;
            const bool aborted_is_there = std::any_of(
                found->begin(), found->end(), [](const auto& record) { return record.value == "aborted"; });
            ASSERT_TRUE(!aborted_is_there || one.count_aborted() > 0) << where;
        }
}

/// Calls `harm` for each moment at which a kill leaves a decided swap; then the log opens as it was, or it
/// does not open and everything is still there.
void expect_noticed(const std::function<void(cut_swap&)>& harm) {
    int moments = 0;
    int refused = 0;
    for (std::uint64_t n = 0; !testing::Test::HasFailure(); ++n) {
        cut_swap one(n);
        if (one.completed)
            break;
        one.disk.kill();
        if (!one.has(one.swap_path()))
            continue;
        ++moments;
        harm(one);
        const auto where = "after operation " + std::to_string(n);
        const auto logs = one.count_logs();
        const auto opened = one.reopen();
        if (opened) {
            const auto found = one.host->records();
            ASSERT_TRUE(found) << where << ": " << to_string(found.failure());
            EXPECT_TRUE(*found == one.before) << where;
            continue;
        }
        ++refused;
        EXPECT_EQ(opened.code(), errc::corrupt_message) << where;
        EXPECT_TRUE(one.has(one.swap_path())) << where;
        EXPECT_EQ(one.count_logs(), logs) << where << ": nothing may go";
    }
    EXPECT_GT(moments, refused);
    EXPECT_GT(refused, 0);
}

TEST(leftovers, damaged_batch_of_a_swap_is_noticed) {
    expect_noticed(
        [](cut_swap& one) { ASSERT_TRUE(one.disk.rot(one.swap_path(), one.last_batch_position() + 65, 3)); });
}

TEST(leftovers, last_offset_of_a_swap_that_is_damaged_takes_no_segment_along) {
    // Of the base offset, which no CRC covers: 8, 64, 512 and 65,536 further on.
    for (const auto& [at, bit] :
         std::vector<std::pair<std::uint64_t, unsigned>>{{7, 3}, {7, 6}, {6, 1}, {5, 0}})
        expect_noticed([at = at, bit = bit](cut_swap& one) {
            ASSERT_TRUE(one.disk.rot(one.swap_path(), one.last_batch_position() + at, bit));
        });
}

TEST(leftovers, swap_that_comes_wrong_once_is_completed) {
    for (std::uint64_t read = 1; read < 30; ++read) {
        for (std::uint64_t n = 0;; ++n) {
            cut_swap again(n);
            ASSERT_FALSE(again.completed);
            again.disk.kill();
            if (!again.has_part(".log.deleted"))
                continue;
            again.disk.rot_nth_read(read);
            const auto opened = again.reopen();
            ASSERT_TRUE(opened) << to_string(opened.failure());
            ASSERT_TRUE(newest_of(*again.host->records()) == newest_of(again.before));
            break;
        }
    }
}

} // namespace
} // namespace barnabas::replica::leftovers_test
