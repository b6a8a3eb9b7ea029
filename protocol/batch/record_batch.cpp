#include "protocol/batch/record_batch.hpp"

#include "protocol/batch/big_endian.hpp"

#include <string>
#include <utility>

namespace barnabas::batch {
namespace {

/// The smallest record of any magic behind the length field (magic 0: CRC, magic, attributes, two lengths).
constexpr std::int32_t any_magic_length_min = 14;
constexpr auto header_length_min = static_cast<std::int32_t>(batch_header_size - batch_prefix_size);

error corrupt(std::string detail) {
    return error{errc::corrupt_message, std::move(detail)};
}

error at_position(const error& failure, std::size_t position) {
    return error{failure.code, "batch at byte " + std::to_string(position) + ": " + failure.detail};
}

/// With `keep_tail_out`, bytes at the end that a batch has not arrived in full are no error.
result<std::vector<batch_view>> split(const slice& records, bool keep_tail_out) {
    std::vector<batch_view> batches;
    std::size_t position = 0;
    while (position < records.size()) {
        const auto rest = records.bytes().subspan(position);
        if (keep_tail_out && rest.size() < batch_prefix_size)
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
        const auto header = parse_header(rest.first(*size));
        if (!header)
            return at_position(header.failure(), position);
        batches.push_back(batch_view{records.sub(position, *size), *header});
        position += *size;
    }
    return batches;
}

} // namespace

result<std::vector<batch_view>> split_batches(const slice& records) {
    return split(records, false);
}

result<std::vector<batch_view>> split_complete_batches(const slice& records) {
    return split(records, true);
}

result<std::size_t> batch_size_of(std::span<const std::byte> bytes) {
    if (bytes.size() < batch_prefix_size)
        return corrupt("only " + std::to_string(bytes.size()) + " of the first 12 bytes are there");
    const auto length = load_big_endian<std::int32_t>(bytes.data() + at::batch_length);
    if (length < any_magic_length_min)
        return corrupt("a batch cannot have length " + std::to_string(length));
    return batch_prefix_size + static_cast<std::size_t>(length);
}

result<batch_header> parse_header(std::span<const std::byte> bytes) {
    const auto size = batch_size_of(bytes);
    if (!size)
        return size.failure();
    if (bytes.size() <= at::magic)
        return corrupt("the bytes end before the magic byte");
    const auto magic = load_big_endian<std::int8_t>(bytes.data() + at::magic);
    if (magic == 0 || magic == 1)
        return error{errc::unsupported_for_message_format,
                     "magic " + std::to_string(magic) +
                         " (clients before Kafka 0.11) is not accepted; the record format must be magic 2"};
    if (magic != current_magic)
        return corrupt("unknown magic " + std::to_string(magic));
    if (*size < batch_header_size)
        return corrupt("its length says " + std::to_string(*size) + " bytes, fewer than the 61 of a header");
    if (bytes.size() < batch_header_size)
        return corrupt("only " + std::to_string(bytes.size()) + " of the header's 61 bytes are there");

    const std::byte* from = bytes.data();
    batch_header header;
    header.base_offset = log_offset(load_big_endian<std::int64_t>(from + at::base_offset));
    header.batch_length = load_big_endian<std::int32_t>(from + at::batch_length);
    header.leader_epoch = leader_epoch(load_big_endian<std::int32_t>(from + at::leader_epoch));
    header.magic = magic;
    header.crc = load_big_endian<std::uint32_t>(from + at::crc);
    header.attributes = load_big_endian<std::uint16_t>(from + at::attributes);
    header.last_offset_delta = load_big_endian<std::int32_t>(from + at::last_offset_delta);
    header.base_timestamp = timestamp_ms(load_big_endian<std::int64_t>(from + at::base_timestamp));
    header.max_timestamp = timestamp_ms(load_big_endian<std::int64_t>(from + at::max_timestamp));
    header.producer_id = producer_id(load_big_endian<std::int64_t>(from + at::producer_id));
    header.producer_epoch = producer_epoch(load_big_endian<std::int16_t>(from + at::producer_epoch));
    header.base_sequence = load_big_endian<std::int32_t>(from + at::base_sequence);
    header.record_count = load_big_endian<std::int32_t>(from + at::record_count);
    BARNABAS_ASSERT(header.batch_length >= header_length_min);
    return header;
}

log_offset batch_header::offset_at(std::int64_t delta) const noexcept {
    const auto sum = static_cast<std::uint64_t>(base_offset.get()) + static_cast<std::uint64_t>(delta);
    return log_offset(static_cast<std::int64_t>(sum));
}

std::int32_t batch_header::last_sequence() const noexcept {
    if (base_sequence < 0 || last_offset_delta < 0)
        return -1;
    // The sequence after the largest int32 is 0, so the sum counts modulo 2^31.
    const std::int64_t sum = std::int64_t{base_sequence} + last_offset_delta;
    return static_cast<std::int32_t>(sum & 0x7fffffff);
}

} // namespace barnabas::batch
