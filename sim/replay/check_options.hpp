#pragma once

#include "sim/workloads/produce_consume_options.hpp"

#include <cstdint>

namespace barnabas::sim {

/// Bounds of what a scenario may ask for: one run lives in one process.
inline constexpr std::int64_t scenario_seconds_least = 24;
inline constexpr std::int64_t scenario_seconds_most = 3'600;
inline constexpr std::uint64_t clients_max = 64;
inline constexpr std::uint64_t faults_max = 1'000;

/// Whether a run can be made of these: `invalid_request` names the section and the field that does not fit.
result<void> check_options(const produce_consume_options& options);

} // namespace barnabas::sim
