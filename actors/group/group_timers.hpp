#pragma once

#include "protocol/model/ids.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace barnabas::group {

enum class timer_kind : std::uint8_t {
    /// A member's session may be over.
    session,
    /// A member that was sent back with an id has not come.
    pending_member,
    /// A rebalance waits for members to join.
    join,
    /// Members that joined have not asked for their assignment.
    sync,
    /// A member of the consumer protocol has not given up its partitions.
    revocation,
    /// Offsets and empty groups of the whole coordinator may have grown old.
    expiry,
};

struct group_timer {
    timer_kind kind = timer_kind::session;
    std::string group;
    std::string member;
    /// Of the phase that armed it; a timer of an earlier phase means nothing any more.
    std::uint64_t phase = 0;
};

/// How long a member is believed to live, and when somebody looks.
struct session {
    monotonic_ns alive_until;
    /// When its timer fires; an older, later one means nothing any more.
    std::optional<monotonic_ns> timer_at;
};

/// What the groups of a coordinator wait for. Timers are not taken back: whoever is woken looks whether it is
/// time, and waits on if not, so that a heartbeat touches no timer.
class group_timers {
public:
    void arm(monotonic_ns when, group_timer timer) { timers_.emplace(when, std::move(timer)); }

    std::optional<monotonic_ns> next() const {
        return timers_.empty() ? std::nullopt : std::optional(timers_.begin()->first);
    }
    /// The earliest one that is due, taken out.
    std::optional<group_timer> take_due(monotonic_ns now) {
        if (timers_.empty() || timers_.begin()->first > now)
            return std::nullopt;
        auto taken = std::move(timers_.begin()->second);
        timers_.erase(timers_.begin());
        return taken;
    }
    /// A heartbeat leaves the timer as it is; only what ends earlier than the timer needs another.
    void watch(session& of, const std::string& group, const std::string& member) {
        if (of.timer_at && *of.timer_at <= of.alive_until)
            return;
        of.timer_at = of.alive_until;
        arm(of.alive_until, {timer_kind::session, group, member, 0});
    }
    std::size_t size() const noexcept { return timers_.size(); }
    /// Never the same twice, so that no timer of a deleted group is taken for one of its successor's.
    std::uint64_t next_phase() noexcept { return ++phase_; }

private:
    std::multimap<monotonic_ns, group_timer> timers_;
    std::uint64_t phase_ = 0;
};

/// Whether the timer of a session that fires now is the one that counts; if so, another may be armed.
inline bool take_timer(session& of, monotonic_ns now) {
    if (!of.timer_at || *of.timer_at > now)
        return false;
    of.timer_at.reset();
    return true;
}

/// Nanoseconds later; durations of clients are bounded by the session and rebalance limits.
inline monotonic_ns later(monotonic_ns now, std::chrono::nanoseconds wait) {
    return now + wait.count();
}

} // namespace barnabas::group
