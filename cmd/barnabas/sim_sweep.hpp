#pragma once

#include "sim/workloads/produce_consume.hpp"

#include <cstdint>
#include <functional>

namespace barnabas {

struct sweep_options_set {
    std::uint64_t first_seed = 0;
    std::uint64_t last_seed = 0; ///< inclusive
    unsigned jobs = 1;
    bool until_failure = false;
    std::function<sim::run_report(std::uint64_t)> run;
};

/// Runs the seeds in child processes, each of which takes the next free one, and prints progress, the seeds
/// that fail and the sums. A child that dies makes its seed fail and is replaced. 0 when all passed, else 1.
int run_sweep(const sweep_options_set& options);

} // namespace barnabas
