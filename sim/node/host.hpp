#pragma once

#include "runtime/node/node_services.hpp"
#include "sim/clock/host_clock.hpp"
#include "sim/disk/memory_disk.hpp"
#include "sim/faults/disk_faults.hpp"
#include "sim/node/node_options.hpp"
#include "sim/world/world.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace barnabas::sim {

class network_fabric;
class simulated_node;

enum class crash_kind {
    kill,      ///< the process dies; the page cache and the kernel's sockets survive
    power_cut, ///< what was not synced is at the mercy of `power_cut_faults`; connections fall silent
};
const char* name_of(crash_kind kind) noexcept;
std::span<const crash_kind> all_of(crash_kind) noexcept;

/// What `trace_kind::node_life` reports. Append only.
enum class node_event : std::uint8_t {
    started = 1,
    killed = 2,
    power_cut = 3,
    stopped = 4,
    failed = 5,
    paused = 6,
    clock_jumped = 7,
    clock_drifted = 8,
    slowed = 9,
};

struct host_options {
    std::string name;
    clock_options clock;
    std::uint64_t disk_capacity = memory_disk::unlimited;
    disk_faults disk;
    /// Data directories of its nodes.
    std::vector<std::string> directories{};
};

/// A simulated machine: a name, a disk and clocks that last, and one incarnation of a node after another.
class host {
public:
    host(world& time, network_fabric& network, const host_options& options);
    /// A node that still runs is killed.
    ~host();
    host(const host&) = delete;
    host& operator=(const host&) = delete;

    const std::string& name() const noexcept { return name_; }
    /// As the network and the trace number it.
    std::uint32_t number() const noexcept { return number_; }
    memory_disk& disk() noexcept { return disk_; }
    host_clock& clock() noexcept { return clock_; }

    /// Boots a new incarnation: `boot` spawns its actors. No node may be running.
    void start(const boot_function& boot, const node_options& options = {});
    bool running() const noexcept { return node_ != nullptr; }
    /// Null when none runs.
    simulated_node* node() noexcept { return node_.get(); }
    std::uint64_t incarnations() const noexcept { return incarnations_; }

    /// Ends the node now; inside one of its own steps or disk jobs, as the next event. No effect if none
    /// runs.
    void crash(crash_kind kind, const power_cut_faults& faults = {});
    /// The node crashes right after its n-th operation on files from now.
    void crash_after_operations(std::uint64_t n, crash_kind kind, const power_cut_faults& faults = {});
    /// `ask` tells the node to end (empty: every actor is asked to exit). When all its actors have ended, or
    /// at the latest after `limit_ns` by killing it, the process exits and `then` hears whether it ended by
    /// itself.
    void clean_stop(std::function<void()> ask, std::int64_t limit_ns, std::function<void(bool)> then = {});
    /// The process stands still for so long while its clocks run on.
    void pause(std::int64_t duration_ns);
    /// Time in which processes here could work: the monotonic clock's, with its drift, which stands still
    /// while a process does, and of which a node that is so many times slower has so many times less. A
    /// process that ends takes its pause and its slowness with it.
    std::int64_t worked_ns() const;
    /// Every actor step of the running node costs this many times as much from now on.
    void slow_down(std::int64_t factor);
    void jump_wall_clock(std::int64_t by_ms);
    /// Both clocks run at another rate from now on, and with them the timers of the node.
    void set_clock_drift(std::int64_t ppm);

    /// Actors that were still referred to by each other after their node had ended, in all incarnations: an
    /// actor must let go of its handles in `on_exit`.
    std::uint64_t leaked_actors() const noexcept { return leaked_actors_; }

private:
    class disk_trace;

    void add_up_work();
    void end(crash_kind kind, const power_cut_faults& faults, node_event why);
    void end_soon(crash_kind kind, const power_cut_faults& faults);
    void look_whether_stopped(std::uint64_t incarnation, virtual_time limit, std::function<void(bool)> then);

    world& world_;
    network_fabric& network_;
    std::string name_;
    std::uint32_t number_;
    runtime::random draws_;
    memory_disk disk_;
    host_clock clock_;
    std::unique_ptr<disk_trace> disk_trace_;
    std::unique_ptr<simulated_node> node_;
    std::uint64_t incarnations_ = 0;
    std::uint64_t leaked_actors_ = 0;
    virtual_time stalled_until_{0};
    std::int64_t slowness_ = 1;
    /// Up to `worked_until_`: whatever changes how fast it grows adds up first what there is.
    std::int64_t worked_ns_ = 0;
    virtual_time worked_until_{0};
};

} // namespace barnabas::sim
