#include "actors/replica/reindex_job.hpp"
#include "protocol/model/mark.hpp"
#include "tests/unit/actors/replica/log_host.hpp"
#include "tests/unit/actors/replica/transaction_batches.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

/// Indexes of a closed segment of which a byte is wrong: every answer is what it was, and what a lookup found
/// wrong is made anew from the log.
namespace barnabas::replica::rotten_indexes_test {
namespace {

using bytes_of_file = std::vector<std::byte>;

/// All that clients can ask of a log, in words.
using answers = std::vector<std::string>;

class rotten_indexes {
public:
    explicit rotten_indexes(const planted_bugs& planted = {}) : host_(files_, options_with(planted)) {
        EXPECT_TRUE(host_.open());
        fill();
    }

    std::string path(std::string_view suffix) const {
        return segment_path(test_directory, log_offset(base_), suffix);
    }
    bytes_of_file content(std::string_view suffix) { return files_.content(path(suffix)); }
    void put(std::string_view suffix, const bytes_of_file& bytes) { files_.put(path(suffix), bytes); }

    answers ask_all() {
        answers all;
        const auto end = host_.log->written_offset().get();
        for (std::int64_t at = 0; at < end; ++at)
            all.push_back(read(at));
        for (std::int64_t time = 990; time < 1400; time += 5)
            all.push_back(told(host_.log->find_by_timestamp(timestamp_ms(time), log_offset(end))));
        for (std::int64_t upto = 1; upto <= end; ++upto)
            all.push_back(told(host_.log->find_max_timestamp(log_offset(upto))));
        return all;
    }
    void mend() {
        for (const auto segment : std::exchange(astray_, {}))
            reindex(segment, false);
    }
    /// Whether the making was disturbed at its n-th operation.
    bool mend_until(std::uint64_t n, bool fails, bool of_transactions) {
        if (fails)
            files_.fail_after(n);
        else
            files_.cut_power_after(n);
        const auto before = damaged_logs;
        reindex(log_offset(base_), of_transactions);
        const bool met = damaged_logs > before;
        damaged_logs = before;
        files_.never_fail();
        return met;
    }
    void cut_power(std::uint64_t seed) {
        std::mt19937_64 random(seed);
        files_.crash(random);
    }
    void stop(bool in_good_order) {
        if (in_good_order) {
            EXPECT_TRUE(host_.close());
        } else {
            files_.kill();
        }
        host_.believes_close = in_good_order;
    }
    void start() { EXPECT_TRUE(host_.open(false)); }
    void prove_all() {
        host_.log->want_snapshot();
        EXPECT_FALSE(host_.sync());
    }

    /// Indexes that were made anew, and logs that were too damaged for it.
    int reindexed = 0;
    int damaged_logs = 0;
    /// Of a making of them; a segment has some 2,000.
    std::uint64_t step_bytes = 700;

private:
    static log_options options_with(const planted_bugs& planted) {
        auto options = log_host::small_options();
        options.planted = planted;
        options.snapshot_interval_bytes = 1 << 20;
        return options;
    }
    /// Times that neither grow nor differ as a rule, and transactions of two producers of which some are
    /// aborted.
    void fill() {
        for (int i = 0; host_.log->segments().size() < 4; ++i) {
            const std::int64_t time = 1000 + 40 * (i / 8) + (i % 8 < 5 ? 20 * (i % 8 / 2) : 5);
            append(make_batch({.records = 1 + i % 2, .timestamp = time}, static_cast<std::uint64_t>(i)));
            append(make_transaction_part({7, i}));
            if (i % 2 == 0)
                append(make_transaction_part({8, i / 2}));
            if (i % 3 == 2)
                append(make_marker(7, i % 2 == 0));
            if (i % 4 == 3)
                append(make_marker(8, i % 8 == 7));
        }
        EXPECT_FALSE(host_.sync());
        base_ = host_.log->segments()[1].base_offset.get();
    }
    void append(batch::batch_view batch) { EXPECT_TRUE(host_.append_unchecked(std::move(batch))); }

