#include "protocol/batch/message_builder.hpp"

#include "protocol/batch/big_endian.hpp"
#include "protocol/batch/crc32.hpp"

#include <algorithm>
#include <cstring>
#include <limits>

namespace barnabas::batch {
namespace {

std::int32_t length_of(std::size_t size) {
    BARNABAS_ASSERT(size <= static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max()));
    return static_cast<std::int32_t>(size);
}

/// Writes a length and the bytes behind it; the byte behind them.
std::byte* write_field(std::byte* to, const optional_bytes& field) {
    store_big_endian(to, field ? length_of(field->size()) : -1);
    to += sizeof(std::int32_t);
    if (field && !field->empty())
        std::memcpy(to, field->data(), field->size());
    return to + (field ? field->size() : 0);
}

/// Writes one message into exactly as many bytes as it takes. Size and CRC are filled in.
void write_message(std::span<std::byte> target, message_header header, const message_fields& fields) {
    std::byte* const to = target.data();
    header.size = length_of(target.size() - message_prefix_size);
    store_big_endian(to + message_at::offset, header.offset.get());
    store_big_endian(to + message_at::size, header.size);
    store_big_endian(to + message_at::magic, header.magic);
    to[message_at::attributes] = static_cast<std::byte>(header.attributes);
    if (header.magic != 0)
        store_big_endian(to + message_at::timestamp, header.timestamp.get());
    const std::byte* end = write_field(to + message_key_at(header.magic), fields.key);
    end = write_field(to + (end - to), fields.value);
    BARNABAS_ASSERT(end == to + target.size());
    store_big_endian(to + message_at::crc, crc32(target.subspan(message_at::magic)));
}

} // namespace

message_builder::message_builder(const message_builder_options& options) {
    clear(options);
}

void message_builder::clear(const message_builder_options& options) {
    BARNABAS_ASSERT(options.magic == 0 || options.magic == 1);
    BARNABAS_ASSERT(options.compression != codec::zstd);
    BARNABAS_ASSERT(!options.compression_level ||
                    check_level(options.compression, *options.compression_level).has_value());
    options_ = options;
    messages_.clear();
    message_count_ = 0;
    max_timestamp_ = no_timestamp;
}

std::size_t message_builder::message_size(std::int8_t magic, const optional_bytes& key,
                                          const optional_bytes& value) noexcept {
    return message_overhead(magic) + (key ? key->size() : 0) + (value ? value->size() : 0);
}

void message_builder::append(log_offset offset, timestamp_ms timestamp, optional_bytes key,
                             optional_bytes value) {
    BARNABAS_ASSERT(message_count_ == 0 || offset > last_offset_);
    if (message_count_ == 0)
        first_offset_ = offset;
    max_timestamp_ = message_count_ == 0 ? timestamp : std::max(max_timestamp_, timestamp);
    last_offset_ = offset;
    const bool counts_inside = options_.compression != codec::none && options_.magic != 0;
    message_header header;
    header.offset = counts_inside ? log_offset(offset.get() - first_offset_.get()) : offset;
    header.magic = options_.magic;
    header.timestamp = timestamp;
    if (options_.magic != 0 && options_.time_type == timestamp_type::log_append_time)
        header.attributes = attribute::log_append_time;
    const std::size_t start = messages_.size();
    messages_.resize(start + message_size(options_.magic, key, value));
    length_of(messages_.size());
    write_message(std::span(messages_).subspan(start), header, {key, value});
    ++message_count_;
}

slice message_builder::build() const {
    if (empty() || options_.compression == codec::none)
        return slice::copy_of(messages_);
    return build_wrapper();
}

slice message_builder::build_wrapper() const {
    packing_options packing;
    packing.level = options_.compression_level;
    packing.old_lz4_checksum = options_.magic == 0;
    packing.workspace = options_.workspace;
    const auto packed = compress(options_.compression, messages_, packing);
    BARNABAS_ASSERT(packed.has_value());
    message_header header;
    header.offset = last_offset_;
    header.magic = options_.magic;
    header.timestamp = max_timestamp_;
    header.attributes = static_cast<std::uint8_t>(options_.compression);
    if (options_.magic != 0 && options_.time_type == timestamp_type::log_append_time)
        header.attributes |= attribute::log_append_time;
    const message_fields fields{std::nullopt, std::span<const std::byte>(*packed)};
    auto memory = chunk::allocate(message_size(options_.magic, fields.key, fields.value));
    write_message(std::span(memory->data(), memory->capacity()), header, fields);
    const std::size_t size = memory->capacity();
    return slice(std::move(memory), 0, size);
}

} // namespace barnabas::batch
