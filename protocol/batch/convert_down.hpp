#pragma once

#include "protocol/batch/convert_up.hpp"
#include "protocol/batch/message_builder.hpp"
#include "protocol/batch/record_batch.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace barnabas::batch {

struct down_options {
    /// 0 for Fetch v0 and v1, 1 for v2 and v3.
    std::int8_t magic = 1;
    /// Records before it are left out (the offset that was asked for).
    log_offset first_offset{0};
    /// How many bytes are wanted at most. One message, or one wrapper, is given even if it is larger.
    std::size_t bytes_max = 1 << 20;
    /// The set ends when so much has been unpacked for it; one batch is converted in any case.
    std::uint64_t unpacked_bytes_max = conversion_bytes_max;
    /// Of the caller, if it keeps one.
    codec_workspace* workspace = nullptr;
};

struct down_converted {
    /// The message set, part by part; each has memory of its own (`join` for those who need one piece).
    std::vector<slice> parts;
    std::size_t total_bytes = 0;
    /// For the counters of converted records and of clients that need conversion.
    std::int64_t converted_records = 0;
    /// Behind the last record that is in the parts or was left out on purpose. When it is the end of the
    /// given batches, all of them have been used.
    log_offset next_offset{0};
    /// What came out of packed batches.
    std::uint64_t unpacked_bytes = 0;
    /// Bytes of the given batches that have been used up as a whole.
    std::size_t source_bytes = 0;

    bool empty() const noexcept { return parts.empty(); }
};

/// Makes message sets for a consumer before Kafka 0.11 out of batches of magic 2, one batch at a time: what
/// is not asked for (bytes_max) is not unpacked. Offsets and keys and values stay; headers go; timestamps go
/// in magic 0; control batches are left out. A compressed batch becomes a wrapper with the same codec, and
/// none when all of its records are left out. How a handler of Fetch v0 to v3 uses it, per partition:
///
///   1. read batches from the fetch offset on, as for any other version;
///   2. `convert_down(slice, {magic, fetch offset, partition_max_bytes, the loop's workspace})`;
///   3. `parts` are the answer's records; `converted_records` goes to the counters;
///   4. empty parts, though batches were read: nothing in them is for this consumer (markers of transactions,
///      what compaction emptied). It cannot be told to step over them, so the handler reads on from
///      `next_offset` and converts again, until there is something or the high watermark is reached.
///
/// Memory: the parts, and beside them one batch unpacked (bounded by conversion_bytes_max) at a time. Source
/// batches may be incomplete at the end of the slice; they are not used. The CRC of each batch is checked,
/// because the messages get new ones. What fails behind the first part only ends the set there: the next
/// request begins with it. Codes:
///   corrupt_message          a length, an unknown magic, a CRC, damaged packed bytes, a first batch cut off
///   unsupported_for_message_format  magic 0 or 1 among the batches
///   unsupported_compression  zstd, which these consumers cannot read, codec bits 5 to 7
///   message_too_large        a batch unpacks to more than the bound
///   invalid_record           records that do not follow the format
result<down_converted> convert_down(const slice& batches, const down_options& options);

} // namespace barnabas::batch
