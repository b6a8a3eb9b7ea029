#include "actors/replica/compaction/rewrite.hpp"

#include "protocol/batch/builder.hpp"
#include "protocol/batch/patch.hpp"
#include "protocol/batch/varint.hpp"
#include "protocol/model/assert.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <span>

namespace barnabas::replica {
namespace {

std::size_t field_size(const std::optional<std::span<const std::byte>>& field) {
    if (!field)
        return batch::varint_size(-1);
    return batch::varint_size(static_cast<std::int32_t>(field->size())) + field->size();
}

void put_bytes(std::vector<std::byte>& to, std::span<const std::byte> bytes) {
    to.insert(to.end(), bytes.begin(), bytes.end());
}

void put_field(std::vector<std::byte>& to, const std::optional<std::span<const std::byte>>& field) {
    batch::append_varint(to, field ? static_cast<std::int32_t>(field->size()) : -1);
    if (field)
        put_bytes(to, *field);
}

std::span<const std::byte> bytes_of(std::string_view text) {
    return std::as_bytes(std::span(text.data(), text.size()));
}

std::size_t body_size(const batch::record_view& record, std::int64_t timestamp_delta) {
    auto size = 1 + batch::varlong_size(timestamp_delta) + batch::varint_size(record.offset_delta) +
                field_size(record.key) + field_size(record.value) +
                batch::varint_size(static_cast<std::int32_t>(record.headers.size()));
    for (const auto& one : record.headers)
        size += field_size(bytes_of(one.key)) + field_size(one.value);
    return size;
}

batch::batch_view finished(batch::batch_header header, std::span<const std::byte> stored) {
    auto memory = chunk::allocate(batch::batch_header_size + stored.size());
    const std::span<std::byte> bytes(memory->data(), memory->capacity());
    header.batch_length = static_cast<std::int32_t>(bytes.size() - batch::batch_prefix_size);
    batch::write_header(header, bytes);
    if (!stored.empty())
        std::memcpy(bytes.data() + batch::at::records, stored.data(), stored.size());
    batch::batch_view made{slice(std::move(memory), 0, bytes.size()), header};
    batch::recompute_crc(made);
    return made;
}

} // namespace

result<batch::batch_view> batch_rewriter::rebuild(const batch::batch_view& source,
                                                  const std::vector<bool>& kept,
                                                  std::optional<timestamp_ms> delete_horizon) {
    auto target = source.header;
    if (delete_horizon) {
        target.attributes |= batch::attribute::delete_horizon;
        target.base_timestamp = *delete_horizon;
    }
    if (auto collected = collect(source, kept, target); !collected)
        return collected.failure();
    if (target.record_count == 0)
        return without_records(source.header);
    std::vector<std::byte> packed;
    std::span<const std::byte> stored = records_;
    if (target.codec_bits() != 0) {
        auto compressed =
            batch::compress(target.compression(), records_,
                            {.level = std::nullopt, .old_lz4_checksum = false, .workspace = &workspace_});
        if (!compressed)
            return compressed.failure();
        packed = std::move(*compressed);
        stored = packed;
    }
    if (stored.size() > std::numeric_limits<std::int32_t>::max() - batch::batch_header_size)
        return error{errc::message_too_large, "a batch does not fit any more when it is written anew"};
    return finished(target, stored);
}

/// Fills `records_`, and in `target` the count and the timestamps.
result<void> batch_rewriter::collect(const batch::batch_view& source, const std::vector<bool>& kept,
                                     batch::batch_header& target) {
    records_.clear();
    target.record_count = 0;
    const bool own_times = target.time_type() == batch::timestamp_type::create_time;
    auto newest = no_timestamp;
    auto reader = batch::record_reader::open(source, &workspace_);
    if (!reader)
        return reader.failure();
    for (std::size_t index = 0;; ++index) {
        const auto next = reader->next();
        if (!next)
            return next.failure();
        if (*next == nullptr)
            break;
        if (!kept.empty() && !kept[index])
            continue;
        const auto& record = **next;
        if (target.record_count == 0 && !target.has_delete_horizon())
            target.base_timestamp = record.timestamp;
        append(record, target.base_timestamp);
        newest = std::max(newest, record.timestamp);
        ++target.record_count;
    }
    if (own_times && target.record_count > 0)
        target.max_timestamp = newest;
    return {};
}

void batch_rewriter::append(const batch::record_view& record, timestamp_ms base) {
    const auto delta = static_cast<std::int64_t>(static_cast<std::uint64_t>(record.timestamp.get()) -
                                                 static_cast<std::uint64_t>(base.get()));
    batch::append_varint(records_, static_cast<std::int32_t>(body_size(record, delta)));
    records_.push_back(std::byte{0});
    batch::append_varlong(records_, delta);
    batch::append_varint(records_, record.offset_delta);
    put_field(records_, record.key);
    put_field(records_, record.value);
    batch::append_varint(records_, static_cast<std::int32_t>(record.headers.size()));
    for (const auto& one : record.headers) {
        put_field(records_, bytes_of(one.key));
        put_field(records_, one.value);
    }
}

batch::batch_view batch_rewriter::without_records(const batch::batch_header& source) const {
    auto target = source;
    constexpr auto gone = batch::attribute::codec_mask | batch::attribute::delete_horizon;
    target.attributes = static_cast<std::uint16_t>(target.attributes & ~gone);
    target.base_timestamp = no_timestamp;
    target.record_count = 0;
    return finished(target, {});
}

} // namespace barnabas::replica
