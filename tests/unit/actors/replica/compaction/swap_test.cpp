#include "tests/unit/actors/replica/compaction/clean_host.hpp"

#include "sim/disk/memory_disk.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

/// Cleaning that is interrupted or fails at every single operation of the disk.
namespace barnabas::replica::swap_test {
namespace {

using records = std::vector<seen_record>;

/// A log of several groups; some lose all their records, some have a transaction.
void fill(clean_host& host) {
    for (int i = 0; i < 45; ++i)
        host.put("key " + std::to_string(i % 4), std::to_string(i) + std::string(40, '.'));
    host.put("gone", "1", {.producer = 5, .sequence = 0});
    host.put("gone", std::nullopt);
    host.put("key 1", "aborted", {.producer = 7, .sequence = 0, .transactional = true});
    host.append(marker_of(7, false), false);
    for (int i = 0; i < 12; ++i)
        host.put("kept " + std::to_string(i), std::to_string(i) + std::string(60, '.'));
    host.roll();
    host.roll();
    // Small segments are left, which the pass to be interrupted makes one.
    static_cast<void>(host.clean());
    for (int i = 0; i < 6; ++i)
        host.put("kept " + std::to_string(2 * i), "newer" + std::string(60, '.'));
    host.put("gone too", "1", {.producer = 5, .sequence = 1});
    host.put("gone too", std::nullopt);
    host.roll();
    host.roll();
}

struct images {
    records before;
    records after;
    /// Where the groups of the pass begin; the last one is where it ended.
    std::vector<std::int64_t> groups;
    std::uint64_t operations = 0;
};

images uninterrupted() {
    sim::memory_disk disk(1);
    clean_host host(disk.files());
    EXPECT_TRUE(host.open());
    fill(host);
    images found;
    found.before = *host.records();
    const auto segments = host.log->segments().size();
    const auto began = disk.operations();
    const auto outcome = host.clean();
    found.operations = disk.operations() - began;
    EXPECT_TRUE(outcome && outcome->outcome);
    found.after = *host.records();
    for (const auto& segment : host.log->segments())
        if (segment.base_offset <= outcome->cleaned_upto)
            found.groups.push_back(segment.base_offset.get());
    EXPECT_LT(found.after.size(), found.before.size());
    EXPECT_GT(found.groups.size(), 2u);
    EXPECT_LT(host.log->segments().size() + 1, segments) << "several became one";
    return found;
}

records between(const records& all, std::int64_t from, std::int64_t upto) {
    records some;
    for (const auto& one : all)
        if (one.offset >= from && one.offset < upto)
            some.push_back(one);
    return some;
}

/// Group by group the log shows the old content or the new one.
void expect_one_of_both(const images& known, const result<records>& found, const std::string& where) {
    ASSERT_TRUE(found) << where << ": " << to_string(found.failure());
    for (std::size_t i = 0; i < known.groups.size(); ++i) {
        const auto from = known.groups[i];
        const auto upto = i + 1 < known.groups.size() ? known.groups[i + 1] : INT64_MAX;
        const auto part = between(*found, from, upto);
        EXPECT_TRUE(part == between(known.before, from, upto) || part == between(known.after, from, upto))
            << where << ": offsets from " << from;
    }
    for (std::size_t i = 0; i + 1 < found->size(); ++i)
        ASSERT_LT((*found)[i].offset, (*found)[i + 1].offset) << where;
}

/// What a reader gets who begins anywhere.
void expect_readable_from_everywhere(clean_host& host, const std::string& where) {
    const auto all = *host.records();
    for (auto from = host.log->log_start_offset().get(); from < host.log->written_offset().get(); ++from) {
        const auto some = host.records(from);
        ASSERT_TRUE(some) << where << " from " << from << ": " << to_string(some.failure());
        const auto wanted = between(all, from, INT64_MAX);
        const auto got = between(*some, from, INT64_MAX);
        ASSERT_TRUE(got == wanted) << where << " from " << from;
    }
}

/// Cleans until the disk is cut off after n operations, then the power fails (or the process is killed).
void crash_after(const images& known, std::uint64_t n, std::uint64_t seed, const planted_bugs& planted = {}) {
    sim::memory_disk disk(1);
    auto options = clean_host::small_options();
    options.planted = planted;
    auto host = std::make_unique<clean_host>(disk.files(), options);
    ASSERT_TRUE(host->open());
    fill(*host);
    disk.crash_after_operations(n);
    static_cast<void>(host->clean());
    runtime::random draws(seed * 7919 + n);
    sim::power_cut_faults faults;
    faults.name_kept = static_cast<std::uint32_t>(seed % 4) * 333'000;
    if (seed == 0)
        disk.kill();
    else
        disk.power_cut(draws, faults);
    host = std::make_unique<clean_host>(disk.files(), clean_host::small_options());
    const auto where = "crash after operation " + std::to_string(n) + ", seed " + std::to_string(seed);
    const auto opened = host->open();
    ASSERT_TRUE(opened) << where << ": " << to_string(opened.failure());
    expect_one_of_both(known, host->records(), where);
    if (testing::Test::HasFailure())
        return;
    ASSERT_TRUE(host->report.damage.empty()) << where;
    host->put("key 0", "after the crash");
    host->roll();
    host->roll();
    const auto again = host->clean();
    ASSERT_TRUE(!again || again->outcome) << where << ": " << to_string(again->outcome.failure());
    EXPECT_EQ(host->values_of("key 0").back(), "after the crash") << where;
    expect_readable_from_everywhere(*host, where);
}

TEST(swap, a_crash_after_any_operation_leaves_the_old_or_the_new_content) {
    const auto known = uninterrupted();
    for (std::uint64_t n = 0; n <= known.operations; ++n)
        for (std::uint64_t seed = 0; seed < 7 && !testing::Test::HasFailure(); ++seed)
            crash_after(known, n, seed);
}

TEST(swap, crashes_of_the_recovery_that_completes_it_change_nothing) {
    const auto known = uninterrupted();
    for (std::uint64_t n = 0; n <= known.operations && !testing::Test::HasFailure(); ++n) {
        sim::memory_disk disk(1);
        auto host = std::make_unique<clean_host>(disk.files());
        ASSERT_TRUE(host->open());
        fill(*host);
        disk.crash_after_operations(n);
        static_cast<void>(host->clean());
        runtime::random draws(n);
        for (int life = 0; life < 40; ++life) {
            disk.power_cut(draws, sim::power_cut_faults{});
            host = std::make_unique<clean_host>(disk.files());
            disk.crash_after_operations(static_cast<std::uint64_t>(life) * 3);
            if (host->open())
                break;
        }
        disk.kill();
        host = std::make_unique<clean_host>(disk.files());
        ASSERT_TRUE(host->open());
        expect_one_of_both(known, host->records(), "recoveries after operation " + std::to_string(n));
    }
}

TEST(swap, an_operation_that_fails_leaves_a_log_that_serves_or_is_offline) {
    const auto known = uninterrupted();
    for (std::uint64_t n = 1; n <= known.operations && !testing::Test::HasFailure(); ++n) {
        const auto where = "operation " + std::to_string(n);
        sim::memory_disk disk(1);
        clean_host host(disk.files());
        ASSERT_TRUE(host.open());
        fill(host);
        disk.fail_nth(n, errc::storage_error);
        const auto outcome = host.clean();
        disk.fail_nth(0, errc::storage_error);
        ASSERT_TRUE(outcome) << where;
        if (!host.log->offline()) {
            expect_one_of_both(known, host.records(), where);
            const auto again = host.clean();
            ASSERT_TRUE(!again || again->outcome) << where << ": " << to_string(again->outcome.failure());
            EXPECT_FALSE(host.cleaner->failure().has_value()) << where;
            EXPECT_TRUE(*host.records() == known.after) << where << ": what passed keeps nothing from it";
            EXPECT_GE(host.put("key 0", "goes on"), 0) << where;
        }
        ASSERT_TRUE(host.log->idle()) << where;
        auto close = host.log->close();
        close.run(disk.files());
        EXPECT_EQ(disk.open_files(), 0u) << where;
        disk.kill();
        clean_host again(disk.files());
        ASSERT_TRUE(again.open()) << where;
        auto found = again.records();
        ASSERT_TRUE(found) << where;
        std::erase_if(*found, [](const seen_record& one) { return one.value == "goes on"; });
        expect_one_of_both(known, found, where + ", opened again");
    }
}

TEST(swap, decided_one_that_finds_something_scarce_goes_on_where_it_stopped) {
    const auto known = uninterrupted();
    for (const auto code : {errc::too_many_open_files, errc::disk_full})
        for (std::uint64_t n = 1; n <= known.operations && !testing::Test::HasFailure(); ++n) {
            const auto where = "operation " + std::to_string(n);
            sim::memory_disk disk(1);
            clean_host host(disk.files());
            host.swaps_go_on = true;
            ASSERT_TRUE(host.open());
            fill(host);
            disk.fail_nth(n, code);
            ASSERT_TRUE(host.clean()) << where;
            disk.fail_nth(0, code);
            EXPECT_FALSE(host.log->offline()) << where;
            const auto& failure = host.cleaner->failure();
            EXPECT_TRUE(!failure || is_scarce(failure->code)) << where;
            expect_one_of_both(known, host.records(), where);
        }
}

TEST(swap, the_wrong_order_of_renames_is_found) {
    const auto known = uninterrupted();
    planted_bugs planted;
    planted.swap_renamed_in_wrong_order = true;
    bool lost = false;
    for (std::uint64_t n = 0; n <= known.operations && !lost; ++n) {
        sim::memory_disk disk(1);
        auto options = clean_host::small_options();
        options.planted = planted;
        auto host = std::make_unique<clean_host>(disk.files(), options);
        ASSERT_TRUE(host->open());
        fill(*host);
        disk.crash_after_operations(n);
        static_cast<void>(host->clean());
        disk.kill();
        host = std::make_unique<clean_host>(disk.files());
        const auto opened = host->open();
        const auto found = opened ? host->records() : result<records>(opened.failure());
        lost = !found || std::any_of(known.after.begin(), known.after.end(), [&](const seen_record& one) {
            return std::find(found->begin(), found->end(), one) == found->end();
        });
    }
    EXPECT_TRUE(lost);
}

TEST(swap, reads_that_were_under_way_are_made_again_and_see_no_hole) {
    sim::memory_disk disk(1);
    clean_host host(disk.files());
    ASSERT_TRUE(host.open());
    fill(host);
    const auto before = *host.records();
    const auto upto = host.log->written_offset();
    std::vector<read_job> reads;
    for (std::int64_t from = 0; from < upto.get(); ++from)
        reads.push_back(*host.log->read(log_offset(from), 1 << 16, upto, true));
    for (auto job = host.begin_cleaning(); job;) {
        job = host.run(std::move(*job));
        for (auto& one : reads) {
            read_job again = one;
            again.run(disk.files());
            if (!again.records) {
                EXPECT_TRUE(host.log->layout_changed(one.layout)) << to_string(again.records.failure());
                continue;
            }
            const auto batches = *batch::split_batches(*again.records);
            ASSERT_FALSE(batches.empty());
            // Either the old batch at this offset or the first one behind it that is left.
            const auto after = *host.records();
            const auto wanted = between(after, one.from.get(), INT64_MAX);
            ASSERT_FALSE(wanted.empty());
            EXPECT_LE(batches.front().header.base_offset.get(), wanted.front().offset);
        }
    }
    for (auto& one : reads)
        host.log->on_read(one);
}

} // namespace
} // namespace barnabas::replica::swap_test
