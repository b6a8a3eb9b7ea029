#include "protocol/batch/convert_up.hpp"

#include "protocol/batch/batch_fault.hpp"
#include "protocol/batch/builder.hpp"
#include "protocol/batch/message_reader.hpp"
#include "protocol/batch/records_seen.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace barnabas::batch {
namespace {

/// The producer's codec. Kafka takes the last one, too; whichever it is, only the size depends on it. Codecs
/// that messages may not have are named by the check that follows.
codec codec_of_last_wrapper(const std::vector<record_entry>& entries) {
    for (auto entry = entries.rbegin(); entry != entries.rend(); ++entry) {
        const auto* message = std::get_if<message_view>(&*entry);
        if (message != nullptr && message->header.is_wrapper())
            return message->header.compression();
    }
    return codec::none;
}

builder_options batch_options(const up_options& options, codec producer_codec) {
    builder_options batch;
    batch.compression = options.compression.value_or(producer_codec);
    if (options.compression)
        batch.compression_level = options.compression_level;
    batch.workspace = options.workspace;
    return batch;
}

/// Takes the records of one message after the other into one batch.
class up_conversion {
public:
    up_conversion(const up_options& options, codec producer_codec, std::uint64_t unpacked_bytes_max)
        : options_(options), producer_codec_(producer_codec), unpacked_left_(unpacked_bytes_max),
          builder_(batch_options(options, producer_codec)) {}

    result<void> take(const record_entry& entry);
    result<up_converted> finish();

private:
    result<void> take_record(const record_view& record);

    const up_options& options_;
    const codec producer_codec_;
    std::uint64_t unpacked_left_;
    batch_builder builder_;
    records_seen seen_;
};

} // namespace

result<up_converted> convert_up(const slice& records, const up_options& options) {
    if (options.compression && options.compression_level)
        if (auto level = check_level(*options.compression, *options.compression_level); !level)
            return level.failure();
    const auto entries = split_entries(records);
    if (!entries)
        return entries.failure();
    const auto bound =
        decompressed_bytes_max(records.size(), options.decompressed_floor, options.decompressed_ratio);
    // Messages that were never packed take no more than they have.
    const auto most =
        std::min(std::max<std::uint64_t>(options.decompressed_most, records.size()), conversion_bytes_max);
    up_conversion conversion(options, codec_of_last_wrapper(*entries), std::min(bound, most));
    for (std::size_t index = 0; index < entries->size(); ++index)
        if (auto taken = conversion.take((*entries)[index]); !taken)
            return error{taken.code(),
                         "entry " + std::to_string(index) + " of the set: " + taken.failure().detail};
    return conversion.finish();
}

namespace {

result<void> up_conversion::take(const record_entry& entry) {
    const auto* message = std::get_if<message_view>(&entry);
    if (message == nullptr)
        return error{errc::unsupported_for_message_format,
                     "it is a batch of magic 2, which Produce carries from version 3 on"};
    if (message->header.time_type() == timestamp_type::log_append_time)
        return error{errc::invalid_timestamp, "a producer may not mark its message with log-append time"};
    message_reading reading;
    reading.offsets = inner_offsets::as_stored;
    reading.check_crc = true;
    // 0 would ask for the usual bound; nothing that unpacks has fewer bytes than 1.
    reading.unpacked_bytes_max = std::max<std::uint64_t>(unpacked_left_, 1);
    reading.workspace = options_.workspace;
    auto reader = message_reader::open(*message, reading);
    if (!reader)
        return reader.failure();
    while (true) {
        const auto record = reader->next();
        if (!record)
            return record.failure();
        if (*record == nullptr)
            break;
        if (auto taken = take_record(**record); !taken)
            return taken;
    }
    const std::uint64_t used =
        message->header.is_wrapper() ? reader->unpacked_bytes() : message->bytes.size();
    if (used > unpacked_left_)
        return error{errc::message_too_large, "the set unpacks to more bytes than its bound"};
    unpacked_left_ -= used;
    return {};
}

result<void> up_conversion::take_record(const record_view& record) {
    if (options_.require_keys && !record.key)
        return error{errc::invalid_record, "a message " + std::string(no_key_words)};
    seen_.add(record.timestamp, seen_.count);
    builder_.append(record.timestamp, record.key, record.value);
    return {};
}

result<up_converted> up_conversion::finish() {
    if (builder_.empty())
        return error{errc::invalid_record, "the set has no message"};
    up_converted converted;
    converted.batch.bytes = builder_.build();
    const auto header = parse_header(converted.batch.bytes.bytes());
    if (!header)
        return header.failure();
    converted.batch.header = *header;
    converted.facts = seen_.facts();
    converted.facts.uncompressed_bytes = builder_.uncompressed_size() - batch_header_size;
    converted.converted_records = seen_.count;
    converted.producer_codec = producer_codec_;
    return converted;
}

} // namespace
} // namespace barnabas::batch
