#include "cmd/barnabas/sim_sweep.hpp"

#include "cmd/barnabas/apart.hpp"
#include "cmd/barnabas/dead_run.hpp"
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
#include <utility>

namespace barnabas {

namespace {

using steady = std::chrono::steady_clock;

/// To tell of a run that died takes two more runs.
constexpr auto task_limit = 3 * run_limit;
constexpr auto progress_interval = std::chrono::seconds(5);
constexpr int poll_ms = 500;
constexpr double second_ns = 1e9;

/// What a child shall do; goes through a pipe as it is.
struct order {
    std::uint64_t task = 0;
    /// The task is to tell of the process that died so while it was at it.
    bool tell_dead = false;
    bool took_too_long = false;
    char died[100] = {};
};

/// One child process: it is given a task, answers, and is given the next.
struct job {
    pid_t process = -1;
    int tasks = -1;   ///< we write
    int answers = -1; ///< we read
    bool busy = false;
    order current;
    steady::time_point since;
};

sweep_task task_of(const sweep_settings& settings, std::uint64_t number) {
    const auto scenarios = settings.names.size();
    return {static_cast<std::size_t>(number % scenarios), settings.first_seed + number / scenarios};
}

sweep_answer answer_to(const sweep_settings& settings, const order& given) {
    const auto task = task_of(settings, given.task);
    if (!given.tell_dead)
        return settings.run(task);
    sweep_answer answer;
    answer.died = true;
    const auto what = settings.tell_dead(task, given.died, given.took_too_long);
    std::snprintf(answer.text, sizeof answer.text, "%s", what.c_str());
    return answer;
}

[[noreturn]] void work(const sweep_settings& settings, int tasks, int answers) {
    order given;
    end_with_parent();
    while (::read(tasks, &given, sizeof given) == static_cast<ssize_t>(sizeof given)) {
        auto answer = answer_to(settings, given);
        answer.task = given.task;
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
        made = {process, down[1], up[0], false, {}, {}};
        return true;
    }

    static void give(job& to, const order& what) {
        to.current = what;
        to.busy = true;
        to.since = steady::now();
        // A process that died before it was asked is noticed where its answer is missing.
        const auto usual = std::signal(SIGPIPE, SIG_IGN);
        if (::write(to.tasks, &what, sizeof what) != static_cast<ssize_t>(sizeof what))
            refuse("a job does not listen");
        std::signal(SIGPIPE, usual);
    }

    bool busy() const {
        for (const auto& each : jobs_) {
            if (each.busy)
                return true;
        }
        return false;
    }

    /// How it ended.
    static int end(job& ended) {
        int status = 0;
        if (ended.process < 0)
            return status;
        ::close(ended.tasks);
        ::close(ended.answers);
        ::waitpid(ended.process, &status, 0);
        ended = {};
        return status;
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
            job_pool::give(to, order{next_++, false, false, {}});
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
            else if (jobs[i].busy &&
                     steady::now() - jobs[i].since > (jobs[i].current.tell_dead ? task_limit : run_limit))
                lose(jobs[i], true);
        }
    }

    void take_answer(job& from) {
        sweep_answer answer;
        if (::read(from.answers, &answer, sizeof answer) != static_cast<ssize_t>(sizeof answer))
            return lose(from, false);
        from.busy = false;
        note(answer);
        give(from);
    }

    /// Another process tells of the death, once.
    void lose(job& lost, bool took_too_long) {
        auto next = lost.current;
        if (took_too_long)
            ::kill(lost.process, SIGKILL);
        const int status = job_pool::end(lost);
        const auto how = took_too_long ? "it took longer than " + std::to_string(run_limit.count()) + " s"
                                       : death_of(status);
        const bool told = std::exchange(next.tell_dead, true);
        next.took_too_long = took_too_long;
        std::snprintf(next.died, sizeof next.died, "%s", how.c_str());
        if (told) {
            sweep_answer answer;
            answer.task = next.task;
            answer.died = true;
            std::snprintf(answer.text, sizeof answer.text, "process: %s", next.died);
            note(answer);
        }
        if (!pool_.start(lost))
            return;
        if (told)
            give(lost);
        else
            job_pool::give(lost, next);
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
