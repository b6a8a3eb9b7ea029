#pragma once

#include "sim/checkers/history.hpp"

#include <cstdint>
#include <memory>

namespace barnabas::sim {

/// A checker that rejects the end of every tenth seed's run, whatever happened: where it is not reported,
/// nothing that a checker finds would be.
std::unique_ptr<checker> make_canary(const history& of, std::uint64_t seed);

/// One that dies of an assertion when all is healed, in every tenth seed's run.
std::unique_ptr<checker> make_deadly_canary(const history& of, std::uint64_t seed);

} // namespace barnabas::sim
