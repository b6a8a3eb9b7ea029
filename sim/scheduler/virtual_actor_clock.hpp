#pragma once

#include "sim/clock/host_clock.hpp"
#include "sim/world/world.hpp"

#include <caf/detail/simple_actor_clock.hpp>

namespace barnabas::sim {

/// CAF's timers of one node as events of the world: they follow the host's monotonic clock and fire a little
/// late, as real ones do.
class virtual_actor_clock final : public caf::detail::simple_actor_clock {
public:
    virtual_actor_clock(world& time, owner_id owner, std::uint32_t node, const host_clock& local,
                        runtime::random draws);

    time_point now() const noexcept override;
    /// The host's clock runs at another rate: timers are due at other true times.
    void on_drift_changed();

    void set_ordinary_timeout(time_point t, caf::abstract_actor* self, caf::atom_value type,
                              std::uint64_t id) override;
    void set_multi_timeout(time_point t, caf::abstract_actor* self, caf::atom_value type,
                           std::uint64_t id) override;
    void set_request_timeout(time_point t, caf::abstract_actor* self, caf::message_id id) override;
    void schedule_message(time_point t, caf::strong_actor_ptr receiver,
                          caf::mailbox_element_ptr content) override;
    void schedule_message(time_point t, caf::group target, caf::strong_actor_ptr sender,
                          caf::message content) override;

private:
    void arm();
    void fire(std::uint64_t armed_as);

    world& world_;
    owner_id owner_;
    std::uint32_t node_;
    const host_clock& local_;
    runtime::random draws_;
    /// Local time for which the newest event was scheduled; older events are recognised by their number.
    time_point armed_for_ = time_point::max();
    std::uint64_t armings_ = 0;
};

} // namespace barnabas::sim
