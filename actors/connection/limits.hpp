#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

/// Named bounds of a connection (style rule S18), each with its reason.
namespace barnabas::connection_limits {

/// What an idle connection reads first: most requests fit, and thousands of connections cost little.
inline constexpr std::size_t first_read_bytes = 16 * 1024;
/// First memory for a frame from a client that has not shown yet that it sends what it announces.
inline constexpr std::size_t first_frame_bytes = 64 * 1024;
/// A frame's memory grows by this factor as its bytes arrive, so copying stays below a third of its size.
inline constexpr std::size_t frame_growth = 4;
/// Decoded but unanswered requests of one client; a client that pipelines more waits in its socket.
inline constexpr std::size_t waiting_frames_max = 64;
/// Produce requests of one connection that may wait for storage at once (clients use 5 to 1,000).
inline constexpr std::size_t produces_in_flight_max = 128;
/// Unsent response bytes at which no further request is started: a slow reader holds this much, not more.
inline constexpr std::size_t unsent_bytes_high = 4 * 1024 * 1024;
/// One answer holds at most this part of the memory for responses (or one batch), so that a few readers that
/// do not read leave room for others.
inline constexpr std::int64_t fetch_parts_min = 8;
/// Partitions whose idleness a connection remembers between fetches.
inline constexpr std::size_t fetch_slots_max = 20'000;
/// Incremental fetch sessions of one connection; real clients hold one.
inline constexpr std::size_t fetch_sessions_max = 4;
/// Longest wait that a client can ask for (max.wait, timeouts).
inline constexpr std::chrono::milliseconds deadline_max{15 * 60 * 1000};
/// A connection that waits for an answer is not idle; it is looked at again after this time.
inline constexpr std::int64_t idle_check_ns = 1'000'000'000;
/// Longest time to the next timer. A timer keeps its connection's memory, even of one that has closed
/// meanwhile.
inline constexpr std::int64_t timer_max_ns = 30'000'000'000;
/// Unsent bytes that are worth a look at whether the reader takes any.
inline constexpr std::size_t stuck_bytes_min = 64 * 1024;
/// How often, and how long a reader may take nothing while memory for responses is short.
inline constexpr std::int64_t stuck_check_ns = 2'000'000'000;
inline constexpr std::int64_t stuck_max_ns = 10'000'000'000;
/// A request that began is given this time, and more for its size (500 KB/s), before it must make room for
/// others.
inline constexpr std::int64_t slow_frame_ns = 2'000'000'000;
inline constexpr std::int64_t slow_byte_ns = 2'000;
/// Names and configurations in one request to the controller; they become one batch of the metadata log.
inline constexpr std::size_t topic_request_bytes_max = 1024 * 1024;
/// Size of the smallest frame: api key, version, correlation id.
inline constexpr std::size_t frame_bytes_min = 8;

} // namespace barnabas::connection_limits
