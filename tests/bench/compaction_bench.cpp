// Compaction beside a plain copy of the same bytes, each in one thread and both in one run; then appends to
// another log without and with compaction beside them. Prints figures and asserts none.
//   compaction_bench [MiB of log] [distinct keys] [directory] [seconds of appends]
// Issue 5 asks for 1,000,000 distinct keys of 1 GiB in at most 64 MiB of memory, at no less than half the
// speed of the copy.
//
// What the copy is: all segments are read and written 1 MiB at a time by plain system calls into new files
// that lie beside them, each synced when it is whole, and the directory in the end. The source was just
// written, so that both find it in the page cache. Both need as much new memory for what they write: the
// copies are removed only when all are made, and the old segments only when compaction is over (as a broker
// does, after `file.delete.delay.ms`); neither removal is counted. On a virtual machine a page that the host
// has to find first costs ten times as much as one that was used a moment ago, and which of them the system
// has free is chance. So both begin when as much memory as they need was just used and given back.

#include "actors/replica/compaction/compactor.hpp"
#include "runtime/disk/posix_files.hpp"
#include "tests/bench/bench_log.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <memory>
#include <thread>

namespace barnabas::replica {
namespace {

constexpr std::uint64_t map_bytes_max = 60 << 20;
/// What is read or written at once by plain calls.
constexpr std::size_t part_bytes = 1 << 20;

ssize_t check(ssize_t outcome) {
    if (outcome < 0)
        fail("a system call fails");
    return outcome;
}

int opened(const std::string& path, int flags) {
    constexpr mode_t rights = 0644;
    return static_cast<int>(check(::open(path.c_str(), flags, rights)));
}

/// The page cache has so much memory free that the host has found already: it was just a file's.
void warm_memory(const std::string& directory, std::uint64_t bytes) {
    const auto path = directory + "/warm";
    const std::string part(part_bytes, 'w');
    const int file = opened(path, O_CREAT | O_WRONLY);
    for (std::uint64_t at = 0; at < bytes; at += part_bytes)
        check(::pwrite(file, part.data(), part.size(), static_cast<off_t>(at)));
    ::close(file);
    check(::unlink(path.c_str()));
}

/// Peak of resident memory of this process since `forget`, in bytes.
class memory_peak {
public:
    static void forget() { std::ofstream("/proc/self/clear_refs") << "5"; }
    static std::uint64_t now(const char* what) {
        std::ifstream status("/proc/self/status");
        for (std::string line; std::getline(status, line);)
            if (line.rfind(what, 0) == 0)
                return std::strtoull(line.c_str() + std::char_traits<char>::length(what), nullptr, 10) << 10;
        return 0;
    }
};

struct copied {
    std::uint64_t bytes = 0;
    double seconds = 0;
    double processor_seconds = 0;
};

class plain_copy {
public:
    plain_copy(std::string directory, const replica_log& log) : directory_(std::move(directory)) {
        for (std::size_t i = 0; i + 3 < log.segments().size(); ++i)
            paths_.push_back(segment_path(directory_, log.segments()[i].base_offset, log_suffix));
    }

    copied run() {
        copied all;
        const stopwatch time;
        for (const auto& path : paths_)
            all.bytes += copy(path);
        const int directory = opened(directory_, O_RDONLY | O_DIRECTORY);
        check(::fsync(directory));
        ::close(directory);
        all.seconds = time.seconds();
        all.processor_seconds = time.processor_seconds();
        for (const auto& path : paths_)
            static_cast<void>(::unlink((path + ".copy").c_str()));
        return all;
    }

private:
    std::uint64_t copy(const std::string& path) {
        const int from = opened(path, O_RDONLY);
        const int to = opened(path + ".copy", O_CREAT | O_TRUNC | O_WRONLY);
        off_t at = 0;
        while (const auto got = check(::pread(from, memory_.get(), part_bytes, at))) {
            if (check(::pwrite(to, memory_.get(), static_cast<std::size_t>(got), at)) != got)
                fail("the copy has no room");
            at += got;
        }
        check(::fdatasync(to));
        ::close(from);
        ::close(to);
        return static_cast<std::uint64_t>(at);
    }

