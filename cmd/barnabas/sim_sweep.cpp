#include "cmd/barnabas/sim_sweep.hpp"

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cinttypes>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <map>
#include <string>
#include <vector>

namespace barnabas {

namespace {

using steady = std::chrono::steady_clock;

/// A run takes a fraction of a second; one that takes so long goes in circles.
constexpr auto run_limit = std::chrono::seconds(120);
constexpr auto progress_interval = std::chrono::seconds(5);
constexpr int poll_ms = 500;

/// What a child tells of one seed, in one write.
struct told {
    std::uint64_t seed;
    std::int64_t virtual_ns;
    std::uint64_t trace_hash;
    std::uint64_t batches;
    bool passed;
    char text[400];
};

/// One child process: it is given a seed, answers, and is given the next.
struct job {
    pid_t process = -1;
    int seeds = -1;   ///< we write
    int answers = -1; ///< we read
    bool busy = false;
    std::uint64_t seed = 0;
    steady::time_point since;
};

[[noreturn]] void work(const sweep_options_set& options, int seeds, int answers) {
    std::uint64_t seed = 0;
    while (::read(seeds, &seed, sizeof seed) == static_cast<ssize_t>(sizeof seed)) {
        const auto report = options.run(seed);
        told answer{};
        answer.seed = seed;
        answer.virtual_ns = report.virtual_ns;
        answer.trace_hash = report.trace_hash;
        answer.batches = report.batches;
        answer.passed = report.passed;
        std::snprintf(answer.text, sizeof answer.text, "%s: %s", report.checker.c_str(), report.what.c_str());
        if (::write(answers, &answer, sizeof answer) != static_cast<ssize_t>(sizeof answer))
            break;
    }
    ::_exit(0);
}

class sweep {
public:
    explicit sweep(const sweep_options_set& options)
        : options_(options), next_(options.first_seed), begin_(steady::now()), told_at_(begin_) {}

    int run() {
        jobs_.resize(options_.jobs);
        for (auto& each : jobs_) {
            if (start(each))
                give(each);
        }
        while (busy()) {
            wait();
            show_progress(false);
        }
        for (auto& each : jobs_)
            end(each);
        show_progress(true);
        return failures_.empty() ? 0 : 1;
    }

private:
    bool start(job& made) {
        int down[2];
        int up[2];
        if (::pipe(down) != 0 || ::pipe(up) != 0)
            return refuse("no pipe");
        std::fflush(stdout);
        const pid_t process = ::fork();
        if (process < 0)
            return refuse("no process");
        if (process == 0) {
            ::close(down[1]);
            ::close(up[0]);
            for (const auto& other : jobs_) {
                if (other.seeds >= 0)
                    ::close(other.seeds);
            }
            work(options_, down[0], up[1]);
        }
        ::close(down[0]);
        ::close(up[1]);
        made = {process, down[1], up[0], false, 0, {}};
        return true;
    }

    static bool refuse(const char* what) {
        std::fprintf(stderr, "sweep: %s: %s\n", what, std::strerror(errno));
        return false;
    }

    void give(job& to) {
        const bool enough = options_.until_failure && !failures_.empty();
        if (enough || next_ > options_.last_seed)
            return;
        to.seed = next_++;
        to.busy = true;
        to.since = steady::now();
        if (::write(to.seeds, &to.seed, sizeof to.seed) != static_cast<ssize_t>(sizeof to.seed))
            refuse("a job does not listen");
    }

    bool busy() const {
        for (const auto& each : jobs_) {
            if (each.busy)
                return true;
        }
        return false;
    }

    void wait() {
        std::vector<pollfd> waits;
        for (const auto& each : jobs_)
            waits.push_back({each.busy ? each.answers : -1, POLLIN, 0});
        ::poll(waits.data(), waits.size(), poll_ms);
        for (std::size_t i = 0; i < jobs_.size(); ++i) {
            if (waits[i].revents != 0)
                take_answer(jobs_[i]);
            else if (jobs_[i].busy && steady::now() - jobs_[i].since > run_limit)
                lose(jobs_[i], "took too long");
        }
    }

    void take_answer(job& from) {
        told answer{};
        if (::read(from.answers, &answer, sizeof answer) != static_cast<ssize_t>(sizeof answer))
            return lose(from, "the process died");
        from.busy = false;
        ++done_;
        virtual_ns_ += answer.virtual_ns;
        batches_ += answer.batches;
        if (!answer.passed)
            note_failure(answer.seed, answer.text);
        give(from);
    }

    void lose(job& lost, const char* why) {
        ++done_;
        note_failure(lost.seed, why);
        ::kill(lost.process, SIGKILL);
        end(lost);
        if (start(lost))
            give(lost);
    }

    void end(job& ended) {
        if (ended.process < 0)
            return;
        ::close(ended.seeds);
        ::close(ended.answers);
        ::waitpid(ended.process, nullptr, 0);
        ended = {};
    }

    void note_failure(std::uint64_t seed, const std::string& why) {
        failures_[seed] = why;
        std::printf("FAILED seed %" PRIu64 " %s\n", seed, why.c_str());
        std::fflush(stdout);
    }

    void show_progress(bool last) {
        const auto now = steady::now();
        if (!last && now - told_at_ < progress_interval)
            return;
        told_at_ = now;
        const double real = std::chrono::duration<double>(now - begin_).count();
        const double simulated = static_cast<double>(virtual_ns_) / sim::second;
        std::printf(
            "%s%" PRIu64 " of %" PRIu64 " seeds, %zu failed, %.1f seeds/s, %.0f virtual seconds in %.1f s "
            "(%.0f:1), %" PRIu64 " batches\n",
            last ? "done: " : "", done_, options_.last_seed - options_.first_seed + 1, failures_.size(),
            static_cast<double>(done_) / real, simulated, real, simulated / real, batches_);
        if (last && !failures_.empty()) {
            std::printf("failing seeds:");
            for (const auto& [seed, why] : failures_)
                std::printf(" %" PRIu64, seed);
            std::printf("\n");
        }
        std::fflush(stdout);
    }

    const sweep_options_set& options_;
    std::vector<job> jobs_;
    std::uint64_t next_;
    std::uint64_t done_ = 0;
    std::uint64_t batches_ = 0;
    std::int64_t virtual_ns_ = 0;
    std::map<std::uint64_t, std::string> failures_;
    steady::time_point begin_;
    steady::time_point told_at_;
};

} // namespace

int run_sweep(const sweep_options_set& options) {
    return sweep(options).run();
}

} // namespace barnabas
