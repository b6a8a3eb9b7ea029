#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

/// Bounds of the broker role (style rule S18).
namespace barnabas::broker_limits {

/// Producers that wait for an id while the controller is asked; each holds one parked connection.
inline constexpr std::size_t waiting_producers_max = 10'000;
/// The next block is asked for when so few ids are left: an answer takes one sync of the metadata log.
inline constexpr std::int64_t producer_ids_low = 100;

/// How often the free room of the data directories is looked at; writes in between are counted.
inline constexpr std::chrono::milliseconds room_look_interval{1000};
/// Calls that do not return are looked for this often, or twice in the time after which that is told.
inline constexpr std::chrono::milliseconds hang_look_interval_max{1000};
/// Logs of a directory that was closed in good order are opened so many at a time: with all at once the jobs
/// of many thousands would lie about, and the memory that they had would stay with the process.
inline constexpr std::size_t openings_max = 128;
/// Partitions of a directory that are made, or removed, at a time: what others ask of the disk waits behind
/// so many jobs of a few milliseconds, however large the topic is. Enough for the threads of a directory.
inline constexpr std::size_t changes_at_once = 4;
/// How long after a partition found no room it is opened again.
inline constexpr std::chrono::milliseconds reopen_interval{1000};
/// A start that has more to check says how far it is, each time that so many of those intervals have passed.
inline constexpr std::uint64_t check_noted_bytes_min = 256 << 20;
inline constexpr std::uint32_t check_note_ticks = 10;
/// How long partitions have to tell their sizes for DescribeLogDirs; then the answer leaves without the rest.
inline constexpr std::chrono::milliseconds log_dirs_wait_max{5000};

/// What is copied in one step of a move between directories, and what may be left when the log closes for it:
/// its clients wait for that. One step is read, checked and written in a few milliseconds.
inline constexpr std::uint64_t move_step_bytes_min = 16 << 10;
inline constexpr std::uint64_t move_step_bytes_max = 1 << 20;
inline constexpr std::uint64_t move_last_bytes_max = 1 << 20;
/// How long a move waits before it looks again whether compaction has stopped.
inline constexpr std::chrono::milliseconds move_retry_interval{100};
/// Directories of deleted topics that one job removes: a stop waits for it.
inline constexpr std::size_t strays_at_once = 32;
/// Partitions that shall go to a certain directory when they are made; a few words each.
inline constexpr std::size_t preferred_directories_max = 10'000;

/// What each step of a stop may take before the broker goes on without it.
inline constexpr std::chrono::milliseconds close_listeners_max{10'000};
inline constexpr std::chrono::milliseconds close_partitions_max{60'000};
inline constexpr std::chrono::milliseconds close_controller_max{10'000};
inline constexpr std::chrono::milliseconds close_directories_max{10'000};

/// A monitoring system asks once in seconds; a request of one is a few hundred bytes.
inline constexpr std::size_t http_connections_max = 64;
inline constexpr std::size_t http_request_bytes_max = 16 * 1024;
inline constexpr std::chrono::milliseconds http_connection_idle_max{30'000};

/// A round that asks how far consumers are behind: how long the page waits for it, and how long its outcome
/// is given to others who ask for the page. Monitoring systems give up after ten seconds.
inline constexpr std::chrono::milliseconds lag_round_max{2000};
inline constexpr std::chrono::milliseconds lag_report_age_max{1000};
/// Records that a round reads, how many at once, and their bytes: a batch may have a mebibyte.
inline constexpr std::size_t lag_lookups_max = 2'000;
inline constexpr std::size_t lag_lookups_at_once = 8;
inline constexpr std::size_t lag_lookup_bytes_max = 64 << 20;
inline constexpr std::uint32_t lag_read_bytes = 16 << 10;
/// Compaction or a deletion may take the record away; after this time it is looked up again.
inline constexpr std::chrono::minutes lag_remembered_for{10};
/// A timestamp may be this much too early.
inline constexpr std::chrono::milliseconds lag_precision{1000};

/// Partitions whose sizes /metrics shows, each with 250 bytes of the page; how long the page waits for them,
/// and how long they are given to others who ask.
inline constexpr std::size_t log_sizes_max = 2'000;
inline constexpr std::chrono::milliseconds log_sizes_round_max{1000};
inline constexpr std::chrono::milliseconds log_sizes_age_max{1000};

} // namespace barnabas::broker_limits
