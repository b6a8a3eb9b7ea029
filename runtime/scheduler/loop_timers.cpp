#include "runtime/scheduler/loop_timers.hpp"

#include "protocol/model/assert.hpp"
#include "runtime/scheduler/event_loop.hpp"
#include "runtime/scheduler/loop_scheduler.hpp"

#include <caf/abstract_actor.hpp>
#include <caf/actor_cast.hpp>

#include <memory>
#include <utility>

namespace barnabas::runtime {

void loop_timers::cancel_all() {
    // A dying message may end an actor, which then cancels its own timers: by then the tables must be whole.
    actor_lookup_.clear();
    const auto dying = std::exchange(schedule_, {});
}

/// The actor is kept alive on its way to another loop.
template <class Call>
void loop_clock::on_home(caf::abstract_actor* self, Call call) {
    auto* home = scheduler_.loop_of(self->id());
    if (home == event_loop::current()) {
        call(home->timers(), self);
        return;
    }
    auto kept = caf::actor_cast<caf::strong_actor_ptr>(self);
    home->post([home, kept, call] { call(home->timers(), kept->get()); });
}

void loop_clock::set_ordinary_timeout(time_point t, caf::abstract_actor* self, caf::atom_value type,
                                      std::uint64_t id) {
    on_home(self,
            [=](loop_timers& at, caf::abstract_actor* who) { at.set_ordinary_timeout(t, who, type, id); });
}

void loop_clock::set_multi_timeout(time_point t, caf::abstract_actor* self, caf::atom_value type,
                                   std::uint64_t id) {
    on_home(self, [=](loop_timers& at, caf::abstract_actor* who) { at.set_multi_timeout(t, who, type, id); });
}

void loop_clock::set_request_timeout(time_point t, caf::abstract_actor* self, caf::message_id id) {
    on_home(self, [=](loop_timers& at, caf::abstract_actor* who) { at.set_request_timeout(t, who, id); });
}

// An actor cancels on its home loop. Elsewhere only its destruction calls these, and then there is nothing to
// cancel: every timer holds a reference.

void loop_clock::cancel_ordinary_timeout(caf::abstract_actor* self, caf::atom_value type) {
    if (auto* home = scheduler_.loop_of(self->id()); home == event_loop::current())
        home->timers().cancel_ordinary_timeout(self, type);
}

void loop_clock::cancel_request_timeout(caf::abstract_actor* self, caf::message_id id) {
    if (auto* home = scheduler_.loop_of(self->id()); home == event_loop::current())
        home->timers().cancel_request_timeout(self, id);
}

void loop_clock::cancel_timeouts(caf::abstract_actor* self) {
    if (auto* home = scheduler_.loop_of(self->id()); home == event_loop::current())
        home->timers().cancel_timeouts(self);
}

void loop_clock::schedule_message(time_point t, caf::strong_actor_ptr receiver,
                                  caf::mailbox_element_ptr content) {
    if (auto* here = event_loop::current(); here != nullptr && scheduler_.owns(*here)) {
        here->timers().schedule_message(t, std::move(receiver), std::move(content));
        return;
    }
    auto* home = scheduler_.loop_of(receiver->id());
    auto carried = std::make_shared<caf::mailbox_element_ptr>(std::move(content));
    home->post(
        [home, t, receiver, carried] { home->timers().schedule_message(t, receiver, std::move(*carried)); });
}

void loop_clock::schedule_message(time_point, caf::group, caf::strong_actor_ptr, caf::message) {
    BARNABAS_UNREACHABLE("messages to groups are not used");
}

void loop_clock::cancel_all() {
    scheduler_.cancel_all_timers();
}

} // namespace barnabas::runtime
