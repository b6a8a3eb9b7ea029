#pragma once

#include "sim/replay/scenario.hpp"
#include "sim/workloads/produce_consume.hpp"

#include <chrono>
#include <cstdint>
#include <string>

/// Runs whose process dies: a broken assertion, a signal, no end. They are failures like others, of a
/// "checker" called `process`.
namespace barnabas {

inline constexpr const char* process_checker = "process";
/// A run takes a fraction of a second; one that takes so long goes in circles.
inline constexpr std::chrono::seconds run_limit{240};

/// Runs it in a process of its own. A death is reported as what `process_checker` refuses.
sim::run_report run_surviving(const sim::produce_consume_options& options, std::chrono::seconds limit);

/// What a run that died left behind.
struct last_words {
    /// The broken assertion, if it was one; else how the process died.
    std::string what;
    /// A schedule that dies as well: with every send and choice up to the death where the run could still
    /// tell them and dies of them again, else what was drawn.
    std::string schedule;
};
/// Runs it again, unless it `took_too_long` before.
last_words last_words_of(const sim::scenario& from, std::uint64_t seed, const std::string& died,
                         bool took_too_long);

/// Writes the schedule of a run that died; what to tell of it, the file's path in brackets.
std::string keep_dead_run(const std::string& folder, const sim::scenario& from, std::uint64_t seed,
                          const std::string& died, bool took_too_long);

} // namespace barnabas
