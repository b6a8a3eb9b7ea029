#include "runtime/clock/system_clock.hpp"

#include <chrono>

namespace barnabas::runtime {

timestamp_ms system_clock::wall_now() const {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return timestamp_ms(std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
}

monotonic_ns system_clock::monotonic_now() const {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return monotonic_ns(std::chrono::duration_cast<std::chrono::nanoseconds>(now).count());
}

} // namespace barnabas::runtime
