#pragma once

#include "runtime/random/random.hpp"
#include "sim/faults/disk_faults.hpp"
#include "sim/faults/network_faults.hpp"
#include "sim/node/host.hpp"
#include "sim/world/virtual_time.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace barnabas::sim {

enum class fault_kind {
    crash,              ///< the broker dies now
    crash_at_operation, ///< ... right after its n-th operation on files from now
    crash_after_ack,    ///< ... a moment after a client was told that its batch is safe
    crash_in_recovery,  ///< ... and again at the n-th operation of its next life
    stop,               ///< it is asked to stop
    reset_connections,  ///< all its connections are reset
    cut_link,           ///< bytes between it and one client are held, one way or both
    pause,              ///< its process stands still
};
const char* name_of(fault_kind kind) noexcept;

struct planned_fault {
    virtual_time at;
    fault_kind kind = fault_kind::crash;
    crash_kind how = crash_kind::kill;
    power_cut_faults losses;
    /// Until it is started again, or the link or process goes on.
    std::int64_t lasts_ns = 0;
    std::uint64_t operations = 0;
    /// Chooses the client of a cut link, and the length of the moment after an acknowledgement.
    std::uint64_t choice = 0;
};

/// All faults of one run: those that lie in wait the whole time, and those with a date. None after `healing`.
struct fault_plan {
    bool any = false;
    network_faults network;
    disk_faults disk;
    std::vector<planned_fault> faults;
    virtual_time healing;
    /// How the broker dies before the last look at its data.
    crash_kind last_crash = crash_kind::kill;
    power_cut_faults last_losses;

    static fault_plan drawn(runtime::random draws, virtual_time begin, virtual_time healing);
    /// One line per fault, for people.
    std::string text() const;
};

} // namespace barnabas::sim
