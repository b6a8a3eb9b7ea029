#include "protocol/batch/message_set.hpp"

#include "protocol/batch/big_endian.hpp"
#include "protocol/batch/crc32.hpp"

#include <string>
#include <utility>

namespace barnabas::batch {
namespace {

error corrupt(std::string detail) {
    return error{errc::corrupt_message, std::move(detail)};
}

error at_position(const error& failure, std::size_t position) {
    return error{failure.code, "entry at byte " + std::to_string(position) + ": " + failure.detail};
}

result<record_entry> parse_entry(const slice& bytes) {
    if (bytes.size() > message_at::magic && std::to_integer<int>(bytes.bytes()[message_at::magic]) <= 1) {
        const auto header = parse_message_header(bytes.bytes());
        if (!header)
            return header.failure();
        return record_entry(message_view{bytes, *header});
    }
    const auto header = parse_header(bytes.bytes());
    if (!header)
        return header.failure();
    return record_entry(batch_view{bytes, *header});
}

/// With `keep_tail_out`, bytes at the end that an entry has not arrived in full are no error.
result<std::vector<record_entry>> split(const slice& records, bool keep_tail_out) {
    std::vector<record_entry> entries;
    std::size_t position = 0;
    while (position < records.size()) {
        const auto rest = records.bytes().subspan(position);
        if (keep_tail_out && rest.size() < message_prefix_size)
            break;
        const auto size = batch_size_of(rest);
        if (!size)
            return at_position(size.failure(), position);
        if (*size > rest.size()) {
            if (keep_tail_out)
                break;
            return at_position(corrupt("its length says " + std::to_string(*size) + " bytes, but only " +
                                       std::to_string(rest.size()) + " are there"),
                               position);
        }
        auto entry = parse_entry(records.sub(position, *size));
        if (!entry)
            return at_position(entry.failure(), position);
        entries.push_back(*std::move(entry));
        position += *size;
    }
    return entries;
}

/// A key or value at the front of `rest`, which moves behind it; false when it does not fit.
bool take_field(std::span<const std::byte>& rest, std::optional<std::span<const std::byte>>& field) {
    if (rest.size() < sizeof(std::int32_t))
        return false;
    const auto size = load_big_endian<std::int32_t>(rest.data());
    rest = rest.subspan(sizeof size);
    if (size == -1)
        return true;
    if (size < 0 || static_cast<std::size_t>(size) > rest.size())
        return false;
    field = rest.first(static_cast<std::size_t>(size));
    rest = rest.subspan(field->size());
    return true;
}

} // namespace

std::int8_t magic_of(const record_entry& entry) noexcept {
    return std::visit([](const auto& one) { return one.header.magic; }, entry);
}

result<message_header> parse_message_header(std::span<const std::byte> bytes) {
    const auto size = batch_size_of(bytes);
    if (!size)
        return size.failure();
    if (bytes.size() <= message_at::magic)
        return corrupt("the bytes end before the magic byte");
    message_header header;
    header.magic = load_big_endian<std::int8_t>(bytes.data() + message_at::magic);
    if (header.magic == current_magic)
        return error{errc::unsupported_for_message_format, "magic 2 is a batch, not a message"};
    if (header.magic != 0 && header.magic != 1)
        return corrupt("unknown magic " + std::to_string(header.magic));
    if (*size < message_overhead(header.magic))
        return corrupt("its length says " + std::to_string(*size) + " bytes, fewer than the " +
                       std::to_string(message_overhead(header.magic)) + " of a message of magic " +
                       std::to_string(header.magic));
    if (bytes.size() < message_overhead(header.magic))
        return corrupt("only " + std::to_string(bytes.size()) + " bytes of a message are there");
    header.offset = log_offset(load_big_endian<std::int64_t>(bytes.data() + message_at::offset));
    header.size = load_big_endian<std::int32_t>(bytes.data() + message_at::size);
    header.crc = load_big_endian<std::uint32_t>(bytes.data() + message_at::crc);
    header.attributes = std::to_integer<std::uint8_t>(bytes[message_at::attributes]);
    if (header.magic != 0)
        header.timestamp = timestamp_ms(load_big_endian<std::int64_t>(bytes.data() + message_at::timestamp));
    return header;
}

result<message_fields> read_message_fields(std::span<const std::byte> bytes, const message_header& header) {
    BARNABAS_ASSERT(bytes.size() == header.total_size());
    BARNABAS_ASSERT(bytes.size() >= message_overhead(header.magic));
    auto rest = bytes.subspan(message_key_at(header.magic));
    message_fields fields;
    if (!take_field(rest, fields.key))
        return error{errc::invalid_record, "its key runs past its end"};
    if (!take_field(rest, fields.value))
        return error{errc::invalid_record, "its value runs past its end"};
    if (!rest.empty())
        return error{errc::invalid_record, "its size does not agree with its key and value"};
    return fields;
}

result<void> check_message_crc(std::span<const std::byte> bytes, const message_header& header) {
    BARNABAS_ASSERT(bytes.size() == header.total_size());
    const std::uint32_t computed = crc32(bytes.subspan(message_at::magic));
    if (computed != header.crc)
        return corrupt("the CRC is " + std::to_string(computed) + ", but the message says " +
                       std::to_string(header.crc));
    return {};
}

result<std::vector<record_entry>> split_entries(const slice& records) {
    return split(records, false);
}

result<std::vector<record_entry>> split_complete_entries(const slice& records) {
    return split(records, true);
}

} // namespace barnabas::batch
