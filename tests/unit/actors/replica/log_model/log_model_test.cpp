#include "tests/unit/actors/replica/log_model/log_model.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/detail/Configuration.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <sstream>

namespace barnabas::replica::model::log_model_test {
namespace {

rc::Gen<operation> any_operation() {
    const auto with = [](op what) {
        const auto number = rc::gen::inRange<std::uint32_t>(0, 4096);
        return rc::gen::map(rc::gen::pair(number, number), [what](const auto& drawn) {
            return operation{what, drawn.first, drawn.second};
        });
    };
    return rc::gen::weightedOneOf<operation>({
        {10, with(op::append)},
        {14, with(op::send)},
        {8, with(op::send_in_transaction)},
        {4, with(op::end_transaction)},
        {4, with(op::repeat)},
        {1, with(op::skip_sequence)},
        {1, with(op::older_epoch)},
        {1, with(op::new_producer_epoch)},
        {2, with(op::new_leader_epoch)},
        {12, with(op::write)},
        {6, with(op::write_all)},
        {10, with(op::sync)},
        {1, with(op::failing_sync)},
        {5, with(op::read)},
        {3, with(op::read_committed)},
        {3, with(op::find)},
        {1, with(op::find_largest)},
        {2, with(op::retain)},
        {1, with(op::roll_expired)},
        {2, with(op::want_snapshot)},
        {5, with(op::commit)},
        {2, with(op::settle)},
        {1, with(op::delete_records)},
        {3, with(op::compact)},
        {2, with(op::close)},
        {2, with(op::kill)},
        {3, with(op::power_cut)},
        {2, with(op::cut_later)},
        {1, with(op::kill_later)},
        {2, with(op::fail_later)},
        {1, with(op::rot_later)},
        {1, with(op::cut_in_recovery)},
        {1, with(op::fail_in_recovery)},
        {1, with(op::rot_in_recovery)},
        {2, with(op::harm_index)},
    });
}

rc::Gen<sequence> any_sequence() {
    const auto operations = rc::gen::scale(2.0, rc::gen::container<std::vector<operation>>(any_operation()));
    return rc::gen::map(rc::gen::pair(rc::gen::inRange<std::uint32_t>(0, 2 * plain_options), operations),
                        [](auto&& drawn) {
                            return sequence{drawn.first, std::move(drawn.second)};
                        });
}

std::uint64_t number_from(const char* name, std::uint64_t usual) {
    const char* given = std::getenv(name);
    return given == nullptr ? usual : std::strtoull(given, nullptr, 10);
}

/// The first 10,000 take some 10 s.
std::uint64_t sequences_wanted() {
    return number_from("BARNABAS_MODEL_SEQUENCES", 20'000);
}

/// Fails with the shortest sequence that shows it, as a line for a regression test.
std::string search(std::uint64_t sequences, std::uint64_t seed, const planted_bugs& planted = {}) {
    rc::detail::TestParams params;
    params.seed = seed;
    params.maxSuccess = static_cast<int>(sequences);
    const planted_bugs none;
    params.disableShrinking = std::memcmp(&planted, &none, sizeof none) != 0;
    const auto drawn = any_sequence();
    const auto result = rc::detail::checkTestable(
        [&] {
            const auto all = *drawn;
            const auto problem = problem_of(all, planted);
            std::ostringstream text;
            showValue(all, text);
            if (!problem.empty())
                RC_FAIL(problem + "\n" + text.str());
        },
        rc::detail::TestMetadata{}, params);
    std::ostringstream text;
    rc::detail::printResultMessage(result, text);
    return result.template is<rc::detail::SuccessResult>() ? "" : text.str();
}

/// `tests/run --deep model` asks for more, and for other seeds.
TEST(log_model, whatever_happens_all_that_was_promised_is_there_and_nothing_else) {
    const auto seed = number_from("BARNABAS_MODEL_SEED", 1);
    EXPECT_EQ(search(sequences_wanted(), seed), "");
}

// ---- planted bugs

struct planted {
    const char* name;
    bool planted_bugs::*bug;
};

/// Those that sim/mutants/mutants.cpp names this model for.
constexpr planted planted_here[] = {
    {"failed_write_taken", &planted_bugs::failed_write_taken},
    {"failed_append_remembered", &planted_bugs::failed_append_remembered},
    {"failed_sync_taken", &planted_bugs::failed_sync_taken},
    {"roll_name_not_synced", &planted_bugs::roll_name_not_synced},
    {"offset_index_one_off", &planted_bugs::offset_index_one_off},
    {"time_index_one_off", &planted_bugs::time_index_one_off},
    {"closing_entry_forgotten", &planted_bugs::closing_entry_forgotten},
    {"index_not_synced", &planted_bugs::index_not_synced},
    {"transaction_index_not_synced", &planted_bugs::transaction_index_not_synced},
    {"transactions_not_recovered", &planted_bugs::transactions_not_recovered},
    {"epochs_not_written", &planted_bugs::epochs_not_written},
    {"deleted_producers_forgotten", &planted_bugs::deleted_producers_forgotten},
    {"recovery_vouches_first", &planted_bugs::recovery_vouches_first},
    {"index_kept_after_cut", &planted_bugs::index_kept_after_cut},
    {"snapshot_renamed_unsynced", &planted_bugs::snapshot_renamed_unsynced},
};

class log_model_planted : public testing::TestWithParam<planted> {};

/// One of the same sequences that a log without the bug passes.
TEST_P(log_model_planted, is_found) {
    planted_bugs bugs;
    bugs.*GetParam().bug = true;
    // What was not synced is short after a crash, which recovery would notice.
    bugs.transaction_index_believed = bugs.transaction_index_not_synced;
    EXPECT_NE(search(sequences_wanted(), 1, bugs), "");
}

INSTANTIATE_TEST_SUITE_P(bugs, log_model_planted, testing::ValuesIn(planted_here),
                         [](const auto& info) { return std::string(info.param.name); });

/// Simulated runs must find those, and this model does as well.
constexpr planted found_here_too[] = {
    {"journal_not_replayed", &planted_bugs::journal_not_replayed},
    {"tombstone_dropped_early", &planted_bugs::tombstone_dropped_early},
    {"swap_renamed_in_wrong_order", &planted_bugs::swap_renamed_in_wrong_order},
    {"last_of_producer_dropped", &planted_bugs::last_of_producer_dropped},
    {"cleaning_forgets_its_end", &planted_bugs::cleaning_forgets_its_end},
};

INSTANTIATE_TEST_SUITE_P(others, log_model_planted, testing::ValuesIn(found_here_too),
                         [](const auto& info) { return std::string(info.param.name); });

/// Each index of each kind comes to harm in each way, beside a clean stop, a kill and a power cut.
TEST(log_model, indexes_come_to_every_harm) {
    std::array<int, 4> harmed{};
    for (std::uint32_t choice = 0; choice < 64; ++choice) {
        log_model model(65, {});
        const operation part{op::send_in_transaction, 300, 0};
        for (const auto& one : {part, part, operation{op::end_transaction, 0, 1}, part, part, part,
                                operation{op::write_all}, operation{op::sync}, part, operation{op::write_all},
                                operation{op::harm_index, choice, choice / 16}, part})
            model.run(one);
        model.finish();
        EXPECT_EQ(model.problem(), "") << choice;
        for (std::size_t how = 0; how < harmed.size(); ++how)
            harmed[how] += model.harmed()[how];
    }
    EXPECT_EQ(harmed, (std::array<int, 4>{16, 16, 16, 16}));
}

// ---- what the search found

TEST(log_model_regressions, an_index_of_transactions_lost_behind_compaction_is_made_again) {
    EXPECT_EQ(problem_of({2503,
                          {{op::send_in_transaction, 377, 3},
                           {op::close, 0, 0},
                           {op::append, 758, 0},
                           {op::send, 17, 0},
                           {op::delete_records, 1127, 1},
                           {op::append, 755, 0},
                           {op::send_in_transaction, 293, 3},
                           {op::end_transaction, 3, 3},
                           {op::send, 758, 0},
                           {op::close, 0, 0},
                           {op::compact, 0, 0},
                           {op::harm_index, 888, 0}}}),
              "");
}

TEST(log_model_regressions, a_segment_lost_before_the_first_snapshot_is_no_gap_of_compaction) {
    EXPECT_EQ(
        problem_of(
            {2160,
             {{op::send, 0, 0}, {op::append, 0, 301}, {op::write_all, 0, 0}, {op::power_cut, 1631, 0}}}),
        "");
}

TEST(log_model_regressions, an_index_that_lost_entries_after_a_clean_stop_is_made_anew) {
    EXPECT_EQ(problem_of({0, {{op::send, 0, 0}, {op::harm_index, 1, 2}}}), "");
}

TEST(log_model_regressions, a_time_index_that_lost_its_end_beside_a_torn_log_is_made_anew) {
    EXPECT_EQ(problem_of({245,
                          {{op::send_in_transaction, 68, 0},
                           {op::send, 0, 0},
                           {op::send, 0, 20},
                           {op::append, 0, 0},
                           {op::close, 0, 0},
                           {op::send, 0, 0},
                           {op::write, 0, 0},
                           {op::harm_index, 206, 2993}}}),
              "");
}

TEST(log_model_regressions, a_rotten_index_of_transactions_of_the_newest_segment_is_made_anew_at_the_start) {
    EXPECT_EQ(
        problem_of(
            {0, {{op::send_in_transaction, 0, 3}, {op::end_transaction, 3, 7}, {op::harm_index, 2531, 2}}}),
        "");
}

TEST(log_model_regressions, an_offset_that_comes_wrong_is_not_compacted) {
    EXPECT_EQ(problem_of({2160,
                          {{op::append, 0, 0},
                           {op::send, 2291, 299},
                           {op::send, 20, 0},
                           {op::append, 3842, 3035},
                           {op::send, 2555, 3737},
                           {op::write_all, 3378, 1024},
                           {op::rot_later, 2317, 628},
                           {op::sync, 2346, 1226},
                           {op::compact, 1938, 355}}}),
              "");
}

TEST(log_model_regressions, a_swapped_segment_has_no_index_of_the_one_before) {
    EXPECT_EQ(problem_of({2235,
                          {{op::append, 20, 0},
                           {op::send, 1886, 0},
                           {op::send, 20, 0},
                           {op::send, 0, 303},
                           {op::close, 0, 0},
                           {op::compact, 0, 127},
                           {op::power_cut, 0, 0},
                           {op::cut_later, 1140, 3350},
                           {op::compact, 0, 0}}}),
              "");
}

TEST(log_model_regressions, bytes_that_no_crc_covers_are_not_read_wrong) {
    EXPECT_EQ(problem_of({0,
                          {{op::kill, 0, 0},
                           {op::fail_in_recovery, 0, 0},
                           {op::send, 192, 0},
                           {op::fail_later, 785, 0},
                           {op::close, 0, 0},
                           {op::power_cut, 0, 0},
                           {op::rot_later, 1891, 0},
                           {op::read, 0, 147}}}),
              "");
    EXPECT_EQ(problem_of({1447,
                          {{op::power_cut, 0, 0},
                           {op::send, 1814, 0},
                           {op::close, 0, 0},
                           {op::rot_later, 1357, 0},
                           {op::read, 0, 1001},
                           {op::read, 0, 1001}}}),
              "");
}

TEST(log_model_regressions, a_producer_of_deleted_records_is_known_without_its_first_snapshot) {
    EXPECT_EQ(problem_of({0,
                          {{op::cut_later, 2617, 0},
                           {op::send, 0, 0},
                           {op::write, 0, 0},
                           {op::send, 0, 301},
                           {op::write, 0, 0},
                           {op::fail_later, 1142, 0},
                           {op::sync, 0, 0},
                           {op::retain, 0, 0}}}),
              "");
}

TEST(log_model_regressions, a_header_that_comes_wrong_in_recovery_is_not_put_into_an_index) {
    EXPECT_EQ(problem_of({17,
                          {{op::close, 0, 0},
                           {op::power_cut, 0, 0},
                           {op::power_cut, 0, 0},
                           {op::close, 0, 0},
                           {op::send, 1799, 0},
                           {op::send, 0, 303},
                           {op::write_all, 0, 0},
                           {op::sync, 0, 0},
                           {op::rot_in_recovery, 941, 0}}}),
              "");
}

TEST(log_model_regressions, the_newest_time_of_a_segment_whose_roll_was_not_written) {
    EXPECT_EQ(problem_of({215,
                          {{op::append, 68, 0},
                           {op::kill_later, 2919, 0},
                           {op::append, 0, 0},
                           {op::write_all, 0, 0},
                           {op::append, 0, 20},
                           {op::write, 0, 0},
                           {op::send, 191, 0},
                           {op::sync, 0, 0}}}),
              "");
}

TEST(log_model_regressions, a_closing_time_entry_that_is_garbage_is_not_believed) {
    EXPECT_EQ(problem_of({0,
                          {{op::send, 95, 0},
                           {op::send, 284, 0},
                           {op::write, 0, 0},
                           {op::sync, 0, 0},
                           {op::send, 0, 303},
                           {op::write, 0, 0},
                           {op::sync, 0, 0},
                           {op::write, 0, 0},
                           {op::sync, 0, 0},
                           {op::power_cut, 3278, 0}}}),
              "");
}

TEST(log_model_regressions, a_base_offset_that_comes_wrong_is_read_again) {
    EXPECT_EQ(problem_of({810,
                          {{op::rot_in_recovery, 767, 0},
                           {op::send, 599, 0},
                           {op::send, 244, 0},
                           {op::write, 0, 0},
                           {op::read, 0, 334},
                           {op::find, 0, 0},
                           {op::sync, 0, 0},
                           {op::write, 0, 0},
                           {op::read, 6, 1001}}}),
              "");
}

TEST(log_model_regressions, of_two_segments_with_the_largest_time_the_first_has_the_record) {
    EXPECT_EQ(problem_of({0,
                          {{op::append, 83, 237},
                           {op::write_all, 0, 0},
                           {op::send, 138, 2339},
                           {op::append, 2218, 2338},
                           {op::write, 0, 0},
                           {op::send, 0, 1740},
                           {op::write, 0, 0},
                           {op::find_largest, 0, 0}}}),
              "");
}

TEST(log_model_regressions, a_torn_end_that_the_journal_writes_again_costs_nothing_beside_it) {
    EXPECT_EQ(problem_of({0,
                          {{op::send, 0, 0},
                           {op::write, 0, 0},
                           {op::cut_in_recovery, 0, 240},
                           {op::send, 0, 0},
                           {op::write, 0, 0},
                           {op::commit, 0, 3},
                           {op::cut_in_recovery, 374, 3484}}}),
              "");
}

TEST(log_model_regressions, an_offset_behind_a_gap_that_the_next_one_contradicts_is_not_believed) {
    EXPECT_EQ(problem_of({3549,
                          {{op::append, 3784, 0},
                           {op::send, 419, 0},
                           {op::send, 2507, 0},
                           {op::append, 2786, 0},
                           {op::send_in_transaction, 3553, 0},
                           {op::send, 314, 0},
                           {op::close, 3, 0},
                           {op::rot_in_recovery, 0, 0},
                           {op::fail_in_recovery, 127, 0},
                           {op::rot_in_recovery, 2946, 0}}}),
              "");
}

TEST(log_model_regressions, an_index_that_an_undone_deletion_took_along_is_made_anew) {
    EXPECT_EQ(problem_of({0,
                          {{op::append, 0, 0},
                           {op::send_in_transaction, 0, 0},
                           {op::append, 0, 601},
                           {op::append, 0, 0},
                           {op::close, 0, 0},
                           {op::fail_later, 2043, 0},
                           {op::retain, 0, 0},
                           {op::power_cut, 164, 0}}}),
              "");
}

TEST(log_model_regressions, a_time_entry_that_came_after_the_recovery_point_is_not_vouched_for_by_it) {
    EXPECT_EQ(problem_of({728,
                          {{op::kill, 0, 0},
                           {op::send, 47, 0},
                           {op::send, 0, 0},
                           {op::write, 0, 0},
                           {op::write, 0, 0},
                           {op::append, 0, 20},
                           {op::write, 0, 0},
                           {op::want_snapshot, 0, 0},
                           {op::sync, 0, 0},
                           {op::append, 0, 0},
                           {op::send_in_transaction, 0, 0},
                           {op::write, 0, 0},
                           {op::failing_sync, 0, 0}}}),
              "");
}

TEST(log_model_regressions, the_epoch_of_a_batch_of_which_records_were_deleted_is_looked_at) {
    EXPECT_EQ(problem_of({836,
                          {{op::power_cut, 0, 0},
                           {op::send, 1961, 0},
                           {op::write, 0, 0},
                           {op::kill, 0, 0},
                           {op::delete_records, 0, 1},
                           {op::roll_expired, 0, 0},
                           {op::append, 281, 0},
                           {op::send_in_transaction, 944, 0},
                           {op::send, 1943, 0},
                           {op::append, 86, 0},
                           {op::append, 1151, 0},
                           {op::send, 0, 0},
                           {op::close, 3, 0},
                           {op::rot_in_recovery, 0, 0},
                           {op::fail_in_recovery, 7, 0},
                           {op::rot_in_recovery, 3566, 0}}}),
              "");
}

TEST(log_model_regressions, an_offset_behind_a_gap_that_nothing_can_contradict_is_read_again) {
    EXPECT_EQ(problem_of({2268,
                          {{op::send_in_transaction, 1318, 0},
                           {op::write, 0, 0},
                           {op::sync, 0, 0},
                           {op::send, 0, 0},
                           {op::send, 83, 0},
                           {op::end_transaction, 0, 3},
                           {op::fail_later, 2490, 0},
                           {op::append, 558, 0},
                           {op::write_all, 0, 0},
                           {op::append, 130, 301},
                           {op::sync, 0, 0},
                           {op::close, 0, 0},
                           {op::rot_later, 0, 0},
                           {op::append, 0, 0},
                           {op::write, 0, 0},
                           {op::read, 1799, 0}}}),
              "");
}

TEST(log_model_regressions, what_was_a_producers_last_stays_while_its_next_one_may_still_fail) {
    EXPECT_EQ(problem_of({2160,
                          {{op::send, 0, 0},
                           {op::append, 0, 0},
                           {op::send_in_transaction, 0, 0},
                           {op::append, 0, 0},
                           {op::send_in_transaction, 575, 0},
                           {op::send, 0, 1},
                           {op::close, 0, 0},
                           {op::end_transaction, 0, 0},
                           {op::write, 0, 0},
                           {op::commit, 0, 1},
                           {op::append, 0, 0},
                           {op::send, 0, 0},
                           {op::fail_later, 0, 4},
                           {op::write, 0, 0},
                           {op::compact, 0, 1}}}),
              "");
}

} // namespace
} // namespace barnabas::replica::model::log_model_test
