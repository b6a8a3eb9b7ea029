#include "cmd/barnabas/commands.hpp"

#include "cmd/barnabas/sim_sweep.hpp"
#include "protocol/model/assert.hpp"
#include "sim/workloads/produce_consume.hpp"

#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>

namespace barnabas {

namespace {

constexpr const char* mutants_text = "ack_before_sync, skip_torn_tail_check, reuse_offset_after_restart";
constexpr std::int64_t seconds_least = 30;
constexpr std::int64_t seconds_most = 3'600;

const cli::option run_options[] = {
    {"seed", "N", "the run is made from this number alone", {}, false, true},
    {"seconds", "S", "virtual seconds", "60"},
    {"mutant", "NAME", "plant a bug that the checkers must find"},
    {"verbose", "", "print everything that clients and broker report"},
};
const cli::option sweep_options[] = {
    {"seeds", "A..B", "run every seed from A to B", {}, false, true},
    {"jobs", "N", "processes side by side", "2"},
    {"seconds", "S", "virtual seconds of each run", "60"},
    {"mutant", "NAME", "plant a bug that the checkers must find"},
    {"until-failure", "", "stop at the first seed that fails"},
};

/// For the assertion handler, which can be given nothing.
std::uint64_t seed_at_work = 0;

void report_assertion(const char* expression, const char* file, int line) {
    std::fprintf(stderr, "seed %" PRIu64 ": broken assertion: %s at %s:%d\n", seed_at_work, expression, file,
                 line);
    std::fflush(stdout);
    std::abort();
}

result<boot_options> planted_bug(const cli::parsed_options& options) {
    boot_options planted;
    const auto name = options.value("mutant");
    if (!name)
        return planted;
    if (*name == "ack_before_sync")
        planted.mutant_acknowledge_before_sync = true;
    else if (*name == "skip_torn_tail_check")
        planted.mutant_skip_torn_tail_check = true;
    else if (*name == "reuse_offset_after_restart")
        planted.mutant_reuse_offset_after_restart = true;
    else
        return error{errc::invalid_config, "there is no mutant " + *name + "; there are " + mutants_text};
    return planted;
}

int refuse(const error& why) {
    std::fprintf(stderr, "%s: %s\n", program_name, why.detail.c_str());
    return 2;
}

void print_line(sim::virtual_time at, const std::string& line) {
    std::printf("%8.3f s  %s\n", static_cast<double>(at.get()) / sim::second, line.c_str());
}

void print_report(const sim::run_report& report, double real_seconds) {
    std::printf("%" PRIu64 " batches: %" PRIu64 " acknowledged, %" PRIu64 " unknown, %" PRIu64
                " failed; %" PRIu64 " records read; %" PRIu64 " lives of the broker\n",
                report.batches, report.acked, report.unknown, report.failed, report.records_read,
                report.broker_lives);
    std::printf("%.1f virtual seconds in %.2f s, %" PRIu64 " events\n",
                static_cast<double>(report.virtual_ns) / sim::second, real_seconds, report.events);
}

sim::run_report run_seed(std::uint64_t seed, std::int64_t seconds, const boot_options& planted) {
    seed_at_work = seed;
    sim::produce_consume workload(sim::produce_consume_options::drawn(seed, seconds, planted), {});
    return workload.run();
}

/// "A..B".
result<std::pair<std::uint64_t, std::uint64_t>> parse_range(const std::string& text) {
    std::uint64_t first = 0;
    std::uint64_t last = 0;
    int used = 0;
    const int found = std::sscanf(text.c_str(), "%" SCNu64 "..%" SCNu64 "%n", &first, &last, &used);
    if (found != 2 || static_cast<std::size_t>(used) != text.size() || last < first)
        return error{errc::invalid_config, "--seeds " + text + " is no range; write it as 1..200"};
    return std::pair(first, last);
}

} // namespace

const cli::command& sim_command() {
    static const cli::command table{
        "sim",
        "the broker in a simulated world (see sim run, sim sweep)",
        {},
        {},
        "sim run --seed N             one run: what was drawn, what happened, the result, the trace hash\n"
        "sim sweep --seeds A..B       many runs side by side; names the seeds that fail\n"
        "Give --help after either for its options. Both exit with 1 when an invariant is broken.\n"};
    return table;
}

int run_sim(const cli::parsed_options&) {
    std::fputs(cli::help_text(program_name, sim_command()).c_str(), stdout);
    return 2;
}

const cli::command& sim_run_command() {
    static const cli::command table{"sim run", "boot, load, crash and check one simulated broker",
                                    run_options};
    return table;
}

int run_sim_run(const cli::parsed_options& options) {
    const auto seed = options.number("seed", 0, INT64_MAX);
    const auto seconds = options.number("seconds", seconds_least, seconds_most);
    const auto planted = planted_bug(options);
    if (!seed || !seconds || !planted)
        return refuse(!seed ? seed.failure() : !seconds ? seconds.failure() : planted.failure());
    set_assertion_handler(&report_assertion);
    seed_at_work = static_cast<std::uint64_t>(*seed);
    const auto drawn = sim::produce_consume_options::drawn(seed_at_work, *seconds, *planted);
    std::fputs(drawn.text().c_str(), stdout);
    const auto begin = std::chrono::steady_clock::now();
    const bool verbose = options.has("verbose");
    sim::produce_consume workload(drawn, verbose ? sim::narrator(&print_line) : sim::narrator());
    const auto report = workload.run();
    print_report(report, std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
    if (report.passed)
        std::printf("passed: every invariant held\n");
    else
        std::printf("FAILED %s, seed %" PRIu64 ": %s\n", report.checker.c_str(), seed_at_work,
                    report.what.c_str());
    std::printf("trace hash %016" PRIx64 "\n", report.trace_hash);
    return report.passed ? 0 : 1;
}

const cli::command& sim_sweep_command() {
    static const cli::command table{"sim sweep", "run many seeds side by side", sweep_options};
    return table;
}

int run_sim_sweep(const cli::parsed_options& options) {
    const auto range = parse_range(*options.value("seeds"));
    const auto jobs = options.number("jobs", 1, 256);
    const auto seconds = options.number("seconds", seconds_least, seconds_most);
    const auto planted = planted_bug(options);
    if (!range)
        return refuse(range.failure());
    if (!jobs || !seconds || !planted)
        return refuse(!jobs ? jobs.failure() : !seconds ? seconds.failure() : planted.failure());
    set_assertion_handler(&report_assertion);
    sweep_options_set sweep;
    sweep.first_seed = range->first;
    sweep.last_seed = range->second;
    sweep.jobs = static_cast<unsigned>(*jobs);
    sweep.until_failure = options.has("until-failure");
    sweep.run = [&](std::uint64_t seed) { return run_seed(seed, *seconds, *planted); };
    return run_sweep(sweep);
}

} // namespace barnabas
