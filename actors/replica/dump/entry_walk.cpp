#include "actors/replica/dump/entry_walk.hpp"

#include "protocol/batch/big_endian.hpp"
#include "protocol/batch/crc32c.hpp"

#include <algorithm>
#include <zlib.h>

namespace barnabas::replica::dump {
namespace {

/// Shorter than that nothing can be an entry: offset, length, four bytes and the magic.
constexpr std::uint64_t up_to_magic = batch::at::magic + 1;

result<log_entry> parse(std::span<const std::byte> bytes, std::uint64_t position) {
    const auto magic = batch::load_big_endian<std::int8_t>(bytes.data() + batch::at::magic);
    if (magic == 0 || magic == 1) {
        auto header = batch::parse_message_header(bytes);
        if (!header)
            return header.failure();
        return log_entry{*header, position};
    }
    auto header = batch::parse_header(bytes);
    if (!header)
        return header.failure();
    return log_entry{*header, position};
}

std::uint32_t extended_crc(const log_entry& entry, std::uint32_t crc, std::span<const std::byte> bytes) {
    if (entry.as_batch() != nullptr)
        return batch::crc32c_extend(crc, bytes);
    return static_cast<std::uint32_t>(
        ::crc32(crc, reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uInt>(bytes.size())));
}

} // namespace

std::int8_t log_entry::magic() const {
    return std::visit([](const auto& one) { return one.magic; }, header);
}

std::size_t log_entry::size() const {
    return std::visit([](const auto& one) { return one.total_size(); }, header);
}

std::uint32_t log_entry::crc() const {
    return std::visit([](const auto& one) { return one.crc; }, header);
}

std::uint8_t log_entry::codec_bits() const {
    return std::visit([](const auto& one) { return one.codec_bits(); }, header);
}

log_offset log_entry::last_offset() const {
    return as_batch() != nullptr ? as_batch()->last_offset() : as_message()->offset;
}

timestamp_ms log_entry::max_timestamp() const {
    return as_batch() != nullptr ? as_batch()->max_timestamp : as_message()->timestamp;
}

std::string_view log_entry::time_type_name() const {
    if (magic() == 0)
        return "NoTimestampType";
    const auto type = std::visit([](const auto& one) { return one.time_type(); }, header);
    return type == batch::timestamp_type::log_append_time ? "LogAppendTime" : "CreateTime";
}

result<std::optional<log_entry>> entry_walk::next() {
    if (next_ > end_ || end_ - next_ < up_to_magic)
        return std::optional<log_entry>{};
    const auto shown = std::min<std::uint64_t>(batch::batch_header_size, end_ - next_);
    auto bytes = log_.at(next_, shown);
    if (!bytes)
        return bytes.failure();
    const auto size = batch::batch_size_of(*bytes);
    if (!size)
        return at_byte(log_.path(), next_, size.failure());
    if (*size > end_ - next_)
        return std::optional<log_entry>{};
    auto entry = parse(bytes->first(std::min(bytes->size(), *size)), next_);
    if (!entry)
        return at_byte(log_.path(), next_, entry.failure());
    next_ += *size;
    return std::optional(*entry);
}

result<bool> is_valid(log_file& log, const log_entry& entry) {
    const auto covered_from = entry.as_batch() != nullptr ? batch::at::attributes : batch::message_at::magic;
    const auto end = entry.position + entry.size();
    std::uint32_t crc = 0;
    for (auto at = entry.position + covered_from; at < end;) {
        const auto count = std::min<std::uint64_t>(log_file::window_bytes, end - at);
        auto bytes = log.at(at, count);
        if (!bytes)
            return bytes.failure();
        crc = extended_crc(entry, crc, *bytes);
        at += count;
    }
    return crc == entry.crc();
}

} // namespace barnabas::replica::dump
