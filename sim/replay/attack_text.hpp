#pragma once

#include "sim/workloads/produce_consume_options.hpp"

#include <string>
#include <string_view>

namespace barnabas::sim {

/// One attack of a hostile client as a row of [attacks]: `1200ms noise 17` begins at that time, and the
/// number decides what its kind leaves open.
std::string attack_text(const planned_attack& attack);
result<planned_attack> parse_attack(std::string_view row);

} // namespace barnabas::sim
