#include "actors/replica/log/sound_entry.hpp"

#include "protocol/batch/crc32c.hpp"

#include <optional>
#include <utility>

namespace barnabas::replica {
namespace {

struct entry_header {
    entry_kind kind = entry_kind::unknown;
    std::size_t size = 0;
};

entry_header header_of(std::span<const std::byte> bytes) {
    if (const auto batch = batch::parse_header(bytes))
        return {entry_kind::batch, batch->total_size()};
    if (const auto message = batch::parse_message_header(bytes))
        return {entry_kind::message, message->total_size()};
    return {};
}

bool has_right_crc(entry_kind kind, std::span<const std::byte> bytes) {
    if (kind == entry_kind::message)
        return batch::check_message_crc(bytes, *batch::parse_message_header(bytes)).has_value();
    return batch::crc32c(bytes.subspan(batch::at::attributes)) == batch::parse_header(bytes)->crc;
}

} // namespace

result<sound_entry> look_at_entry(std::uint64_t left, const next_bytes& next) {
    auto head = next(batch::batch_header_size);
    if (!head)
        return head.failure();
    const auto header = header_of(head->bytes());
    if (header.kind == entry_kind::unknown || header.size > left)
        return sound_entry{};
    auto bytes = next(header.size);
    if (!bytes)
        return bytes.failure();
    // It may have come differently than the header did.
    const auto again = header_of(bytes->bytes());
    if (bytes->size() != header.size || again.kind != header.kind || again.size != header.size ||
        !has_right_crc(header.kind, bytes->bytes()))
        return sound_entry{};
    return sound_entry{header.kind, std::move(*bytes)};
}

} // namespace barnabas::replica
