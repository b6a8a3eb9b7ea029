#pragma once

#include "protocol/batch/big_endian.hpp"
#include "protocol/kafka/pool.hpp"
#include "protocol/model/error.hpp"
#include "protocol/model/ids.hpp"
#include "protocol/model/slice.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// The primitives of Kafka's wire protocol. Integers are big-endian. Messages come in two forms: plain (16
/// and 32 bit lengths, -1 for null) and compact (unsigned varint of length + 1, 0 for null), which flexible
/// versions use.
namespace barnabas::kafka {

enum class wire_form : std::uint8_t { plain, compact };

/// The byte in front of a struct that may be null: an int8, -1 or 1, before a field of its own place; an
/// unsigned varint, 0 or 1, within a tagged field.
enum class null_marker : std::uint8_t { plain, tagged };

/// A tagged field that this version of a schema does not know. It is kept and written back.
struct tagged_field {
    std::uint32_t tag = 0;
    slice bytes;

    friend bool operator==(const tagged_field&, const tagged_field&) = default;
};

/// What one message may hold at most, whatever its counts say. A count is also refused when the bytes that
/// are left cannot hold so many elements, so memory grows only with bytes received.
struct wire_limits {
    std::size_t elements = 1'000'000;
    std::size_t tagged_fields = 10'000;
};

/// Reads untrusted bytes front to back and never outside of them.
///
/// The first failure sticks: from then on every read gives zero, an empty value or null, and `ok()` is false.
/// So code reads a whole message and asks once at the end; only loops over counts ask `ok()` each turn.
/// Every read takes the field's name for the error text. Bytes and records are sub-slices, never copies.
class wire_reader {
public:
    explicit wire_reader(slice input, wire_limits limits = {});

    bool ok() const noexcept { return !failed_; }
    std::size_t position() const noexcept { return position_; }
    std::size_t remaining() const noexcept { return end_ - position_; }
    bool at_end() const noexcept { return position_ == end_; }

    /// The first failure: what is wrong, in which field, at which byte. Only after a failure.
    error failure(std::string_view message_name, std::int16_t version) const;
    /// An error if a read failed or bytes are left over.
    result<void> finish(std::string_view message_name, std::int16_t version);

    bool boolean(const char* field = "") { return load<std::uint8_t>(field) != 0; }
    std::int8_t int8(const char* field = "") { return static_cast<std::int8_t>(load<std::uint8_t>(field)); }
    std::int16_t int16(const char* field = "") {
        return static_cast<std::int16_t>(load<std::uint16_t>(field));
    }
    std::int32_t int32(const char* field = "") {
        return static_cast<std::int32_t>(load<std::uint32_t>(field));
    }
    std::int64_t int64(const char* field = "") {
        return static_cast<std::int64_t>(load<std::uint64_t>(field));
    }
    std::uint16_t uint16(const char* field = "") { return load<std::uint16_t>(field); }
    std::uint32_t uint32(const char* field = "") { return load<std::uint32_t>(field); }
    double float64(const char* field = "");
    barnabas::uuid uuid(const char* field = "");

    /// At most 5 (varint) or 10 (varlong) bytes; longer ones fail. Bits beyond the type's are dropped, as in
    /// Kafka. The signed ones are zigzag.
    std::uint32_t unsigned_varint(const char* field = "");
    std::uint64_t unsigned_varlong(const char* field = "");
    std::int32_t varint(const char* field = "");
    std::int64_t varlong(const char* field = "");

    std::string string(const char* field, wire_form form);
    std::optional<std::string> nullable_string(const char* field, wire_form form);
    /// A string as a part of the input, uncopied.
    slice text(const char* field, wire_form form);
    std::optional<slice> nullable_text(const char* field, wire_form form);
    slice bytes(const char* field, wire_form form);
    std::optional<slice> nullable_bytes(const char* field, wire_form form);
    /// The next `size` bytes as they are.
    slice raw(const char* field, std::size_t size);

    /// Whether a struct follows.
    bool is_present(const char* field, null_marker marker);

    /// Number of elements, each of which takes at least `least_size` bytes (at least 1).
    std::size_t array_count(const char* field, wire_form form, std::size_t least_size);
    std::optional<std::size_t> nullable_array_count(const char* field, wire_form form,
                                                    std::size_t least_size);
    /// How many elements of `element_size` bytes of memory to reserve ahead: 64 KiB, or as much as there are
    /// bytes left, because a count alone is no reason to allocate more.
    std::size_t reserve_hint(std::size_t count, std::size_t element_size) const noexcept;
    /// Where the next pooled array lies: in the message's pool, or on the heap for null.
    message_pool* pool_for(std::size_t count);

    /// A tagged field in progress. Between open and close the reader ends where the field ends.
    struct open_tag {
        std::uint32_t tag = 0;
        std::size_t outer_end = 0;
    };
    std::size_t tagged_count();
    /// Tags must ascend (KIP-482); `previous_tag` is -1 for the first.
    open_tag open_tagged(std::int64_t previous_tag);
    /// Fails unless the field's bytes have all been read.
    void close_tagged(const open_tag& field);
    /// The whole content of a field that the schema does not know.
    tagged_field unknown_tagged(const open_tag& field);

