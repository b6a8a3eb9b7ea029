#include "actors/journal/journal.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

namespace barnabas::journal::journal_test {
namespace {

/// Takes jobs and answers; a test completes the jobs as it likes.
class recorder final : public journal_port {
public:
    void submit(prepare_job job) override { prepares.push_back(std::move(job)); }
    void submit(round_job job) override { rounds.push_back(std::move(job)); }
    void answer(std::uint64_t reply, commit_end end, const std::string&) override { answers[reply] = end; }
    bool ask_to_settle(const journal_log& log, log_offset upto) override {
        asked.emplace_back(log.directory_name, upto.get());
        return !absent.contains(log.directory_name);
    }
    void report(std::string_view event, const std::string&) override { events.emplace_back(event); }

    std::vector<prepare_job> prepares;
    std::vector<round_job> rounds;
    std::map<std::uint64_t, commit_end> answers;
    std::vector<std::pair<std::string, std::int64_t>> asked;
    std::set<std::string> absent;
    std::vector<std::string> events;
};

class journal_machine : public testing::Test {
protected:
    journal_machine() { options_.file_bytes = 4096; }

    void start(const found_journal& found = {}) { machine_.emplace(options_, found, port_); }
    void prepared(errc code = errc::ok) {
        auto job = port_.prepares.back();
        job.outcome = code == errc::ok ? result<runtime::file_id>(runtime::file_id(++files_))
                                       : result<runtime::file_id>(error{code, "planted"});
        machine_->on_prepared(job);
    }
    void round_done(errc code = errc::ok) {
        auto job = port_.rounds.back();
        job.outcome = code == errc::ok ? result<void>() : result<void>(error{code, "planted"});
        machine_->on_round_done(job);
    }
    static journal_log log_of(int log) { return {"orders-" + std::to_string(log), {}}; }
    std::uint64_t commit(int log, std::int64_t upto, std::size_t bytes = 100) {
        journal_part part;
        part.log = log_of(log);
        journal_entry entry;
        entry.next_offset = log_offset(upto);
        entry.batches.push_back(slice::copy_of(std::string_view(std::string(bytes, 'x'))));
        part.entries.push_back(std::move(entry));
        machine_->on_commit(std::move(part), log_offset(upto), ++replies_);
        return replies_;
    }
    commit_end answer(std::uint64_t reply) {
        const auto found = port_.answers.find(reply);
        EXPECT_NE(found, port_.answers.end()) << "not answered: " << reply;
        return found == port_.answers.end() ? commit_end::failed : found->second;
    }
    /// With a file that is ready.
    void start_ready() {
        start();
        commit(0, 1);
        prepared();
    }
    /// Fills one file after another, with one log each.
    void fill_file(int log, std::int64_t upto) {
        for (int i = 0; i < 3; ++i) {
            commit(log, upto, 900);
            if (!port_.prepares.empty() && prepared_count_ < port_.prepares.size()) {
                prepared_count_ = port_.prepares.size();
            }
            round_done();
        }
    }

