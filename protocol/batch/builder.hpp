#pragma once

#include "protocol/batch/record_batch.hpp"
#include "protocol/batch/record_reader.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace barnabas::batch {

/// A record's key or value; none is Kafka's null.
using optional_bytes = std::optional<std::span<const std::byte>>;

inline std::span<const std::byte> bytes_of(std::string_view text) noexcept {
    return std::as_bytes(std::span(text.data(), text.size()));
}

struct builder_options {
    log_offset base_offset{0};
    barnabas::leader_epoch leader_epoch{-1};
    barnabas::producer_id producer_id = no_producer_id;
    barnabas::producer_epoch producer_epoch{-1};
    std::int32_t base_sequence = -1;
    codec compression = codec::none;
    /// The codec's normal one unless set; it must pass check_level.
    std::optional<int> compression_level;
    timestamp_type time_type = timestamp_type::create_time;
    bool transactional = false;
    bool control = false;
    std::optional<timestamp_ms> delete_horizon;
    /// Of the caller, if it keeps one.
    codec_workspace* workspace = nullptr;
};

/// Puts one batch together: clients, workloads, the controller's records and tests. Records get consecutive
/// offsets from the base offset on, unless `append_at` says where the next one is.
class batch_builder {
public:
    explicit batch_builder(const builder_options& options = {});

    void append(timestamp_ms timestamp, optional_bytes key, optional_bytes value,
                std::span<const header_view> headers = {});
    /// At this offset behind the base offset, which must be behind that of the record before: a stored batch
    /// may have gaps.
    void append_at(std::int32_t offset_delta, timestamp_ms timestamp, optional_bytes key,
                   optional_bytes value, std::span<const header_view> headers = {});
    /// The batch takes all offsets up to this one, also those that have no record.
    void reach(std::int32_t last_offset_delta);
    /// The same with text, for tests and workloads.
    void append_text(timestamp_ms timestamp, std::optional<std::string_view> key,
                     std::optional<std::string_view> value, std::span<const header_view> headers = {});

    std::int32_t record_count() const noexcept { return record_count_; }
    bool empty() const noexcept { return record_count_ == 0; }
    /// Bytes of the batch if it were built now without compression.
    std::size_t uncompressed_size() const noexcept { return batch_header_size + records_.size(); }

    /// The finished batch in memory of its own (so it may still be patched). At least one record must have
    /// been appended. The builder keeps its records; `clear` begins the next batch.
    slice build() const;

    /// Forgets the records and takes new options; keeps its memory.
    void clear(const builder_options& options);

private:
    batch_header header_for(std::size_t stored_bytes) const;

    builder_options options_;
    std::vector<std::byte> records_;
    std::int32_t record_count_ = 0;
    std::int32_t last_offset_delta_ = -1;
    timestamp_ms base_timestamp_ = no_timestamp;
    timestamp_ms max_timestamp_ = no_timestamp;
};

/// Writes a header's fields to the first 61 bytes of `target`.
void write_header(const batch_header& header, std::span<std::byte> target);

} // namespace barnabas::batch
