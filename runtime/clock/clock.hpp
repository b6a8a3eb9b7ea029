#pragma once

#include "protocol/model/ids.hpp"

namespace barnabas::runtime {

/// The two clocks of a node. Actors arm timers through the scheduler's actor clock, never through these.
class clock {
public:
    virtual ~clock() = default;

    /// Milliseconds since the Unix epoch. May jump either way; used for record timestamps and retention only.
    virtual timestamp_ms wall_now() const = 0;

    /// Never goes back. Used for deadlines and durations.
    virtual monotonic_ns monotonic_now() const = 0;
};

} // namespace barnabas::runtime