    std::string directory_;
    std::vector<std::string> paths_;
    std::unique_ptr<char[]> memory_ = std::make_unique<char[]>(part_bytes);
};

struct compacted {
    clean_outcome outcome;
    std::vector<remove_job> removals;
};

compacted compact(runtime::file_system& files, replica_log& log) {
    compacted all;
    compactor machine{log_offset(-1)};
    const clean_settings settings{map_bytes_max, 0.9, 512 << 10, {11, 12}};
    auto job = machine.begin(log, settings, timestamp_ms(written_at), log.stable_offset());
    if (!job)
        fail("there is nothing to compact");
    while (job) {
        if (auto* step = std::get_if<clean_job>(&*job)) {
            step->run(files);
            job = machine.on_cleaned(*step, log);
            continue;
        }
        auto swap = std::get<swap_job>(std::move(*job));
        swap.run(files);
        log.on_swapped(swap);
        all.removals.push_back(swap.removal);
        job = machine.on_swapped(swap, log);
    }
    auto outcome = machine.take_outcome();
    if (!outcome || !outcome->outcome)
        fail("the pass failed");
    all.outcome = *outcome;
    return all;
}

void print_speed(const char* what, std::uint64_t bytes, double seconds, double processor_seconds) {
    std::printf("%s: %.2f s (processor %.2f s), %.0f MiB/s\n", what, seconds, processor_seconds,
                static_cast<double>(bytes) / (1 << 20) / seconds);
}

void compare(runtime::file_system& files, bench_log& made, const std::string& directory, std::uint64_t keys) {
    auto& log = *made.log;
    // What is written is no more than the log, and the map has its own.
    const auto needed = log.total_bytes() + 2 * map_bytes_max;
    warm_memory(directory, needed);
    const auto copied = plain_copy(directory, log).run();
    warm_memory(directory, needed);
    const auto memory_before = memory_peak::now("VmRSS:");
    memory_peak::forget();
    const stopwatch cleaning;
    auto cleaned = compact(files, log);
    const auto seconds = cleaning.seconds();
    const auto processor_seconds = cleaning.processor_seconds();
    const auto memory = memory_peak::now("VmHWM:") - memory_before;
    for (auto& removal : cleaned.removals)
        removal.run(files);

    const auto& counts = cleaned.outcome.counts;
    const double mib = 1 << 20;
    std::printf("log: %.0f MiB, %llu records, %llu keys\n", static_cast<double>(counts.bytes_before) / mib,
                static_cast<unsigned long long>(made.records), static_cast<unsigned long long>(keys));
    std::printf("left: %.0f MiB, cleaned up to offset %lld\n", static_cast<double>(counts.bytes_after) / mib,
                static_cast<long long>(cleaned.outcome.cleaned_upto.get()));
    std::printf("memory: %.1f MiB, of which the map %.1f MiB (64 MiB are allowed)\n",
                static_cast<double>(memory) / mib, static_cast<double>(counts.map_bytes) / mib);
    print_speed("plain copy", copied.bytes, copied.seconds, copied.processor_seconds);
    print_speed("compaction", counts.bytes_before, seconds, processor_seconds);
    std::printf("compaction / plain copy: %.2f by the clock, %.2f by the processor (0.5 is asked for)\n",
                copied.seconds / seconds, copied.processor_seconds / processor_seconds);
}

/// Durable appends of 16 KiB, 100 in a second: how long each takes from the moment when it was due.
class paced_appends {
public:
    paced_appends(runtime::file_system& files, const std::string& directory) : log_(files, directory) {}

    template <class Until>
    void run(const char* what, const Until& over) {
        constexpr auto pace = std::chrono::milliseconds(10);
        std::vector<double> took;
        for (auto due = clock::now(); !over(); due += pace) {
            std::this_thread::sleep_until(due);
            batch::batch_builder builder;
            builder.append_text(timestamp_ms(written_at), "key", std::string(16 << 10, 'a'));
            log_.append(builder.build());
            if (log_.log->wants_sync())
                log_.sync();
            took.push_back(std::chrono::duration<double, std::milli>(clock::now() - due).count());
        }
        std::sort(took.begin(), took.end());
        const auto share = [&](double part) {
            return took[static_cast<std::size_t>(part * static_cast<double>(took.size() - 1))];
        };
        std::printf("%zu durable appends %s: p50 %.2f ms, p99 %.2f ms, longest %.2f ms\n", took.size(), what,
                    share(0.5), share(0.99), took.back());
    }

private:
    bench_log log_;
};

void append_beside(runtime::file_system& files, bench_log& dirty, const std::string& directory,
                   double seconds) {
    paced_appends appends(files, directory);
    const stopwatch time;
    appends.run("without compaction", [&] { return time.seconds() > seconds; });
    std::atomic<bool> over = false;
    std::thread cleaner([&] {
        for (auto& removal : compact(files, *dirty.log).removals)
            removal.run(files);
        over = true;
    });
    appends.run("beside compaction", [&] { return over.load(); });
    cleaner.join();
}

int run(std::uint64_t mebibytes, std::uint64_t keys, const std::string& parent, double seconds) {
    runtime::posix_files files;
    if (auto made = files.create_directory(parent); !made)
        fail(to_string(made.failure()));
    const auto fresh = [&](const char* name) {
        static_cast<void>(files.remove_directory(parent + name));
        return parent + name;
    };
    {
        const auto directory = fresh("/bench-0");
        bench_log made(files, directory);
        made.fill(mebibytes << 20, keys);
        compare(files, made, directory, keys);
    }
    fresh("/bench-0");
    if (seconds > 0) {
        bench_log dirty(files, fresh("/bench-1"));
        dirty.fill(mebibytes << 20, keys);
        append_beside(files, dirty, fresh("/bench-2"), seconds);
    }
    fresh("/bench-1");
    fresh("/bench-2");
    return 0;
}

} // namespace
} // namespace barnabas::replica

int main(int count, char** arguments) {
    const auto number = [&](int at, std::uint64_t otherwise) {
        return count > at ? std::strtoull(arguments[at], nullptr, 10) : otherwise;
    };
    return barnabas::replica::run(number(1, 128), number(2, 100'000),
                                  count > 3 ? arguments[3] : "compaction_bench.data",
                                  static_cast<double>(number(4, 5)));
}
