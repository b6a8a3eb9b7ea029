#pragma once

#include <cstdint>

namespace barnabas::sim {

/// What `disk_observer::on_change` reports. Append only.
enum class disk_change : std::uint8_t {
    created = 1,
    removed = 2,
    renamed = 3,
    truncated = 4,
    synced = 5,
    sync_failed = 6,
    names_synced = 7,
    killed = 8,
    power_cut = 9,
    misdirected = 10, ///< of the file that was hit; the position
    rotten = 11,      ///< the position
    lie_came_true = 12,
    exchanged = 13, ///< of the directory that is another now; bytes on the disk
};

/// What a disk tells whoever watches it (the simulator's trace).
class disk_observer {
public:
    virtual ~disk_observer() = default;
    virtual void on_write(std::uint64_t inode, std::uint64_t position, std::uint64_t checksum) = 0;
    virtual void on_change(std::uint64_t inode, disk_change what, std::uint64_t detail) = 0;
};

} // namespace barnabas::sim
