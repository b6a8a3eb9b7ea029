#pragma once

#include "protocol/batch/growing_window.hpp"
#include "protocol/batch/record_batch.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace barnabas::batch {

struct header_view {
    std::string_view key;
    std::optional<std::span<const std::byte>> value;
};

/// One record inside the bytes of its batch. Key, value and header contents of an uncompressed batch live
/// as long as the batch's slice; those of a compressed one, and the header list always, until the next read.
struct record_view {
    log_offset offset;
    std::int32_t offset_delta = 0;
    timestamp_ms timestamp;
    std::optional<std::span<const std::byte>> key;
    std::optional<std::span<const std::byte>> value;
    std::span<const header_view> headers;
};

/// Walks over the records of one batch, unpacking as it goes. Copies nothing of an uncompressed batch.
/// Does not look at the CRC, nor at whether the records agree with each other: that is validate_batch.
class record_reader {
public:
    /// unsupported_compression for codec bits 5 to 7.
    static result<record_reader> open(const batch_view& batch, codec_workspace* workspace = nullptr);

    record_reader(record_reader&&) noexcept;
    record_reader& operator=(record_reader&&) noexcept;
    ~record_reader();

    /// The next record, nullptr behind the last; valid until the next call.
    /// invalid_record: a record that does not follow the format, or fewer or more bytes than records.
    result<const record_view*> next();

private:
    explicit record_reader(const batch_view& batch) : batch_(batch) {}
    result<std::span<const std::byte>> next_record_bytes();

    batch_view batch_;
    growing_window window_;
    std::vector<header_view> headers_;
    record_view current_;
    std::int32_t records_read_ = 0;
};

using record_visitor = std::function<result<void>(const record_view&)>;

/// Calls `visit` for each record in order; stops at its first error and returns it.
result<void> for_each_record(const batch_view& batch, const record_visitor& visit,
                             codec_workspace* workspace = nullptr);

} // namespace barnabas::batch
