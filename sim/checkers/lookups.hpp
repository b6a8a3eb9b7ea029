#pragma once

#include "protocol/model/ids.hpp"
#include "sim/checkers/place.hpp"

#include <cstdint>
#include <string>
#include <vector>

/// What a client was told when it asked where things are. One question is under way at a time, to the broker
/// as it is then; answers that are errors are not told.
namespace barnabas::sim {

/// ListOffsets.
struct offset_told {
    place where;
    /// A time, or -1 for the end, -2 for the start, -3 for the record with the largest time.
    timestamp_ms asked;
    log_offset offset{-1};
    timestamp_ms timestamp{-1};
};

/// OffsetForLeaderEpoch.
struct epoch_end_told {
    place where;
    leader_epoch asked;
    /// -1 also in the version that does not tell it.
    leader_epoch epoch{-1};
    log_offset end{-1};
};

/// DescribeLogDirs, one for each directory that works.
struct described_directory {
    struct replica {
        place where;
        std::int64_t bytes = 0;
        /// A copy that is to take its place one day.
        bool is_future = false;
    };
    std::string path;
    /// -1 where the version does not tell it.
    std::int64_t total_bytes = -1;
    std::int64_t usable_bytes = -1;
    std::vector<replica> replicas;
};
struct log_dirs_told {
    std::vector<described_directory> directories;
    /// No directory was said to be offline, and all partitions were asked for.
    bool complete = false;
};

} // namespace barnabas::sim
