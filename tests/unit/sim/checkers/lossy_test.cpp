#include "sim/checkers/checkers.hpp"
#include "tests/unit/sim/checkers/log_story.hpp"
#include "tests/unit/sim/checkers/story.hpp"

#include <gtest/gtest.h>

#include <algorithm>

/// What holds in runs whose disks lie: each life of the broker by itself.
namespace barnabas::sim::lossy_test {
namespace {

TEST(lossy_run, is_without_the_checkers_that_compare_what_clients_saw_over_lives) {
    history all;
    add_all_checkers(all, {});
    history lossy;
    add_all_checkers(lossy, {}, {}, true);
    EXPECT_FALSE(all.disks_lie());
    EXPECT_TRUE(lossy.disks_lie());
    const auto kept = lossy.checker_names();
    std::vector<std::string> missing;
    for (const auto& name : all.checker_names()) {
        if (std::find(kept.begin(), kept.end(), name) == kept.end())
            missing.push_back(name);
    }
    const std::vector<std::string> of_the_promise{
        "acked_records_survive",  "nothing_unseen",       "offsets_contiguous",  "inconsistent_offsets",
        "no_duplicates",          "producer_order",       "sends_monotonic",     "high_watermark_never_back",
        "newest_of_key_survives", "lookups_show_the_log", "group_members_apart", "zombies_fenced",
        "committed_offsets_stay", "groups_settle",        "altered_configs_stay"};
    EXPECT_EQ(missing, of_the_promise);
}

constexpr std::unique_ptr<checker> (*of_one_life[])(const history&) = {
    &make_synced_data_survives,   &make_shown_prefix_stays,      &make_ends_never_back,
    &make_log_appends_contiguous, &make_log_marks_in_order,      &make_clean_mark_is_honest,
    &make_reads_show_the_log,     &make_acks_keep_their_promise, &make_producer_sequences};

TEST(lossy_run, a_life_may_find_less_or_more_than_the_last_one_left) {
    for (const auto& make : of_one_life) {
        log_story told(make);
        told.disks_lie();
        told.open(0);
        told.append(log_story::batch_of(7, 0, 0, 0, 4));
        told.written(4);
        told.sync_begun(4);
        told.synced(4);
        told.shown(4);
        told.answer(-1, 0, 4);
        told.tell_end(4);
        told.open(2);
        told.read({log_story::batch(0, 1, 99)});
        told.append(log_story::batch_of(7, 0, 9, 2));
        told.open(8, {.start = 0, .clean = true});
        told.answer(-1, 5, 6);
        told.tell_end(8);
        EXPECT_FALSE(told.broken());
    }
}

TEST(lossy_run, a_life_must_keep_what_it_stored_itself) {
    const auto stored = [](const auto& make) {
        auto told = std::make_unique<log_story>(make);
        told->disks_lie();
        told->open(5);
        told->store(5, 2);
        return told;
    };
    for (const auto& make : {&make_synced_data_survives, &make_shown_prefix_stays}) {
        auto told = stored(make);
        told->cut_back(5);
        EXPECT_TRUE(told->broken());
    }
    auto reads = stored(&make_reads_show_the_log);
    reads->read({log_story::batch(5, 2, 99)});
    EXPECT_TRUE(reads->broken());
    auto appends = stored(&make_log_appends_contiguous);
    appends->append(5, 1);
    EXPECT_TRUE(appends->broken());
    auto ends = stored(&make_ends_never_back);
    ends->tell_end(7);
    ends->tell_end(6);
    EXPECT_TRUE(ends->broken());
}

} // namespace
} // namespace barnabas::sim::lossy_test
