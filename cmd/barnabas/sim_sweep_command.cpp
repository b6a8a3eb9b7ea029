#include "cmd/barnabas/commands.hpp"
#include "cmd/barnabas/dead_run.hpp"
#include "cmd/barnabas/run_again.hpp"
#include "cmd/barnabas/sim_common.hpp"
#include "cmd/barnabas/sim_sweep.hpp"
#include "cmd/barnabas/sweep_coverage.hpp"
#include "runtime/random/random.hpp"

#include <charconv>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>

namespace barnabas {

namespace {

const cli::option sweep_options[] = {
    {"seeds", "A..B", "run every seed from A to B", {}, false, true},
    {"jobs", "N", "processes side by side", "2"},
    {"minutes", "M", "begin no further run after so long; 0: run all", "0"},
    {"seconds", "S", "virtual seconds of each run (default: the file's, or 60)"},
    {"mutant", "NAME", "plant a bug that the checkers must find (see sim mutants)"},
    {"until-failure", "", "stop at the first seed that fails"},
    {"twice", "PERCENT", "so many of the seeds run again in other processes and must agree", "5"},
    {"failures", "DIR", "where failing runs are written as schedules; none: nowhere", failures_folder},
    {"state", "FILE", "notes how far the sweep is; the same command goes on from there"},
    {"hashes", "FILE", "write every seed's trace hash"},
    {"coverage", "FILE", "write what the runs of this command reached: marks, faults by moment, options"},
};

/// A broken build makes every run fail: more schedules than these would help nobody.
constexpr std::uint64_t schedules_max = 10;

/// What --seed of the other commands takes.
constexpr std::uint64_t seed_max = INT64_MAX;

/// "A..B".
result<std::pair<std::uint64_t, std::uint64_t>> parse_range(const std::string& text) {
    std::uint64_t first = 0;
    std::uint64_t last = 0;
    const auto* end = text.data() + text.size();
    const auto [dots, no_first] = std::from_chars(text.data(), end, first);
    const bool is_range = no_first == std::errc{} && std::string_view(dots, end).starts_with("..");
    const auto [stop, no_last] = is_range ? std::from_chars(dots + 2, end, last)
                                          : std::from_chars_result{dots, std::errc::invalid_argument};
    if (no_last == std::errc::result_out_of_range || last > seed_max)
        return error{errc::invalid_config, "--seeds " + text + ": seeds end at " + std::to_string(seed_max)};
    if (no_last != std::errc{} || stop != end || last < first)
        return error{errc::invalid_config, "--seeds " + text + " is no range; write it as 1..200"};
    return std::pair(first, last);
}

/// What one child does for a task.
class sweep_run {
public:
    sweep_run(std::vector<sim::scenario> scenarios, const cli::parsed_options& options,
              std::uint64_t twice_percent, sweep_coverage* coverage)
        : scenarios_(std::move(scenarios)), paths_(options.positionals()), twice_percent_(twice_percent),
          failures_(*options.value("failures")), seconds_(options.value("seconds").value_or("")),
          coverage_(coverage) {}

    sweep_answer operator()(const sweep_task& task) {
        const auto& from = scenarios_[task.scenario];
        sweep_answer answer;
        answer.seed = task.seed;
        const auto options = run_options_of(from, task.seed);
        if (!options) {
            tell(answer, "scenario: " + options.failure().detail);
            return answer;
        }
        name_seed_in_assertions(task.seed);
        sim::produce_consume workload(*options, {});
        const auto report = workload.run();
        if (coverage_ != nullptr)
            coverage_->add(*options, report);
        answer.trace_hash = report.trace_hash;
        answer.virtual_ns = report.virtual_ns;
        answer.events = report.events;
        answer.batches = report.batches;
        answer.acked = report.acked;
        answer.faults = report.faults;
        answer.passed = report.passed;
        if (!report.passed)
            tell(answer, report.checker + ": " + report.what + keep(from, *options, report));
        if (chosen_to_run_twice(task))
            run_twice(task, report.trace_hash, answer);
        return answer;
    }

    /// What is told of a run that died.
    std::string tell_dead(const sweep_task& task, const std::string& died, bool took_too_long) {
        const auto why = std::string(process_checker) + ": ";
        if (failures_ == no_failures_folder)
            return why + last_words_of(scenarios_[task.scenario], task.seed, died, took_too_long).what;
        return why + keep_dead_run(failures_, scenarios_[task.scenario], task.seed, died, took_too_long);
    }

private:
    static void tell(sweep_answer& answer, const std::string& what) {
        answer.passed = false;
        std::snprintf(answer.text, sizeof answer.text, "%s", what.c_str());
    }

    /// Runs it once more, written down.
    std::string keep(const sim::scenario& from, const sim::produce_consume_options& options,
                     const sim::run_report& before) {
        if (failures_ == no_failures_folder)
            return "";
        if (kept_++ >= schedules_max)
            return " (no schedule: this job has written " + std::to_string(schedules_max) + ")";
        sim::produce_consume again(options, {}, true);
        again.run();
        const auto path = write_schedule(failures_, from, options.seed, schedule_of(from, again, before));
        return path ? " (" + *path + ")" : " (" + path.failure().detail + ")";
    }

