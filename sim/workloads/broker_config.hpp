#pragma once

#include "runtime/random/random.hpp"

#include <string>
#include <utility>
#include <vector>

namespace barnabas::sim {

/// Keys and values of a broker's configuration for one run: what makes rare paths common (small segments and
/// indexes, short idle times, few sessions, little memory), each with its own chance. Keys that are not
/// answered keep their defaults.
///
/// Retention is off and the producer's clock may be wrong by any amount: records that must survive are not to
/// be dropped or refused because a clock jumps by years.
std::vector<std::pair<std::string, std::string>> drawn_broker_config(runtime::random draws);

} // namespace barnabas::sim
