#pragma once

#include "protocol/model/ids.hpp"
#include "runtime/disk/disk.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace barnabas::replica {

/// The open files of the active segment (and of a rolled one until it is synced).
struct segment_files {
    runtime::file_id log;
    runtime::file_id offset_index;
    runtime::file_id time_index;

    friend bool operator==(const segment_files&, const segment_files&) = default;
};

/// A segment as its indexes see it: where its offsets begin, and how many bytes its log has.
struct readable_range {
    log_offset base_offset;
    std::uint64_t size = 0;
};

/// An entry of `.timeindex`: up to here no record is younger than `timestamp`, which `offset` has.
struct time_point {
    timestamp_ms timestamp = no_timestamp;
    log_offset offset{-1};

    friend bool operator==(const time_point&, const time_point&) = default;
};

/// What the machine knows about one segment. Sizes count bytes handed to the disk, written or in flight.
struct segment_state {
    log_offset base_offset;
    std::uint64_t size = 0;
    std::uint64_t offset_index_size = 0;
    std::uint64_t time_index_size = 0;
    /// Of `.txnindex`; none: there is no such file.
    std::uint64_t transaction_index_size = 0;
    /// The CRC32C of that file: nothing within tells whether it is as it was written.
    std::uint32_t transaction_index_crc = 0;
    /// Bytes appended since the last index entry.
    std::uint64_t bytes_since_entry = 0;
    time_point newest;          ///< largest timestamp, and the last offset of the first batch that has it
    time_point last_time_entry; ///< last entry of `.timeindex`
    timestamp_ms first_timestamp = no_timestamp; ///< of the first batch: basis of rolling by time
    /// When the machine made it, and when it stopped being active. Of what was found after a crash one of
    /// them says when the file was changed last, which may be any time, until `settle_times` has looked at
    /// it.
    timestamp_ms created = no_timestamp;
    timestamp_ms closed = no_timestamp;

    friend bool operator==(const segment_state&, const segment_state&) = default;
};

/// Names of Kafka's files: the base offset in 20 digits, then what it is.
inline constexpr std::string_view log_suffix = ".log";
inline constexpr std::string_view offset_index_suffix = ".index";
inline constexpr std::string_view time_index_suffix = ".timeindex";
inline constexpr std::string_view transaction_index_suffix = ".txnindex";
inline constexpr std::string_view snapshot_suffix = ".snapshot";
inline constexpr std::string_view deleted_suffix = ".deleted";

std::string segment_file_name(log_offset base, std::string_view suffix);
std::string segment_path(const std::string& directory, log_offset base, std::string_view suffix);
/// The offset in the name, if the name is 20 digits and exactly this suffix.
std::optional<log_offset> offset_of_file(std::string_view name, std::string_view suffix);

} // namespace barnabas::replica
