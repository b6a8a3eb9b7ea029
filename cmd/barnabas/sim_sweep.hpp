#pragma once

#include "cmd/barnabas/sweep_tally.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace barnabas {

/// One run of a sweep: seeds ascend, and each seed goes through all scenarios.
struct sweep_task {
    std::size_t scenario = 0;
    std::uint64_t seed = 0;
};

struct sweep_settings {
    /// Of the scenarios, for people.
    std::vector<std::string> names;
    std::uint64_t first_seed = 0;
    std::uint64_t last_seed = 0; ///< inclusive
    unsigned jobs = 1;
    /// No further run is begun after so long; 0: no limit.
    double minutes = 0;
    bool until_failure = false;
    /// Where the sweep notes how far it is, so that another of the same command goes on; empty: nowhere.
    std::string state_path;
    /// What the state file must have been written by.
    std::string fingerprint;
    /// See hash_file; empty: nothing is written.
    std::string hashes_path;
    /// Called in a child process.
    std::function<sweep_answer(const sweep_task&)> run;
    /// Called in another child process when one died or took too long over a task: what to tell of it.
    std::function<std::string(const sweep_task&, const std::string& died, bool took_too_long)> tell_dead;
};

/// Runs the tasks in child processes, each of which takes the next free one, and prints progress, the runs
/// that fail and the sums. A child that dies makes its run fail and is replaced by one that tells of it. 0
/// when all passed, 1 when one did not, 2 when the state file does not fit or a file cannot be written.
int run_sweep(const sweep_settings& settings);

} // namespace barnabas
