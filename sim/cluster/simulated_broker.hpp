#pragma once

#include "actors/broker/boot.hpp"
#include "runtime/config/broker_config.hpp"
#include "sim/cluster/furniture.hpp"
#include "sim/node/host.hpp"
#include "sim/world/world.hpp"

#include <caf/actor_control_block.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace barnabas::sim {

class network_fabric;

/// What a broker is doing.
enum class broker_moment {
    down,       ///< no process
    loading,    ///< it takes its directories into use and replays the metadata log
    recovering, ///< it opens its partitions
    serving,    ///< it is ready, and jobs wait for the disk
    idle,       ///< it is ready
    stopping,   ///< it was asked to stop, or gives up
};
const char* name_of(broker_moment moment) noexcept;

struct broker_settings {
    std::string host = "broker";
    std::shared_ptr<const broker_config> config;
    boot_options planted;
    scheduler_options scheduler;
    clock_options clock;
    disk_faults disk;
    /// Hears why the broker gave up, and says whether that may be: then its process ends like a killed one,
    /// else the run fails.
    std::function<bool(const error&)> may_give_up;
};

/// A configuration for a broker on a simulated host: data in /data, clients on port 9092 of `host`, no pages.
broker_config simulated_config(const std::string& host);

/// One broker on its host, booted by the production boot code, through any number of incarnations.
class simulated_broker {
public:
    simulated_broker(world& time, network_fabric& network, observation& watched, broker_settings settings);

    static constexpr std::uint16_t port = 9092;

    void start();
    bool running() const noexcept { return host_.running(); }
    /// Clients are served.
    bool started() const noexcept { return running() && started_; }
    broker_moment moment() noexcept;
    /// The last incarnation ended because it could not go on.
    bool gave_up() const noexcept { return gave_up_; }
    /// Directories failed or partitions did not open: that stays so until the next incarnation.
    bool out_of_service() const noexcept { return out_of_service_; }
    const std::vector<std::string>& log_dirs() const noexcept { return settings_.config->log_dirs; }
    std::uint64_t incarnations() const noexcept { return host_.incarnations(); }
    sim::host& host() noexcept { return host_; }

    void crash(crash_kind kind, const power_cut_faults& faults);
    /// The node crashes at the n-th operation on its files from now; `cancel_planned_crash` takes that back.
    void crash_after_operations(std::uint64_t n, crash_kind kind, const power_cut_faults& faults);
    void cancel_planned_crash();
    /// Asks the broker to stop; killed if it does not end in time. `then` hears whether it ended by itself.
    void stop(std::int64_t limit_ns, std::function<void(bool)> then = {});

    /// It said that it had stopped, whether all its actors have ended or not.
    bool told_stopped() const noexcept { return told_stopped_; }
    /// A look at the node, which must be running.
    node_reading reading();
    /// Files that the broker had open when it said that it had stopped.
    std::uint64_t files_left_open() const noexcept { return files_left_open_; }

    /// Adds what this incarnation dropped since the last call to the observation.
    void count_dropped_replies();

private:
    world& world_;
    observation& watched_;
    broker_settings settings_;
    sim::host host_;
    /// Weak: a handle from outside must not keep the actor alive beyond its system.
    caf::weak_actor_ptr root_;
    bool started_ = false;
    bool told_stopped_ = false;
    bool gave_up_ = false;
    bool out_of_service_ = false;
    /// Of the present incarnation, as it publishes it.
    broker_state state_ = broker_state::opening_directories;
    std::uint64_t dropped_counted_ = 0;
    std::uint64_t files_left_open_ = 0;
};

} // namespace barnabas::sim
