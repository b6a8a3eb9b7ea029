#pragma once

#include "runtime/random/random.hpp"
#include "sim/faults/connection_harm.hpp"
#include "sim/faults/disk_faults.hpp"
#include "sim/faults/network_faults.hpp"
#include "sim/node/host.hpp"
#include "sim/workloads/planned_fault.hpp"
#include "sim/world/virtual_time.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace barnabas::sim {

/// Faults without a date: chance does them, all the time until healing.
enum class background_kind : std::uint8_t {
    delays,            ///< latencies, rates and buffers of links differ more than usual
    split_reads,       ///< reads and segments are cut
    resets,            ///< connections are reset after so many bytes
    half_open_ends,    ///< one end of a connection vanishes
    refusals,          ///< attempts to connect are refused
    hangs,             ///< ... hang
    mutes,             ///< ... succeed, and then nothing is heard
    clogs,             ///< a direction holds its bytes for a while
    disk_latencies,    ///< syncs take other times than usual
    disk_stalls,       ///< one job now and then takes seconds
    cold_cache,        ///< reads find nothing in memory more often, and jobs run at once more or less often
    sync_lies,         ///< a sync succeeds and did nothing: the promise is void
    disk_errors,       ///< reads, writes and syncs fail: what they served is out of service until a restart
    rotten_reads,      ///< a read has a wrong bit, this time
    rotten_sectors,    ///< ... and from then on: the promise is void
    misdirected_write, ///< one write lands elsewhere: the promise is void
    rotten_indexes,    ///< an index has a wrong bit, this time or from then on: nobody may notice
    rotten_texts,      ///< a small file has a wrong bit, this time or from then on: it may cost service
};
const char* name_of(background_kind kind) noexcept;
std::span<const background_kind> all_of(background_kind) noexcept;

/// How many kinds of faults exist in a run.
enum class swarm_mode : std::uint8_t { no_faults, one_kind, some_kinds, every_kind };
const char* name_of(swarm_mode mode) noexcept;
std::span<const swarm_mode> all_of(swarm_mode) noexcept;

/// When the dated faults of a run happen.
enum class schedule_style : std::uint8_t {
    steady,   ///< at any time
    burst,    ///< in a few short bursts
    targeted, ///< at the tender moments: recovery, right after an acknowledgement, creation of topics
};
const char* name_of(schedule_style style) noexcept;
std::span<const schedule_style> all_of(schedule_style) noexcept;

/// All faults of one run: those that lie in wait the whole time, and those with a date. None after `healing`.
struct fault_plan {
    bool any = false;
    /// Something here can break the promise (`loses`): only what holds in spite of lost data is to be
    /// checked, and nobody must be served in the end.
    bool lossy = false;
    swarm_mode mode = swarm_mode::no_faults;
    schedule_style style = schedule_style::steady;
    network_faults network;
    disk_faults disk;
    virtual_time healing;
    /// How the broker dies before the last look at its data.
    crash_kind last_crash = crash_kind::kill;
    power_cut_faults last_losses;
    std::vector<planned_fault> faults;
    /// Harms to single connections, instead of or beside what chance does by `network`.
    std::vector<connection_harm> harms;
    /// What was drawn to exist; of no effect.
    std::vector<fault_kind> kinds;
    std::vector<background_kind> background;

    struct bounds {
        /// Faults with dates lie between these.
        virtual_time begin;
        virtual_time healing;
        /// Whether the plan may be `lossy`, and whether its disk may fail.
        bool disk_harm_allowed = false;
    };
    static fault_plan drawn(runtime::random draws, const bounds& within);
    /// Something here ends in errors of the disk, so that the broker may refuse service until healing.
    bool disk_fails() const noexcept;
    /// No broker can keep its promise under this.
    bool loses() const noexcept;
    /// The disk is full at times, and beside that processes end and links fail.
    bool only_room_is_short() const noexcept;
    /// Only the end of the process ends what was asked of the disk.
    bool disk_hangs() const noexcept;
    /// One line per fault, for people.
    std::string text() const;
};

/// The faults and harms themselves are lists and not shown.
template <fields_of<fault_plan> Of, class Visit>
void for_each_field(Of& of, Visit&& visit) {
    visit("any", of.any);
    visit("lossy", of.lossy);
    visit("mode", of.mode);
    visit("style", of.style);
    visit("network", of.network);
    visit("disk", of.disk);
    visit("healing_ns", of.healing);
    visit("last_crash", of.last_crash);
    visit("last_losses", of.last_losses);
}

} // namespace barnabas::sim
