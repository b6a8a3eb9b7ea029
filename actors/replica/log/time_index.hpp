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

/// Offset from which on to look for a record at or behind `timestamp`: no record before it can be one.
result<log_offset> find_offset_before(runtime::file_system& files, runtime::file_id index, log_offset base,
                                      timestamp_ms timestamp);

/// Offset from which on to look for the largest timestamp below `upto`: no record before it has a larger one.
result<log_offset> find_offset_of_largest(runtime::file_system& files, runtime::file_id index,
                                          log_offset base, log_offset upto);

/// The beginning of the index that makes sense: timestamps that grow, offsets inside [base, end).
result<std::vector<time_point>> sound_time_entries(runtime::file_system& files, runtime::file_id index,
                                                   log_offset base, log_offset end);

/// The last entry of an index whose size is right, none if it is empty.
result<std::optional<time_point>> last_time_entry(runtime::file_system& files, runtime::file_id index,
                                                  log_offset base);

} // namespace barnabas::replica
