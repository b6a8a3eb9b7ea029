#pragma once

#include "protocol/model/error.hpp"
#include "protocol/model/ids.hpp"
#include "protocol/model/slice.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace barnabas::batch {

/// How the records of a batch are compressed; the numbers are those of the attributes field.
enum class codec : std::uint8_t { none = 0, gzip = 1, snappy = 2, lz4 = 3, zstd = 4 };

enum class timestamp_type : std::uint8_t { create_time = 0, log_append_time = 1 };

/// Byte positions of the fields of a batch header, magic 2. All integers are big-endian.
/// `batch_length` counts the bytes behind itself; the CRC covers everything from `attributes` to the end,
/// so the broker may set base offset and leader epoch without touching it.
namespace at {
inline constexpr std::size_t base_offset = 0;        // int64
inline constexpr std::size_t batch_length = 8;       // int32
inline constexpr std::size_t leader_epoch = 12;      // int32
inline constexpr std::size_t magic = 16;             // int8
inline constexpr std::size_t crc = 17;               // uint32
inline constexpr std::size_t attributes = 21;        // int16
inline constexpr std::size_t last_offset_delta = 23; // int32
inline constexpr std::size_t base_timestamp = 27;    // int64; the delete horizon when that bit is set
inline constexpr std::size_t max_timestamp = 35;     // int64
inline constexpr std::size_t producer_id = 43;       // int64
inline constexpr std::size_t producer_epoch = 51;    // int16
inline constexpr std::size_t base_sequence = 53;     // int32
inline constexpr std::size_t record_count = 57;      // int32
inline constexpr std::size_t records = 61;           // to the end, compressed as a whole or not
} // namespace at

inline constexpr std::size_t batch_header_size = at::records;
/// Base offset and length: what must be read to know where a batch ends.
inline constexpr std::size_t batch_prefix_size = at::leader_epoch;
inline constexpr std::int8_t current_magic = 2;

/// Bits of the attributes field. Bits 7 to 15 are unused.
namespace attribute {
inline constexpr std::uint16_t codec_mask = 0x07;
inline constexpr std::uint16_t log_append_time = 0x08;
inline constexpr std::uint16_t transactional = 0x10;
inline constexpr std::uint16_t control = 0x20;
inline constexpr std::uint16_t delete_horizon = 0x40;
} // namespace attribute

/// The header of one batch, as it stands in the bytes. Only `magic == 2` and a length that holds at least
/// the header have been checked; every other field may be nonsense until `validate_batch` has passed.
struct batch_header {
    log_offset base_offset;
    std::int32_t batch_length = 0;
    barnabas::leader_epoch leader_epoch{-1};
    std::int8_t magic = current_magic;
    std::uint32_t crc = 0;
    std::uint16_t attributes = 0;
    std::int32_t last_offset_delta = 0;
    timestamp_ms base_timestamp = no_timestamp;
    timestamp_ms max_timestamp = no_timestamp;
    barnabas::producer_id producer_id = no_producer_id;
    barnabas::producer_epoch producer_epoch{-1};
    std::int32_t base_sequence = -1;
    std::int32_t record_count = 0;

    /// Bytes of the whole batch, from the base offset to the end of the records.
    std::size_t total_size() const noexcept {
        return batch_prefix_size + static_cast<std::size_t>(batch_length);
    }
    log_offset last_offset() const noexcept { return offset_at(last_offset_delta); }
    /// The first offset behind this batch (exclusive end).
    log_offset next_offset() const noexcept { return offset_at(std::int64_t{last_offset_delta} + 1); }
    /// Base offset plus delta; wraps instead of overflowing when the base offset is nonsense.
    log_offset offset_at(std::int64_t delta) const noexcept;
    /// Sequence of the last record; sequences wrap from the largest int32 to 0. -1 without a base sequence.
    std::int32_t last_sequence() const noexcept;

    /// The raw codec bits: 0 to 7, of which 5 to 7 mean nothing.
    std::uint8_t codec_bits() const noexcept {
        return static_cast<std::uint8_t>(attributes & attribute::codec_mask);
    }
    /// Only for a batch whose codec bits are at most 4 (`validate_batch` checks that).
    codec compression() const noexcept { return static_cast<codec>(codec_bits()); }
    timestamp_type time_type() const noexcept {
        return (attributes & attribute::log_append_time) != 0 ? timestamp_type::log_append_time
                                                              : timestamp_type::create_time;
    }
    bool is_transactional() const noexcept { return (attributes & attribute::transactional) != 0; }
    bool is_control() const noexcept { return (attributes & attribute::control) != 0; }
    bool has_delete_horizon() const noexcept { return (attributes & attribute::delete_horizon) != 0; }
    /// When tombstones and markers of this batch may go (KIP-534); it lives in the base timestamp's place.
    std::optional<timestamp_ms> delete_horizon() const noexcept {
        return has_delete_horizon() ? std::optional(base_timestamp) : std::nullopt;
    }
    bool has_producer_id() const noexcept { return producer_id.get() >= 0; }

    friend bool operator==(const batch_header&, const batch_header&) = default;
};

/// Size of the batch that begins with these bytes, from its length field; needs the first 12 bytes.
/// corrupt_message when there are fewer, or when no record of any magic fits into that length.
result<std::size_t> batch_size_of(std::span<const std::byte> bytes);

/// Reads a header from the first 61 bytes; what lies behind them need not be there.
/// corrupt_message: fewer than 61 bytes, a length that cannot hold a header, an unknown magic.
/// unsupported_for_message_format: magic 0 or 1.
result<batch_header> parse_header(std::span<const std::byte> bytes);

/// One whole batch: `bytes.size() == header.total_size()`.
struct batch_view {
    slice bytes;
    batch_header header;

    /// The records as they are stored (compressed or not), behind the header.
    std::span<const std::byte> records() const noexcept { return bytes.bytes().subspan(at::records); }
};

/// Cuts a list of records (Produce body, Fetch body, part of a segment) into batches without copying.
/// An incomplete or damaged batch anywhere is an error (see parse_header); an empty list gives no batches.
result<std::vector<batch_view>> split_batches(const slice& records);

/// The same for bytes that may end in the middle of a batch, as a Fetch response and a torn segment may:
/// an incomplete last batch is left out.
result<std::vector<batch_view>> split_complete_batches(const slice& records);

} // namespace barnabas::batch