    std::string read(std::int64_t from) {
        for (int time = 1;; ++time) {
            auto job = host_.log->read(log_offset(from), 300, host_.log->written_offset(), true, true);
            if (!job)
                return to_string(job.failure());
            job->run(files_);
            host_.log->on_read(*job);
            note(job->astray);
            for (const auto& source : job->transactions)
                if (source.is_wrong && time == 1)
                    reindex(source.segment, true);
            if (!job->records && time == 1)
                continue;
            return job->records ? words_of(*job) : to_string(job->records.failure());
        }
    }
    static std::string words_of(const read_job& job) {
        std::string text = std::to_string(job.from.get()) + ": " + std::to_string(job.end.get()) + ", " +
                           std::string(job.records->text());
        for (const auto& one : *job.aborted)
            text += "; " + std::to_string(one.producer.get()) + " from " +
                    std::to_string(one.first_offset.get()) + " to " + std::to_string(one.last_offset.get());
        return text;
    }
    std::string told(find_job job) {
        job.run(files_);
        host_.log->on_found(job);
        note(job.astray);
        if (!job.found)
            return to_string(job.found.failure());
        return *job.found ? std::to_string((*job.found)->offset.get()) + " at " +
                                std::to_string((*job.found)->timestamp.get())
                          : "none";
    }
    void note(const std::vector<log_offset>& astray) {
        for (const auto segment : astray)
            if (std::find(astray_.begin(), astray_.end(), segment) == astray_.end())
                astray_.push_back(segment);
    }
    void reindex(log_offset base, bool of_transactions) {
        const auto& segments = host_.log->segments();
        reindex_task task;
        task.options = host_.log->options();
        for (std::size_t i = 0; i < segments.size(); ++i) {
            task.bases.push_back(segments[i].base_offset);
            if (segments[i].base_offset != base)
                continue;
            task.segment = segments[i];
            task.next_base = segments[i + 1].base_offset;
        }
        task.of_transactions = of_transactions;
        task.layout = host_.log->layout();
        reindex_job job{std::make_shared<reindex_run>(std::move(task)), step_bytes};
        do
            job.run(files_);
        while (job.outcome && !job.run_of->made());
        damaged_logs += job.outcome ? 0 : 1;
        if (!job.outcome)
            return;
        const auto& made = *job.run_of->made();
        reindexed += made.were_right ? 0 : 1;
        host_.log->on_reindexed(made.segment, job.run_of->task().layout);
    }

