// What the log costs beside plain system calls on the same files: appends, cold reads, and durable appends
// over many partitions. Run `log_bench`; figures in README.md. The files lie in the working directory.

#include "actors/journal/journal.hpp"
#include "actors/replica/replica_log.hpp"
#include "protocol/batch/builder.hpp"
#include "runtime/disk/posix_disk.hpp"
#include "runtime/disk/posix_files.hpp"

#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <ctime>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace barnabas::replica {
namespace {

const std::string root = "log_bench_files";

/// A folder that is empty at first and gone in the end.
class scratch {
public:
    scratch() {
        std::filesystem::remove_all(root);
        std::filesystem::create_directories(root);
    }
    ~scratch() { std::filesystem::remove_all(root); }
};

slice batch_of(std::size_t size) {
    batch::batch_builder builder(batch::builder_options{});
    builder.append_text(timestamp_ms(1000), "key", std::string(size, '.'));
    return builder.build();
}

/// Nobody else has seen it, so that it may be stamped in place.
batch::batch_view fresh(const slice& batch) {
    auto bytes = slice::copy_of(batch.bytes());
    const auto header = *batch::parse_header(bytes.bytes());
    return {std::move(bytes), header};
}

/// A log whose jobs run where they are made.
class plain_log {
public:
    plain_log(runtime::file_system& files, int number, bool for_journal) : files_(files) {
        open_job job;
        job.create = true;
        job.options.directory = root + "/log-" + std::to_string(number);
        job.options.topic_id.bytes[0] = 1;
        job.options.timestamp_after_max_ms = -1;
        job.options.keeps_for_journal = for_journal;
        key = {"log-" + std::to_string(number), job.options.topic_id};
        job.run(files);
        log = std::make_unique<replica_log>(job.options, std::move(*job.outcome), monotonic_ns(0));
    }

    void append(batch::batch_view batch) {
        std::vector<write_job> jobs;
        std::vector<batch::batch_view> batches;
        batches.push_back(std::move(batch));
        (void)log->append(std::move(batches), {leader_epoch(0), timestamp_ms(1000), monotonic_ns(0), true},
                          jobs);
        for (auto& job : jobs) {
            job.run(files_);
            log->on_written(job);
        }
    }
    void sync() {
        auto job = log->sync();
        job.run(files_);
        log->on_synced(job);
    }
    void settle() {
        if (auto job = log->settle()) {
            job->run(files_);
            log->on_settled(*job);
        }
    }

    std::unique_ptr<replica_log> log;
    journal::journal_log key;

private:
    runtime::file_system& files_;
};

using logs = std::vector<std::unique_ptr<plain_log>>;

logs open_logs(runtime::file_system& files, std::int64_t count, bool for_journal) {
    logs opened;
    for (int i = 0; i < count; ++i)
        opened.push_back(std::make_unique<plain_log>(files, i, for_journal));
    // The first sync of a log writes its epochs, too.
    const auto small = batch_of(100);
    for (auto& one : opened) {
        one->append(fresh(small));
        one->sync();
    }
    return opened;
}

/// Jobs that run on the threads of a disk, beside the rounds of the journal, as those of a broker do.
class background {
public:
    explicit background(runtime::posix_disk& disk) : disk_(disk) {}
    background(const background&) = delete;
    background& operator=(const background&) = delete;
    ~background() {
        while (under_way_ > 0)
            wait();
    }

