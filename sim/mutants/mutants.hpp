#pragma once

#include "protocol/model/planted_bugs.hpp"

#include <span>
#include <string_view>
#include <vector>

namespace barnabas::sim {

/// A bug that can be planted into the simulated broker, and who must find it.
struct mutant {
    const char* name;
    /// What goes wrong, for people.
    const char* what;
    /// Named before the first seed was tried, the one that should find it first. A run that violates none of
    /// them does not count as caught, whatever else it violates.
    std::vector<const char*> checkers;
    bool planted_bugs::*bug;
};

/// Every bug of `planted_bugs`, in its order, except those that try the simulator itself.
std::span<const mutant> all_mutants();

/// Also those that try the simulator itself: the canaries and `wait_by_address`. Null when there is none of
/// that name.
const mutant* find_mutant(std::string_view name);

} // namespace barnabas::sim