    memory_files files_;
    log_host host_;
    std::int64_t base_ = 0;
    std::vector<log_offset> astray_;
};

/// How many harmed files gave another answer, and how many were found wrong.
struct harm_outcome {
    int harmed = 0;
    int wrong_answers = 0;
    int made_anew = 0;
};

harm_outcome harm_every_byte(std::string_view suffix, const planted_bugs& planted = {}) {
    rotten_indexes log(planted);
    const auto right = log.ask_all();
    EXPECT_EQ(log.reindexed, 0);
    const auto whole = log.content(suffix);
    EXPECT_GT(whole.size(), 50u) << suffix << " has several entries";
    harm_outcome outcome;
    for (std::size_t at = 0; at < whole.size(); ++at) {
        for (const unsigned mask : {0x01u, 0x02u, 0x10u, 0x80u, 0xffu}) {
            auto rotten = whole;
            rotten[at] ^= static_cast<std::byte>(mask);
            log.put(suffix, rotten);
            log.reindexed = 0;
            ++outcome.harmed;
            const bool same = log.ask_all() == right;
            outcome.wrong_answers += same ? 0 : 1;
            log.mend();
            if (log.reindexed > 0) {
                ++outcome.made_anew;
                EXPECT_EQ(log.content(suffix), whole) << suffix << " byte " << at << ", " << mask;
            }
            EXPECT_EQ(log.damaged_logs, 0);
            if (!planted.transaction_index_believed && !planted.time_entry_trusted) {
                EXPECT_TRUE(same) << suffix << " byte " << at << ", mask " << mask;
            }
            log.put(suffix, whole);
        }
    }
    return outcome;
}

TEST(rotten_indexes, a_wrong_byte_of_the_offset_index_changes_no_answer) {
    const auto outcome = harm_every_byte(offset_index_suffix);
    EXPECT_EQ(outcome.wrong_answers, 0);
    EXPECT_GT(outcome.made_anew * 10, outcome.harmed * 7) << outcome.made_anew << " of " << outcome.harmed;
}

TEST(rotten_indexes, a_wrong_byte_of_the_time_index_changes_no_answer) {
    const auto outcome = harm_every_byte(time_index_suffix);
    EXPECT_EQ(outcome.wrong_answers, 0);
    EXPECT_GT(outcome.made_anew * 10, outcome.harmed * 7) << outcome.made_anew << " of " << outcome.harmed;
}

/// Nothing but its checksum tells: each entry may be what a producer did.
TEST(rotten_indexes, a_wrong_byte_of_the_index_of_aborted_ones_changes_no_answer) {
    const auto outcome = harm_every_byte(transaction_index_suffix);
    EXPECT_EQ(outcome.wrong_answers, 0);
    EXPECT_EQ(outcome.made_anew, outcome.harmed);
}

TEST(rotten_indexes, one_of_aborted_ones_that_is_believed_changes_answers) {
    planted_bugs planted;
    planted.transaction_index_believed = true;
    EXPECT_GT(harm_every_byte(transaction_index_suffix, planted).wrong_answers, 0);
}

TEST(rotten_indexes, one_of_times_that_is_trusted_changes_answers) {
    planted_bugs planted;
    planted.time_entry_trusted = true;
    EXPECT_GT(harm_every_byte(time_index_suffix, planted).wrong_answers, 0);
}

/// While the broker was down; after a stop in good order nobody reads the file before a client asks.
TEST(rotten_indexes, an_index_of_aborted_ones_that_rotted_meanwhile_is_made_anew) {
    for (const bool in_good_order : {true, false}) {
        rotten_indexes log;
        log.prove_all();
        const auto right = log.ask_all();
        const auto whole = log.content(transaction_index_suffix);
        for (std::size_t at = 0; at < whole.size(); ++at) {
            log.stop(in_good_order);
            auto rotten = whole;
            rotten[at] ^= std::byte{0x02};
            log.put(transaction_index_suffix, rotten);
            log.start();
            EXPECT_EQ(log.ask_all(), right) << in_good_order << ", byte " << at;
            EXPECT_EQ(log.content(transaction_index_suffix), whole) << in_good_order << ", byte " << at;
        }
    }
}

enum class ending { failure, kill, power_cut };

/// Whether the making has an n-th operation.
bool mend_with_misfortune(std::string_view suffix, ending how, std::uint64_t n) {
    rotten_indexes log;
    log.prove_all();
    const auto right = log.ask_all();
    auto rotten = log.content(suffix);
    rotten[rotten.size() - 1] ^= std::byte{0x03};
    log.put(suffix, rotten);
    const bool met = log.mend_until(n, how == ending::failure, suffix == transaction_index_suffix);
    if (how == ending::power_cut)
        log.cut_power(n);
    else
        log.stop(false);
    log.start();
    EXPECT_EQ(log.ask_all(), right) << suffix << ", operation " << n;
    log.mend();
    EXPECT_EQ(log.ask_all(), right) << suffix << ", operation " << n;
    return met;
}

/// Whatever operation of the making fails, or is the last before the process dies or the power goes.
TEST(rotten_indexes, a_making_that_is_cut_short_leaves_what_the_next_start_mends) {
    for (const auto suffix : {offset_index_suffix, time_index_suffix, transaction_index_suffix})
        for (const auto how : {ending::failure, ending::kill, ending::power_cut})
            for (std::uint64_t n = 0; mend_with_misfortune(suffix, how, n);)
                ++n;
}

TEST(rotten_indexes, an_index_that_is_gone_is_made_anew_when_it_is_missed) {
    rotten_indexes log;
    const auto right = log.ask_all();
    const auto whole = log.content(transaction_index_suffix);
    log.put(transaction_index_suffix, {});
    EXPECT_EQ(log.ask_all(), right);
    EXPECT_EQ(log.content(transaction_index_suffix), whole);
}

/// Of a log of one segment, which holds the recovery point: four transactions, the first of which is
/// aborted and damaged.
class unknown_transactions : public ::testing::Test {
protected:
    unknown_transactions() {
        EXPECT_TRUE(host.open());
        for (int i = 0; i < 4; ++i)
            add_transaction(i, i > 0);
        EXPECT_TRUE(host.close());
        whole = files.content(index);
        EXPECT_EQ(whole.size(), transaction_entry_size);
        auto damaged = files.content(log);
        damaged[batch::batch_header_size + 3] ^= std::byte{1};
        files.put(log, damaged);
    }
    void add_transaction(int number, bool commit) {
        EXPECT_TRUE(host.append_unchecked(make_transaction_part({7, number})));
        EXPECT_TRUE(host.append_unchecked(make_marker(7, commit)));
        EXPECT_TRUE(!host.log->wants_sync() || !host.sync());
    }
    result<slice> read(bool committed_only) {
        auto job = host.log->read(log_offset(2), 1 << 20, log_offset(5), true, committed_only);
        if (!job)
            return job.failure();
        job->run(files);
        host.log->on_read(*job);
        return job->records;
    }
    void expect_unknown(const std::string& when) {
        EXPECT_FALSE(read(true)) << when;
        EXPECT_TRUE(read(false)) << when;
        EXPECT_TRUE(host.log->has_aborted()) << when << ": memory does not answer in its place";
    }

