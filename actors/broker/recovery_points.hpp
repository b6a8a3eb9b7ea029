#pragma once

#include "protocol/model/checkpointed_offsets.hpp"
#include "protocol/model/ids.hpp"

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

namespace barnabas {

inline monotonic_ns later(monotonic_ns now, std::chrono::nanoseconds by) {
    return monotonic_ns(now.get() + by.count());
}

/// Partitions of a data directory whose stable records go beyond the recovery point. Each is due an interval
/// after it fell behind, and again as long as it stays so, the one that waits longest first. A few at a time:
/// a recovery point costs some syncs, and where many partitions get a little each those would take the disk
/// from their clients; they wait longer then.
class recovery_points {
public:
    static constexpr std::size_t at_once_max = 10;
    static constexpr std::chrono::seconds pause{1};

    explicit recovery_points(std::chrono::nanoseconds interval) : interval_(interval) {}

    void note(const partition_name& where, bool is_behind, monotonic_ns now);
    void forget(const partition_name& where);
    bool is_behind(const partition_name& where) const { return due_.contains(where); }
    /// Those that shall note theirs now.
    std::vector<partition_name> take_due(monotonic_ns now);
    /// When `take_due` has more.
    std::optional<monotonic_ns> next() const;

private:
    std::chrono::nanoseconds interval_;
    std::map<partition_name, monotonic_ns> due_;
    std::set<std::pair<monotonic_ns, partition_name>> queue_;
    monotonic_ns not_before_{0};
};

} // namespace barnabas
