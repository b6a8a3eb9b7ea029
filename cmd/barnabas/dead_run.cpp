#include "cmd/barnabas/dead_run.hpp"

#include "cmd/barnabas/apart.hpp"
#include "cmd/barnabas/sim_common.hpp"
#include "sim/replay/expanded_text.hpp"

#include <sstream>

namespace barnabas {

namespace {

std::string one_line(std::string text) {
    for (auto& each : text)
        each = each == '\n' ? ' ' : each;
    return text;
}

/// What the search for a smaller run needs of a report, a line each.
std::string text_of(const sim::run_report& report) {
    std::string text = report.checker + "\n" + one_line(report.what) + "\n";
    for (const auto& name : report.also)
        text += name + "\n";
    return text;
}

sim::run_report report_of(const std::string& text) {
    sim::run_report made;
    std::istringstream lines(text);
    std::getline(lines, made.checker);
    std::getline(lines, made.what);
    for (std::string name; std::getline(lines, name);)
        made.also.push_back(name);
    made.passed = made.checker.empty();
    return made;
}

/// The run as it was up to the broken assertion, behind a line that names that; nothing if no assertion
/// broke.
std::string told_at_death(const sim::produce_consume_options& options, const sim::expanded_head& head) {
    return run_apart(
               [&](const teller& tell) {
                   sim::produce_consume workload(options, {}, true);
                   at_broken_assertion([&](const std::string& broken) {
                       tell(one_line(broken) + "\n" + expanded_text(workload.frozen(), head));
                   });
                   workload.run();
                   at_broken_assertion(nullptr);
               },
               run_limit)
        .told;
}

bool dies(const std::string& schedule, std::uint64_t seed) {
    const auto read = sim::scenario::read("schedule", schedule);
    const auto options = read ? run_options_of(*read, seed) : read.failure();
    return options && run_surviving(*options, run_limit).checker == process_checker;
}

} // namespace

sim::run_report run_surviving(const sim::produce_consume_options& options, std::chrono::seconds limit) {
    const auto end = run_apart(
        [&](const teller& tell) {
            at_broken_assertion([&](const std::string& broken) { tell("\n" + one_line(broken)); });
            sim::produce_consume workload(options, {});
            const auto report = workload.run();
            at_broken_assertion(nullptr);
            tell(text_of(report));
        },
        limit);
    if (end.died.empty())
        return report_of(end.told);
    sim::run_report made;
    made.checker = process_checker;
    made.what = end.told.starts_with('\n') ? end.told.substr(1) : end.died;
    return made;
}

last_words last_words_of(const sim::scenario& from, std::uint64_t seed, const std::string& died,
                         bool took_too_long) {
    last_words made{died, {}};
    const auto options = run_options_of(from, seed);
    if (!options)
        return made;
    const sim::expanded_head head{"seed " + std::to_string(seed) + " of " + short_name(from), from.mutant(),
                                  process_checker};
    made.schedule = expanded_text(*options, head);
    if (took_too_long)
        return made;
    const auto told = told_at_death(*options, head);
    const auto line = told.find('\n');
    if (line == std::string::npos)
        return made;
    made.what = told.substr(0, line);
    if (auto stated = told.substr(line + 1); dies(stated, seed))
        made.schedule = std::move(stated);
    return made;
}

std::string keep_dead_run(const std::string& folder, const sim::scenario& from, std::uint64_t seed,
                          const std::string& died, bool took_too_long) {
    const auto words = last_words_of(from, seed, died, took_too_long);
    const auto path = write_schedule(folder, from, seed, words.schedule);
    return words.what + " (" + (path ? *path : path.failure().detail) + ")";
}

} // namespace barnabas
