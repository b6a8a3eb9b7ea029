#pragma once

#include "actors/replica/jobs.hpp"
#include "protocol/model/ids.hpp"
#include "protocol/model/slice.hpp"

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

/// What `replica_log` notes of its files and of appends that are under way; nobody else needs it.
namespace barnabas::replica {

/// Files of a segment that are still open: the active one, and rolled ones until they are synced.
struct open_segment {
    log_offset base_offset;
    segment_files files;
    bool log_dirty = false;
    bool indexes_dirty = false;
    std::uint32_t readers = 0;
};
/// What must be put back when an append that was handed to the disk fails.
struct append_in_flight {
    log_offset base_offset;
    log_offset next_offset;
    segment_state active_before;
    bool rolled = false;
    std::vector<std::pair<producer_id, std::optional<producer_entry>>> producers_before;
};
struct snapshot_due {
    log_offset offset{-1};
    slice content;
};
/// Where a batch of the active segment begins: readers near the end need no index.
struct recent_position {
    log_offset base_offset;
    file_position position;
};

} // namespace barnabas::replica
