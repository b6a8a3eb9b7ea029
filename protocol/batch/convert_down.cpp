#include "protocol/batch/convert_down.hpp"

#include "protocol/batch/record_reader.hpp"
#include "protocol/batch/validate.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace barnabas::batch {
namespace {

/// Turns one batch after the other into messages, until the set is full.
class down_conversion {
public:
    explicit down_conversion(const down_options& options) : options_(options) {
        BARNABAS_ASSERT(options.magic == 0 || options.magic == 1);
        done_.next_offset = options.first_offset;
    }

    /// False when the set is full and the batch has not been used up.
    result<bool> take(const slice& bytes);
    down_converted& done() { return done_; }

private:
    enum class step { appended, left_out, full };

    result<bool> convert(const batch_view& batch);
    result<step> append(const record_view& record, bool compressed);
    bool keep(slice messages);
    std::size_t bytes_left() const {
        return options_.bytes_max - std::min(options_.bytes_max, done_.total_bytes);
    }

    const down_options& options_;
    message_builder builder_;
    log_offset last_offset_{-1};
    down_converted done_;
};

/// Size of the batch that begins with these bytes; 0 when it ends behind them.
result<std::size_t> whole_batch_size(std::span<const std::byte> bytes) {
    if (bytes.size() < batch_prefix_size)
        return std::size_t{0};
    const auto size = batch_size_of(bytes);
    if (!size)
        return size.failure();
    return *size > bytes.size() ? 0 : *size;
}

} // namespace

result<down_converted> convert_down(const slice& batches, const down_options& options) {
    down_conversion conversion(options);
    auto& done = conversion.done();
    while (done.source_bytes < batches.size()) {
        const auto rest = batches.from(done.source_bytes);
        const auto size = whole_batch_size(rest.bytes());
        if (size && *size == 0) {
            if (done.source_bytes == 0)
                return error{errc::corrupt_message, "the first of the batches is cut off"};
            break;
        }
        const auto taken = size ? conversion.take(rest.sub(0, *size)) : result<bool>(size.failure());
        if (!taken && done.empty())
            return error{taken.code(), "batch at byte " + std::to_string(done.source_bytes) + ": " +
                                           taken.failure().detail};
        if (!taken || !*taken)
            break;
        done.source_bytes += *size;
    }
    return std::move(done);
}

namespace {

result<bool> down_conversion::take(const slice& bytes) {
    const auto header = parse_header(bytes.bytes());
    if (!header)
        return header.failure();
    const batch_view batch{bytes, *header};
    if (batch.header.last_offset() >= options_.first_offset) {
        validation_options header_only;
        header_only.origin = batch_origin::replica;
        header_only.inside = inside_check::header;
        header_only.allow_zstd = false;
        if (const auto facts = validate_batch(batch, header_only); !facts)
            return facts.failure();
        if (!batch.header.is_control()) {
            const auto whole = convert(batch);
            if (!whole || !*whole)
                return whole;
        }
    }
    done_.next_offset = std::max(done_.next_offset, batch.header.next_offset());
    return true;
}

result<bool> down_conversion::convert(const batch_view& batch) {
    const bool compressed = batch.header.compression() != codec::none;
    // Packed again it will have about the size it has, so that most of what would not fit is not unpacked.
    if (compressed && !done_.empty() &&
        (batch.bytes.size() > bytes_left() || done_.unpacked_bytes >= options_.unpacked_bytes_max))
        return false;
    message_builder_options messages;
    messages.magic = options_.magic;
    messages.compression = batch.header.compression();
    messages.time_type = batch.header.time_type();
    messages.workspace = options_.workspace;
    builder_.clear(messages);
    last_offset_ = log_offset(-1);
    auto reader = record_reader::open(batch, options_.workspace);
    if (!reader)
        return reader.failure();
    while (true) {
        const auto record = reader->next();
        if (!record)
            return record.failure();
        if (*record == nullptr)
            break;
        const auto appended = append(**record, compressed);
        if (!appended)
            return appended.failure();
        if (*appended == step::full) {
            if (keep(builder_.build()))
                done_.next_offset = (*record)->offset;
            return false;
        }
    }
    if (compressed)
        done_.unpacked_bytes += builder_.uncompressed_size();
    return builder_.empty() || keep(builder_.build());
}

result<down_conversion::step> down_conversion::append(const record_view& record, bool compressed) {
    // The CRC says that the bytes are those that were stored, not that they make sense.
    if (record.offset <= last_offset_)
        return error{errc::invalid_record, "a record has offset " + std::to_string(record.offset.get()) +
                                               ", which does not follow the one before"};
    last_offset_ = record.offset;
    if (record.offset < options_.first_offset)
        return step::left_out;
    const std::size_t size = builder_.uncompressed_size() +
                             message_builder::message_size(options_.magic, record.key, record.value);
    const bool first = done_.empty() && builder_.empty();
    if (!compressed && !first && size > bytes_left())
        return step::full;
    if (size > conversion_bytes_max)
        return error{errc::message_too_large, "a batch makes messages of more than " +
                                                  std::to_string(conversion_bytes_max) + " bytes"};
    builder_.append(record.offset, record.timestamp, record.key, record.value);
    return step::appended;
}

/// False when there is nothing to keep, or no room for it.
bool down_conversion::keep(slice messages) {
    if (messages.empty() || (!done_.empty() && messages.size() > bytes_left()))
        return false;
    done_.total_bytes += messages.size();
    done_.converted_records += builder_.message_count();
    done_.parts.push_back(std::move(messages));
    return true;
}

} // namespace
} // namespace barnabas::batch
