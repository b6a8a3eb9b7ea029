#include "actors/client/producer/open_batch.hpp"

#include "protocol/batch/big_endian.hpp"
#include "protocol/batch/builder.hpp"
#include "protocol/batch/crc32c.hpp"
#include "protocol/batch/varint.hpp"
#include "protocol/model/assert.hpp"

#include <algorithm>
#include <cstring>
#include <span>

namespace barnabas::client {

namespace {

using text = std::optional<std::string_view>;

std::size_t bytes_in_record(const text& bytes) {
    if (!bytes)
        return batch::varint_size(-1);
    return batch::varint_size(static_cast<std::int32_t>(bytes->size())) + bytes->size();
}

/// Behind the length.
std::size_t record_bytes(const producer_record& record, std::int64_t timestamp_delta,
                         std::int32_t offset_delta) {
    std::size_t size = 1 + batch::varlong_size(timestamp_delta) + batch::varint_size(offset_delta) +
                       bytes_in_record(record.key) + bytes_in_record(record.value) +
                       batch::varint_size(static_cast<std::int32_t>(record.headers.size()));
    for (const auto& header : record.headers)
        size += bytes_in_record(header.key) + bytes_in_record(header.value);
    return size;
}

/// Writes to memory that was measured before.
class pen {
public:
    explicit pen(std::byte* at) : at_(at) {}

    void byte(std::byte value) { *at_++ = value; }
    void number(std::uint64_t bits) {
        for (; bits >= 0x80; bits >>= 7)
            *at_++ = static_cast<std::byte>((bits & 0x7f) | 0x80);
        *at_++ = static_cast<std::byte>(bits);
    }
    void varint(std::int32_t value) { number(batch::to_zigzag(value)); }
    void varlong(std::int64_t value) { number(batch::to_zigzag(value)); }
    void bytes(const text& some) {
        varint(some ? static_cast<std::int32_t>(some->size()) : -1);
        if (some && !some->empty())
            std::memcpy(at_, some->data(), some->size());
        at_ += some ? some->size() : 0;
    }

private:
    std::byte* at_;
};

/// Wraps, so that any two timestamps have a delta that leads back to the second.
std::int64_t wrapping_difference(timestamp_ms a, timestamp_ms b) {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(a.get()) -
                                     static_cast<std::uint64_t>(b.get()));
}

} // namespace

std::size_t batch_bytes_of(const producer_record& record) {
    const auto size = record_bytes(record, 0, 0);
    return batch::batch_header_size + batch::varint_size(static_cast<std::int32_t>(size)) + size;
}

open_batch::open_batch(std::size_t capacity, const producer_record& record)
    : memory_(chunk::allocate(std::max(capacity, batch_bytes_of(record)))) {}

bool open_batch::append(const producer_record& record, timestamp_ms timestamp) {
    BARNABAS_ASSERT(!closed_);
    if (record.timestamp_ms)
        timestamp = timestamp_ms(*record.timestamp_ms);
    const auto first = count_ == 0 ? timestamp : first_;
    const auto delta = wrapping_difference(timestamp, first);
    const auto bytes = record_bytes(record, delta, count_);
    const auto length = static_cast<std::int32_t>(bytes);
    const auto whole = batch::varint_size(length) + bytes;
    if (size_ + whole > memory_->capacity())
        return false;
    pen to(memory_->data() + size_);
    to.varint(length);
    to.byte(std::byte{0}); // attributes of a record, unused
    to.varlong(delta);
    to.varint(count_);
    to.bytes(record.key);
    to.bytes(record.value);
    to.varint(static_cast<std::int32_t>(record.headers.size()));
    for (const auto& header : record.headers) {
        to.bytes(header.key);
        to.bytes(header.value);
    }
    newest_ = count_ == 0 ? timestamp : std::max(newest_, timestamp);
    first_ = first;
    size_ += whole;
    ++count_;
    return true;
}

void open_batch::trim() {
    BARNABAS_ASSERT(!closed_);
    if (size_ == memory_->capacity())
        return;
    auto smaller = chunk::allocate(size_);
    std::memcpy(smaller->data(), memory_->data(), size_);
    memory_ = std::move(smaller);
}

void open_batch::close(batch::codec codec, std::optional<int> level, batch::codec_workspace& workspace) {
    if (closed_)
        return;
    BARNABAS_ASSERT(count_ > 0);
    closed_ = true;
    codec_ = codec;
    if (codec == batch::codec::none)
        return;
    const std::span<const std::byte> records(memory_->data() + batch::at::records,
                                             size_ - batch::at::records);
    const auto packed = batch::compress(codec, records, {level, false, &workspace});
    BARNABAS_ASSERT(packed.has_value());
    auto smaller = chunk::allocate(batch::batch_header_size + packed->size());
    std::memcpy(smaller->data() + batch::at::records, packed->data(), packed->size());
    size_ = smaller->capacity();
    memory_ = std::move(smaller);
}

slice open_batch::stamp(producer_id id, producer_epoch epoch, std::int32_t sequence) {
    BARNABAS_ASSERT(closed_);
    if (stamped_) {
        auto copy = chunk::allocate(size_);
        std::memcpy(copy->data(), memory_->data(), size_);
        memory_ = std::move(copy);
    }
    stamped_ = true;
    batch::batch_header header;
    header.base_offset = log_offset(0);
    header.batch_length = static_cast<std::int32_t>(size_ - batch::batch_prefix_size);
    header.attributes = static_cast<std::uint16_t>(codec_);
    header.last_offset_delta = count_ - 1;
    header.base_timestamp = first_;
    header.max_timestamp = newest_;
    header.producer_id = id;
    header.producer_epoch = epoch;
    header.base_sequence = sequence;
    header.record_count = count_;
    const std::span<std::byte> bytes(memory_->data(), size_);
    batch::write_header(header, bytes);
    batch::store_big_endian(bytes.data() + batch::at::crc,
                            batch::crc32c(bytes.subspan(batch::at::attributes)));
    return slice(memory_, 0, size_);
}

} // namespace barnabas::client
