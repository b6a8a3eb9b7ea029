#include "protocol/kafka/wire.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>

namespace barnabas::kafka {

namespace {

constexpr std::size_t first_buffer_size = 256;

constexpr std::uint32_t zigzag(std::int32_t value) noexcept {
    return (static_cast<std::uint32_t>(value) << 1) ^ static_cast<std::uint32_t>(value >> 31);
}

constexpr std::uint64_t zigzag(std::int64_t value) noexcept {
    return (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
}

} // namespace

wire_reader::wire_reader(slice input, wire_limits limits)
    : input_(std::move(input)), data_(input_.data()), end_(input_.size()), left_(limits) {}

void wire_reader::fail(const char* field, std::string_view why) {
    if (failed_)
        return;
    failed_ = true;
    failed_at_ = position_;
    failed_field_ = field;
    failed_why_ = why;
    // Nothing is left to read, so that every later read fails at once and stays where it is.
    end_ = position_;
}

void wire_reader::fail_short(const char* field, std::size_t needed) {
    if (!failed_)
        fail(field, "needs " + std::to_string(needed) + " bytes, but only " + std::to_string(remaining()) +
                        " are left");
}

error wire_reader::failure(std::string_view message_name, std::int16_t version) const {
    BARNABAS_ASSERT(failed_);
    std::string text(message_name);
    text += " v" + std::to_string(version);
    if (!failed_field_.empty())
        text += ", field " + failed_field_;
    text += " at byte " + std::to_string(failed_at_) + ": " + failed_why_;
    return {errc::malformed, std::move(text)};
}

result<void> wire_reader::finish(std::string_view message_name, std::int16_t version) {
    if (!at_end())
        fail("", std::to_string(remaining()) + " bytes are left over behind the last field");
    if (!ok())
        return failure(message_name, version);
    return {};
}

double wire_reader::float64(const char* field) {
    return std::bit_cast<double>(load<std::uint64_t>(field));
}

barnabas::uuid wire_reader::uuid(const char* field) {
    barnabas::uuid value;
    if (remaining() < value.bytes.size()) {
        fail_short(field, value.bytes.size());
        return value;
    }
    std::memcpy(value.bytes.data(), data_ + position_, value.bytes.size());
    position_ += value.bytes.size();
    return value;
}

std::uint32_t wire_reader::unsigned_varint(const char* field) {
    // Nearly all are of one byte.
    if (position_ < end_ && (data_[position_] & std::byte{0x80}) == std::byte{}) [[likely]]
        return std::to_integer<std::uint32_t>(data_[position_++]);
    return long_varint(field);
}

std::uint32_t wire_reader::long_varint(const char* field) {
    std::uint32_t value = 0;
    for (int shift = 0; shift < 35; shift += 7) {
        const auto byte = load<std::uint8_t>(field);
        value |= static_cast<std::uint32_t>(byte & 0x7f) << shift;
        if ((byte & 0x80) == 0)
            return ok() ? value : 0;
    }
    fail(field, "a varint is longer than 5 bytes");
    return 0;
}

std::uint64_t wire_reader::unsigned_varlong(const char* field) {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 70; shift += 7) {
        const auto byte = load<std::uint8_t>(field);
        value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
        if ((byte & 0x80) == 0)
            return ok() ? value : 0;
    }
    fail(field, "a varint is longer than 10 bytes");
    return 0;
}

std::int32_t wire_reader::varint(const char* field) {
    const auto value = unsigned_varint(field);
    return static_cast<std::int32_t>((value >> 1) ^ (0u - (value & 1u)));
}

std::int64_t wire_reader::varlong(const char* field) {
    const auto value = unsigned_varlong(field);
    return static_cast<std::int64_t>((value >> 1) ^ (std::uint64_t{0} - (value & 1u)));
}

std::optional<std::size_t> wire_reader::length(const char* field, wire_form form, int width) {
    if (form == wire_form::compact) {
        const auto raw_length = unsigned_varint(field);
        if (raw_length == 0)
            return std::nullopt;
        return raw_length - 1;
    }
    const std::int64_t plain = width == 2 ? int16(field) : int32(field);
    if (plain >= 0)
        return static_cast<std::size_t>(plain);
    if (plain < -1)
        fail(field, "the length is " + std::to_string(plain));
    return std::nullopt;
}

std::optional<std::size_t> wire_reader::string_length(const char* field, wire_form form) {
    const auto size = length(field, form, 2);
    if (!size)
        return std::nullopt;
    if (*size > longest_plain_string) {
        fail(field, "the string of " + std::to_string(*size) + " bytes is longer than " +
                        std::to_string(longest_plain_string));
        return std::nullopt;
    }
    if (*size > remaining()) {
        fail_short(field, *size);
        return std::nullopt;
    }
    return size;
}

std::optional<std::string> wire_reader::nullable_string(const char* field, wire_form form) {
    const auto size = string_length(field, form);
    if (!size)
        return std::nullopt;
    std::string value(reinterpret_cast<const char*>(data_ + position_), *size);
    position_ += *size;
    return value;
}

std::string wire_reader::string(const char* field, wire_form form) {
    auto value = nullable_string(field, form);
    if (value)
        return *std::move(value);
    fail(field, "null where null is not allowed");
    return {};
}

std::optional<slice> wire_reader::nullable_text(const char* field, wire_form form) {
    const auto size = string_length(field, form);
    if (!size)
        return std::nullopt;
    // Nothing needs no hold on the input.
    return *size == 0 ? slice() : raw(field, *size);
}

slice wire_reader::text(const char* field, wire_form form) {
    auto value = nullable_text(field, form);
    if (value)
        return *std::move(value);
    fail(field, "null where null is not allowed");
    return {};
}

slice wire_reader::raw(const char* field, std::size_t size) {
    if (size > remaining()) {
        fail_short(field, size);
        return {};
    }
    auto value = input_.sub(position_, size);
    position_ += size;
    return value;
}

std::optional<slice> wire_reader::nullable_bytes(const char* field, wire_form form) {
    const auto size = length(field, form, 4);
    if (!size)
        return std::nullopt;
    return raw(field, *size);
}

slice wire_reader::bytes(const char* field, wire_form form) {
    auto value = nullable_bytes(field, form);
    if (value)
        return *std::move(value);
    fail(field, "null where null is not allowed");
    return {};
}

std::optional<std::size_t> wire_reader::nullable_array_count(const char* field, wire_form form,
                                                             std::size_t least_size) {
    BARNABAS_ASSERT(least_size > 0);
    const auto count = length(field, form, 4);
    if (!count)
        return std::nullopt;
    if (*count > remaining() / least_size)
        fail(field, "a count of " + std::to_string(*count) + " is more than the remaining " +
                        std::to_string(remaining()) + " bytes can hold");
    else if (*count > left_.elements)
        fail(field, "a count of " + std::to_string(*count) + " is more than a message may hold");
    if (!ok())
        return 0;
    left_.elements -= *count;
    return count;
}

bool wire_reader::is_present(const char* field, null_marker marker) {
    // Writers say 1, or -1 and 0; readers of Kafka take any other number by its sign, and so must this one.
    if (marker == null_marker::plain)
        return int8(field) >= 0 && ok();
    return static_cast<std::int32_t>(unsigned_varint(field)) > 0 && ok();
}

std::size_t wire_reader::array_count(const char* field, wire_form form, std::size_t least_size) {
    const auto count = nullable_array_count(field, form, least_size);
    if (count)
        return *count;
    fail(field, "null where null is not allowed");
    return 0;
}

std::size_t wire_reader::reserve_hint(std::size_t count, std::size_t element_size) const noexcept {
    // Honest messages are small, and growing a vector step by step is what costs them.
    constexpr std::size_t always_allowed = 64 * 1024;
    return std::min(count, std::max(always_allowed, remaining()) / element_size + 1);
}

message_pool* wire_reader::pool_for(std::size_t count) {
    // One topic and its partitions are two arrays, for which the heap costs less.
    const bool one_topic = arrays_on_heap_ == 0 ? count == 1 : arrays_on_heap_ == 1;
    if (pool_.pool() == nullptr && one_topic) {
        ++arrays_on_heap_;
        return nullptr;
    }
    if (pool_.pool() == nullptr)
        pool_ = pool_allocator<std::byte>(new message_pool);
    return pool_.pool();
}

std::size_t wire_reader::tagged_count() {
    constexpr std::size_t least_tagged_size = 2; // tag and size
    const std::size_t count = unsigned_varint("tagged fields");
    if (count == 0) [[likely]]
        return 0;
    if (count > remaining() / least_tagged_size)
        fail("tagged fields", "a count of " + std::to_string(count) + " is more than the remaining " +
                                  std::to_string(remaining()) + " bytes can hold");
    else if (count > left_.tagged_fields)
        fail("tagged fields", "a count of " + std::to_string(count) + " is more than a message may hold");
    if (!ok())
        return 0;
    left_.tagged_fields -= count;
    return count;
}

wire_reader::open_tag wire_reader::open_tagged(std::int64_t previous_tag) {
    open_tag field;
    field.tag = unsigned_varint("tag");
    if (ok() && std::int64_t{field.tag} <= previous_tag)
        fail("tag", "tag " + std::to_string(field.tag) + " does not follow tag " +
                        std::to_string(previous_tag) + " in ascending order");
    const std::size_t size = unsigned_varint("tagged field size");
    if (size > remaining())
        fail_short("tagged field", size);
    field.outer_end = end_;
    if (ok())
        end_ = position_ + size;
    return field;
}

void wire_reader::close_tagged(const open_tag& field) {
    if (!at_end())
        fail("tagged field",
             std::to_string(remaining()) + " bytes are left over in tag " + std::to_string(field.tag));
    if (ok())
        end_ = field.outer_end;
}

tagged_field wire_reader::unknown_tagged(const open_tag& field) {
    return {field.tag, raw("tagged field", remaining())};
}

void wire_writer::reserve(std::size_t size) {
    if (capacity_ - used_ < size)
        enlarge(size);
}

void wire_writer::enlarge(std::size_t size) {
    // The first buffer is exactly as large as reserved; later growth doubles.
    const auto wanted =
        capacity_ == 0 ? std::max(size, first_buffer_size) : std::max(used_ + size, 2 * capacity_);
    auto larger = chunk::allocate(wanted);
    if (used_ > 0)
        std::memcpy(larger->data(), buffer_->data(), used_);
    buffer_ = std::move(larger);
    capacity_ = wanted;
}

void wire_writer::float64(double value) {
    store(std::bit_cast<std::uint64_t>(value));
}

void wire_writer::uuid(const barnabas::uuid& value) {
    raw(std::as_bytes(std::span(value.bytes)));
}

void wire_writer::unsigned_varlong(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7)
        store(static_cast<std::uint8_t>((value & 0x7f) | 0x80));
    store(static_cast<std::uint8_t>(value));
}

