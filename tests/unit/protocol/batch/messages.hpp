#pragma once

#include "protocol/batch/big_endian.hpp"
#include "protocol/batch/crc32.hpp"
#include "protocol/batch/message_builder.hpp"
#include "protocol/batch/message_reader.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace barnabas::batch {

/// One record of a message set, for tests: what goes in and what comes out.
struct plain_message {
    std::int64_t offset = 0;
    std::int64_t timestamp = -1;
    std::optional<std::string> key;
    std::optional<std::string> value;

    bool operator==(const plain_message&) const = default;
};

inline std::optional<std::string> text_of(const optional_bytes& bytes) {
    if (!bytes)
        return std::nullopt;
    return std::string(reinterpret_cast<const char*>(bytes->data()), bytes->size());
}

inline optional_bytes optional_bytes_of(const std::optional<std::string>& text) {
    return text ? optional_bytes(bytes_of(std::string_view(*text))) : std::nullopt;
}

inline plain_message plain_of(const record_view& record) {
    return {record.offset.get(), record.timestamp.get(), text_of(record.key), text_of(record.value)};
}

inline slice build_set(const std::vector<plain_message>& messages, const message_builder_options& options) {
    message_builder builder(options);
    for (const auto& message : messages)
        builder.append(log_offset(message.offset), timestamp_ms(message.timestamp),
                       optional_bytes_of(message.key), optional_bytes_of(message.value));
    return builder.build();
}

inline slice build_set(std::int8_t magic, codec which, const std::vector<plain_message>& messages) {
    message_builder_options options;
    options.magic = magic;
    options.compression = which;
    return build_set(messages, options);
}

/// All records of all entries; the first error instead, if there is one.
inline result<std::vector<plain_message>> read_set(const slice& records,
                                                   const message_reading& reading = {}) {
    const auto entries = split_entries(records);
    if (!entries)
        return entries.failure();
    std::vector<plain_message> read;
    const auto keep = [&](const record_view& record) -> result<void> {
        read.push_back(plain_of(record));
        return {};
    };
    for (const auto& entry : *entries) {
        const auto* message = std::get_if<message_view>(&entry);
        const auto walked = message != nullptr ? for_each_record(*message, keep, reading)
                                               : for_each_record(std::get<batch_view>(entry), keep);
        if (!walked)
            return walked.failure();
    }
    return read;
}

/// The only message of a set, to be damaged: its bytes belong to the caller.
inline message_view only_message(const slice& records) {
    const auto entries = split_entries(records);
    BARNABAS_ASSERT(entries.has_value() && entries->size() == 1);
    return std::get<message_view>(entries->front());
}

inline void mend_crc(std::span<std::byte> message) {
    store_big_endian(message.data() + message_at::crc, crc32(message.subspan(message_at::magic)));
}

/// A wrapper of any magic and codec around any bytes.
inline slice wrap(std::int8_t magic, codec which, std::span<const std::byte> inside,
                  std::int64_t offset = 0) {
    packing_options packing;
    packing.old_lz4_checksum = magic == 0;
    const auto packed = compress(which, inside, packing).value();
    message_builder_options options;
    options.magic = magic;
    message_builder builder(options);
    builder.append(log_offset(offset), timestamp_ms(7), std::nullopt, std::span<const std::byte>(packed));
    const auto message = builder.build();
    const auto bytes = message.patch_before_sharing();
    bytes[message_at::attributes] = static_cast<std::byte>(which);
    mend_crc(bytes);
    return message;
}

} // namespace barnabas::batch
