#include "sim/clock/host_clock.hpp"

#include "protocol/model/assert.hpp"
#include "sim/world/world.hpp"

#include <algorithm>

namespace barnabas::sim {

namespace {
constexpr std::int64_t million = 1'000'000;
/// Beyond this a clock would hardly be called one, and the arithmetic below could overflow.
constexpr std::int64_t largest_drift_ppm = 100'000;
} // namespace

host_clock::host_clock(const world& time, const clock_options& options)
    : time_(time), drift_ppm_(options.drift_ppm), skew_ms_(options.wall_skew_ms),
      monotonic_start_(options.monotonic_start_ns) {
    BARNABAS_ASSERT(drift_ppm_ >= -largest_drift_ppm && drift_ppm_ <= largest_drift_ppm);
    BARNABAS_ASSERT(monotonic_start_ > 0);
}

std::int64_t host_clock::drifted(std::int64_t true_ns) const noexcept {
    // Split so that the product stays far from overflow.
    return true_ns + (true_ns / million) * drift_ppm_ + (true_ns % million) * drift_ppm_ / million;
}

timestamp_ms host_clock::wall_now() const {
    return timestamp_ms(wall_epoch_ms + skew_ms_ + drifted(time_.now().get()) / millisecond);
}

monotonic_ns host_clock::monotonic_now() const {
    return monotonic_at(time_.now());
}

monotonic_ns host_clock::monotonic_at(virtual_time at) const {
    return monotonic_ns(monotonic_start_ + drifted(at.get()));
}

virtual_time host_clock::true_time_of(monotonic_ns local) const {
    // Timers for "never" must not overflow: no run lasts a thousand virtual days.
    constexpr std::int64_t far = 86'400'000 * second / 1'000;
    const std::int64_t shown = std::clamp<std::int64_t>(local.get() - monotonic_start_, 0, far);
    const std::int64_t rate = million + drift_ppm_;
    std::int64_t guess = (shown / rate) * million + (shown % rate) * million / rate;
    while (guess > 0 && drifted(guess - 1) >= shown)
        --guess;
    while (drifted(guess) < shown)
        ++guess;
    return virtual_time(guess);
}

} // namespace barnabas::sim
