#pragma once

#include "actors/partition/partition.hpp"
#include "protocol/model/checkpointed_offsets.hpp"
#include "tests/unit/actors/replica/log_host.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace barnabas {

/// A partition over a memory disk: its jobs wait until `settle` runs them, and answers are kept by number.
class partition_host final : public partition_port {
public:
    explicit partition_host(replica::log_options options = replica::log_host::small_options())
        : options_(std::move(options)) {
        files.add_directory("/data");
        open(true);
    }

    /// As after a kill; `keeps` is what the checkpoint held.
    void open(bool create) {
        replica::open_job job;
        job.options = options_;
        job.options.checkpointed.log_start = kept;
        job.create = create;
        job.run(files);
        ASSERT_TRUE(job.outcome) << to_string(job.outcome.failure());
        report_of_open = job.outcome->report;
        partition_settings settings;
        settings.led = {leader_epoch(3), true};
        settings.write_caching = write_caching;
        machine = std::make_unique<partition>(
            settings, replica::replica_log(job.options, *std::move(job.outcome), monotonic_ns(1)), *this);
    }
    void kill() {
        jobs.clear();
        machine.reset();
        files.kill();
    }

    /// `reply` 0: nobody waits for an answer. `epoch` is the one that the writer knows.
    void append(const replica::batch_shape& shape, std::uint64_t reply = 0, std::int32_t epoch = -1) {
        append_request request;
        request.batches.push_back(replica::make_batch(shape));
        request.acks = -1;
        request.current_leader_epoch = leader_epoch(epoch);
        machine->on_append(request, reply);
    }
    void settle() {
        while (!jobs.empty())
            settle_one();
    }
    void settle_one() {
        auto job = std::move(jobs.front());
        jobs.pop_front();
        job();
    }
    /// The next job, to be run by the test when it likes.
    std::function<void()> take_job() {
        auto job = std::move(jobs.front());
        jobs.pop_front();
        return job;
    }
    std::size_t jobs_waiting() const { return jobs.size(); }
    /// What the checkpoint's owner answers to the question at hand.
    void keep(result<void> outcome = {}) {
        ASSERT_TRUE(keeping);
        if (outcome)
            kept = *keeping;
        keeping.reset();
        machine->on_log_start_kept(outcome);
        settle();
    }
    void delete_below(std::int64_t offset, std::uint64_t reply) {
        machine->on_delete_records({0, log_offset(offset)}, reply);
        settle();
    }
    offset_query_response ask(std::int64_t timestamp, std::int32_t epoch = -1, bool committed_only = false) {
        machine->on_offset_query({0, timestamp_ms(timestamp), leader_epoch(epoch), committed_only}, 77);
        settle();
        return offsets.at(77);
    }
    epoch_query_response epoch_end(std::int32_t epoch, std::int32_t current = -1) {
        machine->on_epoch_query({0, leader_epoch(epoch), leader_epoch(current)}, 78);
        return epochs.at(78);
    }

