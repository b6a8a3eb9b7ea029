#include "protocol/batch/summing_check.hpp"

#include "protocol/batch/crc32c.hpp"
#include "protocol/batch/crc32c_lanes.hpp"

#include <algorithm>
#include <limits>

namespace barnabas::batch {
namespace {

summed_check check_after_sum(std::span<const std::byte> summed, std::span<const std::byte> records,
                             const record_rules& rules, records_seen& seen) noexcept {
    const std::uint32_t checksum = crc32c(summed);
    return {check_quickly(records, rules, seen), checksum};
}

#if defined(__x86_64__)

#define BARNABAS_SUMMING gnu::target(BARNABAS_CRC32C_TARGET ",bmi2")

/// The checksum of bytes, taken a stride at a time by a loop that does something else in between.
class strided_checksum {
public:
    explicit strided_checksum(std::span<const std::byte> bytes) noexcept
        : from_(bytes.data()), lane_end_(from_), end_(from_ + bytes.size()) {}

    /// Takes in that many strides, at least one, or fewer when not enough is left to fill three lanes.
    [[gnu::always_inline, BARNABAS_SUMMING]] inline void advance(int strides) noexcept {
        advance_one();
        while (--strides > 0)
            [[unlikely]] advance_one();
    }

    [[BARNABAS_SUMMING]] std::uint32_t finish() noexcept {
        for (; from_ != lane_end_; from_ += 8)
            lanes_.step(from_);
        merge();
        return crc32c_extend(~static_cast<std::uint32_t>(lanes_.first), {from_, end_});
    }

    static constexpr std::size_t stride_steps = 4;
    static constexpr std::size_t stride_bytes = 3 * 8 * stride_steps;

private:
    static constexpr std::size_t lane_bytes = 42 * 8 * stride_steps;

    [[gnu::always_inline, BARNABAS_SUMMING]] inline void advance_one() noexcept {
        if (from_ == lane_end_ && !next_lanes()) [[unlikely]]
            return;
#pragma GCC unroll 4
        for (std::size_t step = 0; step < stride_steps; ++step)
            lanes_.step(from_ + 8 * step);
        from_ += 8 * stride_steps;
    }

    [[gnu::always_inline, BARNABAS_SUMMING]] inline bool next_lanes() noexcept {
        merge();
        if (static_cast<std::size_t>(end_ - from_) < 3 * lane_bytes)
            return false;
        lane_end_ = from_ + lane_bytes;
        in_lanes_ = true;
        return true;
    }

    [[gnu::always_inline, BARNABAS_SUMMING]] inline void merge() noexcept {
        if (!in_lanes_)
            return;
        lanes_ = {lanes_.merged()};
        from_ = lane_end_ = from_ + 2 * lane_bytes;
        in_lanes_ = false;
    }

