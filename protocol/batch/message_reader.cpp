#include "protocol/batch/message_reader.hpp"

#include "protocol/batch/big_endian.hpp"
#include "protocol/batch/records_seen.hpp"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

namespace barnabas::batch {
namespace {

/// More would hold more messages than their count, an int32, has room for.
constexpr std::uint64_t countable_bytes_max =
    std::uint64_t{std::numeric_limits<std::int32_t>::max()} * message_overhead(0);

error invalid(std::string detail) {
    return error{errc::invalid_record, std::move(detail)};
}

result<void> check_codec(const message_header& header) {
    if (header.codec_bits() > static_cast<std::uint8_t>(codec::zstd))
        return error{errc::unsupported_compression,
                     "compression type " + std::to_string(header.codec_bits()) + " is unknown"};
    if (header.compression() == codec::zstd)
        return error{errc::unsupported_compression,
                     "zstd needs batches of magic 2; this message has magic " + std::to_string(header.magic)};
    return {};
}

/// Makes the whole next message available in one piece; its bytes, or none at the end.
result<std::span<const std::byte>> next_message(growing_window& window) {
    const auto prefix = window.fill(message_prefix_size);
    if (!prefix)
        return prefix.failure();
    if (!*prefix) {
        if (window.unread().empty())
            return std::span<const std::byte>();
        return invalid("the wrapper ends inside of its offset and size");
    }
    const auto size = batch_size_of(window.unread());
    if (!size)
        return invalid(size.failure().detail);
    const auto whole = window.fill(*size);
    if (!whole)
        return whole.failure();
    if (!*whole)
        return invalid("it has " + std::to_string(*size) + " bytes, but only " +
                       std::to_string(window.unread().size()) + " are left in the wrapper");
    return window.take(*size);
}

/// What may be said of a message inside before its contents.
result<message_header> parse_inner_header(std::span<const std::byte> bytes, const message_header& wrapper) {
    // Another magic is named as such, also 2 and unknown ones.
    if (bytes.size() > message_at::magic &&
        load_big_endian<std::int8_t>(bytes.data() + message_at::magic) != wrapper.magic)
        return invalid("it has not the wrapper's magic " + std::to_string(wrapper.magic));
    auto header = parse_message_header(bytes);
    if (!header)
        return invalid(header.failure().detail);
    if (header->is_wrapper())
        return invalid("it is compressed, and a wrapper may not hold another one");
    return header;
}

} // namespace

result<message_reader> message_reader::open(const message_view& message, const message_reading& options) {
    if (message.bytes.size() != message.header.total_size() ||
        message.bytes.size() < message_overhead(message.header.magic))
        return error{errc::corrupt_message, "the message says " +
                                                std::to_string(message.header.total_size()) +
                                                " bytes, but has " + std::to_string(message.bytes.size())};
    message_reader reader(message, options);
    if (options.check_crc)
        if (auto crc = check_message_crc(message.bytes.bytes(), message.header); !crc)
            return crc.failure();
    if (auto known = check_codec(message.header); !known)
        return known.failure();
    const auto fields = read_message_fields(message.bytes.bytes(), message.header);
    if (!fields)
        return fields.failure();
    reader.fields_ = *fields;
    if (!message.header.is_wrapper())
        return reader;
    if (!fields->value)
        return invalid("it says that it is compressed, but its value is null");
    if (message.header.magic != 0 && options.offsets == inner_offsets::absolute)
        if (auto base = reader.find_base_offset(*fields->value); !base)
            return base.failure();
    auto window = reader.unpack(*fields->value);
    if (!window)
        return window.failure();
    reader.window_ = *std::move(window);
    return reader;
}

result<growing_window> message_reader::unpack(std::span<const std::byte> packed) const {
    const auto wanted = options_.unpacked_bytes_max != 0 ? options_.unpacked_bytes_max
                                                         : decompressed_bytes_max(packed.size());
    const auto bound = std::min(wanted, countable_bytes_max);
    const auto checksum = message_.header.magic == 0 ? lz4_checksum::ignored : lz4_checksum::checked;
    auto source =
        open_decompressor(message_.header.compression(), packed, bound, options_.workspace, checksum);
    if (!source)
        return source.failure();
    return growing_window(*std::move(source), packed.size());
}

/// The offsets inside count from the first message on, the wrapper has the last one's, absolute (KIP-31).
result<void> message_reader::find_base_offset(std::span<const std::byte> packed) {
    auto window = unpack(packed);
    if (!window)
        return window.failure();
    std::uint64_t last = 0;
    for (;; ++records_read_) {
        const auto bytes = next_message(*window);
        if (!bytes)
            return inside(bytes.failure());
        if (bytes->empty())
            break;
        last = load_big_endian<std::uint64_t>(bytes->data() + message_at::offset);
    }
    records_read_ = 0;
    base_offset_ = static_cast<std::uint64_t>(message_.header.offset.get()) - last;
    return {};
}

result<const record_view*> message_reader::next() {
    if (message_.header.is_wrapper())
        return next_inside();
    if (records_read_ != 0)
        return static_cast<const record_view*>(nullptr);
    stored_bytes_ = message_.bytes.bytes();
    show(message_.header, fields_);
    return static_cast<const record_view*>(&current_);
}

result<const record_view*> message_reader::next_inside() {
    const auto bytes = next_message(window_);
    if (!bytes)
        return inside(bytes.failure());
    if (bytes->empty()) {
        if (records_read_ == 0)
            return invalid("the wrapper has no message inside");
        return static_cast<const record_view*>(nullptr);
    }
    const auto header = parse_inner_header(*bytes, message_.header);
    if (!header)
        return inside(header.failure());
    if (options_.check_crc)
        if (auto crc = check_message_crc(*bytes, *header); !crc)
            return inside(crc.failure());
    const auto fields = read_message_fields(*bytes, *header);
    if (!fields)
        return inside(fields.failure());
    unpacked_bytes_ += bytes->size();
    stored_bytes_ = *bytes;
    show(*header, *fields);
    return static_cast<const record_view*>(&current_);
}

void message_reader::show(const message_header& header, const message_fields& fields) {
    stored_offset_ = header.offset;
    current_.offset =
        log_offset(static_cast<std::int64_t>(base_offset_ + static_cast<std::uint64_t>(header.offset.get())));
    current_.offset_delta = records_read_++;
    current_.timestamp = message_.header.time_type() == timestamp_type::log_append_time
                             ? message_.header.timestamp
                             : header.timestamp;
    current_.key = fields.key;
    current_.value = fields.value;
}

error message_reader::inside(const error& failure) const {
    return error{failure.code,
                 "message " + std::to_string(records_read_) + " of the wrapper: " + failure.detail};
}

result<void> for_each_record(const message_view& message, const record_visitor& visit,
                             const message_reading& options) {
    auto reader = message_reader::open(message, options);
    if (!reader)
        return reader.failure();
    while (true) {
        const auto record = reader->next();
        if (!record)
            return record.failure();
        if (*record == nullptr)
            return {};
        if (auto visited = visit(**record); !visited)
            return visited;
    }
}

namespace {

batch_facts facts_claimed_by(const message_view& message) {
    batch_facts facts;
    facts.record_count = 1;
    facts.max_timestamp = message.header.timestamp;
    facts.min_timestamp = message.header.timestamp;
    facts.uncompressed_bytes = message.bytes.size();
    return facts;
}

/// Offsets as a replica's wrapper must have them: each larger than the one before, in magic 1 from 0 on.
result<void> check_inner_offset(log_offset previous, log_offset stored, std::int32_t index) {
    if (stored.get() >= 0 && (index == 0 || stored > previous))
        return {};
    return invalid("message " + std::to_string(index) + " of the wrapper has offset " +
                   std::to_string(stored.get()) + ", which does not follow the one before");
}

/// The last offset inside; magic 1 counts from the first message on, so that it can be checked for room only.
result<void> check_last_offset(const message_header& wrapper, log_offset last) {
    const bool fits = wrapper.magic == 0 ? wrapper.offset == last : wrapper.offset >= last;
    if (fits)
        return {};
    return invalid("the wrapper has offset " + std::to_string(wrapper.offset.get()) +
                   ", but its last message has " + std::to_string(last.get()));
}

} // namespace

result<batch_facts> validate_message(const message_view& message, const validation_options& options) {
    const auto& header = message.header;
    message_reading reading;
    reading.offsets = inner_offsets::as_stored;
    reading.check_crc = true;
    const auto bound =
        decompressed_bytes_max(message.bytes.size(), options.decompressed_floor, options.decompressed_ratio);
    // 0 would ask for the usual bound.
    reading.unpacked_bytes_max = std::max<std::uint64_t>(std::min(bound, options.decompressed_most), 1);
    reading.workspace = options.workspace;
    auto reader = message_reader::open(message, reading);
    if (!reader)
        return reader.failure();
    if (options.origin == batch_origin::client && header.time_type() == timestamp_type::log_append_time)
        return error{errc::invalid_timestamp, "a producer may not mark its message with log-append time"};
    if (options.inside == inside_check::header)
        return facts_claimed_by(message);

    records_seen seen;
    const bool check_offsets = header.is_wrapper() && options.origin == batch_origin::replica;
    log_offset previous{-1};
    for (;; previous = reader->stored_offset()) {
        const auto record = reader->next();
        if (!record)
            return record.failure();
        if (*record == nullptr)
            break;
        if (options.require_keys && !(*record)->key)
            return invalid("message " + std::to_string(seen.count) +
                           " has no key, which a compacted topic needs");
        if (check_offsets)
            if (auto grows = check_inner_offset(previous, reader->stored_offset(), seen.count); !grows)
                return grows.failure();
        seen.add((*record)->timestamp, (*record)->offset_delta);
    }
    if (check_offsets)
        if (auto last = check_last_offset(header, previous); !last)
            return last.failure();
    auto facts = seen.facts();
    facts.uncompressed_bytes = header.is_wrapper() ? reader->unpacked_bytes() : message.bytes.size();
    facts.max_timestamp_matches = facts.max_timestamp == header.timestamp;
    if (!facts.max_timestamp_matches && options.max_timestamp == wrong_max_timestamp::refuse)
        return invalid("the wrapper's timestamp is " + std::to_string(header.timestamp.get()) +
                       ", but its messages' is " + std::to_string(facts.max_timestamp.get()));
    return facts;
}

} // namespace barnabas::batch
