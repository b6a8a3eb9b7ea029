#pragma once

#include "cmd/cli/options.hpp"
#include "sim/replay/scenario.hpp"
#include "sim/workloads/produce_consume.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

/// What the commands of `barnabas sim` share.
namespace barnabas {

/// Virtual seconds of a run without a scenario.
inline constexpr std::int64_t sim_seconds_least = 24;
inline constexpr std::int64_t sim_seconds_most = 3'600;
inline constexpr const char* scenario_folder = "sim/scenarios";
inline constexpr const char* failures_folder = "sim-failures";
/// As a value of --failures: nothing is written.
inline constexpr const char* no_failures_folder = "none";

/// Reads a scenario or schedule. `not_found` or `invalid_request`, with the file's name and line.
result<sim::scenario> load_scenario(const std::string& path);
/// The paths of the scenarios in a folder, in the order of their names.
result<std::vector<std::string>> scenarios_in(const std::string& folder);
/// The scenario of the first positional, or everything drawn; `--seconds` and `--mutant` applied.
result<sim::scenario> scenario_of(const cli::parsed_options& options, const std::string& path);

/// The options of one run, with the planted bug that the scenario names.
result<sim::produce_consume_options> run_options_of(const sim::scenario& from, std::uint64_t seed);

/// The text of a run that was kept, as a schedule.
std::string schedule_of(const sim::scenario& from, const sim::produce_consume& run,
                        const sim::run_report& report);
/// Writes a schedule as `NAME-seed-N.schedule` in `folder`, which is made. Answers its path.
result<std::string> write_schedule(const std::string& folder, const sim::scenario& from, std::uint64_t seed,
                                   const std::string& text);
result<void> write_text(const std::string& path, const std::string& text);

/// "seed 7 of power_cuts": the file's name without folder and ending.
std::string short_name(const sim::scenario& of);

/// The checkers that were violated, the first one first: "offsets_contiguous+producer_order".
std::string violated_in(const sim::run_report& report);

/// From now on a broken assertion names this seed.
void name_seed_in_assertions(std::uint64_t seed);
/// From now on a broken assertion (or an exception that nobody takes) is told to this function instead of
/// being printed, before the process aborts; null: as before.
void at_broken_assertion(std::function<void(const std::string&)> tell);

/// Prints why a command does nothing; exit status 2.
int refuse_command(const error& why);

} // namespace barnabas
