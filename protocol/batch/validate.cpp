#include "protocol/batch/validate.hpp"

#include "protocol/batch/batch_fault.hpp"
#include "protocol/batch/crc32c.hpp"
#include "protocol/batch/quick_check.hpp"
#include "protocol/batch/summing_check.hpp"
#include "protocol/batch/unpacked_window.hpp"

#include <string>
#include <string_view>
#include <utility>

namespace barnabas::batch {
namespace {

constexpr const char* no_key = "it has no key, which a compacted topic needs";
constexpr const char* no_order = "its offset delta does not follow the one before (they count 0, 1, 2, ...)";
static_assert(std::string_view(no_key).ends_with(no_key_words));
static_assert(std::string_view(no_order).ends_with(order_words));

error invalid(std::string detail) {
    return error{errc::invalid_record, std::move(detail)};
}

result<void> check_frame(const batch_view& batch);
result<void> check_checksum(const batch_header& header, std::uint32_t computed);
result<void> check_header(const batch_header& header, const validation_options& options);
result<void> check_codec(const batch_header& header, bool allow_zstd);
result<void> check_counts(const batch_header& header, batch_origin origin);
result<void> check_producer(const batch_header& header);
result<void> check_client_rules(const batch_header& header);
batch_facts facts_claimed_by(const batch_view& batch);

/// Decodes the records one after the other. Nearly all are well-formed and at hand in one piece: those are
/// checked by `check_quickly`, which gives up at anything else without saying why, and the steps that follow
/// look at the same record again. The steps return what is wrong as a literal, nullptr
/// when nothing is, so that the path without errors costs no memory and few branches.
class records_check {
public:
    records_check(const batch_header& header, const validation_options& options, unpacked_window& window)
        : header_(header), options_(options),
          window_(window), rules_{header.base_timestamp, header.record_count, header.last_offset_delta,
                                  options.origin == batch_origin::client, options.require_keys} {}

    /// Looks at some of the records of an uncompressed batch beside its checksum, which it returns; may come
    /// first, in front of `run`.
    std::uint32_t begin_beside_checksum(std::span<const std::byte> summed) noexcept {
        const auto begun = check_and_sum(summed, window_.at_hand(), rules_, seen_);
        window_.go_to(begun.behind);
        return begun.checksum;
    }

    result<batch_facts> run();

private:
    using complaint = const char*;

    complaint check_record();
    complaint check_fields();
    complaint check_deltas();
    complaint check_key();
    complaint check_value();
    complaint check_headers();
    std::uint64_t left_in_record() const noexcept {
        const std::uint64_t position = window_.position();
        return position < record_end_ ? record_end_ - position : 0;
    }
    batch_facts facts() const;
    error record_error(complaint why) const;