    void submit(replica::write_job job) override {
        run(std::move(job), [this](auto& done) { machine->on_written(done); });
    }
    void submit(replica::sync_job job) override {
        if (hold_syncs)
            return held_syncs.push_back(std::move(job));
        run(std::move(job), [this](auto& done) { machine->on_synced(done); });
    }
    void submit(replica::journal_commit) override { ADD_FAILURE() << "there is no journal"; }
    void submit(replica::settle_job job) override {
        run(std::move(job), [this](auto& done) { machine->on_settled(done); });
    }
    bool journal_pays() const override { return false; }
    void settled(log_offset upto) override { settled_upto = upto; }
    void cannot_settle() override { ++not_settled; }
    void submit(replica::clean_job job) override {
        run(std::move(job), [this](auto& done) { machine->on_clean_done(done); });
    }
    void submit(replica::swap_job job) override {
        run(std::move(job), [this](auto& done) { machine->on_swap_done(done); });
    }
    void submit(replica::reindex_job job) override {
        ++reindex_steps;
        job.bytes = reindex_bytes;
        run(std::move(job), [this](auto& done) { machine->on_reindexed(done); });
    }
    void tell_cleaner(cleaning_state state) override { cleaning_wanted = state.wanted; }
    void tell_cleaner(partition_cleaned outcome) override { cleaned.push_back(std::move(outcome)); }
    void resume_cleaning(std::chrono::milliseconds) override { ++pauses; }
    void submit(replica::repair_job job) override {
        run(std::move(job), [this](auto& done) { machine->on_repaired(done); });
    }
    void submit(replica::read_job job, std::uint64_t reply) override {
        run(std::move(job), [this, reply](auto& done) { machine->on_read_done(done, reply); });
    }
    void submit(replica::find_job job, std::uint64_t reply) override {
        run(std::move(job), [this, reply](auto& done) { machine->on_found(done, reply); });
    }
    void submit(replica::retire_job job) override {
        run(std::move(job), [this](auto& done) { machine->on_retired(done); });
    }
    void submit_later(replica::remove_job, std::chrono::milliseconds) override { ++removals; }
    void submit(replica::close_job job) override {
        run(std::move(job), [this](auto& done) { machine->on_closed(done); });
    }
    void answer(std::uint64_t reply, append_response response) override {
        appended[reply] = std::move(response);
    }
    void answer(std::uint64_t reply, read_response response) override { reads[reply] = std::move(response); }
    void answer(std::uint64_t reply, offset_query_response response) override { offsets[reply] = response; }
    void answer(std::uint64_t reply, delete_records_response response) override {
        deletions[reply] = std::move(response);
    }
    void answer(std::uint64_t reply, epoch_query_response response) override { epochs[reply] = response; }
    void notify(const waiting_reads::reader& who) override { notified.push_back(who.token); }
    void keep_log_start(log_offset start) override {
        EXPECT_FALSE(keeping) << "one question at a time";
        keeping = start;
    }
    void marks_moved() override { ++moves; }
    void retry_repair(std::chrono::milliseconds) override { ++retries; }
    result<void> room() const override { return {}; }
    timestamp_ms wall_now() const override { return now; }
    monotonic_ns monotonic_now() const override { return monotonic; }
    void closed(const result<void>&) override { ended = true; }
    void went_offline(const error&) override { ++offline_told; }
    void report(std::string_view event, const std::string&) override { reports.emplace_back(event); }

    replica::memory_files files;
    std::unique_ptr<partition> machine;
    replica::recovery_report report_of_open;
    bool write_caching = false;
    bool hold_syncs = false;
    std::vector<replica::sync_job> held_syncs;
    std::optional<log_offset> keeping;
    log_offset kept{-1};
    std::map<std::uint64_t, append_response> appended;
    std::map<std::uint64_t, delete_records_response> deletions;
    std::map<std::uint64_t, offset_query_response> offsets;
    std::map<std::uint64_t, epoch_query_response> epochs;
    std::map<std::uint64_t, read_response> reads;
    /// Tokens of readers that were told to ask again.
    std::vector<std::uint64_t> notified;
    std::vector<std::string> reports;
    timestamp_ms now{5000};
    monotonic_ns monotonic{1'000'000};
    std::size_t removals = 0;
    std::size_t moves = 0;
    bool cleaning_wanted = false;
    std::vector<partition_cleaned> cleaned;
    std::size_t pauses = 0;
    log_offset settled_upto{-1};
    std::size_t not_settled = 0;
    bool ended = false;
    std::size_t reindex_steps = 0;
    std::uint64_t reindex_bytes = 1 << 20;
    std::size_t offline_told = 0;
    std::size_t retries = 0;

private:
    template <class Job, class Done>
    void run(Job job, Done done) {
        jobs.push_back([this, job = std::make_shared<Job>(std::move(job)), done] {
            job->run(files);
            done(*job);
        });
    }

    replica::log_options options_;
    std::deque<std::function<void()>> jobs;
};

} // namespace barnabas
