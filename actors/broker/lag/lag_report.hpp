#pragma once

#include "protocol/model/ids.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace barnabas {

/// How far a group is behind in one partition.
struct partition_lag {
    partition_index index;
    log_offset committed;
    /// Offsets up to the end; absent: the partition is not led here, or did not tell its end in time.
    std::optional<std::int64_t> records;
    /// There is no record left to read, be it that transactions left their markers.
    bool read_all = false;
    /// Timestamp of the first record that is left to read; absent when there is none or it is not known.
    std::optional<timestamp_ms> oldest;

    friend bool operator==(const partition_lag&, const partition_lag&) = default;
};

struct topic_lag {
    std::string topic;
    std::vector<partition_lag> partitions;

    friend bool operator==(const topic_lag&, const topic_lag&) = default;
};

struct group_lag {
    std::string name;
    std::size_t members = 0;
    std::vector<topic_lag> topics;

    friend bool operator==(const group_lag&, const group_lag&) = default;
};

struct lag_report {
    std::vector<group_lag> groups;
    /// Committed offsets that are not told, since there are more than the configuration allows.
    std::size_t left_out = 0;

    friend bool operator==(const lag_report&, const lag_report&) = default;
};

/// Calls `visit(group, topic)` for all topics of all groups.
template <class Report, class Visit>
void for_each_topic(Report& report, const Visit& visit) {
    for (auto& group : report.groups)
        for (auto& topic : group.topics)
            visit(group, topic);
}

} // namespace barnabas
