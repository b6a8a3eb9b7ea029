#pragma once

#include "runtime/random/random.hpp"
#include "sim/workloads/hostile/hostile_session.hpp"

#include <string>
#include <vector>

namespace barnabas::sim::hostile {

/// The topics that attacks name: one that is checked by others, and one of their own.
struct targets {
    std::string checked_topic;
    std::string own_topic;
};

/// The connections of one attack of this kind; `draws` decides what its kind leaves open.
std::vector<session_plan> attack(hostile_kind kind, const hostile_options& options, const targets& on,
                                 runtime::random draws);

} // namespace barnabas::sim::hostile
