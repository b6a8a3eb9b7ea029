#include "actors/journal/journal.hpp"
#include "tests/unit/sim/each_operation.hpp"

#include <gtest/gtest.h>

#include <algorithm>

/// The commit journal with each of its operations on files failing, or being the last before the process dies
/// or the power goes: what it answered as stable is in it, as long as the log has not settled, and nothing
/// stands there that nobody sent.
namespace barnabas::journal::fail_nth_test {
namespace {

constexpr std::uint64_t file_bytes = 4096;
constexpr int logs = 2;

struct sent_entry {
    std::string content;
    bool promised = false;
    bool settled = false;
};

/// Runs the journal's jobs at once, on behalf of logs that sent so many entries of one record each.
class lived_journal final : public journal_port {
public:
    explicit lived_journal(runtime::file_system& files, const found_journal& found, std::uint64_t seed)
        : files_(files) {
        journal_options options;
        options.directory = "/data";
        options.file_bytes = file_bytes;
        options.seed = seed;
        machine_.emplace(options, found, *this);
    }

    commit_end commit(int log, std::int64_t offset, const std::string& content) {
        journal_entry entry;
        entry.position = file_position(static_cast<std::uint64_t>(offset) * 1000);
        entry.base_offset = log_offset(offset);
        entry.next_offset = log_offset(offset + 1);
        entry.batches.push_back(slice::copy_of(std::string_view(content)));
        answer_.reset();
        machine_->on_commit({log_of(log), {entry}}, entry.next_offset, 1);
        run_jobs();
        EXPECT_TRUE(answer_) << "a commit without an answer";
        return answer_.value_or(commit_end::failed);
    }
    void settle(int log, std::int64_t upto) {
        machine_->on_settled(log_of(log), log_offset(upto));
        run_jobs();
    }
    static journal_log log_of(int log) { return {"orders-" + std::to_string(log), {}}; }

    void submit(prepare_job job) override { prepares_.push_back(std::move(job)); }
    void submit(round_job job) override { rounds_.push_back(std::move(job)); }
    void answer(std::uint64_t, commit_end end, const std::string&) override { answer_ = end; }
    bool ask_to_settle(const journal_log&, log_offset) override { return true; }
    void report(std::string_view, const std::string&) override {}

private:
    void run_jobs() {
        while (!prepares_.empty() || !rounds_.empty()) {
            for (auto& job : std::exchange(rounds_, {})) {
                job.run(files_);
                machine_->on_round_done(job);
            }
            for (auto& job : std::exchange(prepares_, {})) {
                job.run(files_);
                machine_->on_prepared(job);
            }
        }
    }

    runtime::file_system& files_;
    std::optional<journal> machine_;
    std::optional<commit_end> answer_;
    std::vector<prepare_job> prepares_;
    std::vector<round_job> rounds_;
};

/// What two logs sent through all lives of their journal.
class story {
public:
    /// Enough that a file of the journal is used a second time. In between log 0 settles.
    void live(runtime::file_system& files, const found_journal& found, bool settles) {
        lived_journal journal(files, found, ++lives_);
        bool failed = false;
        for (int i = 0; i < 14; ++i) {
            const int log = i % logs;
            auto& sent = entries_[log];
            const auto offset = std::ssize(sent);
            sent.push_back({std::to_string(lives_) + "." + std::to_string(i) + std::string(850, 'x')});
            const auto end = journal.commit(log, offset, sent.back().content);
            ASSERT_TRUE(!failed || end == commit_end::failed) << "believed again after a failure";
            failed = end == commit_end::failed;
            sent.back().promised = end == commit_end::stable;
            if (settles && i % 4 == 3)
                for (int each = 0; each < logs; ++each)
                    settle(journal, each);
        }
    }

    /// `found` has what was promised and not settled, and nothing that was never sent.
    void compare(const found_journal& found) const {
        ASSERT_FALSE(found.damage) << *found.damage;
        for (int log = 0; log < logs; ++log) {
            const auto parts = found.parts.find(lived_journal::log_of(log).directory_name);
            const auto& sent = entries_.at(log);
            std::vector<bool> seen(sent.size());
            if (parts != found.parts.end())
                for (const auto& part : parts->second)
                    look_at(part, sent, seen);
            for (std::size_t i = 0; i < sent.size(); ++i)
                ASSERT_TRUE(seen[i] || !sent[i].promised || sent[i].settled)
                    << "entry " << i << " of log " << log << " was stable and is gone";
        }
    }

private:
    void settle(lived_journal& journal, int log) {
        journal.settle(log, std::ssize(entries_[log]));
        for (auto& each : entries_[log])
            each.settled = true;
    }
    static void look_at(const journal_part& part, const std::vector<sent_entry>& sent,
                        std::vector<bool>& seen) {
        for (const auto& entry : part.entries) {
            const auto at = static_cast<std::size_t>(entry.base_offset.get());
            ASSERT_LT(at, sent.size());
            ASSERT_EQ(entry.batches.size(), 1u);
            ASSERT_EQ(entry.batches[0].text(), sent[at].content) << "another entry " << at;
            seen[at] = true;
        }
    }

