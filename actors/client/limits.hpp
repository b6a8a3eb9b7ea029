#pragma once

#include <cstddef>
#include <cstdint>

/// Bounds of the client role (style rule S18).
namespace barnabas::client::limits {

inline constexpr std::int64_t millisecond = 1'000'000;

/// A response larger than this is taken for garbage on the stream.
inline constexpr std::size_t frame_bytes_max = 128u << 20;
/// What one read may bring.
inline constexpr std::size_t read_bytes_max = 64u << 10;
/// Of an answer that lacks as much, the rest is read in place.
inline constexpr std::size_t placed_bytes_min = 16u << 10;
/// Memory of answers that a client keeps for later ones.
inline constexpr std::size_t kept_frame_bytes_max = 32u << 20;
/// A broker that is there answers a connect in far less; longer waits only delay the next attempt.
inline constexpr std::int64_t connect_wait_ns = 10'000 * millisecond;
/// Pause before a reconnect: doubles from the first to the last, then drawn from its upper half.
inline constexpr std::int64_t reconnect_first_ns = 50 * millisecond;
inline constexpr std::int64_t reconnect_last_ns = 1'000 * millisecond;
/// Pause before a request is repeated after an error that may pass.
inline constexpr std::int64_t retry_pause_ns = 100 * millisecond;
/// Kafka's brokers know the last five batches of an idempotent producer; more in flight could not be told
/// apart.
inline constexpr std::size_t idempotent_in_flight_max = 5;

/// Partitions of forgotten topics whose sequences an idempotent producer remembers. More, some 600 bytes
/// each, are dropped by taking its next epoch, which costs nothing but a moment without requests.
inline constexpr std::size_t idle_lines_max = 1'000;

/// Calls that a client of a cluster carries at once: more are a program that does not wait for answers.
inline constexpr std::size_t calls_max = 10'000;
/// Requests without an answer on one connection. A broker takes them one after the other.
inline constexpr std::size_t link_in_flight_max = 5;
/// A topic, partition or broker that the cluster still does not know after this long is not about to appear:
/// brokers hear of what was created within a second.
inline constexpr std::int64_t unknown_wait_ns = 5'000 * millisecond;
/// After this long without a connection another broker is tried beside, if any will do.
inline constexpr std::int64_t connect_patience_ns = 1'000 * millisecond;
/// Answers that could not be read: then it is not the line.
inline constexpr std::uint32_t malformed_max = 3;
/// Topics whose leaders are kept though nobody asks for them.
inline constexpr std::size_t view_topics_max = 10'000;
/// Brokers whose failures an error lists.
inline constexpr std::size_t failures_listed_max = 5;

} // namespace barnabas::client::limits