    memory_files files;
    log_host host{files};
    const std::string log = segment_path(test_directory, log_offset(0), log_suffix);
    const std::string index = segment_path(test_directory, log_offset(0), transaction_index_suffix);
    bytes_of_file whole;
};

TEST_F(unknown_transactions, of_an_index_that_rotted_are_told_by_nobody_at_this_start_or_the_next) {
    files.put(index, {});
    for (const auto marks = mark_hits("transactions_unknown_at_recovery_point"); const int start : {1, 2}) {
        ASSERT_TRUE(host.open(false));
        expect_unknown(std::to_string(start));
        EXPECT_GT(mark_hits("transactions_unknown_at_recovery_point"), marks);
        ASSERT_TRUE(host.close());
    }
}

/// A tool that shows the file would show a hole as entries of producer 0.
TEST_F(unknown_transactions, stay_so_behind_the_next_abort_and_the_index_gets_no_hole) {
    files.put(index, {});
    ASSERT_TRUE(host.open(false));
    for (int more = 1; more < 4; ++more) {
        add_transaction(3 + more, false);
        const auto entries = decode_transaction_index(files.content(index));
        // A start after a clean stop looks at it as well, and nothing that it has is believed.
        const std::size_t there = more == 3 ? 1 : static_cast<std::size_t>(more);
        ASSERT_EQ(entries.size(), there);
        EXPECT_EQ(files.content(index).size(), there * transaction_entry_size);
        for (const auto& one : entries) {
            EXPECT_EQ(one.producer, producer_id(7));
            EXPECT_GE(one.first_offset, log_offset(8));
        }
        expect_unknown("behind an abort");
        host.believes_close = more == 2;
        if (more == 2) {
            ASSERT_TRUE(host.close());
        } else {
            files.kill();
        }
        ASSERT_TRUE(host.open(false));
        expect_unknown("at the next start");
    }
}

TEST_F(unknown_transactions, are_known_again_with_the_log) {
    const auto damaged = files.content(log);
    files.put(index, {});
    ASSERT_TRUE(host.open(false));
    expect_unknown("while it is damaged");
    ASSERT_TRUE(host.close());
    auto mended = damaged;
    mended[batch::batch_header_size + 3] ^= std::byte{1};
    files.put(log, mended);
    ASSERT_TRUE(host.open(false));
    EXPECT_TRUE(read(true));
    EXPECT_EQ(files.content(index), whole);
}

/// An older snapshot says nothing of segments.
TEST_F(unknown_transactions, of_a_torn_index_are_told_by_nobody_also_where_no_snapshot_tells_of_it) {
    const auto snapshot = segment_path(test_directory, log_offset(8), snapshot_suffix);
    const auto bytes = files.content(snapshot);
    const auto producers = producer_state::decode_snapshot(bytes);
    ASSERT_TRUE(producers);
    const auto facts = facts_told_by(bytes);
    ASSERT_EQ(facts.size(), 1u);
    const auto short_one = producers->encode_snapshot(*sync_mark_of(bytes));
    for (const std::size_t kept : {0u, 1u, 33u}) {
        files.put(snapshot, short_one);
        files.put(index, std::span(whole).first(kept));
        for (const int start : {1, 2}) {
            ASSERT_TRUE(host.open(false));
            expect_unknown(std::to_string(kept) + " bytes, start " + std::to_string(start));
            EXPECT_EQ(files.has(index) ? files.content(index).size() % transaction_entry_size : 0, 0u);
            ASSERT_TRUE(host.close());
        }
    }
    // A start that is cut short at any place.
    bool failed = true;
    for (std::uint64_t n = 0; failed; ++n) {
        files.put(snapshot, short_one);
        files.put(index, std::span(whole).first(33));
        files.fail_after(n);
        static_cast<void>(host.open(false));
        failed = files.has_failed();
        files.never_fail();
        files.kill();
        ASSERT_TRUE(host.open(false));
        expect_unknown("behind a start that ended at operation " + std::to_string(n));
        ASSERT_TRUE(host.close());
    }
}

} // namespace
} // namespace barnabas::replica::rotten_indexes_test
