#pragma once

#include "actors/broker/boot.hpp"
#include "protocol/model/error.hpp"
#include "runtime/network/network.hpp"

#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace barnabas {

/// It starts or stops.
struct broker_busy {
    broker_status now;
};
struct broker_started {
    std::vector<runtime::endpoint> addresses;
};
struct broker_failed {
    error why;
};
struct broker_stopped {
    /// Data directories that were out of use, or were not closed in good order.
    std::vector<std::string> not_closed;
};
using broker_event = std::variant<broker_busy, broker_started, broker_failed, broker_stopped>;

/// Brings what the broker says on its loops to the main thread, which waits on a descriptor.
class event_queue {
public:
    event_queue();
    ~event_queue();
    event_queue(const event_queue&) = delete;
    event_queue& operator=(const event_queue&) = delete;

    /// Of several `broker_busy` in a row only the last one is kept.
    void push(broker_event event);
    std::optional<broker_event> take();
    /// Becomes readable when an event is there.
    int descriptor() const noexcept { return descriptor_; }
    /// Events of a broker that end up here; this must outlive the broker.
    boot_events boot();

private:
    std::mutex mutex_;
    std::deque<broker_event> events_;
    int descriptor_ = -1;
};

} // namespace barnabas
