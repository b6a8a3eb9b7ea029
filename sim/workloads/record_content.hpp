#pragma once

#include "actors/client/producer_queue.hpp"
#include "protocol/batch/record_reader.hpp"

#include <cstdint>
#include <optional>

namespace barnabas::sim {

/// The record of that number: its key names it, its value follows from number and size.
client::outgoing_record make_record(std::uint64_t number, std::size_t value_size, timestamp_ms timestamp);

/// A record with one of a few keys, as compacted topics have them: its value begins with its number, and a
/// tombstone, which has no value, is known by its content only.
client::outgoing_record make_keyed_record(std::uint64_t number, std::uint64_t key, std::size_t value_size,
                                          timestamp_ms timestamp);
client::outgoing_record make_tombstone(std::uint64_t key, timestamp_ms timestamp);
bool is_tombstone(const batch::record_view& record);

/// Instead of `usual`, the timestamp of a batch's n-th record; all of a batch lie within some hours of each
/// other, in no order. `which` chooses between none, the first, long ago, in ten years, and the end of time.
timestamp_ms absurd_stamp(std::uint64_t which, std::uint64_t record, timestamp_ms usual);

/// A hash of key, value and timestamp.
std::uint64_t content_of(const client::outgoing_record& record);
std::uint64_t content_of(const batch::record_view& record);
/// The same of a record that was sent without timestamp, or read by a client that knows none.
std::uint64_t content_without_stamp(const client::outgoing_record& record);
std::uint64_t content_without_stamp(const batch::record_view& record);

/// The number in a record's key, or of a keyed record in its value; nothing when it is no key of ours.
std::optional<std::uint64_t> number_of(const batch::record_view& record);

} // namespace barnabas::sim