    /// Marks the input as bad; the first mark stays.
    void fail(const char* field, std::string_view why);

private:
    template <class Unsigned>
    Unsigned load(const char* field) {
        if (remaining() < sizeof(Unsigned)) [[unlikely]] {
            fail_short(field, sizeof(Unsigned));
            return 0;
        }
        const auto value = batch::load_big_endian<Unsigned>(data_ + position_);
        position_ += sizeof(Unsigned);
        return value;
    }
    std::uint32_t long_varint(const char* field);
    /// A length or count: nothing for null. `width` is that of the plain form, 2 or 4 bytes.
    std::optional<std::size_t> length(const char* field, wire_form form, int width);
    /// That of a string, which is there and no longer than a string may be.
    std::optional<std::size_t> string_length(const char* field, wire_form form);
    void fail_short(const char* field, std::size_t needed);

    slice input_;
    const std::byte* data_;
    std::size_t position_ = 0;
    std::size_t end_;
    wire_limits left_;
    pool_allocator<std::byte> pool_;
    int arrays_on_heap_ = 0;
    bool failed_ = false;
    std::size_t failed_at_ = 0;
    std::string failed_field_;
    std::string failed_why_;
};

/// The size of a message: `total` bytes on the wire, of which `copied` go through the writer's own buffer.
struct encoded_size_parts {
    std::size_t total = 0;
    std::size_t copied = 0;
};

/// Bytes of the shortest form of a varint.
constexpr std::size_t unsigned_varint_size(std::uint64_t value) noexcept {
    std::size_t size = 1;
    for (; value >= 0x80; value >>= 7)
        ++size;
    return size;
}

/// Bytes and records of at least this size are referenced by a message's parts, smaller ones are copied: a
/// part of its own costs more than so few bytes.
inline constexpr std::size_t least_referenced_size = 512;
/// Longest string of the plain form. Only our own texts could be longer; they are cut here.
inline constexpr std::size_t longest_plain_string = 32767;

/// Builds the bytes of a message as a list of parts: small fields gather in an own buffer, large slices are
/// referenced without a copy. Writing cannot fail.
class wire_writer {
public:
    wire_writer() = default;
    wire_writer(wire_writer&&) = default;
    wire_writer& operator=(wire_writer&&) = default;

    /// Room for `size` more bytes of small fields (`encoded_size_parts::copied`), so that writing them
    /// allocates once.
    void reserve(std::size_t size);
    /// Bytes written so far, referenced ones included.
    std::size_t size() const noexcept { return used_ + referenced_; }

    void boolean(bool value) { store<std::uint8_t>(value ? 1 : 0); }
    void int8(std::int8_t value) { store(static_cast<std::uint8_t>(value)); }
    void int16(std::int16_t value) { store(static_cast<std::uint16_t>(value)); }
    void int32(std::int32_t value) { store(static_cast<std::uint32_t>(value)); }
    void int64(std::int64_t value) { store(static_cast<std::uint64_t>(value)); }
    void uint16(std::uint16_t value) { store(value); }
    void uint32(std::uint32_t value) { store(value); }
    void float64(double value);
    void uuid(const barnabas::uuid& value);

    void unsigned_varint(std::uint32_t value) { unsigned_varlong(value); }
    void unsigned_varlong(std::uint64_t value);
    void varint(std::int32_t value);
    void varlong(std::int64_t value);

    void string(std::string_view value, wire_form form);
    void null_string(wire_form form);
    void bytes(const slice& value, wire_form form);
    /// Also the null array: both are a length of 32 bits in the plain form.
    void null_bytes(wire_form form);
    void array_count(std::size_t count, wire_form form);
    void presence(null_marker marker, bool present);

    /// Bytes as they are, copied.
    void raw(std::span<const std::byte> value);
    /// Bytes as they are, as a part of their own unless they are short.
    void reference(const slice& value);

    /// The parts in order. The writer is empty afterwards.
    std::vector<slice> finish();
    /// The same as one slice; copies if there was more than one part.
    slice finish_contiguous();

private:
    struct referenced_part {
        std::size_t used_before;
        slice bytes;
    };

    template <class Unsigned>
    void store(Unsigned value) {
        batch::store_big_endian(grow(sizeof(Unsigned)), value);
    }
    /// Room for `size` bytes, counted as used.
    std::byte* grow(std::size_t size) {
        if (capacity_ - used_ < size) [[unlikely]]
            enlarge(size);
        auto* to = buffer_->data() + used_;
        used_ += size;
        return to;
    }
    void enlarge(std::size_t size);

    std::shared_ptr<chunk> buffer_;
    std::size_t capacity_ = 0;
    std::size_t used_ = 0;
    std::size_t referenced_ = 0;
    std::vector<referenced_part> parts_;
};

} // namespace barnabas::kafka
