#pragma once

#include "protocol/batch/record_batch.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <variant>
#include <vector>

namespace barnabas::batch {

// Message sets of magic 0 (before Kafka 0.10) and magic 1 (0.10): one message behind the other, each with its
// own offset and CRC. Compressed ones travel as the value of another message, the wrapper, whose attributes
// name the codec; its offset is that of the last message inside. Magic 1 counts the offsets inside from 0
// (KIP-31) and has timestamps (KIP-32); magic 0 has neither. A wrapper never lies in another one.

/// Byte positions of the fields of a message. All integers are big-endian. `size` counts the bytes behind
/// itself; the CRC (CRC-32, zlib's) covers everything from `magic` to the end, so that the offset can be set
/// without touching it. Key and value have an int32 length in front, -1 for null.
namespace message_at {
inline constexpr std::size_t offset = 0;      // int64
inline constexpr std::size_t size = 8;        // int32
inline constexpr std::size_t crc = 12;        // uint32
inline constexpr std::size_t magic = 16;      // int8
inline constexpr std::size_t attributes = 17; // int8: bits 0 to 2 codec; magic 1: bit 3 log-append time
inline constexpr std::size_t timestamp = 18;  // int64, magic 1 only
} // namespace message_at

/// Offset and size: what must be read to know where a message ends.
inline constexpr std::size_t message_prefix_size = message_at::crc;

/// Where the key's length stands.
constexpr std::size_t message_key_at(std::int8_t magic) noexcept {
    return magic == 0 ? message_at::timestamp : message_at::timestamp + 8;
}

/// Bytes of a message whose key and value are null: 26 of magic 0, 34 of magic 1.
constexpr std::size_t message_overhead(std::int8_t magic) noexcept {
    return message_key_at(magic) + 4 + 4;
}

/// The fields in front of the key. Only magic and size have been checked.
struct message_header {
    log_offset offset;
    std::int32_t size = 0;
    std::uint32_t crc = 0;
    std::int8_t magic = 1;
    std::uint8_t attributes = 0;
    /// no_timestamp in magic 0.
    timestamp_ms timestamp = no_timestamp;

    /// Bytes of the whole message, from its offset to the end of its value.
    std::size_t total_size() const noexcept { return message_prefix_size + static_cast<std::size_t>(size); }
    /// The raw codec bits: 0 to 7, of which 5 to 7 mean nothing and 4 (zstd) is not allowed in messages.
    std::uint8_t codec_bits() const noexcept {
        return static_cast<std::uint8_t>(attributes & attribute::codec_mask);
    }
    bool is_wrapper() const noexcept { return codec_bits() != 0; }
    /// Only for a message whose codec bits are at most 4.
    codec compression() const noexcept { return static_cast<codec>(codec_bits()); }
    /// Magic 0 has no type; its messages have no timestamp.
    timestamp_type time_type() const noexcept {
        return magic != 0 && (attributes & attribute::log_append_time) != 0 ? timestamp_type::log_append_time
                                                                            : timestamp_type::create_time;
    }

    friend bool operator==(const message_header&, const message_header&) = default;
};

/// One whole message, which may be a wrapper: `bytes.size() == header.total_size()`.
struct message_view {
    slice bytes;
    message_header header;
};

/// What a list of records of unknown age consists of.
using record_entry = std::variant<message_view, batch_view>;

/// Magic byte of an entry: 0, 1 or 2.
std::int8_t magic_of(const record_entry& entry) noexcept;

/// Reads a header; what lies behind the key's and value's lengths need not be there.
/// corrupt_message: too few bytes, a size that cannot hold a message of that magic, an unknown magic.
/// unsupported_for_message_format: magic 2 (that is parse_header's).
result<message_header> parse_message_header(std::span<const std::byte> bytes);

/// Key and value of one whole message; they live as long as the bytes.
struct message_fields {
    std::optional<std::span<const std::byte>> key;
    std::optional<std::span<const std::byte>> value;
};

/// invalid_record: the lengths of key and value do not fill the message exactly.
result<message_fields> read_message_fields(std::span<const std::byte> bytes, const message_header& header);

/// corrupt_message: the CRC is not that of the bytes.
result<void> check_message_crc(std::span<const std::byte> bytes, const message_header& header);

/// Cuts a list of records of any magic, mixed or not, without copying. An incomplete or damaged entry
/// anywhere is an error (see parse_message_header and parse_header); an empty list gives no entries.
result<std::vector<record_entry>> split_entries(const slice& records);

/// The same for bytes that may end in the middle of an entry, as the answer to an old Fetch may.
result<std::vector<record_entry>> split_complete_entries(const slice& records);

} // namespace barnabas::batch
