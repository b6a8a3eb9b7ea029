#include "tests/golden/reasons.hpp"

#include <algorithm>
#include <cctype>
#include <span>
#include <vector>

namespace barnabas::golden {
namespace {

struct reason {
    /// How Java's reason begins.
    std::string_view java;
    errc code;
    /// What our detail must contain.
    std::string_view ours;
    /// How many of the numbers behind Java's beginning stand in our detail, too.
    std::size_t numbers;
};

constexpr reason record_set_reasons[] = {
    {"org.apache.kafka.common.errors.CorruptRecordException: Record is corrupt (stored crc = ",
     errc::corrupt_message, "the CRC is ", 2},
    {"org.apache.kafka.common.errors.CorruptRecordException: Record size ", errc::corrupt_message,
     "cannot have length ", 1},
    {"org.apache.kafka.common.errors.CorruptRecordException: Record batch is corrupt (the size ",
     errc::corrupt_message, "fewer than the ", 2},
    {"org.apache.kafka.common.errors.CorruptRecordException: Invalid magic found in record: ",
     errc::corrupt_message, "unknown magic ", 1},
    {"org.apache.kafka.common.KafkaException: java.util.zip.ZipException: Not in GZIP format",
     errc::corrupt_message, "gzip data is damaged", 0},
    {"org.apache.kafka.common.KafkaException: java.io.IOException: FAILED_TO_UNCOMPRESS",
     errc::corrupt_message, "snappy data is damaged", 0},
    {"java.lang.IllegalArgumentException: Unknown compression type id: ", errc::unsupported_compression,
     "compression type ", 1},
    {"org.apache.kafka.common.InvalidRecordException: Incorrect declared batch size, premature EOF reached",
     errc::invalid_record, "the batch ends before it", 0},
    // The same seen earlier, where the header alone shows that there are fewer.
    {"org.apache.kafka.common.InvalidRecordException: Incorrect declared batch size, premature EOF reached",
     errc::invalid_record, "has no room for ", 0},
    {"org.apache.kafka.common.InvalidRecordException: Incorrect declared batch size, records still remaining",
     errc::invalid_record, "bytes are left over behind the last of ", 0},
    {"org.apache.kafka.common.InvalidRecordException: Found invalid record count ", errc::invalid_record,
     "the record count is negative: ", 1},
    {"org.apache.kafka.common.InvalidRecordException: Invalid record size: expected ", errc::invalid_record,
     "its length does not agree with its fields", 0},
    {"org.apache.kafka.common.InvalidRecordException: Invalid record size: expected to read ",
     errc::invalid_record, "its key runs past its end", 0},
    {"org.apache.kafka.common.InvalidRecordException: Found invalid record structure", errc::invalid_record,
     "its key runs past its end", 0},
    {"org.apache.kafka.common.InvalidRecordException: Found invalid number of record headers. ",
     errc::invalid_record, "its header count is larger than the record", 0},
    {"org.apache.kafka.common.InvalidRecordException: Found invalid number of record headers -",
     errc::invalid_record, "its header count is negative", 0},
    {"org.apache.kafka.common.InvalidRecordException: Invalid negative header key size -",
     errc::invalid_record, "a header has no key", 0},
    {"java.lang.IllegalArgumentException: Varint is too long, ", errc::invalid_record,
     "its length is cut short or longer than 5 bytes", 0},
    // What Java's iterator passes over in silence is an error in a produced set.
    {"incomplete trailing batch: ", errc::corrupt_message, "only ", 0},
};

constexpr reason consumer_protocol_reasons[] = {
    {"java.nio.BufferUnderflowException", errc::malformed, "needs ", 0},
    {"java.lang.RuntimeException: Tried to allocate a collection of size ", errc::malformed, "a count of ",
     2},
    {"java.lang.RuntimeException: Error reading byte array of ", errc::malformed, "needs ", 2},
    {"java.lang.IllegalArgumentException: newLimit > capacity: ", errc::malformed, "needs ", 0},
    // A count that the bytes behind it cannot hold is refused at once; Java fails at the element that lacks.
    {"java.nio.BufferUnderflowException", errc::malformed, "a count of ", 0},
    {"java.lang.RuntimeException: Error reading byte array of ", errc::malformed, "a count of ", 0},
};

constexpr reason varint_reasons[] = {
    {"java.nio.BufferUnderflowException", errc::malformed, "needs 1 bytes, but only 0 are left", 0},
    {"java.lang.IllegalArgumentException: Varint is too long, ", errc::malformed, "longer than 5 bytes", 0},
    {"java.lang.IllegalArgumentException: Varlong is too long, ", errc::malformed, "longer than 10 bytes", 0},
};

std::span<const reason> reasons_of(reason_format format) {
    switch (format) {
    case reason_format::record_set: return record_set_reasons;
    case reason_format::consumer_protocol: return consumer_protocol_reasons;
    default: return varint_reasons;
    }
}

/// The numbers in a text, with their signs.
std::vector<std::string_view> numbers_in(std::string_view text) {
    const auto is_digit = [](char letter) { return std::isdigit(static_cast<unsigned char>(letter)) != 0; };
    std::vector<std::string_view> numbers;
    while (true) {
        const auto first = std::ranges::find_if(text, is_digit);
        if (first == text.end())
            return numbers;
        const auto end = std::find_if_not(first, text.end(), is_digit);
        const auto begin = first != text.begin() && *(first - 1) == '-' ? first - 1 : first;
        numbers.emplace_back(begin, end);
        text = std::string_view(end, text.end());
    }
}

bool agrees(const reason& one, std::string_view java, const error& ours) {
    if (ours.code != one.code || ours.detail.find(one.ours) == std::string::npos)
        return false;
    const auto said = numbers_in(java.substr(one.java.size()));
    const auto named = numbers_in(ours.detail);
    return said.size() >= one.numbers &&
           std::ranges::all_of(said.begin(), said.begin() + static_cast<std::ptrdiff_t>(one.numbers),
                               [&](auto number) { return std::ranges::count(named, number) > 0; });
}

/// The longest beginning that is known of this reason; empty when it is of no kind.
std::string_view kind_of(std::span<const reason> known, std::string_view java) {
    std::string_view longest;
    for (const auto& one : known)
        if (java.starts_with(one.java) && one.java.size() > longest.size())
            longest = one.java;
    return longest;
}

/// Whether Java's codec gave up on a batch's body. What it says then differs with the damage and with the
/// library, so beyond the reasons that are known in full only the classes count: a KafkaException, and behind
/// it what codecs throw.
bool is_damaged_body(std::string_view java) {
    constexpr std::string_view thrown[] = {"java.io.IOException", "java.io.EOFException",
                                           "java.util.zip.ZipException",
                                           "com.github.luben.zstd.ZstdIOException"};
    return java.starts_with("org.apache.kafka.common.KafkaException: ") &&
           std::ranges::any_of(thrown, [&](auto one) { return java.find(one) != std::string_view::npos; });
}

/// Only gzip throws a ZipException, and only zstd one of its own.
bool may_be_of(std::string_view java, std::string_view codec) {
    if (java.find("ZipException") != std::string_view::npos)
        return codec == "gzip";
    return java.find("ZstdIOException") == std::string_view::npos || codec == "zstd";
}

/// Which codec our error finds damaged; empty for another error.
std::string_view damaged_codec(const error& ours) {
    for (const std::string_view codec : {"gzip", "snappy", "lz4", "zstd"})
        if (ours.code == errc::corrupt_message &&
            ours.detail.find(std::string(codec) + " data is damaged") != std::string::npos)
            return codec;
    return {};
}

} // namespace

std::optional<std::string> compare_reasons(reason_format format, std::string_view java, const error& ours) {
    const auto known = reasons_of(format);
    const auto kind = kind_of(known, java);
    if (kind.empty() && format == reason_format::record_set && is_damaged_body(java)) {
        const auto codec = damaged_codec(ours);
        if (!codec.empty() && may_be_of(java, codec))
            return std::nullopt;
        return "the reason is: " + std::string(java) + ", but ours: " + to_string(ours);
    }
    if (kind.empty())
        return "the reason is of no kind that is known: " + std::string(java);
    for (const auto& one : known)
        if (one.java == kind && agrees(one, java, ours))
            return std::nullopt;
    return "the reason is: " + std::string(java) + ", but ours: " + to_string(ours);
}

} // namespace barnabas::golden