    journal_options options_;
    recorder port_;
    std::optional<journal> machine_;
    std::uint64_t files_ = 0;
    std::uint64_t replies_ = 0;
    std::size_t prepared_count_ = 0;
};

TEST_F(journal_machine, commits_are_not_taken_until_a_file_is_ready) {
    start();
    const auto early = commit(0, 10);
    EXPECT_EQ(answer(early), commit_end::not_taken);
    ASSERT_EQ(port_.prepares.size(), 1u);
    prepared();
    const auto later = commit(0, 10);
    ASSERT_EQ(port_.rounds.size(), 1u);
    EXPECT_FALSE(port_.answers.contains(later));
    round_done();
    EXPECT_EQ(answer(later), commit_end::stable);
}

TEST_F(journal_machine, all_that_waited_for_a_round_share_the_next_one) {
    start_ready();
    const auto first = commit(1, 5);
    const auto second = commit(2, 6);
    const auto third = commit(3, 7);
    ASSERT_EQ(port_.rounds.size(), 1u);
    round_done();
    EXPECT_EQ(answer(first), commit_end::stable);
    EXPECT_FALSE(port_.answers.contains(second));
    ASSERT_EQ(port_.rounds.size(), 2u);
    EXPECT_GT(port_.rounds[1].position, port_.rounds[0].position);
    round_done();
    EXPECT_EQ(answer(second), commit_end::stable);
    EXPECT_EQ(answer(third), commit_end::stable);
    EXPECT_EQ(machine_->commits(), 3u);
    EXPECT_EQ(machine_->rounds(), 2u);
}

TEST_F(journal_machine, a_round_that_found_no_room_is_written_over_and_the_logs_sync_themselves) {
    start_ready();
    const auto refused = commit(1, 5);
    round_done(errc::disk_full);
    EXPECT_EQ(answer(refused), commit_end::not_taken);
    const auto taken = commit(1, 6);
    ASSERT_EQ(port_.rounds.size(), 2u);
    EXPECT_EQ(port_.rounds[1].position, port_.rounds[0].position);
    round_done();
    EXPECT_EQ(answer(taken), commit_end::stable);
}

TEST_F(journal_machine, after_a_failed_sync_nothing_is_believed_any_more) {
    start_ready();
    const auto first = commit(1, 5);
    const auto second = commit(2, 5);
    round_done(errc::storage_error);
    EXPECT_EQ(answer(first), commit_end::failed);
    EXPECT_EQ(answer(second), commit_end::failed);
    EXPECT_EQ(answer(commit(3, 5)), commit_end::failed);
    EXPECT_EQ(port_.rounds.size(), 1u);
}

TEST_F(journal_machine, a_commit_larger_than_a_file_is_not_taken) {
    start_ready();
    EXPECT_EQ(answer(commit(1, 5, 5000)), commit_end::not_taken);
    EXPECT_TRUE(port_.rounds.empty());
}

TEST_F(journal_machine, a_file_is_used_again_only_when_its_logs_have_settled) {
    start_ready();
    commit(1, 5, 2500);
    round_done();
    prepared();
    commit(2, 7, 2500);
    round_done();
    // The first file waits for log 1.
    ASSERT_EQ(port_.asked.size(), 1u);
    EXPECT_EQ(port_.asked[0], (std::pair<std::string, std::int64_t>("orders-1", 5)));
    prepared();
    EXPECT_FALSE(port_.prepares.back().file);
    machine_->on_settled(log_of(1), log_offset(4));
    commit(2, 8, 2500);
    round_done();
    prepared();
    EXPECT_FALSE(port_.prepares.back().file) << "below what the file holds";
    machine_->on_settled(log_of(1), log_offset(5));
    commit(2, 9, 2500);
    round_done();
    ASSERT_TRUE(port_.prepares.back().file);
    EXPECT_EQ(port_.prepares.back().slot, port_.prepares.front().slot);
    EXPECT_NE(port_.prepares.back().header_place, port_.prepares.front().header_place);
    EXPECT_GT(port_.prepares.back().life.number, port_.prepares.front().life.number);
}

TEST_F(journal_machine, with_too_many_files_that_wait_commits_are_not_taken) {
    options_.files_max = 2;
    start_ready();
    commit(1, 5, 2500);
    round_done();
    prepared();
    commit(1, 6, 2500);
    round_done();
    EXPECT_EQ(answer(commit(1, 7, 2500)), commit_end::not_taken);
    machine_->on_settled(log_of(1), log_offset(6));
    EXPECT_EQ(answer(commit(1, 8, 2500)), commit_end::not_taken);
    prepared();
    const auto taken = commit(1, 9, 2500);
    round_done();
    EXPECT_EQ(answer(taken), commit_end::stable);
}

TEST_F(journal_machine, files_of_a_former_life_are_kept_until_their_logs_have_opened) {
    found_journal found;
    found.files.push_back({3, 1, 8, {{log_of(1), log_offset(5)}, {log_of(2), log_offset(6)}}, false});
    found.files.push_back({1, 0, 9, {}, false});
    start(found);
    commit(1, 9);
    ASSERT_EQ(port_.prepares.size(), 1u);
    EXPECT_EQ(port_.prepares[0].slot, 1u);
    EXPECT_EQ(port_.prepares[0].header_place, 1u);
    EXPECT_EQ(port_.prepares[0].life.number, 10);
    EXPECT_EQ(machine_->unsettled_files(), 1u);
    machine_->on_settled(log_of(1), log_offset(5));
    EXPECT_EQ(machine_->unsettled_files(), 1u);
    machine_->on_settled(log_of(2), log_offset(100));
    EXPECT_EQ(machine_->unsettled_files(), 0u);
}

TEST_F(journal_machine, a_damaged_file_is_never_used_again) {
    found_journal found;
    found.files.push_back({0, 1, 8, {{log_of(1), log_offset(5)}}, true});
    found.files.push_back({1, 0, 9, {}, true});
    start(found);
    machine_->on_settled(log_of(1), log_offset(5));
    commit(1, 9);
    ASSERT_EQ(port_.prepares.size(), 1u);
    EXPECT_EQ(port_.prepares[0].slot, 2u);
    EXPECT_EQ(port_.prepares[0].life.number, 10);
}

TEST_F(journal_machine, a_file_that_cannot_be_made_is_tried_again_much_later) {
    start();
    commit(0, 1);
    prepared(errc::disk_full);
    ASSERT_EQ(port_.events, std::vector<std::string>{"journal_not_prepared"});
    for (int i = 0; i < 500; ++i)
        EXPECT_EQ(answer(commit(0, 1)), commit_end::not_taken);
    EXPECT_EQ(port_.prepares.size(), 1u);
    for (int i = 0; i < 600; ++i)
        commit(0, 1);
    EXPECT_EQ(port_.prepares.size(), 2u);
}

TEST_F(journal_machine, a_log_that_ended_without_settling_holds_up_its_file_and_nobody_else) {
    start_ready();
    for (int log = 1; log <= 6; ++log)
        commit(log, 5, 100);
    round_done();
    round_done();
    prepared();
    commit(7, 5, 2500);
    round_done();
    ASSERT_EQ(port_.asked.size(), 4u);
    machine_->on_gone(log_of(1));
    EXPECT_EQ(port_.asked.size(), 5u);
    for (int log = 2; log <= 6; ++log)
        machine_->on_settled(log_of(log), log_offset(5));
    EXPECT_EQ(machine_->unsettled_files(), 2u);
}

TEST_F(journal_machine, a_log_that_never_settles_holds_up_its_file_and_no_other) {
    start_ready();
    for (int i = 0; i < 20; ++i) {
        const int log = i == 0 ? 1 : 2;
        const auto reply = commit(log, i + 1, 2500);
        round_done();
        EXPECT_EQ(answer(reply), commit_end::stable) << i;
        if (machine_->idle())
            continue;
        prepared();
        machine_->on_settled(log_of(2), log_offset(i));
    }
    EXPECT_LE(machine_->unsettled_files(), 4u);
    EXPECT_EQ(std::count(port_.asked.begin(), port_.asked.end(),
                         std::pair<std::string, std::int64_t>("orders-1", 1)),
              1);
}

TEST_F(journal_machine, logs_that_are_not_there_are_asked_once_and_leave_room_for_others) {
    start_ready();
    for (int log = 1; log <= 8; ++log)
        commit(log, 5, 100);
    for (int log = 1; log <= 6; ++log)
        port_.absent.insert("orders-" + std::to_string(log));
    round_done();
    round_done();
    prepared();
    commit(9, 5, 2500);
    round_done();
    EXPECT_EQ(port_.asked.size(), 8u);
    machine_->on_settled(log_of(7), log_offset(5));
    EXPECT_EQ(port_.asked.size(), 8u);
}

} // namespace
} // namespace barnabas::journal::journal_test
