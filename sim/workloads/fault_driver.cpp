#include "sim/workloads/fault_driver.hpp"

#include <utility>

namespace barnabas::sim {

namespace {
/// How often the driver looks whether the broker has died.
constexpr std::int64_t watch_interval_ns = 10 * millisecond;
/// Within such a time what was wrongly acknowledged is not yet on stable storage.
constexpr std::int64_t ack_moment_ns = 2 * millisecond;
constexpr std::int64_t stop_limit_ns = 5 * second;
} // namespace

fault_driver::fault_driver(parts with, const fault_plan& plan) : with_(std::move(with)), plan_(plan) {}

void fault_driver::begin() {
    if (plan_.any) {
        with_.network->set_faults(plan_.network);
        with_.broker->host().disk().set_faults(plan_.disk);
    }
    for (const auto& fault : plan_.faults)
        with_.time->schedule(fault.at, world_owner, [this, &fault] { carry_out(fault); });
    watch();
}

void fault_driver::heal() {
    healed_ = true;
    crash_in_next_life_ = nullptr;
    crash_after_ack_ = nullptr;
    tell("healing");
    with_.network->heal();
    with_.network->set_faults({});
    with_.broker->host().disk().set_faults({});
    with_.broker->cancel_planned_crash();
    start_at_ = with_.time->now();
    next_downtime_ = 0;
}

void fault_driver::crash(crash_kind how, const power_cut_faults& losses, std::int64_t lasts_ns) {
    tell(how == crash_kind::power_cut ? "power cut" : "kill");
    power_was_cut_ = power_was_cut_ || how == crash_kind::power_cut;
    next_downtime_ = lasts_ns;
    with_.broker->crash(how, losses);
}

void fault_driver::carry_out(const planned_fault& fault) {
    if (!with_.broker->running())
        return;
    tell(name_of(fault.kind));
    met_.count(name_of(fault.kind), with_.broker->moment());
    switch (fault.kind) {
    case fault_kind::crash: return crash(fault.how, fault.losses, fault.lasts_ns);
    case fault_kind::crash_at_operation: return plan_crash(fault, fault.how);
    case fault_kind::crash_after_ack: crash_after_ack_ = &fault; return;
    case fault_kind::crash_in_recovery:
        crash_in_next_life_ = &fault;
        return crash(fault.how, fault.losses, fault.lasts_ns);
    case fault_kind::stop: next_downtime_ = fault.lasts_ns; return with_.broker->stop(stop_limit_ns);
    case fault_kind::reset_connections:
        with_.network->reset_connections(with_.broker->host().number());
        return;
    case fault_kind::cut_link: return cut_link(fault);
    case fault_kind::pause: return with_.broker->host().pause(fault.lasts_ns);
    }
}

void fault_driver::on_acked() {
    const auto* fault = std::exchange(crash_after_ack_, nullptr);
    if (fault == nullptr)
        return;
    const auto moment = static_cast<std::int64_t>(fault->choice % static_cast<std::uint64_t>(ack_moment_ns));
    with_.time->schedule_after(moment, world_owner, [this, fault] {
        if (!healed_ && with_.broker->running())
            crash(fault->how, fault->losses, fault->lasts_ns);
    });
}

void fault_driver::plan_crash(const planned_fault& fault, crash_kind how) {
    power_was_cut_ = power_was_cut_ || how == crash_kind::power_cut;
    next_downtime_ = fault.lasts_ns;
    with_.broker->crash_after_operations(fault.operations, how, fault.losses);
}

void fault_driver::cut_link(const planned_fault& fault) {
    const auto broker = with_.broker->host().number();
    const auto client = with_.clients[fault.choice % with_.clients.size()];
    const auto ways = fault.choice / with_.clients.size() % 3;
    if (ways != 1)
        with_.network->block(broker, client);
    if (ways != 2)
        with_.network->block(client, broker);
    with_.time->schedule_after(fault.lasts_ns, world_owner, [this, broker, client] {
        with_.network->unblock(broker, client);
        with_.network->unblock(client, broker);
    });
}

void fault_driver::watch() {
    const bool running = with_.broker->running();
    if (was_running_ && !running)
        start_at_ = with_.time->now() + next_downtime_;
    was_running_ = running;
    with_.broker->count_dropped_replies();
    if (!running && !resting_ && with_.time->now() >= start_at_)
        start_broker();
    with_.time->schedule_after(watch_interval_ns, world_owner, [this] { watch(); });
}

void fault_driver::start_broker() {
    with_.broker->start();
    was_running_ = true;
    tell("started, life " + std::to_string(with_.broker->incarnations()));
    if (const auto* fault = std::exchange(crash_in_next_life_, nullptr); fault != nullptr)
        plan_crash(*fault, fault->how);
}

void fault_driver::tell(const std::string& what) const {
    if (with_.tell)
        with_.tell(what);
}

} // namespace barnabas::sim
