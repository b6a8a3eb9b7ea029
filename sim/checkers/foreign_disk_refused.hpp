#pragma once

#include <set>
#include <string>

namespace barnabas::sim {

/// A broker was started with the disk of another broker or cluster at some place.
struct foreign_disk {
    std::string place;
    /// It came to serve clients.
    bool served = false;
    /// Files on its disks that are others than before.
    std::set<std::string> changed;
    /// It may have had to do without the directory in question.
    bool disturbed = false;
};

inline constexpr auto foreign_disk_refused = "foreign_disk_refused";

/// Why it did not behave as it must with such a disk; empty when it did.
std::string badly_treated(const foreign_disk& disk);

} // namespace barnabas::sim
