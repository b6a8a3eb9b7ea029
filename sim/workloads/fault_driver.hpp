#pragma once

#include "sim/cluster/simulated_broker.hpp"
#include "sim/network/network_fabric.hpp"
#include "sim/workloads/fault_plan.hpp"
#include "sim/workloads/fault_table.hpp"
#include "sim/world/world.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace barnabas::sim {

/// Carries out a fault plan against one broker, and starts the broker again after it died. Until `heal`.
class fault_driver {
public:
    struct parts {
        sim::world* time;
        network_fabric* network;
        simulated_broker* broker;
        /// Hosts of the clients, as the network numbers them.
        std::vector<std::uint32_t> clients;
        /// Hears what happens, for people; may be empty.
        std::function<void(const std::string&)> tell;
    };

    fault_driver(parts with, const fault_plan& plan);

    /// Schedules everything.
    void begin();
    /// Everything is whole again; a broker that is down is started.
    void heal();
    /// Down for that long, and up again.
    void crash(crash_kind how, const power_cut_faults& losses, std::int64_t lasts_ns);
    /// A client was told that its batch is safe.
    void on_acked();
    /// A broker that ends from now on stays down.
    void rest() noexcept { resting_ = true; }
    const fault_table& met() const noexcept { return met_; }
    bool power_was_cut() const noexcept { return power_was_cut_; }

private:
    void carry_out(const planned_fault& fault);
    void plan_crash(const planned_fault& fault, crash_kind how);
    void cut_link(const planned_fault& fault);
    void watch();
    void start_broker();
    void tell(const std::string& what) const;

    parts with_;
    const fault_plan& plan_;
    fault_table met_;
    bool power_was_cut_ = false;
    bool healed_ = false;
    bool resting_ = false;
    /// When the broker is started again, if it is down.
    virtual_time start_at_{0};
    bool was_running_ = true;
    std::int64_t next_downtime_ = 0;
    /// Waits for the next acknowledgement.
    const planned_fault* crash_after_ack_ = nullptr;
    /// The n-th operation of the next life is its last.
    const planned_fault* crash_in_next_life_ = nullptr;
};

} // namespace barnabas::sim
