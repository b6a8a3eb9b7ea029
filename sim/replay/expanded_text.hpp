#pragma once

#include "sim/workloads/produce_consume_options.hpp"

#include <string>

namespace barnabas::sim {

/// What heads the text, besides the options.
struct expanded_head {
    std::string about;
    std::string mutant;
    std::string violates;
};

/// All options of a run as a scenario that leaves nothing to be drawn from ranges: reading it gives the same
/// options again.
std::string expanded_text(const produce_consume_options& options, const expanded_head& head = {});

} // namespace barnabas::sim