    bool chosen_to_run_twice(const sweep_task& task) const {
        return runtime::random(task.seed).split("run twice").chance(twice_percent_, 100);
    }

    void run_twice(const sweep_task& task, std::uint64_t hash, sweep_answer& answer) {
        const auto& from = scenarios_[task.scenario];
        std::vector<std::string> words{"sim",  "run",    "--failures",
                                       "none", "--seed", std::to_string(task.seed)};
        if (!from.mutant().empty())
            words.insert(words.end(), {"--mutant", from.mutant()});
        if (!seconds_.empty())
            words.insert(words.end(), {"--seconds", seconds_});
        if (!paths_.empty())
            words.push_back(paths_[task.scenario]);
        answer.run_twice = 1;
        const auto difference =
            difference_elsewhere(words, hash, failures_ == no_failures_folder ? "." : failures_);
        if (!difference)
            tell(answer, "determinism: " + difference.failure().detail);
        else if (!difference->empty())
            tell(answer, "determinism: " + *difference);
    }

    std::vector<sim::scenario> scenarios_;
    std::vector<std::string> paths_;
    std::uint64_t twice_percent_;
    std::string failures_;
    std::string seconds_;
    std::uint64_t kept_ = 0;
    sweep_coverage* coverage_;
};

std::string hash_of_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::stringstream content;
    content << file.rdbuf();
    char hash[17];
    std::snprintf(hash, sizeof hash, "%016" PRIx64, runtime::stable_hash(content.str()));
    return hash;
}

/// A sweep goes on only where the same program was asked the same, of the same scenarios.
std::string fingerprint_of(const cli::parsed_options& options) {
    std::string text = "seeds " + *options.value("seeds");
    for (const char* name : {"seconds", "mutant"}) {
        if (const auto value = options.value(name))
            text += std::string(" ") + name + " " + *value;
    }
    for (const auto& path : options.positionals())
        text += " " + path + " " + hash_of_file(path);
    return text + " program " + hash_of_file("/proc/self/exe");
}

result<std::vector<sim::scenario>> scenarios_of(const cli::parsed_options& options) {
    std::vector<sim::scenario> all;
    auto paths = options.positionals();
    if (paths.empty())
        paths.emplace_back();
    for (const auto& path : paths) {
        auto read = scenario_of(options, path);
        if (!read)
            return read.failure();
        all.push_back(std::move(*read));
    }
    return all;
}

} // namespace

const cli::command& sim_sweep_command() {
    static const cli::command table{
        "sim sweep",
        "run many seeds side by side",
        sweep_options,
        {"[FILE...]"},
        "FILES are scenarios; without one everything is drawn. Failing runs are written as schedules,\n"
        "of each job the first 10.\n"};
    return table;
}

int run_sim_sweep(const cli::parsed_options& options) {
    const auto range = parse_range(*options.value("seeds"));
    if (!range)
        return refuse_command(range.failure());
    auto scenarios = scenarios_of(options);
    if (!scenarios)
        return refuse_command(scenarios.failure());
    const auto jobs = options.number("jobs", 1, 256);
    const auto minutes = options.number("minutes", 0, 100'000);
    const auto twice = options.number("twice", 0, 100);
    for (const auto* number : {&jobs, &minutes, &twice}) {
        if (!*number)
            return refuse_command(number->failure());
    }
    if (range->second - range->first >= seed_max / scenarios->size())
        return refuse_command(
            {errc::invalid_config, "--seeds " + *options.value("seeds") + " are too many runs"});
    sweep_settings sweep;
    for (const auto& each : *scenarios)
        sweep.names.push_back(short_name(each));
    sweep.first_seed = range->first;
    sweep.last_seed = range->second;
    sweep.jobs = static_cast<unsigned>(*jobs);
    sweep.minutes = static_cast<double>(*minutes);
    sweep.until_failure = options.has("until-failure");
    sweep.state_path = options.value("state").value_or("");
    sweep.fingerprint = sweep.state_path.empty() ? "" : fingerprint_of(options);
    sweep.hashes_path = options.value("hashes").value_or("");
    std::unique_ptr<sweep_coverage> coverage;
    if (const auto path = options.value("coverage")) {
        auto opened = sweep_coverage::open(*path);
        if (!opened)
            return refuse_command(opened.failure());
        coverage = std::move(*opened);
    }
    sweep_run run(std::move(*scenarios), options, static_cast<std::uint64_t>(*twice), coverage.get());
    sweep.run = [&run](const sweep_task& task) { return run(task); };
    sweep.tell_dead = [&run](const sweep_task& task, const std::string& died, bool took_too_long) {
        return run.tell_dead(task, died, took_too_long);
    };
    const int status = run_sweep(sweep);
    if (coverage == nullptr)
        return status;
    const auto written = coverage->write();
    return written ? status : refuse_command(written.failure());
}

} // namespace barnabas
