#include "tests/unit/actors/replica/log_host.hpp"

#include "protocol/batch/validate.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

/// The log against a model, while operations of the disk fail and the power goes.
namespace barnabas::replica::fault_test {
namespace {

struct known_batch {
    slice bytes;
    log_offset next;
};

/// Drives one log by random steps and knows what must be in it.
class trial {
public:
    explicit trial(std::uint64_t seed, log_options options = log_host::small_options())
        : random_(seed), host_(files_, options) {}

    memory_files& files() { return files_; }
    log_host& host() { return host_; }
    std::mt19937_64& random() { return random_; }
    bool is_open() const { return host_.log != nullptr; }

    /// Opens until it works, for injected failures come once; a power cut comes first of all.
    bool open() {
        for (int attempt = 0; attempt < 3; ++attempt) {
            if (host_.open(true)) {
                compare_recovered();
                return true;
            }
            if (files_.power_is_gone())
                return false;
        }
        ADD_FAILURE() << "the log does not open";
        return false;
    }

    void append() {
        const batch_shape shape{.records = static_cast<int>(1 + random_() % 3),
                                .value_size = 10 + random_() % 200,
                                .timestamp = static_cast<std::int64_t>(1000 + random_() % 500)};
        const auto written_before = host_.writes.size();
        auto appended = host_.queue(shape, ++label_, epoch_);
        if (!appended)
            return;
        ASSERT_EQ(host_.writes.size(), written_before + 1);
        const known_batch known{host_.writes.back().batches.front(), appended->next_offset};
        present_[appended->base_offset] = known;
        ever_[appended->base_offset].push_back(known.bytes);
    }

    void write() {
        if (host_.writes.empty())
            return;
        if (auto failure = host_.write_one())
            forget_from(failure->from);
        if (host_.log->wants_repair())
            host_.repair();
    }

    void sync() {
        if (!host_.log->wants_sync())
            return;
        if (host_.sync())
            kill_and_reopen(); // Offline: the shell opens the log again.
        else
            stable_ = host_.log->stable_offset();
    }

    void retain() {
        if (auto job =
                host_.log->retention(timestamp_ms(5000), host_.monotonic, host_.log->stable_offset())) {
            job->run(files_);
            if (random_() % 2 == 0)
                job->removal.run(files_);
        }
        if (auto job = host_.log->roll_expired(timestamp_ms(5000), host_.log->stable_offset()))
            host_.writes.push_back(std::move(*job));
    }

    void read() {
        const auto start = host_.log->log_start_offset();
        const auto upto = host_.log->written_offset();
        if (start == upto)
            return;
        const auto from =
            start + static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(upto - start));
        auto job = host_.log->read(from, random_() % 1000, upto, true);
        ASSERT_TRUE(job);
        job->run(files_);
        host_.log->on_read(*job);
        if (!job->records)
            return expect_excused(job->records.failure());
        auto batches = batch::split_batches(*job->records);
        ASSERT_TRUE(batches && !batches->empty());
        EXPECT_LE(batches->front().header.base_offset, from);
        EXPECT_GT(batches->front().header.next_offset(), from);
        for (const auto& batch : *batches)
            EXPECT_TRUE(present_.at(batch.header.base_offset).bytes == batch.bytes);
    }

    void drain() {
        while (is_open() && (!host_.writes.empty() || host_.log->wants_repair()) && !files_.power_is_gone())
            host_.writes.empty() ? static_cast<void>(host_.repair()) : write();
    }

    void close_and_reopen() {
        drain();
        if (files_.power_is_gone())
            return;
        const bool failed = host_.log->failure().has_value();
        const auto end = host_.log->log_end_offset();
        if (host_.close() && !failed)
            stable_ = end;
        else
            files_.kill();
        if (!files_.power_is_gone())
            open();
    }

    void kill_and_reopen() {
        abandon();
        if (files_.power_is_gone())
            return;
        files_.kill();
        open();
    }

    void crash_and_reopen() {
        abandon();
        files_.crash(random_);
        open();
    }

    void advance_epoch() { ++epoch_; }
    log_offset stable() const { return stable_; }

private:
    void abandon() {
        host_.log.reset();
        host_.writes.clear();
    }

    void expect_excused(const error& failure) {
        const bool injected = failure.detail.find("made to fail") != std::string::npos;
        EXPECT_TRUE(files_.power_is_gone() || injected) << to_string(failure);
    }

