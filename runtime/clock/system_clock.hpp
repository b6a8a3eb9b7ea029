#pragma once

#include "runtime/clock/clock.hpp"

namespace barnabas::runtime {

/// The machine's clocks.
class system_clock final : public clock {
public:
    timestamp_ms wall_now() const override;
    monotonic_ns monotonic_now() const override;
};

} // namespace barnabas::runtime
