#include "cmd/barnabas/event_queue.hpp"

#include "protocol/model/assert.hpp"

#include <set>
#include <string>
#include <sys/eventfd.h>
#include <unistd.h>
#include <vector>

namespace barnabas {

event_queue::event_queue() : descriptor_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK | EFD_SEMAPHORE)) {
    BARNABAS_ASSERT(descriptor_ >= 0);
}

event_queue::~event_queue() {
    ::close(descriptor_);
}

void event_queue::push(broker_event event) {
    {
        const std::lock_guard lock(mutex_);
        const auto is_busy = [](const broker_event& one) { return std::holds_alternative<broker_busy>(one); };
        if (!events_.empty() && is_busy(event) && is_busy(events_.back())) {
            events_.back() = std::move(event);
            return;
        }
        events_.push_back(std::move(event));
    }
    BARNABAS_ASSERT(eventfd_write(descriptor_, 1) == 0);
}

std::optional<broker_event> event_queue::take() {
    eventfd_t count = 0;
    if (eventfd_read(descriptor_, &count) != 0)
        return std::nullopt;
    const std::lock_guard lock(mutex_);
    BARNABAS_ASSERT(!events_.empty());
    auto event = std::move(events_.front());
    events_.pop_front();
    return event;
}

boot_events event_queue::boot() {
    boot_events events;
    events.on_started = [this](const std::vector<runtime::endpoint>& addresses) {
        push(broker_started{addresses});
    };
    events.on_failed = [this](const error& why) { push(broker_failed{why}); };
    events.on_progress = [this](const broker_status& now) {
        if (!now.is_ready())
            push(broker_busy{now});
    };
    events.on_stopped = [this](const std::set<std::string>& not_closed) {
        push(broker_stopped{{not_closed.begin(), not_closed.end()}});
    };
    return events;
}

} // namespace barnabas