    void forget_from(log_offset from) {
        EXPECT_GE(from, stable_);
        present_.erase(present_.lower_bound(from), present_.end());
    }

    /// All that was stable is there, and nothing that was never appended.
    void compare_recovered() {
        const auto start = host_.log->log_start_offset();
        const auto end = host_.log->log_end_offset();
        ASSERT_GE(end, stable_) << to_string(host_.report);
        ASSERT_EQ(host_.report.lost_upto, host_.report.lost_from) << to_string(host_.report);
        std::map<log_offset, known_batch> found;
        for (auto next = start; next < end;) {
            auto job = host_.log->read(next, 5000, end, true);
            ASSERT_TRUE(job);
            job->run(files_);
            host_.log->on_read(*job);
            if (!job->records) {
                expect_excused(job->records.failure());
                if (files_.power_is_gone() || ::testing::Test::HasFailure())
                    return;
                continue; // Injected failures come once.
            }
            auto batches = batch::split_batches(*job->records);
            ASSERT_TRUE(batches && !batches->empty()) << next.get() << " of " << end.get();
            for (const auto& batch : *batches) {
                ASSERT_EQ(batch.header.base_offset, next) << "a hole or an overlap";
                check_content(batch);
                found[next] = {batch.bytes, batch.header.next_offset()};
                next = batch.header.next_offset();
            }
        }
        present_ = std::move(found);
        stable_ = end;
    }

    void check_content(const batch::batch_view& batch) {
        const auto base = batch.header.base_offset;
        if (base < stable_) {
            ASSERT_TRUE(present_.contains(base));
            ASSERT_TRUE(present_.at(base).bytes == batch.bytes)
                << "other bytes at stable offset " << base.get();
        }
        const auto& all = ever_[base];
        ASSERT_TRUE(std::find(all.begin(), all.end(), batch.bytes) != all.end())
            << "invented at " << base.get();
    }

