#pragma once

#include "actors/replica/log/segment.hpp"
#include "protocol/model/error.hpp"
#include "runtime/disk/disk.hpp"

#include <cstdint>
#include <optional>
#include <vector>

/// `.timeindex`: int64 timestamp, int32 offset relative to the segment's base; timestamps grow. An entry says
/// that up to its making the largest timestamp was this one, which the batch with that offset has.
namespace barnabas::replica {

inline constexpr std::uint64_t time_entry_size = 12;

void put_time_entry(std::vector<std::byte>& to, log_offset base, const time_point& entry);

/// An entry as a lookup finds it, with those around it.
struct found_time_entry {
    std::optional<time_point> before;
    std::optional<time_point> entry;
    /// What was seen of the index grows as it must.
    bool in_order = true;
};

/// The last entry before `timestamp`: no record before its offset can be at or behind that. None: look from
/// the beginning.
result<found_time_entry> find_entry_before(runtime::file_system& files, runtime::file_id index,
                                           log_offset base, timestamp_ms timestamp);

/// The last entry below `upto`: no record before its offset has a larger timestamp. None: look from the
/// beginning.
result<found_time_entry> find_entry_of_largest(runtime::file_system& files, runtime::file_id index,
                                               log_offset base, log_offset upto);

/// Where the batch of the entry begins, looked for from `hint` on, if there is one with its timestamp and
/// no sound one on the way is younger: no checksum covers an index.
result<std::optional<file_position>> confirm_time_entry(runtime::file_system& files, runtime::file_id log,
                                                        std::uint64_t log_size, file_position hint,
                                                        const time_point& entry);

/// The beginning of the index that makes sense: timestamps that grow, offsets inside [base, end). Nothing of
/// it where entries behind what makes no sense do: that is damage, and hides what may be the largest
/// timestamp.
result<std::vector<time_point>> sound_time_entries(runtime::file_system& files, runtime::file_id index,
                                                   log_offset base, log_offset end);

/// The last entry of an index whose size is right, none if it is empty.
result<std::optional<time_point>> last_time_entry(runtime::file_system& files, runtime::file_id index,
                                                  log_offset base);

} // namespace barnabas::replica