    template <class Job>
    void start(Job job, std::function<void(Job&)> ended) {
        ++under_way_;
        auto shared = std::make_shared<Job>(std::move(job));
        disk_.submit(
            runtime::disk_lane(++lanes_), runtime::disk_job_kind::blocking,
            [shared](runtime::file_system& files) { shared->run(files); },
            [this, shared, ended = std::move(ended)] {
                const std::lock_guard lock(mutex_);
                ended_.emplace_back([shared, ended] { ended(*shared); });
                changed_.notify_one();
            });
    }
    /// Tells of what has ended.
    void collect() {
        std::vector<std::function<void()>> ended;
        {
            const std::lock_guard lock(mutex_);
            ended.swap(ended_);
        }
        under_way_ -= ended.size();
        for (const auto& tell : ended)
            tell();
    }
    void wait() {
        {
            std::unique_lock lock(mutex_);
            changed_.wait(lock, [this] { return !ended_.empty(); });
        }
        collect();
    }

private:
    runtime::posix_disk& disk_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<std::function<void()>> ended_;
    std::size_t under_way_ = 0;
    std::uint64_t lanes_ = 0;
};

/// Runs the journal's jobs where they are made.
class plain_journal final : public journal::journal_port {
public:
    plain_journal(runtime::posix_disk& disk, logs& all)
        : files_(disk.files()), logs_(all), background_(disk) {
        journal::journal_options options;
        options.directory = root;
        machine_.emplace(options, journal::found_journal{}, *this);
    }
    /// The logs sync their own files, side by side; one that settles does so first.
    void sync(const std::vector<plain_log*>& all) {
        std::size_t left = all.size();
        for (auto* one : all) {
            while (!one->log->wants_sync())
                background_.wait();
            background_.start<sync_job>(one->log->sync(), [one, &left](sync_job& job) {
                one->log->on_synced(job);
                --left;
            });
        }
        while (left > 0)
            background_.wait();
    }
    /// All that was appended becomes stable; by the logs' own syncs while the journal has no file for it.
    void commit() {
        commits_.clear();
        background_.collect();
        for (auto& one : logs_) {
            commits_.push_back(one->log->commit());
            auto& commit = commits_.back();
            machine_->on_commit({one->key, std::move(commit.entries)}, commit.target, commits_.size() - 1);
        }
        while (!prepares_.empty() || !rounds_.empty()) {
            for (auto& job : std::exchange(prepares_, {})) {
                job.run(files_);
                machine_->on_prepared(job);
            }
            for (auto& job : std::exchange(rounds_, {})) {
                job.run(files_);
                machine_->on_round_done(job);
            }
        }
        for (const auto& key : std::exchange(asked_, {}))
            for (auto& one : logs_)
                if (one->key == key)
                    settle(*one);
        std::vector<plain_log*> refused;
        for (std::size_t i = 0; i < commits_.size(); ++i)
            if (!commits_[i].taken)
                refused.push_back(logs_[i].get());
        sync(refused);
    }

    void submit(journal::prepare_job job) override { prepares_.push_back(std::move(job)); }
    void submit(journal::round_job job) override { rounds_.push_back(std::move(job)); }
    void answer(std::uint64_t reply, journal::commit_end end, const std::string&) override {
        auto& commit = commits_[reply];
        commit.taken = end == journal::commit_end::stable;
        commit.outcome = result<void>();
        logs_[reply]->log->on_committed(commit);
    }
    bool ask_to_settle(const journal::journal_log& log, log_offset) override {
        asked_.push_back(log);
        return true;
    }
    void report(std::string_view, const std::string&) override {}

private:
    void settle(plain_log& log) {
        if (auto job = log.log->settle())
            background_.start<settle_job>(std::move(*job), [this, &log](settle_job& settled) {
                log.log->on_settled(settled);
                machine_->on_settled(log.key, log.log->settled_offset());
            });
    }

