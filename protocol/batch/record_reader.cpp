#include "protocol/batch/record_reader.hpp"

#include "protocol/batch/varint.hpp"

#include <string>
#include <utility>

namespace barnabas::batch {
namespace {

/// Takes fields from the bytes of one record. Once a field does not fit, `failed` stays set and every
/// further field is empty.
class field_cursor {
public:
    explicit field_cursor(std::span<const std::byte> record)
        : next_(record.data()), end_(record.data() + record.size()) {}

    bool failed() const noexcept { return failed_; }
    bool at_end() const noexcept { return next_ == end_; }
    std::size_t left() const noexcept { return static_cast<std::size_t>(end_ - next_); }

    void skip_byte() {
        if (left() == 0)
            failed_ = true;
        else
            ++next_;
    }
    std::int32_t varint() {
        std::int32_t value = 0;
        return advance(read_varint(next_, end_, value)) ? value : 0;
    }
    std::int64_t varlong() {
        std::int64_t value = 0;
        return advance(read_varlong(next_, end_, value)) ? value : 0;
    }
    std::optional<std::span<const std::byte>> bytes() {
        const std::int32_t size = varint();
        if (size < -1 || (size > 0 && static_cast<std::size_t>(size) > left()))
            failed_ = true;
        if (failed_ || size == -1)
            return std::nullopt;
        const std::span<const std::byte> value(next_, static_cast<std::size_t>(size));
        next_ += size;
        return value;
    }

private:
    bool advance(const std::byte* behind) {
        if (behind == nullptr || failed_) {
            failed_ = true;
            return false;
        }
        next_ = behind;
        return true;
    }

    const std::byte* next_;
    const std::byte* end_;
    bool failed_ = false;
};

std::string_view text_of(std::span<const std::byte> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// False when the record does not follow the format.
bool parse_record(std::span<const std::byte> bytes, const batch_header& batch, record_view& record,
                  std::vector<header_view>& headers) {
    field_cursor fields(bytes);
    fields.skip_byte(); // attributes, unused
    const std::int64_t timestamp_delta = fields.varlong();
    record.offset_delta = fields.varint();
    record.key = fields.bytes();
    record.value = fields.bytes();
    const std::int32_t header_count = fields.varint();
    if (fields.failed() || header_count < 0 || static_cast<std::size_t>(header_count) > fields.left())
        return false;
    headers.clear();
    for (std::int32_t index = 0; index < header_count; ++index) {
        const auto key = fields.bytes();
        const auto value = fields.bytes();
        if (fields.failed() || !key)
            return false;
        headers.push_back(header_view{text_of(*key), value});
    }
    record.headers = headers;
    record.offset = batch.offset_at(record.offset_delta);
    record.timestamp =
        batch.time_type() == timestamp_type::log_append_time
            ? batch.max_timestamp
            : timestamp_ms(static_cast<std::int64_t>(static_cast<std::uint64_t>(batch.base_timestamp.get()) +
                                                     static_cast<std::uint64_t>(timestamp_delta)));
    return fields.at_end();
}

/// The next length-prefixed record when it lies in the window as a whole, as nearly all do; otherwise nothing
/// is taken. `next_record_bytes` knows the rest, and what may be wrong.
std::optional<std::span<const std::byte>> take_record_here(growing_window& window) {
    const auto unread = window.unread();
    std::int32_t length = 0;
    const std::byte* const end = unread.data() + unread.size();
    const std::byte* const body = read_varint(unread.data(), end, length);
    if (body == nullptr || length < 0 || length > end - body)
        return std::nullopt;
    const auto prefix = static_cast<std::size_t>(body - unread.data());
    return window.take(prefix + static_cast<std::size_t>(length)).subspan(prefix);
}

} // namespace

record_reader::record_reader(record_reader&&) noexcept = default;
record_reader& record_reader::operator=(record_reader&&) noexcept = default;
record_reader::~record_reader() = default;

result<record_reader> record_reader::open(const batch_view& batch, codec_workspace* workspace) {
    BARNABAS_ASSERT(batch.bytes.size() >= batch_header_size);
    record_reader reader(batch);
    const auto stored = batch.records();
    if (batch.header.codec_bits() == 0) {
        reader.window_ = growing_window(reader.batch_.records());
    } else if (!stored.empty()) {
        auto source = open_decompressor(batch.header.compression(), stored,
                                        decompressed_bytes_max(stored.size()), workspace);
        if (!source)
            return source.failure();
        reader.window_ = growing_window(std::move(source).value(), stored.size());
    }
    return reader;
}

result<const record_view*> record_reader::next() {
    if (records_read_ >= batch_.header.record_count) {
        const auto more = window_.fill(1);
        if (!more)
            return more.failure();
        if (*more)
            return error{errc::invalid_record, "bytes are left over behind the last of " +
                                                   std::to_string(batch_.header.record_count) + " records"};
        return static_cast<const record_view*>(nullptr);
    }
    auto here = take_record_here(window_);
    if (!here) {
        const auto bytes = next_record_bytes();
        if (!bytes)
            return bytes.failure();
        here = *bytes;
    }
    if (!parse_record(*here, batch_.header, current_, headers_))
        return error{errc::invalid_record,
                     "record " + std::to_string(records_read_) + " does not follow the format"};
    ++records_read_;
    return static_cast<const record_view*>(&current_);
}

/// Takes the next length-prefixed record from the unread bytes.
result<std::span<const std::byte>> record_reader::next_record_bytes() {
    if (auto filled = window_.fill(varint_bytes_max); !filled)
        return filled.failure();
    const auto unread = window_.unread();
    std::int32_t length = 0;
    const std::byte* body = read_varint(unread.data(), unread.data() + unread.size(), length);
    if (body == nullptr || length < 0)
        return error{errc::invalid_record,
                     "record " + std::to_string(records_read_) + " has no valid length"};
    window_.take(static_cast<std::size_t>(body - unread.data()));
    const auto filled = window_.fill(static_cast<std::size_t>(length));
    if (!filled)
        return filled.failure();
    if (!*filled)
        return error{errc::invalid_record, "record " + std::to_string(records_read_) + " has " +
                                               std::to_string(length) + " bytes, but only " +
                                               std::to_string(window_.unread().size()) + " are left"};
    return window_.take(static_cast<std::size_t>(length));
}

result<void> for_each_record(const batch_view& batch, const record_visitor& visit,
                             codec_workspace* workspace) {
    auto reader = record_reader::open(batch, workspace);
    if (!reader)
        return reader.failure();
    while (true) {
        const auto record = reader->next();
        if (!record)
            return record.failure();
        if (*record == nullptr)
            return {};
        if (auto visited = visit(**record); !visited)
            return visited;
    }
}

} // namespace barnabas::batch
