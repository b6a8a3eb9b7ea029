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

/// Looks for a smaller run that breaks the same invariant: first without what chance chose (the scheduler's
/// picks, a restless network, a restless disk), then with ever fewer faults, clients and sends (delta
/// debugging: halves, quarters, single ones). `from` must state its sends. Answers `invalid_request` when it
/// breaks nothing. `tell` hears of every step that helped.
result<minimized> minimize(const produce_consume_options& from, const minimize_limits& limits,
                           const std::function<void(const std::string&)>& tell);

} // namespace barnabas::sim