    std::mt19937_64 random_;
    memory_files files_;
    log_host host_;
    std::uint64_t label_ = 0;
    int epoch_ = 1;
    /// Appended and not failed, as far as is known; and everything ever appended at an offset.
    std::map<log_offset, known_batch> present_;
    std::map<log_offset, std::vector<slice>> ever_;
    log_offset stable_{0};
};

void random_step(trial& run) {
    switch (run.random()() % 24) {
    case 0: return run.close_and_reopen();
    case 1: return run.kill_and_reopen();
    case 2: return run.retain();
    case 3: return run.advance_epoch();
    case 4:
    case 5:
    case 6: return run.read();
    case 7:
    case 8:
    case 9: return run.sync();
    default: return run.random()() % 2 == 0 ? run.append() : run.write();
    }
}

log_options options_for(std::uint64_t seed) {
    auto options = log_host::small_options();
    options.segment_bytes = 600 + static_cast<std::int64_t>(seed % 5) * 400;
    options.snapshot_interval_bytes = 300 + static_cast<std::int64_t>(seed % 7) * 300;
    options.retention_ms = -1;
    options.retention_bytes = seed % 3 == 0 ? 3000 : -1;
    return options;
}

TEST(replica_faults, random_steps_without_faults_equal_the_model) {
    EXPECT_TRUE(rc::check([](std::uint64_t seed) {
        trial run(seed, options_for(seed));
        RC_ASSERT(run.open());
        for (int i = 0; i < 300; ++i)
            random_step(run);
        run.close_and_reopen();
        RC_ASSERT(run.is_open());
        RC_ASSERT(!::testing::Test::HasFailure());
    }));
}

TEST(replica_faults, power_cuts_at_random_operations_lose_nothing_stable) {
    for (std::uint64_t seed = 0; seed < 400 && !HasFailure(); ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        trial run(seed, options_for(seed));
        ASSERT_TRUE(run.open());
        for (int cut = 0; cut < 6 && !HasFailure(); ++cut) {
            run.files().cut_power_after(run.random()() % 120);
            for (int i = 0; i < 400 && !run.files().power_is_gone() && run.is_open(); ++i)
                random_step(run);
            run.crash_and_reopen();
            ASSERT_TRUE(run.is_open());
        }
    }
}

TEST(replica_faults, power_cuts_during_recovery_lose_nothing_stable) {
    for (std::uint64_t seed = 0; seed < 400 && !HasFailure(); ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        trial run(seed, options_for(seed));
        ASSERT_TRUE(run.open());
        for (int i = 0; i < 100; ++i)
            random_step(run);
        run.host().log.reset();
        run.host().writes.clear();
        for (std::uint64_t n = 0; n < 40; ++n) {
            run.files().crash(run.random());
            run.files().cut_power_after(n);
            if (run.open())
                break;
        }
        run.crash_and_reopen();
        ASSERT_TRUE(run.is_open());
    }
}

TEST(replica_faults, failing_operations_lose_nothing_stable) {
    for (std::uint64_t seed = 0; seed < 400 && !HasFailure(); ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        trial run(seed, options_for(seed));
        ASSERT_TRUE(run.open());
        for (int fault = 0; fault < 6 && !HasFailure(); ++fault) {
            run.files().fail_after(run.random()() % 80,
                                   fault % 2 == 0 ? errc::storage_error : errc::disk_full);
            for (int i = 0; i < 60 && run.is_open(); ++i)
                random_step(run);
            run.files().never_fail();
            if (run.random()() % 3 == 0)
                run.crash_and_reopen();
            ASSERT_TRUE(run.is_open());
        }
    }
}

/// One of everything, in a fixed order; `run` may lose its power or see a failure at any operation of it.
void script(trial& run) {
    const auto alive = [&] { return !run.files().power_is_gone() && run.is_open(); };
    run.open();
    for (int i = 0; i < 14 && alive(); ++i) {
        run.append();
        run.append();
        run.write();
        if (alive())
            run.write();
        if (alive() && i % 3 == 2)
            run.sync();
        if (alive() && i == 8)
            run.close_and_reopen();
        if (alive() && i == 10)
            run.retain();
        if (alive() && i == 12)
            run.kill_and_reopen();
        if (alive())
            run.read();
    }
    if (alive())
        run.close_and_reopen();
}

TEST(replica_faults, each_operation_of_a_script_fails_once) {
    for (std::uint64_t n = 0; !HasFailure(); ++n) {
        SCOPED_TRACE("operation " + std::to_string(n));
        trial run(7, options_for(3));
        run.files().fail_after(n, n % 2 == 0 ? errc::storage_error : errc::disk_full);
        script(run);
        if (!run.files().has_failed())
            break;
        run.files().never_fail();
        ASSERT_TRUE(run.is_open());
        run.drain();
        run.append();
        run.drain();
        run.sync();
        run.crash_and_reopen();
    }
}

TEST(replica_faults, power_goes_at_each_operation_of_a_script) {
    bool complete = false;
    for (std::uint64_t n = 0; !complete && !HasFailure(); ++n) {
        for (std::uint64_t seed = 0; seed < 4; ++seed) {
            SCOPED_TRACE("operation " + std::to_string(n) + " seed " + std::to_string(seed));
            trial run(seed, options_for(3));
            run.files().cut_power_after(n);
            script(run);
            complete = !run.files().power_is_gone();
            run.crash_and_reopen();
            ASSERT_TRUE(run.is_open());
        }
    }
}

TEST(planted_bugs, skipped_torn_tail_check_lets_garbage_in) {
    for (const bool mutant : {false, true}) {
        memory_files files;
        auto options = log_host::small_options();
        options.planted.skip_torn_tail_check = mutant;
        log_host host(files, options);
        ASSERT_TRUE(host.open());
        for (int i = 0; i < 3; ++i)
            ASSERT_TRUE(host.append({.value_size = 100}));
        files.kill();
        const auto path = segment_path(test_directory, log_offset(0), log_suffix);
        auto bytes = files.content(path);
        bytes.back() ^= std::byte{1};
        bytes.insert(bytes.end(), 100, std::byte{0});
        files.put(path, bytes);
        ASSERT_TRUE(host.open());
        EXPECT_EQ(host.log->log_end_offset(), log_offset(2));
        EXPECT_EQ(host.log->active_segment().size, mutant ? bytes.size() : (bytes.size() - 100) / 3 * 2);
    }
}

TEST(planted_bugs, reused_offset_is_one_batch_lower) {
    memory_files files;
    auto options = log_host::small_options();
    options.planted.reuse_offset_after_restart = true;
    log_host host(files, options);
    ASSERT_TRUE(host.open());
    for (int i = 0; i < 3; ++i)
        ASSERT_TRUE(host.append({.records = 2}));
    ASSERT_TRUE(host.close());
    ASSERT_TRUE(host.open());
    EXPECT_EQ(host.log->log_end_offset(), log_offset(4));
    EXPECT_EQ(host.append({.records = 2})->base_offset, log_offset(4));
}

} // namespace
} // namespace barnabas::replica::fault_test