    const batch_header& header_;
    const validation_options& options_;
    unpacked_window& window_;
    const record_rules rules_;
    records_seen seen_;
    // Of the record in hand.
    std::uint64_t record_end_ = 0;
    timestamp_ms timestamp_ = no_timestamp;
    std::int32_t offset_delta_ = 0;
};

/// Of a compressed batch.
result<batch_facts> check_inside(const batch_view& batch, const validation_options& options) {
    const auto stored = batch.records();
    if (batch.header.record_count == 0 && stored.empty()) {
        unpacked_window window(stored);
        return records_check(batch.header, options, window).run();
    }
    const auto output_max = std::min(
        decompressed_bytes_max(stored.size(), options.decompressed_floor, options.decompressed_ratio),
        options.decompressed_most);
    auto source = open_decompressor(batch.header.compression(), stored, output_max, options.workspace);
    if (!source)
        return source.failure();
    unpacked_window window(**source, stored.size());
    return records_check(batch.header, options, window).run();
}

} // namespace

result<batch_facts> validate_batch(const batch_view& batch, const validation_options& options) {
    const auto& header = batch.header;
    if (auto frame = check_frame(batch); !frame)
        return frame.failure();
    const auto summed = batch.bytes.bytes().subspan(at::attributes);
    const bool records_at_hand = header.codec_bits() == 0 && options.inside == inside_check::full;
    unpacked_window window(batch.records());
    records_check records(header, options, window);
    const std::uint32_t computed = records_at_hand ? records.begin_beside_checksum(summed) : crc32c(summed);
    // What the records have shown so far counts only if nothing is wrong in front of them.
    if (auto checksum = check_checksum(header, computed); !checksum)
        return checksum.failure();
    if (auto fields = check_header(header, options); !fields)
        return fields.failure();
    if (options.inside == inside_check::header)
        return facts_claimed_by(batch);
    return records_at_hand ? records.run() : check_inside(batch, options);
}

namespace {

result<void> check_frame(const batch_view& batch) {
    if (batch.bytes.size() < batch_header_size || batch.bytes.size() != batch.header.total_size())
        return error{errc::corrupt_message, "the header says " + std::to_string(batch.header.total_size()) +
                                                " bytes, the batch has " +
                                                std::to_string(batch.bytes.size())};
    if (batch.header.magic != current_magic)
        return error{errc::unsupported_for_message_format,
                     "magic " + std::to_string(batch.header.magic) + " instead of 2"};
    return {};
}

result<void> check_checksum(const batch_header& header, std::uint32_t computed) {
    if (computed != header.crc)
        return error{errc::corrupt_message, "the CRC is " + std::to_string(computed) +
                                                ", but the header says " + std::to_string(header.crc)};
    return {};
}

result<void> check_header(const batch_header& header, const validation_options& options) {
    if (auto codec = check_codec(header, options.allow_zstd); !codec)
        return codec.failure();
    if (auto counts = check_counts(header, options.origin); !counts)
        return counts.failure();
    if (auto producer = check_producer(header); !producer)
        return producer.failure();
    if (options.origin == batch_origin::client)
        return check_client_rules(header);
    return {};
}

result<void> check_codec(const batch_header& header, bool allow_zstd) {
    if (header.codec_bits() > static_cast<std::uint8_t>(codec::zstd))
        return error{errc::unsupported_compression,
                     "compression type " + std::to_string(header.codec_bits()) + " is unknown"};
    if (header.compression() == codec::zstd && !allow_zstd)
        return error{errc::unsupported_compression,
                     "zstd needs Produce version 7 or Fetch version 10; this request is older"};
    return {};
}

result<void> check_counts(const batch_header& header, batch_origin origin) {
    const std::int64_t offsets = std::int64_t{header.last_offset_delta} + 1;
    if (header.record_count < 0)
        return invalid("the record count is negative: " + std::to_string(header.record_count));
    if (origin == batch_origin::client) {
        if (header.record_count == 0)
            return invalid("the batch has no records");
        if (header.record_count != offsets)
            return invalid("the record count is " + std::to_string(header.record_count) +
                           ", but the last offset delta is " + std::to_string(header.last_offset_delta));
    } else if (offsets < 1 || header.record_count > offsets) {
        return invalid("a last offset delta of " + std::to_string(header.last_offset_delta) +
                       " has no room for " + std::to_string(header.record_count) + " records");
    }
    return {};
}

result<void> check_producer(const batch_header& header) {
    if (!header.has_producer_id()) {
        if (header.is_transactional())
            return invalid("a transactional batch without producer id");
        // Some clients leave epoch and sequence at 0 when they have no producer id; nobody reads them then.
        return {};
    }
    const auto who = "producer " + std::to_string(header.producer_id.get());
    if (header.producer_epoch.get() < 0)
        return invalid(who + " has producer epoch " + std::to_string(header.producer_epoch.get()));
    // The markers that end a transaction are written by the coordinator and have no sequence.
    if (header.base_sequence < 0 && !header.is_control())
        return invalid(who + " has base sequence " + std::to_string(header.base_sequence));
    return {};
}

result<void> check_client_rules(const batch_header& header) {
    if (header.is_control())
        return invalid("a client may not write control records");
    if (header.base_offset.get() != 0)
        return invalid("the base offset of a producer's batch must be 0, not " +
                       std::to_string(header.base_offset.get()));
    if (header.time_type() == timestamp_type::log_append_time)
        return error{errc::invalid_timestamp, "a producer may not mark its batch with log-append time"};
    return {};
}

batch_facts facts_claimed_by(const batch_view& batch) {
    batch_facts facts;
    facts.record_count = batch.header.record_count;
    facts.max_timestamp = batch.header.max_timestamp;
    facts.max_timestamp_delta = batch.header.last_offset_delta;
    facts.min_timestamp = batch.header.base_timestamp;
    facts.uncompressed_bytes = batch.records().size();
    return facts;
}

result<batch_facts> records_check::run() {
    while (true) {
        window_.go_to(check_quickly(window_.at_hand(), rules_, seen_));
        if (seen_.count >= header_.record_count)
            break;
        if (const complaint why = check_record(); why != nullptr) [[unlikely]]
            return window_.failure() ? *window_.failure() : record_error(why);
    }
    if (window_.has_more())
        return invalid("bytes are left over behind the last of " + std::to_string(header_.record_count) +
                       " records");
    if (window_.failure())
        return *window_.failure();
    const auto found = facts();
    if (!found.max_timestamp_matches && options_.max_timestamp == wrong_max_timestamp::refuse)
        return invalid("the header's maximum timestamp is " + std::to_string(header_.max_timestamp.get()) +
                       ", but the records' is " + std::to_string(found.max_timestamp.get()));
    return found;
}

batch_facts records_check::facts() const {
    auto facts = seen_.facts();
    facts.uncompressed_bytes = window_.position();
    // Compaction may leave a batch without records behind; its header then stands alone.
    if (header_.record_count == 0)
        return facts;
    if (header_.time_type() == timestamp_type::log_append_time) {
        facts.max_timestamp = header_.max_timestamp;
        facts.max_timestamp_delta = 0;
        facts.min_timestamp = header_.max_timestamp;
        return facts;
    }
    facts.max_timestamp_matches = facts.max_timestamp == header_.max_timestamp;
    return facts;
}

records_check::complaint records_check::check_record() {
    std::int32_t length = 0;
    if (!window_.read_varint(length))
        return window_.at_hand().empty() ? "the batch ends before it"
                                         : "its length is cut short or longer than 5 bytes";
    if (length < 0)
        return "its length is negative";
    record_end_ = window_.position() + static_cast<std::uint64_t>(length);
    std::byte unused_attributes{};
    if (!window_.read_byte(unused_attributes))
        return "the batch ends before its attributes";
    const complaint why = check_fields();
    if (why == nullptr)
        seen_.add(timestamp_, offset_delta_);
    return why;
}

records_check::complaint records_check::check_fields() {
    if (const complaint why = check_deltas(); why != nullptr)
        return why;
    if (const complaint why = check_key(); why != nullptr)
        return why;
    if (const complaint why = check_value(); why != nullptr)
        return why;
    if (const complaint why = check_headers(); why != nullptr)
        return why;
    if (window_.position() != record_end_)
        return "its length does not agree with its fields";
    return nullptr;
}

records_check::complaint records_check::check_deltas() {
    std::int64_t timestamp_delta = 0;
    if (!window_.read_varlong(timestamp_delta))
        return "its timestamp delta is cut short or longer than 10 bytes";
    std::int32_t offset_delta = 0;
    if (!window_.read_varint(offset_delta))
        return "its offset delta is cut short or longer than 5 bytes";
    if (rules_.consecutive) {
        if (offset_delta != seen_.count)
            return no_order;
    } else if (offset_delta <= seen_.last_offset_delta || offset_delta > header_.last_offset_delta) {
        return "its offset delta is not between the one before and the batch's last";
    }
    timestamp_ = timestamp_after(header_.base_timestamp, timestamp_delta);
    offset_delta_ = offset_delta;
    return nullptr;
}

records_check::complaint records_check::check_key() {
    std::int32_t size = 0;
    if (!window_.read_varint(size))
        return "its key length is cut short or longer than 5 bytes";
    if (size < -1)
        return "its key length is less than -1";
    if (size == -1)
        return options_.require_keys ? no_key : nullptr;
    if (static_cast<std::uint64_t>(size) > left_in_record() ||
        !window_.skip(static_cast<std::uint64_t>(size)))
        return "its key runs past its end";
    return nullptr;
}

records_check::complaint records_check::check_value() {
    std::int32_t size = 0;
    if (!window_.read_varint(size))
        return "its value length is cut short or longer than 5 bytes";
    if (size < -1)
        return "its value length is less than -1";
    if (size == -1)
        return nullptr;
    if (static_cast<std::uint64_t>(size) > left_in_record() ||
        !window_.skip(static_cast<std::uint64_t>(size)))
        return "its value runs past its end";
    return nullptr;
}

records_check::complaint records_check::check_headers() {
    std::int32_t count = 0;
    if (!window_.read_varint(count))
        return "its header count is cut short or longer than 5 bytes";
    if (count < 0)
        return "its header count is negative";
    if (static_cast<std::uint64_t>(count) > left_in_record())
        return "its header count is larger than the record";
    for (std::int32_t header = 0; header < count; ++header) {
        std::int32_t size = 0;
        if (!window_.read_varint(size))
            return "the length of a header key is cut short or longer than 5 bytes";
        if (size < 0)
            return "a header has no key";
        if (static_cast<std::uint64_t>(size) > left_in_record() ||
            !window_.skip(static_cast<std::uint64_t>(size)))
            return "a header key runs past its end";
        if (!window_.read_varint(size))
            return "the length of a header value is cut short or longer than 5 bytes";
        if (size < -1)
            return "the length of a header value is less than -1";
        if (size > 0 && (static_cast<std::uint64_t>(size) > left_in_record() ||
                         !window_.skip(static_cast<std::uint64_t>(size))))
            return "a header value runs past its end";
    }
    return nullptr;
}

error records_check::record_error(complaint why) const {
    return invalid("record " + std::to_string(seen_.count) + " of " + std::to_string(header_.record_count) +
                   ": " + why);
}

} // namespace
} // namespace barnabas::batch
