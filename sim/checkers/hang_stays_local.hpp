#pragma once

#include "sim/checkers/history.hpp"
#include "sim/checkers/place.hpp"
#include "sim/world/virtual_time.hpp"

#include <cstdint>
#include <set>
#include <string>
#include <vector>

namespace barnabas::sim {

/// A data directory on which no call returned for a while, one of several.
struct directory_hang {
    std::string directory;
    virtual_time began;
    virtual_time ended;
    std::uint64_t life = 0;
    /// One life of the broker, which served clients, went on through it all, and nothing else happened to it.
    bool served = false;
    /// The broker was asked to stop beside it and had the time to, whether it said that it had, and whether
    /// it served clients before; then the directories with the marker of a clean stop.
    bool stop_asked = false;
    bool stop_told = false;
    bool served_before_stop = false;
    /// The disk was full during the stop, which costs every directory its last checkpoints.
    bool short_of_room = false;
    std::set<std::string> marked;
    /// Partitions in other directories, and those directories.
    std::vector<place> elsewhere;
    std::set<std::string> others;
};

inline constexpr auto hang_stays_local = "hang_stays_local";

/// Why what hung was felt elsewhere; empty when it was not.
std::string felt_elsewhere(const directory_hang& hang, const history& of);

} // namespace barnabas::sim