void wire_writer::varint(std::int32_t value) {
    unsigned_varlong(zigzag(value));
}

void wire_writer::varlong(std::int64_t value) {
    unsigned_varlong(zigzag(value));
}

void wire_writer::string(std::string_view value, wire_form form) {
    value = value.substr(0, longest_plain_string);
    if (form == wire_form::compact)
        unsigned_varlong(value.size() + 1);
    else
        int16(static_cast<std::int16_t>(value.size()));
    raw(std::as_bytes(std::span(value.data(), value.size())));
}

void wire_writer::null_string(wire_form form) {
    if (form == wire_form::compact)
        int8(0);
    else
        int16(-1);
}

void wire_writer::null_bytes(wire_form form) {
    if (form == wire_form::compact)
        int8(0);
    else
        int32(-1);
}

void wire_writer::presence(null_marker marker, bool present) {
    int8(present ? std::int8_t{1} : marker == null_marker::plain ? std::int8_t{-1} : std::int8_t{0});
}

void wire_writer::array_count(std::size_t count, wire_form form) {
    BARNABAS_ASSERT(count < static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max()));
    if (form == wire_form::compact)
        unsigned_varlong(count + 1);
    else
        int32(static_cast<std::int32_t>(count));
}

void wire_writer::bytes(const slice& value, wire_form form) {
    array_count(value.size(), form);
    reference(value);
}

void wire_writer::raw(std::span<const std::byte> value) {
    if (!value.empty())
        std::memcpy(grow(value.size()), value.data(), value.size());
}

void wire_writer::reference(const slice& value) {
    if (value.size() < least_referenced_size)
        return raw(value.bytes());
    parts_.push_back({used_, value});
    referenced_ += value.size();
}

std::vector<slice> wire_writer::finish() {
    std::vector<slice> parts;
    parts.reserve(2 * parts_.size() + 1);
    std::size_t done = 0;
    for (auto& part : parts_) {
        if (part.used_before > done)
            parts.emplace_back(buffer_, done, part.used_before - done);
        done = part.used_before;
        parts.push_back(std::move(part.bytes));
    }
    if (used_ > done)
        parts.emplace_back(buffer_, done, used_ - done);
    *this = wire_writer();
    return parts;
}

slice wire_writer::finish_contiguous() {
    return join(finish());
}

} // namespace barnabas::kafka