    crc32c_lanes<lane_bytes> lanes_{~std::uint32_t{0}};
    const std::byte* from_;
    const std::byte* lane_end_;
    const std::byte* end_;
    bool in_lanes_ = false;
};

/// What is known beforehand of a record's head if it is like the one before: the 8 bytes from the last of its
/// length on, as a number, lowest byte first. Attributes, timestamp delta and offset delta follow there.
struct head_shape {
    /// Bits that are the same in all such heads (which bytes end a number, and that the timestamp delta is
    /// not negative) or follow from the one before (the offset delta), and what they are in the next.
    std::uint64_t known = 0;
    std::uint64_t expected = 0;
    /// Where the timestamp delta stands, without its sign.
    std::uint64_t timestamp = 0;
    /// What a record's offset delta adds to `expected`: a one there.
    int count_bit = 0;
    /// Of the head, in front of the key's length.
    std::ptrdiff_t bytes = 0;
    /// That many records may have such heads; then the offset delta changes in more than its lowest byte.
    std::int32_t records = 0;
};

/// All bits of a number's bytes but the sign and those that say whether more bytes follow.
constexpr std::uint64_t digits_of(int bytes) noexcept {
    return 0x7f7f7f7eu & ((std::uint64_t{1} << 8 * bytes) - 1);
}
/// Sets those which say so.
constexpr std::uint64_t mores_of(int bytes) noexcept {
    return 0x80808080u & ((std::uint64_t{1} << 8 * (bytes - 1)) - 1);
}

/// Reads the number of one or two bytes whose first has been looked at.
[[gnu::always_inline, BARNABAS_SUMMING]] inline std::uint64_t digits(std::uint64_t bits, int bytes) noexcept {
    return _pext_u64(bits, digits_of(bytes));
}

std::uint64_t load_2(const std::byte* from) noexcept {
    return std::to_integer<std::uint64_t>(from[0]) | std::to_integer<std::uint64_t>(from[1]) << 8;
}

/// The shape of the head of the record at `next`, whose offset delta has to be `count`; false when it has a
/// number that is too long or negative, or another offset delta.
bool find_shape(const std::byte* next, std::int32_t count, head_shape& shape) noexcept {
    const bool long_length = (std::to_integer<unsigned>(*next) & 0x80) != 0;
    const std::uint64_t head = load_8(next + (long_length ? 1 : 0));
    const int timestamp_at = 16;
    const int timestamp_bytes = (head >> 23 & 1) == 0 ? 1 : (head >> 31 & 1) == 0 ? 2 : 3;
    const int offset_at = timestamp_at + 8 * timestamp_bytes;
    const auto delta = to_zigzag(count);
    const int offset_bytes = static_cast<int>(unsigned_varint_size(delta));
    const std::uint64_t offset = (delta & 0x7f) | (delta << 1 & 0x7f00) | (delta << 2 & 0x7f0000);
    shape.bytes = offset_at / 8 + offset_bytes;
    if (offset_bytes > 3 || shape.bytes > 8)
        return false;
    const std::uint64_t timestamp_frame = mores_of(timestamp_bytes + 1) | 1;
    const std::uint64_t offset_frame = (std::uint64_t{1} << 8 * offset_bytes) - 1;
    shape.known = 0x80 | timestamp_frame << timestamp_at | offset_frame << offset_at;
    shape.expected = mores_of(timestamp_bytes) << timestamp_at | (offset | mores_of(offset_bytes))
                                                                     << offset_at;
    shape.timestamp = digits_of(timestamp_bytes) << timestamp_at;
    shape.count_bit = offset_at + 1;
    shape.records = 64 - count % 64;
    return (head & shape.known) == shape.expected;
}

class summing_check {
public:
    summing_check(std::span<const std::byte> summed, std::span<const std::byte> records,
                  const record_rules& rules) noexcept
        : next_(records.data()), end_(next_ + records.size()), rules_(rules), checksum_(summed) {
        // Keeps the checksum at the same pace, so that both find the bytes in the first cache.
        const std::size_t record_bytes = records.size() / static_cast<std::size_t>(rules.record_count);
        constexpr auto stride = strided_checksum::stride_bytes;
        strides_ = static_cast<int>(std::clamp<std::size_t>((record_bytes + stride / 4) / stride, 1, 12));
    }

    [[BARNABAS_SUMMING]] summed_check run(records_seen& seen) noexcept {
        // Records in no order of shapes are left to the quick check, more of them each time.
        std::int32_t others = 1;
        while (seen.count < rules_.record_count) {
            const auto alike = check_alike(seen);
            others = alike < worthwhile ? std::min(2 * others, others_max) : 1;
            if (alike < worthwhile && !check_others(others, seen))
                break;
        }
        return {next_, checksum_.finish()};
    }

private:
    /// Beginning and ending a run cost as much as some records.
    static constexpr std::int32_t worthwhile = 16;
    static constexpr std::int32_t others_max = 256;
    /// What is read of a record before its end is known to be inside: head, key's length, a key of one byte's
    /// length, value's length.
    static constexpr std::ptrdiff_t margin = 80;

    std::int32_t check_alike(records_seen& seen) noexcept;
    [[BARNABAS_SUMMING]] std::int32_t check_run(const head_shape& shape, records_seen& seen) noexcept;
    bool check_others(std::int32_t records, records_seen& seen) noexcept;

