#include "cmd/barnabas/commands.hpp"
#include "cmd/barnabas/dead_run.hpp"
#include "cmd/barnabas/sim_common.hpp"
#include "sim/replay/expanded_text.hpp"
#include "sim/replay/minimize.hpp"

#include <cinttypes>
#include <cstdio>

namespace barnabas {

namespace {

const cli::option minimize_options[] = {
    {"out", "FILE", "where the smaller schedule is written", {}, false, true},
    {"runs", "N", "runs that may be tried", "600"},
    {"limit", "S", "a run that takes longer is one that goes in circles", "60"},
    {"checker", "NAME", "the invariant that must stay broken (default: the one that is broken first)"},
};

} // namespace

const cli::command& sim_minimize_command() {
    static const cli::command table{
        "sim minimize", "a smaller schedule that breaks the same invariant", minimize_options, {"FILE"}};
    return table;
}

int run_sim_minimize(const cli::parsed_options& options) {
    const auto from = load_scenario(options.positionals().front());
    if (!from)
        return refuse_command(from.failure());
    const auto runs = options.number("runs", 1, 1'000'000);
    if (!runs)
        return refuse_command(runs.failure());
    const auto limit = options.number("limit", 1, run_limit.count());
    if (!limit)
        return refuse_command(limit.failure());
    const auto seed = from->seed().value_or(1);
    const auto start = run_options_of(*from, seed);
    if (!start)
        return refuse_command(start.failure());
    name_seed_in_assertions(seed);
    const sim::minimize_limits limits{static_cast<std::uint64_t>(*runs), !from->mutant().empty(),
                                      options.value("checker").value_or("")};
    const auto run = [&](const sim::produce_consume_options& candidate) {
        return run_surviving(candidate, std::chrono::seconds(*limit));
    };
    const auto made = sim::minimize(*start, limits, run, [](const std::string& step) {
        std::printf("still broken: %s\n", step.c_str());
        std::fflush(stdout);
    });
    if (!made)
        return refuse_command(made.failure());
    const sim::expanded_head head{from->about(), from->mutant(),
                                  limits.checker.empty() ? made->report.checker : limits.checker};
    if (auto done = write_text(*options.value("out"), expanded_text(made->options, head)); !done)
        return refuse_command(done.failure());
    std::printf("%s: %zu faults, %zu sends, %zu readers after %" PRIu64 " runs; breaks %s: %s\n",
                options.value("out")->c_str(), made->options.faults.faults.size(),
                made->options.sends ? made->options.sends->size() : 0, made->options.readers.size(),
                made->runs, made->report.checker.c_str(), made->report.what.c_str());
    return 0;
}

} // namespace barnabas
