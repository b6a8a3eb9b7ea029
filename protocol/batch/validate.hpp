#pragma once

#include "protocol/batch/compression.hpp"
#include "protocol/batch/record_batch.hpp"

#include <cstddef>
#include <cstdint>

namespace barnabas::batch {

/// Whose batch it is decides what may be in it. A client sends base offset 0, consecutive offset deltas,
/// create time and no control records. A replica (leader's log, own log) may hold control batches, log-append
/// time, gaps left by compaction and batches emptied by it.
enum class batch_origin : std::uint8_t { client, replica };

/// `header` looks at the header and the CRC only; `full` decodes every record as well.
enum class inside_check : std::uint8_t { full, header };

/// A maximum timestamp in the header that is not the largest of the records: refused, or only reported in
/// the facts, so that the caller can correct it (set_max_timestamp), which is what Kafka does.
enum class wrong_max_timestamp : std::uint8_t { refuse, report };

struct validation_options {
    batch_origin origin = batch_origin::client;
    inside_check inside = inside_check::full;
    wrong_max_timestamp max_timestamp = wrong_max_timestamp::report;
    /// False for Produce before version 7 and Fetch before version 10.
    bool allow_zstd = true;
    /// For compacted topics: every record must have a key.
    bool require_keys = false;
    /// Upper bound of the unpacked records: the larger of the floor and ratio times the packed size.
    std::uint64_t decompressed_floor = decompressed_bytes_floor;
    std::uint64_t decompressed_ratio = decompression_ratio_max;
    /// And never more than this: what is left to the request.
    std::uint64_t decompressed_most = decompressed_bytes_most;
    /// Of the caller, if it keeps one.
    codec_workspace* workspace = nullptr;
};

/// What the check learnt. With `inside_check::header` the facts are those the header claims:
/// `min_timestamp` is its base timestamp, the offset delta its last one, the size the stored one.
struct batch_facts {
    std::int32_t record_count = 0;
    /// The largest timestamp of the records; no_timestamp when none has one.
    timestamp_ms max_timestamp = no_timestamp;
    /// Offset delta of the first record that has it.
    std::int32_t max_timestamp_delta = 0;
    /// The smallest timestamp of the records, not counting those without one.
    timestamp_ms min_timestamp = no_timestamp;
    /// False when the header names another maximum than the records have.
    bool max_timestamp_matches = true;
    /// Bytes of the records section, unpacked.
    std::uint64_t uncompressed_bytes = 0;
};

/// Everything a broker must know of a batch before it stores it; the detail names record and reason.
/// Never allocates for an uncompressed batch that passes; compressed ones are unpacked through a bounded
/// window and nothing is kept. Codes:
///   corrupt_message                 length does not fit, unknown magic, CRC, damaged compressed bytes
///   unsupported_for_message_format  magic 0 or 1
///   unsupported_compression         codec bits 5 to 7, or zstd when not allowed
///   message_too_large               unpacks to more than the bound
///   invalid_timestamp               a client's batch with log-append time
///   invalid_record                  counts, deltas, lengths, keys, producer fields, control batch of a
///   client
result<batch_facts> validate_batch(const batch_view& batch, const validation_options& options);

} // namespace barnabas::batch