    std::map<int, std::vector<sent_entry>> entries_;
    std::uint64_t lives_ = 0;
};

void make_directory(runtime::file_system& files) {
    ASSERT_TRUE(files.create_directory("/data"));
    ASSERT_TRUE(files.sync_directory("/"));
}

/// Some files, one in its second life, with entries that did not settle.
void live_undisturbed(runtime::file_system& files, story& told) {
    make_directory(files);
    told.live(files, {}, true);
    const auto found = read_journal(files, "/data");
    ASSERT_TRUE(found);
    told.live(files, *found, false);
}

class journal_fail_nth : public testing::TestWithParam<bool> {};

TEST_P(journal_fail_nth, what_was_stable_is_there_and_the_next_life_goes_on) {
    sim::at_every_operation([](sim::doomed_operation& doomed) {
        SCOPED_TRACE(doomed.text());
        make_directory(doomed.files());
        story told;
        doomed.arm();
        told.live(doomed.files(), {}, GetParam());
        doomed.end_process();
        const auto found = read_journal(doomed.files(), "/data");
        ASSERT_TRUE(found) << to_string(found.failure());
        told.compare(*found);
        told.live(doomed.files(), *found, false);
        doomed.disk.kill();
        const auto later = read_journal(doomed.files(), "/data");
        ASSERT_TRUE(later) << to_string(later.failure());
        told.compare(*later);
    });
}

INSTANTIATE_TEST_SUITE_P(settling, journal_fail_nth, testing::Bool(),
                         [](const auto& info) { return std::string(info.param ? "often" : "never"); });

TEST(journal_fail_nth, a_second_life_takes_nothing_from_the_first) {
    sim::at_every_operation([](sim::doomed_operation& doomed) {
        SCOPED_TRACE(doomed.text());
        story told;
        live_undisturbed(doomed.files(), told);
        const auto before = read_journal(doomed.files(), "/data");
        ASSERT_TRUE(before);
        doomed.arm();
        told.live(doomed.files(), *before, true);
        doomed.end_process();
        const auto found = read_journal(doomed.files(), "/data");
        ASSERT_TRUE(found) << to_string(found.failure());
        told.compare(*found);
    });
}

/// A sync that drops what it could not write, and works the next time.
TEST(journal_fail_nth, a_failing_sync_fails_the_commit_and_none_before_it) {
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
        sim::memory_disk disk(seed);
        make_directory(disk.files());
        story told;
        disk.set_faults({.sync_error_chance = 100'000});
        told.live(disk.files(), {}, seed % 2 == 0);
        disk.set_faults({});
        runtime::random draws(seed);
        disk.power_cut(draws, sim::power_cut_faults::drawn(draws));
        const auto found = read_journal(disk.files(), "/data");
        ASSERT_TRUE(found);
        told.compare(*found);
        ASSERT_FALSE(testing::Test::HasFatalFailure()) << seed;
    }
}

TEST(journal_fail_nth, a_journal_is_read_whole_or_not_at_all) {
    sim::at_every_operation([](sim::doomed_operation& doomed) {
        SCOPED_TRACE(doomed.text());
        story told;
        live_undisturbed(doomed.files(), told);
        doomed.arm();
        const auto read = read_journal(doomed.files(), "/data");
        doomed.end_process();
        if (read)
            told.compare(*read);
        else
            EXPECT_FALSE(read.failure().detail.empty());
        const auto again = read_journal(doomed.files(), "/data");
        ASSERT_TRUE(again) << to_string(again.failure());
        told.compare(*again);
    });
}

TEST(journal_fail_nth, a_read_that_comes_wrong_once_is_noticed) {
    for (std::uint64_t n = 1; n <= 20; ++n) {
        sim::memory_disk disk(n);
        story told;
        live_undisturbed(disk.files(), told);
        disk.rot_nth_read(n);
        const auto read = read_journal(disk.files(), "/data");
        ASSERT_TRUE(read);
        told.compare(*read);
        ASSERT_FALSE(testing::Test::HasFatalFailure()) << n;
    }
}

/// All logs are stable in their own files, so any part of the journal may be left; but no damage is seen in
/// it.
TEST(journal_fail_nth, a_journal_removed_by_halves_is_no_damaged_one) {
    sim::at_every_operation([](sim::doomed_operation& doomed) {
        SCOPED_TRACE(doomed.text());
        story told;
        live_undisturbed(doomed.files(), told);
        doomed.arm();
        const auto removed = remove_journal(doomed.files(), "/data");
        doomed.end_process();
        const auto found = read_journal(doomed.files(), "/data");
        ASSERT_TRUE(found) << to_string(found.failure());
        EXPECT_FALSE(found->damage) << *found->damage;
        EXPECT_TRUE(!removed || found->files.empty()) << "removed, and here again";
        ASSERT_TRUE(remove_journal(doomed.files(), "/data"));
        EXPECT_TRUE(read_journal(doomed.files(), "/data")->files.empty());
    });
}

} // namespace
} // namespace barnabas::journal::fail_nth_test
