#pragma once

#include "sim/checkers/history.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

/// The checkers of disks that are short of room. Beside what all checkers hear, the workload tells them how
/// much room there is, in runs in which nothing else is wrong with the disk.
namespace barnabas::sim {

/// The disk below all data directories, at one of the looks at the broker.
struct room_reading {
    virtual_time at;
    /// The broker serves clients.
    bool serves = false;
    /// Nothing on a disk that is not full at all.
    std::optional<std::uint64_t> free;
    /// What the broker keeps back (log.dir.reserve.bytes).
    std::uint64_t reserve = 0;
    /// What is left of the room kept for deletions, in the directory that has least of it.
    std::uint64_t kept = 0;
    /// More files that the disk has places for; nothing where these are not short.
    std::optional<std::uint64_t> places{};
    /// Names that are kept for deletions, in the directory that has fewest.
    std::uint64_t kept_names = 0;
};

class room_checker : public checker {
public:
    using checker::checker;
    virtual void on_room(const room_reading& room) = 0;
};

/// Deletions that find no room get of what is kept for them, and when they have made enough of it, records
/// are taken again.
std::unique_ptr<room_checker> make_full_disk_frees_itself(const history& of);
/// While no more than the first half of the reserve is in use, coordinators take commits and let members in.
std::unique_ptr<room_checker> make_groups_use_the_reserve(const history& of);

/// All of them.
std::vector<std::unique_ptr<room_checker>> all_room_checkers(const history& of);

} // namespace barnabas::sim
