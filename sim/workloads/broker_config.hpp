#pragma once

#include "runtime/config/broker_config.hpp"
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

/// What a simulated broker on this host has by default, with these keys, which must be valid, on top.
broker_config broker_config_of(const std::string& host,
                               const std::vector<std::pair<std::string, std::string>>& keys);

} // namespace barnabas::sim
