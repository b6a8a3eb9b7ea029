#pragma once

#include "protocol/batch/record_batch.hpp"
#include "protocol/batch/validate.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>

namespace barnabas::batch {

/// What one conversion may hold unpacked in memory, however small the packed bytes are.
inline constexpr std::uint64_t conversion_bytes_max = 256ull << 20;

struct up_options {
    /// The topic's own codec; without it the batch gets the one that the producer used.
    std::optional<codec> compression;
    /// Of that codec (check_level); the codec's normal one unless set.
    std::optional<int> compression_level;
    /// For compacted topics: every record must have a key.
    bool require_keys = false;
    /// Upper bound of the unpacked messages of the whole set: the larger of the floor and ratio times its
    /// size, and never more than conversion_bytes_max.
    std::uint64_t decompressed_floor = decompressed_bytes_floor;
    std::uint64_t decompressed_ratio = decompression_ratio_max;
    /// And never more than this: what is left to the request.
    std::uint64_t decompressed_most = conversion_bytes_max;
    /// Of the caller, if it keeps one.
    codec_workspace* workspace = nullptr;
};

struct up_converted {
    /// Magic 2, base offset 0, deltas 0, 1, 2, ..., create time, no producer, in memory of its own, so that
    /// it may be patched.
    batch_view batch;
    /// What validate_batch would say of it. A record from magic 0 has no timestamp (no_timestamp); when none
    /// has one, so does the batch, and a topic with log-append time sets it like any other.
    batch_facts facts;
    /// For the counters of converted records and of clients that need conversion.
    std::int32_t converted_records = 0;
    /// What the producer used: the codec of the last compressed message, none without one.
    codec producer_codec = codec::none;
};

/// Checks what a producer before Kafka 0.11 sent for one partition (message sets of magic 0 and 1, also
/// mixed) and makes one batch of it. How a handler of Produce v0 to v2 uses it, per partition:
///
///   1. an empty set is not converted: it is answered without an append;
///   2. `convert_up(records, {topic's codec, level, require_keys, .workspace = the loop's})`;
///   3. an error answers the partition with its code; nothing else happens to it;
///   4. `batch` and `facts` go on as if they had come from validate_batch: rules for timestamps, size limit,
///      offset and epoch are patched in, append. `converted_records` goes to the counters.
///
/// Nothing in the result refers to `records`. Memory: the records once unpacked, and once as a batch. Codes:
///   corrupt_message                 a size, an unknown magic, a CRC, damaged packed bytes, a cut-off end
///   unsupported_for_message_format  a batch of magic 2, which these versions do not carry
///   unsupported_compression         zstd, codec bits 5 to 7
///   message_too_large               unpacks to more than the bound
///   invalid_timestamp               a message that says it has log-append time
///   invalid_record                  lengths, keys, the inside of a wrapper, no message at all
///   invalid_config                  the level (see check_level)
result<up_converted> convert_up(const slice& records, const up_options& options = {});

} // namespace barnabas::batch
