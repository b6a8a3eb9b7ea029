#pragma once

#include <caf/detail/simple_actor_clock.hpp>

#include <optional>

namespace barnabas::runtime {

class loop_scheduler;

/// The timers of one loop. Touched by its thread only; the loop asks when the next one is due and sleeps
/// until then.
class loop_timers final : public caf::detail::simple_actor_clock {
public:
    std::optional<time_point> next_due() const {
        return schedule_.empty() ? std::nullopt : std::optional(schedule_.begin()->first);
    }
    /// Delivers what is due.
    void fire() {
        if (!schedule_.empty())
            trigger_expired_timeouts();
    }
    void cancel_all() override;
};

/// CAF's clock of the system: sends every call to the timers of the actor's home loop. Called there, which is
/// the common case, it costs no hand-over. A message to be delivered later waits on the loop that asked.
class loop_clock final : public caf::actor_clock {
public:
    explicit loop_clock(loop_scheduler& scheduler) : scheduler_(scheduler) {}

    void set_ordinary_timeout(time_point t, caf::abstract_actor* self, caf::atom_value type,
                              std::uint64_t id) override;
    void set_multi_timeout(time_point t, caf::abstract_actor* self, caf::atom_value type,
                           std::uint64_t id) override;
    void set_request_timeout(time_point t, caf::abstract_actor* self, caf::message_id id) override;
    void cancel_ordinary_timeout(caf::abstract_actor* self, caf::atom_value type) override;
    void cancel_request_timeout(caf::abstract_actor* self, caf::message_id id) override;
    void cancel_timeouts(caf::abstract_actor* self) override;
    void schedule_message(time_point t, caf::strong_actor_ptr receiver,
                          caf::mailbox_element_ptr content) override;
    /// Groups are not used (style rule S19).
    void schedule_message(time_point t, caf::group target, caf::strong_actor_ptr sender,
                          caf::message content) override;
    void cancel_all() override;

private:
    template <class Call>
    void on_home(caf::abstract_actor* self, Call call);

    loop_scheduler& scheduler_;
};

} // namespace barnabas::runtime
