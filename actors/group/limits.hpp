#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

/// Bounds of the group role, with their reasons.
namespace barnabas::group_limits {

/// Bytes of decisions that go to the log as one batch: below every sensible `max.message.bytes`. A decision
/// that is larger goes alone.
inline constexpr std::size_t batch_bytes_max = 512 * 1024;
/// What a record takes in a batch beside its key and value, at most.
inline constexpr std::size_t framing_bytes = 32;
/// Bytes read at once while the state is loaded.
inline constexpr std::uint32_t load_bytes = 1024 * 1024;
/// Keys of records have no room for a longer group name, member id or pattern.
inline constexpr std::size_t name_bytes_max = 32767;
/// What a member id takes over of a client's name: a whole name may be longer than an id can be.
inline constexpr std::size_t id_prefix_bytes_max = 255;
/// What a member's record holds beside its texts, and the record beside its members, at most.
inline constexpr std::size_t record_overhead_bytes = 128;
/// Whoever joins for the first time may have gone before the others are there; then nobody waits for it
/// longer than this (Kafka's value).
inline constexpr std::chrono::minutes first_join_wait{5};
/// A rebalance to which nobody came, of members that have a fixed name, waits for them once more for at least
/// that long, whatever time they asked for.
inline constexpr std::chrono::milliseconds absent_members_wait_min{1'000};
/// Between two searches of all topics for those that match a group's patterns (Kafka's value).
inline constexpr std::chrono::seconds pattern_refresh_wait{10};
/// After an append that failed for lack of room, before the state is loaded again.
inline constexpr std::chrono::milliseconds reload_wait{500};
/// While a state is loaded: for records that an earlier coordinator wrote and that are not stored for good.
inline constexpr std::chrono::milliseconds unstored_wait{10};
/// A coordinator that was deposed answers for so long: who had looked up its address before has used it.
inline constexpr std::chrono::seconds deposed_wait{5};

} // namespace barnabas::group_limits
