#pragma once

#include "sim/world/fields.hpp"
#include "sim/world/virtual_time.hpp"

#include <cstdint>

namespace barnabas::sim {

/// The administrator who deletes topics and makes them again under their names.
struct recreation_options {
    /// Mean time between two of them; 0: there is no such administrator.
    std::int64_t interval_ns = 0;
    /// Mean time that a topic is away.
    std::int64_t away_ns = 200 * millisecond;
};

/// From these versions of Produce and Fetch on clients name topics by their ids, and can tell one from the
/// next of its name.
inline constexpr std::int16_t produce_by_id = 13;
inline constexpr std::int16_t fetch_by_id = 13;

template <fields_of<recreation_options> Of, class Visit>
void for_each_field(Of& of, Visit&& visit) {
    visit("interval_ns", of.interval_ns);
    visit("away_ns", of.away_ns);
}

} // namespace barnabas::sim
