#include "protocol/batch/convert_stored.hpp"

#include "protocol/batch/compression.hpp"
#include "protocol/batch/convert_up.hpp"
#include "protocol/batch/message_reader.hpp"

#include <algorithm>
#include <limits>
#include <string>

namespace barnabas::batch {
namespace {

/// Kafka's producers make batches of this size, unless they are told otherwise. Larger ones would cost
/// readers who begin in the middle.
constexpr std::size_t plain_batch_bytes = 16 << 10;
constexpr std::int64_t delta_max = std::numeric_limits<std::int32_t>::max();

message_reading reading_of(const message_view& message, codec_workspace* workspace) {
    message_reading reading;
    reading.check_crc = true;
    reading.unpacked_bytes_max = std::min(decompressed_bytes_max(message.bytes.size()), conversion_bytes_max);
    reading.workspace = workspace;
    return reading;
}

/// No CRC covers an offset.
result<void> check_offset(log_offset offset) {
    if (offset.get() >= 0)
        return {};
    return error{errc::invalid_record, "offset " + std::to_string(offset.get()) + " is below 0"};
}

} // namespace

result<void> stored_conversion::take(const message_view& message) {
    if (!message.header.is_wrapper())
        return take_plain(message);
    end_batch();
    auto taken = take_wrapper(message);
    if (!taken)
        builder_.clear({});
    return taken;
}

void stored_conversion::end_batch() {
    if (!builder_.empty())
        finish();
}

bool stored_conversion::joins(const message_header& message) const {
    const bool one_time =
        message.time_type() == timestamp_type::create_time || message.timestamp == first_.timestamp;
    return !builder_.empty() && message.magic == first_.magic && message.time_type() == first_.time_type() &&
           one_time && message.offset > last_ && message.offset - base_ <= delta_max &&
           builder_.uncompressed_size() + message.total_size() <= plain_batch_bytes;
}

void stored_conversion::begin(const message_header& message, log_offset base) {
    builder_options options;
    options.base_offset = base;
    options.compression = message.compression();
    options.time_type = message.time_type();
    options.workspace = workspace_;
    builder_.clear(options);
    first_ = message;
    base_ = base;
    last_ = base - 1;
}

void stored_conversion::finish() {
    record_count_ += static_cast<std::uint64_t>(builder_.record_count());
    batches_.push_back(builder_.build());
    builder_.clear({});
}

result<void> stored_conversion::take_plain(const message_view& message) {
    auto reader = message_reader::open(message, reading_of(message, workspace_));
    if (!reader)
        return reader.failure();
    const auto record = reader->next();
    if (!record)
        return record.failure();
    if (auto sensible = check_offset(message.header.offset); !sensible)
        return sensible;
    if (!joins(message.header)) {
        end_batch();
        begin(message.header, message.header.offset);
    }
    last_ = message.header.offset;
    builder_.append_at(static_cast<std::int32_t>(last_ - base_), (*record)->timestamp, (*record)->key,
                       (*record)->value);
    return {};
}

result<void> stored_conversion::take_wrapper(const message_view& message) {
    auto reader = message_reader::open(message, reading_of(message, workspace_));
    if (!reader)
        return reader.failure();
    for (bool first = true;; first = false) {
        const auto record = reader->next();
        if (!record)
            return record.failure();
        if (*record == nullptr)
            break;
        if (auto sensible = check_offset((*record)->offset); !sensible)
            return sensible;
        if (first)
            begin(message.header, (*record)->offset);
        const auto delta = delta_behind(message.header, (*record)->offset);
        if (!delta)
            return delta.failure();
        last_ = (*record)->offset;
        builder_.append_at(*delta, (*record)->timestamp, (*record)->key, (*record)->value);
    }
    // Old compaction may have taken the last record, whose offset the wrapper still has.
    builder_.reach(static_cast<std::int32_t>(message.header.offset - base_));
    finish();
    return {};
}

result<std::int32_t> stored_conversion::delta_behind(const message_header& wrapper, log_offset offset) const {
    const bool fits = offset > last_ && offset <= wrapper.offset;
    if (!fits || wrapper.offset - base_ > delta_max)
        return error{errc::invalid_record, "offset " + std::to_string(offset.get()) + " behind " +
                                               std::to_string(last_.get()) + " in a wrapper of offset " +
                                               std::to_string(wrapper.offset.get())};
    return static_cast<std::int32_t>(offset - base_);
}

} // namespace barnabas::batch
