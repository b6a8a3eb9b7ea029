#include "cmd/barnabas/apart.hpp"
#include "cmd/barnabas/commands.hpp"
#include "cmd/barnabas/dead_run.hpp"
#include "cmd/barnabas/output_status.hpp"
#include "cmd/barnabas/sim_common.hpp"
#include "cmd/barnabas/trace_file.hpp"
#include "sim/mutants/mutants.hpp"
#include "sim/replay/expanded_text.hpp"

#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>

namespace barnabas {

namespace {

const cli::option run_options[] = {
    {"seed", "N", "the run is made from this number alone (default: the file's, or 1)"},
    {"seconds", "S", "virtual seconds (default: the file's, or 60)"},
    {"mutant", "NAME", "plant a bug that the checkers must find (see sim mutants)"},
    {"all-checkers", "", "go on after a violation, and name every checker that is violated"},
    {"verbose", "", "print everything that clients and broker report"},
    {"schedule", "FILE", "write the run as a schedule, whatever its outcome"},
    {"failures", "DIR", "where a failing run is written as a schedule; none: nowhere", failures_folder},
    {"trace", "FILE", "write every event of the run, a line each"},
};
const cli::option replay_options[] = {
    {"without-mutant", "", "without the planted bug that the schedule names"},
    {"seed", "N", "another seed for what chance still decides"},
    {"all-checkers", "", "go on after a violation, and name every checker that is violated"},
    {"verbose", "", "print everything that clients and broker report"},
    {"schedule", "FILE", "write the run as a schedule again"},
    {"trace", "FILE", "write every event of the run, a line each"},
};
const cli::option list_options[] = {
    {"folder", "DIR", "where the scenarios lie", scenario_folder},
};

void print_line(sim::virtual_time at, const std::string& line) {
    std::printf("%8.3f s  %s\n", static_cast<double>(at.get()) / sim::second, line.c_str());
}

void print_report(const sim::run_report& report, double real_seconds) {
    std::printf("%" PRIu64 " batches: %" PRIu64 " acknowledged, %" PRIu64 " unknown, %" PRIu64
                " failed; %" PRIu64 " records read; %" PRIu64 " faults; %" PRIu64 " lives of the broker\n",
                report.batches, report.acked, report.unknown, report.failed, report.records_read,
                report.faults, report.broker_lives);
    std::printf("%.1f virtual seconds in %.2f s, %" PRIu64 " events\n",
                static_cast<double>(report.virtual_ns) / sim::second, real_seconds, report.events);
}

/// One run, told to the terminal. 0 if it passed, else 1.
int run_here(const sim::scenario& from, std::uint64_t seed, const cli::parsed_options& options,
             const std::string& failures) {
    auto drawn = run_options_of(from, seed);
    if (!drawn)
        return refuse_command(drawn.failure());
    drawn->to_the_end = options.has("all-checkers");
    name_seed_in_assertions(seed);
    if (!drawn->sends)
        std::fputs(expanded_text(*drawn, {from.about(), from.mutant(), from.violates()}).c_str(), stdout);
    std::unique_ptr<trace_file> trace;
    const auto begin = std::chrono::steady_clock::now();
    sim::produce_consume workload(
        *drawn, options.has("verbose") ? sim::narrator(&print_line) : sim::narrator(), true);
    if (const auto path = options.value("trace")) {
        auto opened = trace_file::open(*path);
        if (!opened)
            return refuse_command(opened.failure());
        trace = std::move(*opened);
        workload.time().trace().watch(trace.get());
    }
    const auto report = workload.run();
    print_report(report, std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
    if (const auto path = options.value("schedule")) {
        const sim::expanded_head head{from.about(), from.mutant(), report.checker};
        if (auto done = write_text(*path, expanded_text(workload.frozen(), head)); !done)
            return refuse_command(done.failure());
    }
    if (report.passed) {
        std::printf("passed: every invariant held\n");
    } else {
        if (failures != no_failures_folder) {
            const auto path = write_schedule(failures, from, seed, schedule_of(from, workload, report));
            std::printf("schedule: %s\n", path ? path->c_str() : path.failure().detail.c_str());
        }
        std::printf("FAILED %s, seed %" PRIu64 ": %s\n", violated_in(report).c_str(), seed,
                    report.what.c_str());
    }
    std::printf("trace hash %016" PRIx64 "\n", report.trace_hash);
    return report.passed ? 0 : 1;
}

/// The run in a process of its own, so that its death is told of and written down like any failure.
int run_and_tell(const sim::scenario& from, std::uint64_t seed, const cli::parsed_options& options,
                 const std::string& failures) {
    const auto end = run_apart([&](const teller& tell) {
        tell(std::to_string(status_after_output(run_here(from, seed, options, failures))));
    });
    if (end.died.empty())
        return std::atoi(end.told.c_str());
    const auto words = last_words_of(from, seed, end.died, false);
    if (failures != no_failures_folder) {
        const auto path = write_schedule(failures, from, seed, words.schedule);
        std::printf("schedule: %s\n", path ? path->c_str() : path.failure().detail.c_str());
    }
    if (const auto path = options.value("schedule")) {
        if (auto done = write_text(*path, words.schedule); !done)
            return refuse_command(done.failure());
    }
    std::printf("FAILED %s, seed %" PRIu64 ": %s\n", process_checker, seed, words.what.c_str());
    return 1;
}

} // namespace

const cli::command& sim_command() {
    static const cli::command table{
        "sim",
        "the broker in a simulated world (see sim run, sim sweep)",
        {},
        {},
        "sim run [FILE] [--seed N]    one run: what was drawn, what happened, the result, the trace hash\n"
        "sim sweep [FILE...] --seeds A..B   many runs side by side; names the seeds that fail\n"
        "sim replay FILE              a schedule: a run that was written down when it failed\n"
        "sim minimize FILE            a smaller schedule that breaks the same invariant\n"
        "sim list                     the scenarios\n"
        "sim mutants                  bugs that can be planted, and the checkers that must find each\n"
        "Give --help after one for its options. They exit with 1 when an invariant is broken.\n"};
    return table;
}

int run_sim(const cli::parsed_options&) {
    std::fputs(cli::help_text(program_name, sim_command()).c_str(), stdout);
    return 2;
}

const cli::command& sim_run_command() {
    static const cli::command table{"sim run",
                                    "boot, load, crash and check one simulated broker",
                                    run_options,
                                    {"[FILE]"},
                                    "FILE is a scenario: what it does not state is drawn from the seed.\n"};
    return table;
}

int run_sim_run(const cli::parsed_options& options) {
    const auto path = options.positionals().empty() ? std::string() : options.positionals().front();
    const auto from = scenario_of(options, path);
    if (!from)
        return refuse_command(from.failure());
    std::uint64_t seed = from->seed().value_or(1);
    if (options.has("seed")) {
        const auto given = options.number("seed", 0, INT64_MAX);
        if (!given)
            return refuse_command(given.failure());
        seed = static_cast<std::uint64_t>(*given);
    }
    return run_and_tell(*from, seed, options, *options.value("failures"));
}

const cli::command& sim_replay_command() {
    static const cli::command table{
        "sim replay", "run a schedule that was written down", replay_options, {"FILE"}};
    return table;
}

int run_sim_replay(const cli::parsed_options& options) {
    auto from = load_scenario(options.positionals().front());
    if (!from)
        return refuse_command(from.failure());
    if (options.has("without-mutant"))
        from->set_mutant("");
    const auto seed = options.has("seed")
                          ? options.number("seed", 0, INT64_MAX)
                          : result<std::int64_t>(static_cast<std::int64_t>(from->seed().value_or(1)));
    if (!seed)
        return refuse_command(seed.failure());
    return run_and_tell(*from, static_cast<std::uint64_t>(*seed), options, no_failures_folder);
}

const cli::command& sim_mutants_command() {
    static const cli::command table{
        "sim mutants",
        "list the bugs that can be planted: name, checkers that must find it, what is wrong",
        {}};
    return table;
}

int run_sim_mutants(const cli::parsed_options&) {
    for (const auto& each : sim::all_mutants()) {
        std::string checkers;
        for (const auto* name : each.checkers)
            checkers += (checkers.empty() ? "" : ",") + std::string(name);
        std::printf("%s\t%s\t%s\n", each.name, checkers.c_str(), each.what);
    }
    return 0;
}

const cli::command& sim_list_command() {
    static const cli::command table{"sim list", "the scenarios of a folder", list_options};
    return table;
}

int run_sim_list(const cli::parsed_options& options) {
    const auto paths = scenarios_in(*options.value("folder"));
    if (!paths)
        return refuse_command(paths.failure());
    int status = 0;
    for (const auto& path : *paths) {
        const auto read = load_scenario(path);
        if (read)
            std::printf("%-44s %s\n", path.c_str(), read->about().c_str());
        else
            status = refuse_command(read.failure());
    }
    return status;
}

} // namespace barnabas
