#include "actors/journal/journal.hpp"
#include "tests/unit/actors/replica/log_host.hpp"

#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

/// Several logs and their journal over a disk that loses what was not synced.
namespace barnabas::journal::journal_crash_test {
namespace {

using replica::batch_shape;
using replica::log_host;
using replica::memory_files;

constexpr int logs = 3;

/// Runs the journal's jobs at once.
class running_journal final : public journal_port {
public:
    explicit running_journal(memory_files& files) : files_(files) {}

    void start(const found_journal& found, std::uint64_t seed, const journal_options& wanted) {
        auto options = wanted;
        options.directory = "/data";
        options.file_bytes = 8192;
        options.seed = seed;
        machine.emplace(options, found, *this);
    }
    /// Jobs that wait, and those that they bring.
    void run() {
        while (!prepares_.empty() || !rounds_.empty()) {
            for (auto& job : std::exchange(prepares_, {})) {
                job.run(files_);
                machine->on_prepared(job);
            }
            for (auto& job : std::exchange(rounds_, {})) {
                job.run(files_);
                machine->on_round_done(job);
            }
        }
    }

    void submit(prepare_job job) override { prepares_.push_back(std::move(job)); }
    void submit(round_job job) override { rounds_.push_back(std::move(job)); }
    void answer(std::uint64_t reply, commit_end end, const std::string&) override {
        answers.emplace_back(reply, end);
    }
    bool ask_to_settle(const journal_log& log, log_offset) override {
        asked.push_back(log.directory_name.back() - '0');
        return true;
    }
    void report(std::string_view, const std::string&) override {}

    std::optional<journal> machine;
    std::vector<std::pair<std::uint64_t, commit_end>> answers;
    std::vector<int> asked;

private:
    memory_files& files_;
    std::vector<prepare_job> prepares_;
    std::vector<round_job> rounds_;
};

class trial {
public:
    trial(std::uint64_t seed, const journal_options& options)
        : random_(seed), options_(options), journal_(files_) {
        for (int i = 0; i < logs; ++i) {
            auto log = log_host::small_options();
            log.directory = directory_of(i);
            log.keeps_for_journal = true;
            log.segment_bytes = 6000;
            log.snapshot_interval_bytes = 3000;
            hosts_.push_back(std::make_unique<log_host>(files_, log));
        }
    }

    void live(int steps) {
        if (!open())
            return;
        files_.cut_power_after(random_() % 400);
        for (int i = 0; i < steps && !files_.power_is_gone(); ++i)
            step();
        files_.crash(random_);
        files_.never_fail();
        for (auto& host : hosts_) {
            host->writes.clear();
            host->log.reset();
        }
        ASSERT_TRUE(open()) << "after a crash";
        check();
        for (auto& host : hosts_) {
            ASSERT_TRUE(host->close());
        }
    }

private:
    static std::string directory_of(int log) { return "/data/log-" + std::to_string(log); }
    journal_log key(int log) const {
        journal_log made{"log-" + std::to_string(log), {}};
        made.topic.bytes[0] = 7;
        return made;
    }

    bool open() {
        auto found = read_journal(files_, "/data");
        if (!found)
            return false;
        EXPECT_FALSE(found->damage) << *found->damage;
        journal_.start(*found, random_(), options_);
        for (int i = 0; i < logs; ++i) {
            auto& host = *hosts_[static_cast<std::size_t>(i)];
            host.journaled = found->parts[key(i).directory_name];
            if (!host.open(true))
                return false;
            journal_.machine->on_settled(key(i), host.log->settled_offset());
        }
        return true;
    }

    void step() {
        const auto at = random_() % logs;
        auto& host = *hosts_[at];
        switch (random_() % 5) {
        case 0:
        case 1: {
            const batch_shape shape{.records = 1, .value_size = 20 + random_() % 400};
            if (host.queue(shape, ++label_)) {
                host.write_all();
            }
            return;
        }
        case 2:
        case 3: return commit(static_cast<int>(at));
        case 4:
            if (random_() % 4 == 0)
                sync(static_cast<int>(at));
            else
                settle_asked();
            return;
        default: return;
        }
    }

    void commit(int at) {
        auto& log = *hosts_[static_cast<std::size_t>(at)]->log;
        if (!log.may_commit())
            return sync(at);
        auto job = log.commit();
        journal_.answers.clear();
        journal_.machine->on_commit({key(at), job.entries}, job.target, 1);
        journal_.run();
        if (journal_.answers.empty())
            return;
        const auto end = journal_.answers.front().second;
        job.taken = end != commit_end::not_taken;
        job.outcome =
            end == commit_end::failed ? result<void>(error{errc::storage_error, ""}) : result<void>();
        log.on_committed(job);
        if (!job.taken)
            sync(at);
        note(at);
    }

    void sync(int at) {
        auto& host = *hosts_[static_cast<std::size_t>(at)];
        if (!host.log->wants_sync())
            return;
        host.sync();
        note(at);
    }

    void settle_asked() {
        for (const auto at : std::exchange(journal_.asked, {})) {
            auto& log = *hosts_[static_cast<std::size_t>(at)]->log;
            if (auto job = log.settle()) {
                job->run(files_);
                log.on_settled(*job);
            }
            journal_.machine->on_settled(key(at), log.settled_offset());
            journal_.run();
        }
    }

    void note(int at) {
        const auto& log = *hosts_[static_cast<std::size_t>(at)]->log;
        if (!log.offline() && !files_.power_is_gone())
            promised_[at] = std::max(promised_[at], log.stable_offset());
    }

    void check() {
        for (int i = 0; i < logs; ++i) {
            auto& host = *hosts_[static_cast<std::size_t>(i)];
            ASSERT_GE(host.log->log_end_offset(), promised_[i]) << "log " << i;
            ASSERT_FALSE(host.report.lost_from < host.report.lost_upto);
            if (promised_[i].get() > 0) {
                ASSERT_TRUE(host.read(0));
            }
        }
    }

    std::mt19937_64 random_;
    journal_options options_;
    memory_files files_;
    running_journal journal_;
    std::vector<std::unique_ptr<log_host>> hosts_;
    std::map<int, log_offset> promised_;
    std::uint64_t label_ = 0;
};

int failures_with(const journal_options& options) {
    int failures = 0;
    for (std::uint64_t seed = 1; seed <= 300; ++seed) {
        testing::TestPartResultArray results;
        testing::ScopedFakeTestPartResultReporter quiet(
            testing::ScopedFakeTestPartResultReporter::INTERCEPT_ONLY_CURRENT_THREAD, &results);
        trial one(seed, options);
        one.live(60);
        failures += results.size() > 0 ? 1 : 0;
    }
    return failures;
}

TEST(journal_crash, what_was_stable_is_there_after_a_power_cut) {
    for (std::uint64_t seed = 1; seed <= 1500; ++seed) {
        trial one(seed, {});
        for (int life = 0; life < 3; ++life)
            one.live(60);
        if (testing::Test::HasFatalFailure() || testing::Test::HasNonfatalFailure()) {
            ADD_FAILURE() << "seed " << seed;
            return;
        }
    }
}

TEST(journal_crash, a_round_that_is_not_synced_is_found) {
    journal_options options;
    options.planted_no_sync = true;
    EXPECT_GT(failures_with(options), 0);
}

TEST(journal_crash, a_file_used_again_too_early_is_found) {
    journal_options options;
    options.planted_reuse_unsettled = true;
    EXPECT_GT(failures_with(options), 0);
}

} // namespace
} // namespace barnabas::journal::journal_crash_test
