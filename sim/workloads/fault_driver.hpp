#pragma once

#include "sim/checkers/foreign_disk_refused.hpp"
#include "sim/checkers/hang_stays_local.hpp"
#include "sim/cluster/simulated_broker.hpp"
#include "sim/network/network_fabric.hpp"
#include "sim/workloads/fault_plan.hpp"
#include "sim/workloads/fault_table.hpp"
#include "sim/world/world.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
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
        /// Hears of each directory that hung, when that is over; may be empty.
        std::function<void(const directory_hang&)> on_hang{};
        /// Hears of each disk of somebody else, when it is out again; may be empty.
        std::function<void(const foreign_disk&)> on_foreign_disk{};
        /// Hears of each data directory that is about to be taken away; may be empty.
        std::function<void(const std::string&)> on_directory_taken{};
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
    bool healed() const noexcept { return healed_; }
    bool power_was_cut() const noexcept { return power_was_cut_; }
    /// Since when broker and network are whole; `end_of_time` while they are not.
    virtual_time healthy_since() const;
    /// Since when the broker is neither paused nor slow, and its disk neither; later than now while they are.
    virtual_time calm_since() const;

private:
    void on_date(const planned_fault& fault);
    void meet(std::vector<const planned_fault*>& waiting);
    void carry_out(const planned_fault& fault);
    void carry_out_on_process(const planned_fault& fault);
    void carry_out_on_links(const planned_fault& fault);
    void carry_out_on_clocks_and_disk(const planned_fault& fault);
    void plan_crash(const planned_fault& fault);
    void begin_crash_loop(const planned_fault& fault);
    void crash_again();
    void cut_links(const planned_fault& fault);
    void flap(const planned_fault& fault, virtual_time until, bool cut);
    void clog_links(const planned_fault& fault);
    void swizzle(const planned_fault& fault);
    void set_connects(const planned_fault& fault, connect_mode mode);
    void set_disk();
    void slow_disk(const planned_fault& fault);
    void fill_disk(const planned_fault& fault);
    void move_room(const planned_fault& fault, std::uint64_t step);
    void begin_images();
    void exchange(const planned_fault& fault, const std::string& place, const memory_disk::image_ptr& with);
    void put_in_old_image(const planned_fault& fault);
    void lend_disk(const planned_fault& fault);
    bool make_foreign(const planned_fault& fault, const std::string& place);
    void end_loan();
    void shorten_file(const planned_fault& fault);
    void empty_snapshots(const std::string& beside);
    void end_shortening();
    void stop_and_harm_index(const planned_fault& fault);
    void harm_indexes(const planned_fault& fault);
    void fill_places(const planned_fault& fault);
    void take_directory(const planned_fault& fault);
    void put_directory_back();
    std::string drawn_directory(const planned_fault& fault) const;
    void hang_disk(const planned_fault& fault);
    void lose_directory(const planned_fault& fault);
    void hang_directory(const planned_fault& fault);
    void end_hang(const planned_fault& fault);
    void stop_broker();
    void slow_loop(const planned_fault& fault);
    void drift(const planned_fault& fault);
    void watch();
    void start_broker();
    void tell(const std::string& what) const;
    std::int64_t length(const planned_fault& fault) const;
    /// Unless everything was healed before.
    template <class Act>
    void later(std::int64_t delay_ns, Act act) {
        with_.time->schedule_after(delay_ns, world_owner, [this, act = std::move(act)] {
            if (!healed_)
                act();
        });
    }
    /// Calls `act(from, to)` for the links that the fault names.
    template <class Act>
    void for_each_link(const planned_fault& fault, const Act& act) const;

    parts with_;
    const fault_plan& plan_;
    fault_table met_;
    bool power_was_cut_ = false;
    bool healed_ = false;
    bool resting_ = false;
    /// When the broker is started again, if it is down.
    virtual_time start_at_{0};
    virtual_time healthy_since_{0};
    bool was_running_ = true;
    std::int64_t next_downtime_ = 0;
    /// The n-th operation of the next life is its last.
    const planned_fault* crash_in_next_life_ = nullptr;
    const planned_fault* crash_loop_ = nullptr;
    std::uint32_t crashes_left_ = 0;
    /// Their dates have come.
    std::vector<const planned_fault*> waiting_for_start_;
    std::vector<const planned_fault*> waiting_for_ack_;
    /// What lasts; the latest of a kind wins.
    virtual_time paused_until_{0};
    virtual_time loop_slow_until_{0};
    virtual_time disk_slow_until_{0};
    virtual_time drift_until_{0};
    virtual_time disk_full_until_{0};
    virtual_time directory_lost_until_{0};
    /// The one that hangs at present.
    std::optional<directory_hang> hang_;
    /// The fault by which the disk is full at present.
    const planned_fault* full_by_ = nullptr;
    /// What the disk was, beside the faults of the plan that bring it back.
    std::vector<memory_disk::image_ptr> images_;
    /// A disk that is in for a while, and what belongs there instead.
    struct loan {
        const planned_fault* fault;
        std::string place;
        memory_disk::image_ptr own;
        std::optional<foreign_disk> foreign;
        std::map<std::string, std::uint64_t> checksums;
    };
    std::optional<loan> loan_;
    /// A file that lost its end, and what it was.
    struct shortened {
        const planned_fault* fault;
        std::string path;
        std::string whole;
        std::size_t kept;
        /// Snapshots that were emptied, and what they were.
        std::map<std::string, std::string> snapshots;
    };
    std::optional<shortened> shortened_;
    /// The fault by which indexes come to harm before the next start.
    const planned_fault* harms_indexes_ = nullptr;
    virtual_time places_short_until_{0};
    /// The fault by which a directory is away at present.
    const planned_fault* taken_by_ = nullptr;
    std::int64_t disk_factor_ = 1;
    std::int64_t disk_stalled_until_ = 0;
    std::int64_t usual_drift_ppm_ = 0;
};

} // namespace barnabas::sim