    const std::byte* next_;
    const std::byte* end_;
    const record_rules& rules_;
    strided_checksum checksum_;
    int strides_ = 1;
};

/// Takes records one after the other whose heads have one shape; how many.
std::int32_t summing_check::check_alike(records_seen& seen) noexcept {
    // With these no sum overflows, no record is without timestamp and none is older than what has been seen.
    const auto base = rules_.base_timestamp;
    constexpr timestamp_ms latest(std::numeric_limits<std::int64_t>::max() / 2);
    if (seen.count == 0 || base < timestamp_ms(0) || base > latest || seen.min_timestamp > base ||
        seen.max_timestamp < base)
        return 0;
    head_shape shape;
    if (end_ - next_ < margin || !find_shape(next_, seen.count, shape))
        return 0;
    shape.records = std::min(shape.records, rules_.record_count - seen.count);
    return check_run(shape, seen);
}

bool summing_check::check_others(std::int32_t records, records_seen& seen) noexcept {
    auto few = rules_;
    few.record_count = std::min(rules_.record_count - seen.count, records) + seen.count;
    next_ = check_quickly({next_, end_}, few, seen);
    return seen.count == few.record_count;
}

/// A record of the shape, without headers, its length and its value's of at most two bytes and its key's of
/// one. Returns its end and gives its head; nullptr when it is something else.
[[gnu::always_inline, BARNABAS_SUMMING]] inline const std::byte*
end_of_alike(const std::byte* next, const std::byte* last, const head_shape& shape, bool needs_key,
             std::uint64_t& head) noexcept {
    head = load_8(next);
    if ((head & 1) != 0)
        return nullptr;
    std::uint64_t length = digits(head, 1);
    if ((head & 0x80) != 0) {
        length = digits(head, 2);
        head = load_8(++next);
    }
    if ((head & shape.known) != shape.expected)
        return nullptr;
    // From `last`, because the length may lead out of the bytes.
    const std::ptrdiff_t end_at = next - last + 1 + static_cast<std::ptrdiff_t>(length);
    if (end_at > 0)
        return nullptr;
    const std::byte* const end = last + end_at;
    auto key = std::to_integer<std::uint32_t>(next[shape.bytes]);
    if ((key & 0x81) != 0) [[unlikely]] {
        if (key != to_zigzag(-1) || needs_key)
            return nullptr;
        key = 0;
    }
    const std::byte* const value = next + shape.bytes + 1 + key / 2;
    const std::uint64_t size = load_2(value);
    if ((size & 1) != 0)
        return nullptr;
    // Behind the value is the number of headers.
    std::ptrdiff_t left = end - value;
    if ((size & 0x80) == 0)
        left -= 2 + static_cast<std::ptrdiff_t>(digits(size, 1));
    else if ((size & 0x8000) == 0)
        left -= 3 + static_cast<std::ptrdiff_t>(digits(size, 2));
    else
        return nullptr;
    return left == 0 && end[-1] == std::byte{0} ? end : nullptr;
}

std::int32_t summing_check::check_run(const head_shape& shape, records_seen& seen) noexcept {
    // Copies, which stay in registers.
    auto checksum = checksum_;
    auto now = shape;
    const std::byte* next = next_;
    const std::byte* const last = end_ - margin;
    const std::int64_t base = rules_.base_timestamp.get();
    std::int64_t newest = seen.max_timestamp.get() - base;
    std::uint64_t expected_of_newest = 0;
    const std::uint64_t one_more = std::uint64_t{1} << shape.count_bit;
    const std::uint64_t stop =
        shape.expected + (static_cast<std::uint64_t>(shape.records) << shape.count_bit);
    do {
        std::uint64_t head = 0;
        const std::byte* const end = end_of_alike(next, last, now, rules_.needs_key, head);
        if (end == nullptr)
            break;
        const auto timestamp = static_cast<std::int64_t>(_pext_u64(head, shape.timestamp));
        if (timestamp > newest) {
            newest = timestamp;
            expected_of_newest = now.expected;
        }
        checksum.advance(strides_);
        now.expected += one_more;
        next = end;
    } while (now.expected != stop);
    checksum_ = checksum;
    next_ = next;
    const auto records_to = [&](std::uint64_t expected) {
        return static_cast<std::int32_t>((expected - shape.expected) >> shape.count_bit);
    };
    if (expected_of_newest != 0) {
        seen.max_timestamp = timestamp_ms(base + newest);
        seen.max_timestamp_delta = seen.count + records_to(expected_of_newest);
    }
    seen.count += records_to(now.expected);
    seen.last_offset_delta = seen.count - 1;
    return records_to(now.expected);
}

bool has_instructions() noexcept {
    // The first AMD processors with pext take as long for it as for a whole record.
    return __builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("pclmul") &&
           __builtin_cpu_supports("bmi2") && !__builtin_cpu_is("amdfam17h");
}

#endif

} // namespace

summed_check check_and_sum(std::span<const std::byte> summed, std::span<const std::byte> records,
                           const record_rules& rules, records_seen& seen) noexcept {
#if defined(__x86_64__)
    static const bool at_once = has_instructions();
    if (at_once && rules.consecutive && rules.record_count > 0)
        return summing_check(summed, records, rules).run(seen);
#endif
    return check_after_sum(summed, records, rules, seen);
}

} // namespace barnabas::batch
