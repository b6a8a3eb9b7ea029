#include "sim/scheduler/virtual_actor_clock.hpp"

#include <utility>

namespace barnabas::sim {

namespace {
constexpr std::uint64_t latest_timer_ns = 1'000'000;
} // namespace

virtual_actor_clock::virtual_actor_clock(world& time, owner_id owner, std::uint32_t node,
                                         const host_clock& local, runtime::random draws)
    : world_(time), owner_(owner), node_(node), local_(local), draws_(draws) {}

virtual_actor_clock::time_point virtual_actor_clock::now() const noexcept {
    return time_point(duration_type(local_.monotonic_now().get()));
}

void virtual_actor_clock::on_drift_changed() {
    armed_for_ = time_point::max();
    arm();
}

void virtual_actor_clock::set_ordinary_timeout(time_point t, caf::abstract_actor* self, caf::atom_value type,
                                               std::uint64_t id) {
    simple_actor_clock::set_ordinary_timeout(t, self, type, id);
    arm();
}

void virtual_actor_clock::set_multi_timeout(time_point t, caf::abstract_actor* self, caf::atom_value type,
                                            std::uint64_t id) {
    simple_actor_clock::set_multi_timeout(t, self, type, id);
    arm();
}

void virtual_actor_clock::set_request_timeout(time_point t, caf::abstract_actor* self, caf::message_id id) {
    simple_actor_clock::set_request_timeout(t, self, id);
    arm();
}

void virtual_actor_clock::schedule_message(time_point t, caf::strong_actor_ptr receiver,
                                           caf::mailbox_element_ptr content) {
    simple_actor_clock::schedule_message(t, std::move(receiver), std::move(content));
    arm();
}

void virtual_actor_clock::schedule_message(time_point t, caf::group target, caf::strong_actor_ptr sender,
                                           caf::message content) {
    simple_actor_clock::schedule_message(t, std::move(target), std::move(sender), std::move(content));
    arm();
}

void virtual_actor_clock::arm() {
    if (schedule_.empty() || schedule_.begin()->first >= armed_for_)
        return;
    armed_for_ = schedule_.begin()->first;
    const auto due = local_.true_time_of(monotonic_ns(armed_for_.time_since_epoch().count()));
    const auto late = static_cast<std::int64_t>(draws_.log_between(1, latest_timer_ns));
    world_.schedule(due + late, owner_, [this, number = ++armings_] { fire(number); });
}

void virtual_actor_clock::fire(std::uint64_t armed_as) {
    if (armed_as != armings_)
        return;
    armed_for_ = time_point::max();
    const auto fired = trigger_expired_timeouts();
    world_.record(node_, trace_kind::timer, fired);
    arm();
}

} // namespace barnabas::sim
