#pragma once

#include "runtime/clock/clock.hpp"
#include "runtime/random/random.hpp"
#include "sim/world/fields.hpp"
#include "sim/world/virtual_time.hpp"

#include <cstdint>

namespace barnabas::sim {

class world;

struct clock_options {
    /// Beyond this a clock would hardly be called one, and the arithmetic with it could overflow.
    static constexpr std::int64_t drift_ppm_most = 100'000;

    /// How much faster (or, negative, slower) both clocks of the host run than true time, in parts per
    /// million.
    std::int64_t drift_ppm = 0;
    /// How far the wall clock is off at the start of the run.
    std::int64_t wall_skew_ms = 0;
    /// What the monotonic clock shows at the start of the run: as on real hosts, it differs between hosts.
    std::int64_t monotonic_start_ns = second;

    /// Which errors the clocks of one host have, drawn for one run.
    static clock_options drawn(runtime::random& draws);
};

template <fields_of<clock_options> Of, class Visit>
void for_each_field(Of& of, Visit&& visit) {
    visit("drift_ppm", of.drift_ppm);
    visit("wall_skew_ms", of.wall_skew_ms);
    visit("monotonic_start_ns", of.monotonic_start_ns);
}

/// The clocks of one host, as views of the true time. They survive the incarnations of its node.
class host_clock final : public runtime::clock {
public:
    /// Wall time of virtual time zero: 2026-01-01 00:00:00 UTC.
    static constexpr std::int64_t wall_epoch_ms = 1'767'225'600'000;

    host_clock(const world& time, const clock_options& options);

    timestamp_ms wall_now() const override;
    monotonic_ns monotonic_now() const override;

    monotonic_ns monotonic_at(virtual_time at) const;
    /// The first true time at which the monotonic clock shows at least `local`.
    virtual_time true_time_of(monotonic_ns local) const;

    /// The wall clock jumps by this much, either way, from now on.
    void jump_wall(std::int64_t by_ms) noexcept { skew_ms_ += by_ms; }
    /// Both clocks run at this rate from now on; what they show now stays.
    void set_drift(std::int64_t ppm);
    std::int64_t drift_ppm() const noexcept { return drift_ppm_; }

private:
    std::int64_t drifted(std::int64_t true_ns) const noexcept;

    const world& time_;
    std::int64_t drift_ppm_;
    /// The drift holds since then, when the clocks had run for `drift_base_` of their own time.
    virtual_time drift_since_{0};
    std::int64_t drift_base_ = 0;
    std::int64_t skew_ms_;
    std::int64_t monotonic_start_;
};

} // namespace barnabas::sim
