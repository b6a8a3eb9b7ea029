#include "cmd/barnabas/sim_sweep.hpp"

#include "cmd/barnabas/hash_file.hpp"

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cinttypes>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <optional>

namespace barnabas {

namespace {

using steady = std::chrono::steady_clock;

/// A run takes a fraction of a second; one that takes so long goes in circles.
constexpr auto run_limit = std::chrono::seconds(240);
constexpr auto progress_interval = std::chrono::seconds(5);
constexpr int poll_ms = 500;
constexpr double second_ns = 1e9;

/// One child process: it is given a task, answers, and is given the next.
struct job {
    pid_t process = -1;
    int tasks = -1;   ///< we write
    int answers = -1; ///< we read
    bool busy = false;
    std::uint64_t task = 0;
    steady::time_point since;
};

sweep_task task_of(const sweep_settings& settings, std::uint64_t number) {
    const auto scenarios = settings.names.size();
    return {static_cast<std::size_t>(number % scenarios), settings.first_seed + number / scenarios};
}

[[noreturn]] void work(const sweep_settings& settings, int tasks, int answers) {
    std::uint64_t number = 0;
    while (::read(tasks, &number, sizeof number) == static_cast<ssize_t>(sizeof number)) {
        auto answer = settings.run(task_of(settings, number));
        answer.task = number;
        if (::write(answers, &answer, sizeof answer) != static_cast<ssize_t>(sizeof answer))
            break;
    }
    ::_exit(0);
}

/// The child processes and what they work on.
class job_pool {
public:
    explicit job_pool(const sweep_settings& settings) : settings_(settings), jobs_(settings.jobs) {}

    std::vector<job>& jobs() noexcept { return jobs_; }

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
                if (other.tasks >= 0)
                    ::close(other.tasks);
            }
            work(settings_, down[0], up[1]);
        }
        ::close(down[0]);
        ::close(up[1]);
        made = {process, down[1], up[0], false, 0, {}};
        return true;
    }

    static void give(job& to, std::uint64_t task) {
        to.task = task;
        to.busy = true;
        to.since = steady::now();
        if (::write(to.tasks, &task, sizeof task) != static_cast<ssize_t>(sizeof task))
            refuse("a job does not listen");
    }

    bool busy() const {
        for (const auto& each : jobs_) {
            if (each.busy)
                return true;
        }
        return false;
    }

    static void end(job& ended) {
        if (ended.process < 0)
            return;
        ::close(ended.tasks);
        ::close(ended.answers);
        ::waitpid(ended.process, nullptr, 0);
        ended = {};
    }

private:
    static bool refuse(const char* what) {
        std::fprintf(stderr, "sweep: %s: %s\n", what, std::strerror(errno));
        return false;
    }

    const sweep_settings& settings_;
    std::vector<job> jobs_;
};

class sweep {
public:
    sweep(const sweep_settings& settings, sweep_tally before, std::optional<hash_file> hashes)
        : settings_(settings), pool_(settings), saved_(std::move(before)), all_(saved_), next_(saved_.next),
          count_((settings.last_seed - settings.first_seed + 1) * settings.names.size()),
          hashes_(std::move(hashes)), begin_(steady::now()), told_at_(begin_) {}

    int run() {
        for (auto& each : pool_.jobs()) {
            if (pool_.start(each))
                give(each);
        }
        while (pool_.busy()) {
            wait();
            show_progress(false);
        }
        for (auto& each : pool_.jobs())
            job_pool::end(each);
        show_progress(true);
        return all_.failures.empty() ? 0 : 1;
    }

private:
    double seconds() const {
        return saved_seconds_ + std::chrono::duration<double>(steady::now() - begin_).count();
    }

    void give(job& to) {
        const bool enough = settings_.until_failure && !all_.failures.empty();
        const bool late = settings_.minutes > 0 && seconds() - saved_seconds_ > settings_.minutes * 60;
        if (!enough && !late && next_ < count_)
            job_pool::give(to, next_++);
    }

    void wait() {
        auto& jobs = pool_.jobs();
        std::vector<pollfd> waits;
        for (const auto& each : jobs)
            waits.push_back({each.busy ? each.answers : -1, POLLIN, 0});
        ::poll(waits.data(), waits.size(), poll_ms);
        for (std::size_t i = 0; i < jobs.size(); ++i) {
            if (waits[i].revents != 0)
                take_answer(jobs[i]);
            else if (jobs[i].busy && steady::now() - jobs[i].since > run_limit)
                lose(jobs[i], "took too long");
        }
    }

    void take_answer(job& from) {
        sweep_answer answer;
        if (::read(from.answers, &answer, sizeof answer) != static_cast<ssize_t>(sizeof answer))
            return lose(from, "the process died");
        from.busy = false;
        note(answer);
        give(from);
    }

