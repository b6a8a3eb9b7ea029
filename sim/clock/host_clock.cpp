#include "sim/clock/host_clock.hpp"

#include "protocol/model/assert.hpp"
#include "sim/world/world.hpp"

#include <algorithm>

namespace barnabas::sim {

namespace {
constexpr std::int64_t million = 1'000'000;
} // namespace

clock_options clock_options::drawn(runtime::random& draws) {
    constexpr std::int64_t usual_drift_ppm = 500;
    constexpr std::int64_t far_drift_ppm = 50'000;
    constexpr std::int64_t near_skew_ms = 100;
    constexpr std::int64_t far_skew_ms = 3'600'000;
    clock_options made;
    const bool drifts = draws.chance(1, 3);
    const auto drift = draws.chance(1, 5) ? far_drift_ppm : usual_drift_ppm;
    const auto drift_ppm = draws.between(-drift, drift);
    made.drift_ppm = drifts ? drift_ppm : 0;
    const bool skewed = draws.chance(1, 2);
    const auto skew = draws.chance(1, 3) ? far_skew_ms : near_skew_ms;
    const auto skew_ms = draws.between(-skew, skew);
    made.wall_skew_ms = skewed ? skew_ms : 0;
    made.monotonic_start_ns = static_cast<std::int64_t>(draws.log_between(1, 1'000'000 * second));
    return made;
}

host_clock::host_clock(const world& time, const clock_options& options)
    : time_(time), drift_ppm_(options.drift_ppm), skew_ms_(options.wall_skew_ms),
      monotonic_start_(options.monotonic_start_ns) {
    BARNABAS_ASSERT(drift_ppm_ >= -clock_options::drift_ppm_most &&
                    drift_ppm_ <= clock_options::drift_ppm_most);
    BARNABAS_ASSERT(monotonic_start_ > 0);
}

std::int64_t host_clock::drifted(std::int64_t true_ns) const noexcept {
    const std::int64_t elapsed = true_ns - drift_since_.get();
    // Split so that the product stays far from overflow.
    return drift_base_ + elapsed + (elapsed / million) * drift_ppm_ +
           (elapsed % million) * drift_ppm_ / million;
}

void host_clock::set_drift(std::int64_t ppm) {
    BARNABAS_ASSERT(ppm >= -clock_options::drift_ppm_most && ppm <= clock_options::drift_ppm_most);
    drift_base_ = drifted(time_.now().get());
    drift_since_ = time_.now();
    drift_ppm_ = ppm;
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
    // Nobody asks for the time before the last change of the drift, other than for what is overdue.
    if (shown <= drift_base_)
        return drift_since_;
    const std::int64_t since = shown - drift_base_;
    const std::int64_t rate = million + drift_ppm_;
    std::int64_t guess = drift_since_.get() + (since / rate) * million + (since % rate) * million / rate;
    while (guess > drift_since_.get() && drifted(guess - 1) >= shown)
        --guess;
    while (drifted(guess) < shown)
        ++guess;
    return virtual_time(guess);
}

} // namespace barnabas::sim
