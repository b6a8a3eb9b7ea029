#include "tests/golden/batch_encoding.hpp"

#include "protocol/batch/big_endian.hpp"
#include "protocol/batch/builder.hpp"
#include "protocol/batch/crc32c.hpp"
#include "protocol/batch/message_builder.hpp"
#include "protocol/batch/message_reader.hpp"
#include "protocol/batch/patch.hpp"
#include "protocol/batch/record_reader.hpp"
#include "protocol/batch/repack.hpp"

#include <tuple>
#include <utility>
#include <vector>

namespace barnabas::golden {

using namespace barnabas::batch;

namespace {

/// The builder numbers records without gaps, as producers do.
bool has_gaps(const batch_view& batch) {
    return batch.header.record_count != batch.header.last_offset_delta + 1;
}

/// A batch with log-append time shows that instead of the timestamps that its records have.
batch_view with_stored_timestamps(batch_view batch) {
    batch.header.attributes =
        static_cast<std::uint16_t>(batch.header.attributes & ~attribute::log_append_time);
    return batch;
}

builder_options options_of(const batch_header& header) {
    builder_options options;
    options.base_offset = header.base_offset;
    options.leader_epoch = header.leader_epoch;
    options.producer_id = header.producer_id;
    options.producer_epoch = header.producer_epoch;
    options.base_sequence = header.base_sequence;
    options.transactional = header.is_transactional();
    options.control = header.is_control();
    options.delete_horizon = header.delete_horizon();
    return options;
}

result<batch_view> view_of(slice bytes) {
    const auto header = parse_header(bytes.bytes());
    if (!header)
        return header.failure();
    return batch_view{std::move(bytes), *header};
}

/// What compaction leaves of a batch without records: its header alone.
slice header_alone(const batch_header& header) {
    std::vector<std::byte> bytes(batch_header_size);
    write_header(header, bytes);
    store_big_endian(bytes.data() + at::crc, crc32c(std::span(bytes).subspan(at::attributes)));
    return slice::copy_of(std::span<const std::byte>(bytes));
}

result<batch_view> built_again(const batch_view& batch, codec compression) {
    if (batch.header.record_count == 0)
        return view_of(header_alone(batch.header));
    auto options = options_of(batch.header);
    options.compression = compression;
    batch_builder builder(options);
    const auto walked =
        for_each_record(with_stored_timestamps(batch), [&](const record_view& record) -> result<void> {
            builder.append(record.timestamp, record.key, record.value, record.headers);
            return {};
        });
    if (!walked)
        return walked.failure();
    auto built = view_of(builder.build());
    if (built && batch.header.time_type() == timestamp_type::log_append_time)
        set_log_append_time(*built, batch.header.max_timestamp);
    return built;
}

/// The same without what depends on how records are packed.
batch_header without_packing(batch_header header) {
    header.batch_length = 0;
    header.crc = 0;
    return header;
}

result<batch_view> unpacked(const batch_view& batch) {
    return batch.header.codec_bits() == 0 ? result<batch_view>(batch) : repack(batch, {});
}

using record_contents = std::tuple<timestamp_ms, std::optional<slice>, std::optional<slice>, std::size_t>;

/// Timestamp, key, value and number of headers of each record.
result<std::vector<record_contents>> contents_of(const batch_view& batch) {
    const auto copy_of = [](const optional_bytes& bytes) {
        return bytes ? std::optional(slice::copy_of(*bytes)) : std::nullopt;
    };
    std::vector<record_contents> contents;
    const auto read = for_each_record(batch, [&](const record_view& record) -> result<void> {
        contents.emplace_back(record.timestamp, copy_of(record.key), copy_of(record.value),
                              record.headers.size());
        return {};
    });
    if (!read)
        return read.failure();
    return contents;
}

/// With gaps the new batch ends at another offset, and its records have others; the rest is as it was.
std::optional<std::string> compare_gapless(const batch_view& batch, const batch_view& built) {
    auto expected = without_packing(batch.header);
    expected.last_offset_delta = built.header.last_offset_delta;
    if (without_packing(built.header) != expected)
        return "is built again with another header";
    const auto before = contents_of(batch);
    const auto after = contents_of(built);
    if (!before || !after || *before != *after)
        return "is built again with other records";
    return std::nullopt;
}

std::optional<std::string> check_packed_again(const batch_view& batch, const batch_view& plain) {
    const auto packed = built_again(batch, batch.header.compression());
    if (!packed)
        return "cannot be packed again: " + to_string(packed.failure());
    if (without_packing(packed->header) != without_packing(batch.header))
        return "is packed again with another header";
    const auto inside = unpacked(*packed);
    if (!inside)
        return "what is packed again cannot be unpacked: " + to_string(inside.failure());
    return inside->bytes == plain.bytes ? std::nullopt
                                        : std::optional<std::string>("is packed again with other records");
}

std::optional<std::string> check(const batch_view& batch) {
    const auto plain = unpacked(batch);
    if (!plain)
        return "cannot be unpacked: " + to_string(plain.failure());
    const auto built = built_again(*plain, codec::none);
    if (!built)
        return "cannot be built again: " + to_string(built.failure());
    if (batch.header.record_count > 0 && has_gaps(batch))
        return compare_gapless(*plain, *built);
    if (!(built->bytes == plain->bytes))
        return "is built again with other bytes";
    return batch.header.codec_bits() == 0 ? std::nullopt : check_packed_again(batch, *plain);
}

/// The messages inside of a wrapper, as they are stored.
result<std::vector<std::byte>> inside_of(const message_view& wrapper) {
    const auto fields = read_message_fields(wrapper.bytes.bytes(), wrapper.header);
    if (!fields)
        return fields.failure();
    const auto checksum = wrapper.header.magic == 0 ? lz4_checksum::ignored : lz4_checksum::checked;
    const auto packed = fields->value.value_or(std::span<const std::byte>());
    const auto source = open_decompressor(wrapper.header.compression(), packed,
                                          decompressed_bytes_max(packed.size()), nullptr, checksum);
    if (!source)
        return source.failure();
    constexpr std::size_t more_than_any_vector = 1 << 20;
    std::vector<std::byte> bytes(more_than_any_vector);
    const auto size = (*source)->read(bytes);
    if (!size)
        return size.failure();
    bytes.resize(*size);
    return bytes;
}

std::optional<std::string> check(const message_view& message) {
    message_builder_options options;
    options.magic = message.header.magic;
    options.compression = message.header.compression();
    options.time_type = message.header.time_type();
    message_builder builder(options);
    const auto walked = for_each_record(message, [&](const record_view& record) -> result<void> {
        builder.append(record.offset, record.timestamp, record.key, record.value);
        return {};
    });
    if (!walked)
        return "cannot be built again: " + to_string(walked.failure());
    const auto bytes = builder.build();
    if (!message.header.is_wrapper())
        return bytes == message.bytes ? std::nullopt
                                      : std::optional<std::string>("is built again with other bytes");
    const auto header = parse_message_header(bytes.bytes());
    if (!header)
        return "is packed again to what cannot be read: " + to_string(header.failure());
    if (header->offset != message.header.offset || header->attributes != message.header.attributes ||
        header->timestamp != message.header.timestamp)
        return "is packed again with another header";
    const auto before = inside_of(message);
    const auto after = inside_of(message_view{bytes, *header});
    if (!before || !after || *before != *after)
        return "is packed again with other messages inside";
    return std::nullopt;
}

} // namespace

std::optional<std::string> check_encoding(const record_entry& entry) {
    return std::visit([](const auto& view) { return check(view); }, entry);
}

} // namespace barnabas::golden
