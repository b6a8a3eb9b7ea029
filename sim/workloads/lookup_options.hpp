#pragma once

#include "runtime/random/random.hpp"
#include "sim/world/fields.hpp"
#include "sim/world/virtual_time.hpp"

#include <cstdint>

namespace barnabas::sim {

/// The client that asks where things are.
struct lookup_options {
    /// Mean time between two questions; 0: there is no such client.
    std::int64_t interval_ns = 0;
    /// It asks who leads, too; no drawn run does.
    bool leaders = false;

    static lookup_options drawn(runtime::random draws) {
        lookup_options made;
        const auto interval = static_cast<std::int64_t>(draws.log_between(50 * millisecond, 2 * second));
        if (draws.chance(2, 5))
            made.interval_ns = interval;
        return made;
    }
};

template <fields_of<lookup_options> Of, class Visit>
void for_each_field(Of& of, Visit&& visit) {
    visit("interval_ns", of.interval_ns);
    visit("leaders", of.leaders);
}

} // namespace barnabas::sim
