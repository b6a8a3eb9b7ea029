#include "protocol/batch/batch_fault.hpp"

#include "protocol/batch/record_batch.hpp"

namespace barnabas::batch {

namespace {

bool has_unknown_magic(std::span<const std::byte> records) {
    return records.size() > at::magic && std::to_integer<std::int8_t>(records[at::magic]) != 0 &&
           std::to_integer<std::int8_t>(records[at::magic]) != 1 &&
           std::to_integer<std::int8_t>(records[at::magic]) != current_magic;
}

bool has_order(const batch_header& header) {
    const std::int64_t offsets = std::int64_t{header.last_offset_delta} + 1;
    const bool counted = header.record_count > 0 && header.record_count == offsets;
    const bool in_sequence = !header.has_producer_id() || header.base_sequence >= 0;
    return counted && in_sequence && header.base_offset.get() == 0;
}

} // namespace

std::string_view name_of(batch_fault fault) noexcept {
    switch (fault) {
    case batch_fault::damaged: return "damaged";
    case batch_fault::magic: return "magic";
    case batch_fault::order: return "order";
    case batch_fault::no_key: return "no_key";
    case batch_fault::other: break;
    }
    return "other";
}

batch_fault fault_of(const error& why, std::span<const std::byte> records) {
    const std::string_view detail = why.detail;
    if (why.code == errc::unsupported_for_message_format)
        return batch_fault::magic;
    if (why.code == errc::corrupt_message)
        return has_unknown_magic(records) ? batch_fault::magic : batch_fault::damaged;
    if (why.code != errc::invalid_record)
        return batch_fault::other;
    if (detail.ends_with(no_key_words))
        return batch_fault::no_key;
    if (detail.ends_with(order_words))
        return batch_fault::order;
    const auto header = parse_header(records);
    return header && !has_order(*header) ? batch_fault::order : batch_fault::other;
}

} // namespace barnabas::batch