    runtime::file_system& files_;
    logs& logs_;
    std::optional<journal::journal> machine_;
    std::vector<journal_commit> commits_;
    std::vector<journal::prepare_job> prepares_;
    std::vector<journal::round_job> rounds_;
    std::vector<journal::journal_log> asked_;
    background background_;
};

constexpr std::size_t batch_bytes = 16 << 10;

void append_to_all(logs& all, const slice& batch) {
    for (auto& one : all)
        one->append(fresh(batch));
}

/// One batch of 16 KiB to each of so many files, then each file synced, one after another.
void durable_plain_files(benchmark::State& state) {
    scratch place;
    const auto batch = batch_of(batch_bytes);
    std::vector<int> files;
    for (int i = 0; i < state.range(0); ++i)
        files.push_back(::open((root + "/" + std::to_string(i)).c_str(), O_CREAT | O_WRONLY, 0644));
    off_t at = 0;
    for (auto _ : state) {
        for (const auto file : files)
            benchmark::DoNotOptimize(::pwrite(file, batch.data(), batch.size(), at));
        for (const auto file : files)
            benchmark::DoNotOptimize(::fdatasync(file));
        at += static_cast<off_t>(batch.size());
    }
    for (const auto file : files)
        ::close(file);
    state.SetItemsProcessed(state.iterations() * state.range(0));
}

void durable_own_syncs(benchmark::State& state) {
    scratch place;
    runtime::posix_files files;
    const auto batch = batch_of(batch_bytes);
    auto all = open_logs(files, state.range(0), false);
    for (auto _ : state) {
        append_to_all(all, batch);
        for (auto& one : all)
            one->sync();
    }
    state.SetItemsProcessed(state.iterations() * state.range(0));
}

void durable_commit_journal(benchmark::State& state) {
    scratch place;
    runtime::posix_disk disk(4, 8192);
    const auto batch = batch_of(batch_bytes);
    auto all = open_logs(disk.files(), state.range(0), true);
    plain_journal commits(disk, all);
    const auto round = [&] {
        append_to_all(all, batch);
        std::vector<plain_log*> due;
        for (auto& one : all)
            if (!one->log->may_commit())
                due.push_back(one.get());
        commits.sync(due);
        for (auto* one : due)
            one->append(fresh(batch));
        commits.commit();
    };
    round(); // makes the journal's first file
    for (auto _ : state)
        round();
    state.SetItemsProcessed(state.iterations() * state.range(0));
}

BENCHMARK(durable_plain_files)->Arg(1)->Arg(10)->Arg(100)->Arg(1000)->UseRealTime();
BENCHMARK(durable_own_syncs)->Arg(1)->Arg(10)->Arg(100)->Arg(1000)->UseRealTime();
BENCHMARK(durable_commit_journal)->Arg(1)->Arg(10)->Arg(100)->Arg(1000)->UseRealTime();

// ---- one log

constexpr std::size_t append_total = 256 << 20;
constexpr std::size_t append_part = 16 << 20;

double seconds_of(const std::function<void()>& work) {
    const auto begin = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

/// Batches that are in no cache. Their memory stays until they are made anew, so that neither loop has to
/// give it back; and yet each seems to have but one owner, as those that came from a client.
class fresh_batches {
public:
    explicit fresh_batches(const slice& pattern) {
        for (std::size_t at = 0; at < append_part; at += pattern.size()) {
            const auto owner = owners_.emplace_back(chunk::allocate(pattern.size()));
            std::copy(pattern.bytes().begin(), pattern.bytes().end(), owner->data());
            slice bytes(std::shared_ptr<chunk>(owner.get(), [](chunk*) {}), 0, pattern.size());
            const auto header = *batch::parse_header(bytes.bytes());
            views.push_back({std::move(bytes), header});
        }
    }

    std::vector<batch::batch_view> views;

private:
    std::vector<std::shared_ptr<chunk>> owners_;
};

/// What both loops took: of time, and of the processor, which says more on a busy machine.
struct taken {
    double seconds = 0;
    double processor_seconds = 0;

    void add(const std::function<void()>& work) {
        const auto before = std::clock();
        seconds += seconds_of(work);
        processor_seconds += static_cast<double>(std::clock() - before) / CLOCKS_PER_SEC;
    }
};

/// Sixteen MiB to the one and to the other in turn, each as often first as second, into two new files: what
/// a busy host takes from the one it takes from the other.
void append(benchmark::State& state) {
    const auto batch = batch_of(batch_bytes);
    taken plain;
    taken log;
    for (auto _ : state) {
        scratch place;
        runtime::posix_files files;
        const int file = ::open((root + "/plain").c_str(), O_CREAT | O_WRONLY, 0644);
        plain_log one(files, 0, false);
        off_t at = 0;
        const auto before = plain.seconds + log.seconds;
        const auto append_plainly = [&] {
            const fresh_batches batches(batch);
            plain.add([&] {
                for (const auto& next : batches.views) {
                    const iovec part{const_cast<std::byte*>(next.bytes.data()), next.bytes.size()};
                    at += ::pwritev(file, &part, 1, at);
                }
            });
        };
        const auto append_to_log = [&] {
            fresh_batches batches(batch);
            log.add([&] {
                for (auto& next : batches.views)
                    one.append(std::move(next));
            });
        };
        bool log_first = false;
        for (std::size_t done = 0; done < append_total; done += append_part) {
            log_first ? append_to_log() : append_plainly();
            log_first ? append_plainly() : append_to_log();
            log_first = !log_first;
        }
        ::close(file);
        state.SetIterationTime(plain.seconds + log.seconds - before);
    }
    const auto bytes = static_cast<double>(state.iterations()) * static_cast<double>(append_total);
    state.counters["plain_GB_per_s"] = bytes / plain.seconds / 1e9;
    state.counters["log_GB_per_s"] = bytes / log.seconds / 1e9;
    state.counters["log_over_plain"] = plain.seconds / log.seconds;
    state.counters["log_over_plain_processor"] = plain.processor_seconds / log.processor_seconds;
}

void forget_pages(const std::string& path) {
    const int file = ::open(path.c_str(), O_RDWR);
    ::fsync(file);
    ::posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
    ::close(file);
}

constexpr std::size_t read_bytes = 1 << 20;

void write_log(runtime::file_system& files) {
    const auto batch = batch_of(batch_bytes);
    plain_log one(files, 0, false);
    for (std::size_t at = 0; at < append_total; at += batch.size())
        one.append(fresh(batch));
    one.sync();
    auto job = one.log->close();
    job.run(files);
}

std::string log_path() {
    return segment_path(root + "/log-0", log_offset(0), log_suffix);
}

double read_plainly() {
    std::vector<std::byte> into(read_bytes);
    forget_pages(log_path());
    const int file = ::open(log_path().c_str(), O_RDONLY);
    const auto seconds = seconds_of([&] {
        for (off_t at = 0;;) {
            const auto count = ::pread(file, into.data(), into.size(), at);
            if (count <= 0)
                break;
            at += count;
        }
    });
    ::close(file);
    return seconds;
}

/// What a former life wrote, so that every checksum is looked at, too.
double read_as_log(runtime::file_system& files) {
    plain_log one(files, 0, false);
    forget_pages(log_path());
    const auto end = one.log->log_end_offset();
    const auto seconds = seconds_of([&] {
        for (auto from = log_offset(0); from < end;) {
            auto job = one.log->read(from, read_bytes, end, true);
            job->run(files);
            from = job->end;
            one.log->on_read(*job);
        }
    });
    auto job = one.log->close();
    job.run(files);
    return seconds;
}

/// In turn, each as often first as second: the host of a virtual machine may have a cache, which helps
/// whoever comes second.
void cold_read(benchmark::State& state) {
    scratch place;
    runtime::posix_files files;
    write_log(files);
    double plain = 0;
    double log = 0;
    bool log_first = false;
    for (auto _ : state) {
        double plain_now = 0;
        double log_now = 0;
        if (std::exchange(log_first, !log_first)) {
            log_now = read_as_log(files);
            plain_now = read_plainly();
        } else {
            plain_now = read_plainly();
            log_now = read_as_log(files);
        }
        plain += plain_now;
        log += log_now;
        state.SetIterationTime(plain_now + log_now);
    }
    const auto bytes = static_cast<double>(state.iterations()) * static_cast<double>(append_total);
    state.counters["plain_GB_per_s"] = bytes / plain / 1e9;
    state.counters["log_GB_per_s"] = bytes / log / 1e9;
    state.counters["log_over_plain"] = plain / log;
}

BENCHMARK(append)->UseManualTime()->Unit(benchmark::kMillisecond);
BENCHMARK(cold_read)->UseManualTime()->Unit(benchmark::kMillisecond)->Iterations(6);

} // namespace
} // namespace barnabas::replica

BENCHMARK_MAIN();