    void lose(job& lost, const char* why) {
        sweep_answer answer;
        answer.task = lost.task;
        answer.died = true;
        std::snprintf(answer.text, sizeof answer.text, "process: %s", why);
        ::kill(lost.process, SIGKILL);
        job_pool::end(lost);
        note(answer);
        if (pool_.start(lost))
            give(lost);
    }

    const std::string& name_of(std::uint64_t task) const {
        return settings_.names[task_of(settings_, task).scenario];
    }

    void note(const sweep_answer& answer) {
        all_.add(answer);
        if (!answer.passed) {
            std::printf("FAILED seed %" PRIu64 "%s%s %s\n", task_of(settings_, answer.task).seed,
                        settings_.names.size() > 1 ? " of " : "",
                        settings_.names.size() > 1 ? name_of(answer.task).c_str() : "", answer.text);
            std::fflush(stdout);
        }
        waiting_[answer.task] = answer;
        for (auto first = waiting_.find(saved_.next); first != waiting_.end();
             first = waiting_.find(saved_.next)) {
            saved_.add(first->second);
            add_hash(first->second);
            waiting_.erase(first);
            ++saved_.next;
        }
        save();
    }

    void add_hash(const sweep_answer& of) {
        if (!hashes_)
            return;
        const auto seed = task_of(settings_, of.task).seed;
        if (of.died)
            hashes_->add_dead(name_of(of.task), seed);
        else
            hashes_->add(name_of(of.task), seed, of.trace_hash);
    }

    void save() {
        if (settings_.state_path.empty())
            return;
        saved_.seconds = seconds();
        if (auto done = write_tally(settings_.state_path, settings_.fingerprint, saved_); !done)
            std::fprintf(stderr, "sweep: %s\n", done.failure().detail.c_str());
    }

    void show_progress(bool last) {
        const auto now = steady::now();
        if (!last && now - told_at_ < progress_interval)
            return;
        told_at_ = now;
        const double real = seconds();
        const double simulated = static_cast<double>(all_.virtual_ns) / second_ns;
        std::printf(
            "%s%" PRIu64 " of %" PRIu64 " runs, %zu failed, %.1f seeds/s, %.0f virtual seconds in %.1f s "
            "(%.0f:1), %.0f events/s, %.0f acknowledged batches/s, %.1f faults/s, %" PRIu64 " run twice\n",
            last ? "done: " : "", all_.done, count_, all_.failures.size(),
            static_cast<double>(all_.done) / real, simulated, real, simulated / real,
            static_cast<double>(all_.events) / real, static_cast<double>(all_.acked) / real,
            static_cast<double>(all_.faults) / real, all_.run_twice);
        if (last)
            show_failing_seeds();
        std::fflush(stdout);
    }

    /// A line for each scenario that has some.
    void show_failing_seeds() const {
        for (std::size_t scenario = 0; scenario < settings_.names.size(); ++scenario) {
            std::string seeds;
            for (const auto& [task, why] : all_.failures) {
                const auto failed = task_of(settings_, task);
                if (failed.scenario == scenario)
                    seeds += " " + std::to_string(failed.seed);
            }
            const auto of = settings_.names.size() > 1 ? " of " + settings_.names[scenario] : "";
            if (!seeds.empty())
                std::printf("failing seeds%s:%s\n", of.c_str(), seeds.c_str());
        }
    }

    const sweep_settings& settings_;
    job_pool pool_;
    /// What the state file says: only what is done without a gap.
    sweep_tally saved_;
    sweep_tally all_;
    const double saved_seconds_ = saved_.seconds;
    std::uint64_t next_;
    std::uint64_t count_;
    std::map<std::uint64_t, sweep_answer> waiting_;
    std::optional<hash_file> hashes_;
    steady::time_point begin_;
    steady::time_point told_at_;
};

} // namespace

int run_sweep(const sweep_settings& settings) {
    const auto refuse = [](const error& why) {
        std::fprintf(stderr, "sweep: %s\n", why.detail.c_str());
        return 2;
    };
    sweep_tally before;
    if (!settings.state_path.empty()) {
        auto read = read_tally(settings.state_path, settings.fingerprint);
        if (!read)
            return refuse(read.failure());
        before = std::move(*read);
        if (auto done = write_tally(settings.state_path, settings.fingerprint, before); !done)
            return refuse(done.failure());
    }
    std::optional<hash_file> hashes;
    if (!settings.hashes_path.empty()) {
        auto opened = hash_file::open(settings.hashes_path, before.next);
        if (!opened)
            return refuse(opened.failure());
        hashes = std::move(*opened);
    }
    return sweep(settings, std::move(before), std::move(hashes)).run();
}

} // namespace barnabas
