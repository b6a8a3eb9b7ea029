#include "protocol/batch/builder.hpp"

#include "protocol/batch/big_endian.hpp"
#include "protocol/batch/compression.hpp"
#include "protocol/batch/crc32c.hpp"
#include "protocol/batch/varint.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <memory>
#include <utility>

namespace barnabas::batch {
namespace {

std::int32_t length_of(std::size_t size) {
    BARNABAS_ASSERT(size <= static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max()));
    return static_cast<std::int32_t>(size);
}

std::size_t stored_size(const optional_bytes& bytes) {
    return bytes ? varint_size(length_of(bytes->size())) + bytes->size() : varint_size(-1);
}

void append_bytes(std::vector<std::byte>& target, std::span<const std::byte> bytes) {
    target.insert(target.end(), bytes.begin(), bytes.end());
}

void append_optional(std::vector<std::byte>& target, const optional_bytes& bytes) {
    append_varint(target, bytes ? length_of(bytes->size()) : -1);
    if (bytes)
        append_bytes(target, *bytes);
}

std::size_t stored_size(std::span<const header_view> headers) {
    std::size_t size = varint_size(length_of(headers.size()));
    for (const auto& header : headers)
        size += stored_size(bytes_of(header.key)) + stored_size(header.value);
    return size;
}

/// Wraps, so that any two timestamps have a delta that leads back to the second.
std::int64_t wrapping_difference(timestamp_ms a, timestamp_ms b) {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(a.get()) -
                                     static_cast<std::uint64_t>(b.get()));
}

std::uint16_t attributes_of(const builder_options& options) {
    auto bits = static_cast<std::uint16_t>(options.compression);
    if (options.time_type == timestamp_type::log_append_time)
        bits |= attribute::log_append_time;
    if (options.transactional)
        bits |= attribute::transactional;
    if (options.control)
        bits |= attribute::control;
    if (options.delete_horizon)
        bits |= attribute::delete_horizon;
    return bits;
}

} // namespace

batch_builder::batch_builder(const builder_options& options) {
    clear(options);
}

void batch_builder::clear(const builder_options& options) {
    BARNABAS_ASSERT(!options.compression_level ||
                    check_level(options.compression, *options.compression_level).has_value());
    options_ = options;
    records_.clear();
    record_count_ = 0;
    last_offset_delta_ = -1;
    base_timestamp_ = options.delete_horizon.value_or(no_timestamp);
    max_timestamp_ = no_timestamp;
}

void batch_builder::append(timestamp_ms timestamp, optional_bytes key, optional_bytes value,
                           std::span<const header_view> headers) {
    append_at(last_offset_delta_ + 1, timestamp, key, value, headers);
}

void batch_builder::append_at(std::int32_t offset_delta, timestamp_ms timestamp, optional_bytes key,
                              optional_bytes value, std::span<const header_view> headers) {
    BARNABAS_ASSERT(offset_delta > last_offset_delta_);
    if (record_count_ == 0) {
        max_timestamp_ = timestamp;
        if (!options_.delete_horizon)
            base_timestamp_ = timestamp;
    }
    max_timestamp_ = std::max(max_timestamp_, timestamp);
    const std::int64_t delta = wrapping_difference(timestamp, base_timestamp_);
    const std::size_t size = 1 + varlong_size(delta) + varint_size(offset_delta) + stored_size(key) +
                             stored_size(value) + stored_size(headers);

    append_varint(records_, length_of(size));
    records_.push_back(std::byte{0}); // attributes of a record, unused
    append_varlong(records_, delta);
    append_varint(records_, offset_delta);
    append_optional(records_, key);
    append_optional(records_, value);
    append_varint(records_, length_of(headers.size()));
    for (const auto& header : headers) {
        append_optional(records_, bytes_of(header.key));
        append_optional(records_, header.value);
    }
    ++record_count_;
    last_offset_delta_ = offset_delta;
}

void batch_builder::reach(std::int32_t last_offset_delta) {
    BARNABAS_ASSERT(record_count_ > 0 && last_offset_delta >= last_offset_delta_);
    last_offset_delta_ = last_offset_delta;
}

void batch_builder::append_text(timestamp_ms timestamp, std::optional<std::string_view> key,
                                std::optional<std::string_view> value, std::span<const header_view> headers) {
    append(timestamp, key ? optional_bytes(bytes_of(*key)) : std::nullopt,
           value ? optional_bytes(bytes_of(*value)) : std::nullopt, headers);
}

slice batch_builder::build() const {
    BARNABAS_ASSERT(record_count_ > 0);
    std::vector<std::byte> packed;
    std::span<const std::byte> stored = records_;
    if (options_.compression != codec::none) {
        auto compressed = compress(options_.compression, records_,
                                   {.level = options_.compression_level,
                                    .old_lz4_checksum = false,
                                    .workspace = options_.workspace});
        BARNABAS_ASSERT(compressed.has_value());
        packed = std::move(compressed).value();
        stored = packed;
    }
    auto memory = chunk::allocate(batch_header_size + stored.size());
    const std::span<std::byte> bytes(memory->data(), memory->capacity());
    write_header(header_for(stored.size()), bytes);
    std::memcpy(bytes.data() + at::records, stored.data(), stored.size());
    store_big_endian(bytes.data() + at::crc, crc32c(bytes.subspan(at::attributes)));
    return slice(std::move(memory), 0, bytes.size());
}

batch_header batch_builder::header_for(std::size_t stored_bytes) const {
    batch_header header;
    header.base_offset = options_.base_offset;
    header.batch_length = length_of(batch_header_size - batch_prefix_size + stored_bytes);
    header.leader_epoch = options_.leader_epoch;
    header.attributes = attributes_of(options_);
    header.last_offset_delta = last_offset_delta_;
    header.base_timestamp = base_timestamp_;
    header.max_timestamp = max_timestamp_;
    header.producer_id = options_.producer_id;
    header.producer_epoch = options_.producer_epoch;
    header.base_sequence = options_.base_sequence;
    header.record_count = record_count_;
    return header;
}

void write_header(const batch_header& header, std::span<std::byte> target) {
    BARNABAS_ASSERT(target.size() >= batch_header_size);
    std::byte* to = target.data();
    store_big_endian(to + at::base_offset, header.base_offset.get());
    store_big_endian(to + at::batch_length, header.batch_length);
    store_big_endian(to + at::leader_epoch, header.leader_epoch.get());
    store_big_endian(to + at::magic, header.magic);
    store_big_endian(to + at::crc, header.crc);
    store_big_endian(to + at::attributes, header.attributes);
    store_big_endian(to + at::last_offset_delta, header.last_offset_delta);
    store_big_endian(to + at::base_timestamp, header.base_timestamp.get());
    store_big_endian(to + at::max_timestamp, header.max_timestamp.get());
    store_big_endian(to + at::producer_id, header.producer_id.get());
    store_big_endian(to + at::producer_epoch, header.producer_epoch.get());
    store_big_endian(to + at::base_sequence, header.base_sequence);
    store_big_endian(to + at::record_count, header.record_count);
}

} // namespace barnabas::batch
