#pragma once

#include "sim/workloads/produce_consume.hpp"

#include <cstdint>
#include <functional>
#include <string>

namespace barnabas::sim {

struct minimize_limits {
    /// Runs that may be tried; each takes some tens of milliseconds.
    std::uint64_t runs = 600;
    /// The run must pass without its planted bug, so that a kept schedule shows that bug and nothing else.
    bool passes_unplanted = false;
    /// The invariant that must stay broken, though others may be broken before it; empty: the one that the
    /// run breaks first.
    std::string checker = {};
};

struct minimized {
    produce_consume_options options;
    run_report report;
    std::uint64_t runs = 0;
};

using run_function = std::function<run_report(const produce_consume_options&)>;

/// Looks for a smaller run that breaks the same invariant: first without what chance chose (the scheduler's
/// picks, a restless network, a restless disk), then with ever fewer faults, harms, clients, topics, lines of
/// configuration, sends and choices, in ever smaller pieces of each (delta debugging: all, halves, quarters,
/// single ones). Answers `invalid_request` when `from` breaks nothing. `run` runs, perhaps where it may die;
/// `tell` hears of every step that helped.
result<minimized> minimize(const produce_consume_options& from, const minimize_limits& limits,
                           const run_function& run, const std::function<void(const std::string&)>& tell);

/// A run in this process.
run_report run_of(const produce_consume_options& options);

} // namespace barnabas::sim
