#pragma once

#include "protocol/batch/growing_window.hpp"
#include "protocol/batch/message_set.hpp"
#include "protocol/batch/record_reader.hpp"
#include "protocol/batch/validate.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace barnabas::batch {

/// Whether the offsets of a wrapper's messages are wanted. Magic 1 counts them from the last message on, so
/// that a wrapper must be unpacked once to find that and once more to read; `as_stored` saves the first time
/// (a broker gives new offsets anyway).
enum class inner_offsets : std::uint8_t { absolute, as_stored };

struct message_reading {
    inner_offsets offsets = inner_offsets::absolute;
    /// Checks the CRC of the message and of each one inside of a wrapper.
    bool check_crc = false;
    /// Upper bound of the unpacked messages of a wrapper, in bytes; 0 stands for
    /// decompressed_bytes_max(size of the wrapper).
    std::uint64_t unpacked_bytes_max = 0;
    /// Of the caller, if it keeps one.
    codec_workspace* workspace = nullptr;
};

/// Walks over the records of one message: itself, or those inside of a wrapper, unpacking as it goes. The
/// records have no headers; their offset delta is their position; timestamps follow the wrapper where it has
/// log-append time. Copies nothing of a plain message. Memory of a wrapper: a window that holds its largest
/// message.
class message_reader {
public:
    /// unsupported_compression: zstd, which needs magic 2, or codec bits 5 to 7. corrupt_message: a CRC, or
    /// damaged packed bytes. invalid_record: key and value do not fill the message, a wrapper without value.
    static result<message_reader> open(const message_view& message, const message_reading& options = {});

    /// The next record, nullptr behind the last; valid until the next call, and after an error no more.
    /// Errors as above, and: invalid_record for a message inside that does not follow the format, has another
    /// magic than the wrapper or is a wrapper itself, and for a wrapper with nothing inside;
    /// message_too_large when it unpacks to more than the bound.
    result<const record_view*> next();

    /// Bytes of messages unpacked so far (without the wrapper); 0 for a plain message.
    std::uint64_t unpacked_bytes() const noexcept { return unpacked_bytes_; }
    /// Offset of the last record that `next` gave, as it stands in the bytes.
    log_offset stored_offset() const noexcept { return stored_offset_; }
    /// The whole message of the last record that `next` gave, as it is stored; valid as long as that record.
    std::span<const std::byte> stored_bytes() const noexcept { return stored_bytes_; }

private:
    message_reader(const message_view& message, const message_reading& options)
        : message_(message), options_(options) {}
    result<growing_window> unpack(std::span<const std::byte> packed) const;
    result<void> find_base_offset(std::span<const std::byte> packed);
    result<const record_view*> next_inside();
    error inside(const error& failure) const;
    void show(const message_header& header, const message_fields& fields);

    message_view message_;
    message_reading options_;
    message_fields fields_;
    growing_window window_;
    /// What is added to the offsets inside of a wrapper.
    std::uint64_t base_offset_ = 0;
    std::uint64_t unpacked_bytes_ = 0;
    std::int32_t records_read_ = 0;
    log_offset stored_offset_;
    std::span<const std::byte> stored_bytes_;
    record_view current_;
};

/// Calls `visit` for each record in order; stops at its first error and returns it.
result<void> for_each_record(const message_view& message, const record_visitor& visit,
                             const message_reading& options = {});

/// What validate_batch is for batches, with the same options (zstd is never allowed, the header check leaves
/// wrappers packed) and facts (`uncompressed_bytes` counts the messages unpacked, a delta is a position).
/// A client may give any offsets, also inside of a wrapper, because the broker gives new ones; in a replica's
/// message they must grow, end with the wrapper's, and not start below 0 in magic 1. Codes:
///   corrupt_message          size, unknown magic, CRC of the message or of one inside, damaged packed bytes
///   unsupported_compression  zstd, codec bits 5 to 7
///   message_too_large        unpacks to more than the bound
///   invalid_timestamp        a client's message with log-append time
///   invalid_record           lengths, keys, messages inside of wrappers
result<batch_facts> validate_message(const message_view& message, const validation_options& options);

} // namespace barnabas::batch
