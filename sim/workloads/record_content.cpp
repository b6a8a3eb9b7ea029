#include "sim/workloads/record_content.hpp"

#include "sim/world/trace.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <span>
#include <string>

namespace barnabas::sim {

namespace {

constexpr char key_prefix = 'k';
constexpr char shared_key_prefix = 'c';
constexpr char number_end = ':';

std::uint64_t hash_of(std::span<const std::byte> key, std::span<const std::byte> value,
                      timestamp_ms timestamp) {
    return trace_checksum(value, trace_checksum(key, static_cast<std::uint64_t>(timestamp.get())));
}

std::span<const std::byte> bytes_of(const std::optional<std::string>& text) {
    return text ? std::as_bytes(std::span(*text)) : std::span<const std::byte>{};
}

} // namespace

client::outgoing_record make_record(std::uint64_t number, std::size_t value_size, timestamp_ms timestamp) {
    client::outgoing_record record;
    record.timestamp = timestamp;
    record.key = key_prefix + std::to_string(number);
    // Runs of equal letters, so that codecs have something to do.
    std::string value(value_size, 'a');
    std::uint64_t state = number * 0x9e3779b97f4a7c15ULL + 1;
    for (std::size_t i = 0; i < value_size; ++i) {
        if (i % 8 == 0)
            state = state * 6364136223846793005ULL + 1442695040888963407ULL;
        value[i] = static_cast<char>('a' + (state >> 60));
    }
    record.value = std::move(value);
    return record;
}

client::outgoing_record make_keyed_record(std::uint64_t number, std::uint64_t key, std::size_t value_size,
                                          timestamp_ms timestamp) {
    auto record = make_record(number, value_size, timestamp);
    record.key = shared_key_prefix + std::to_string(key);
    record.value = std::to_string(number) + number_end + *record.value;
    return record;
}

client::outgoing_record make_tombstone(std::uint64_t key, timestamp_ms timestamp) {
    client::outgoing_record record;
    record.timestamp = timestamp;
    record.key = shared_key_prefix + std::to_string(key);
    return record;
}

bool is_tombstone(const batch::record_view& record) {
    return !record.value && record.key && !record.key->empty() &&
           static_cast<char>(record.key->front()) == shared_key_prefix;
}

timestamp_ms absurd_stamp(std::uint64_t which, std::uint64_t record, timestamp_ms usual) {
    constexpr std::int64_t hour_ms = 3'600'000;
    constexpr std::int64_t year_ms = 365 * 24 * hour_ms;
    constexpr std::int64_t last = std::numeric_limits<std::int64_t>::max();
    const auto apart = static_cast<std::int64_t>(record * 7'919 % 5) * hour_ms;
    switch (which % 5) {
    case 0: return timestamp_ms(-1);
    case 1: return timestamp_ms(apart);
    case 2: return timestamp_ms(usual.get() / 2 + apart);
    case 3: return timestamp_ms(usual.get() + 10 * year_ms - apart);
    default: return timestamp_ms(last - apart);
    }
}

std::uint64_t content_of(const client::outgoing_record& record) {
    return hash_of(bytes_of(record.key), bytes_of(record.value), record.timestamp);
}

std::uint64_t content_of(const batch::record_view& record) {
    return hash_of(record.key.value_or(std::span<const std::byte>{}),
                   record.value.value_or(std::span<const std::byte>{}), record.timestamp);
}

std::uint64_t content_without_stamp(const client::outgoing_record& record) {
    return hash_of(bytes_of(record.key), bytes_of(record.value), no_timestamp);
}

std::uint64_t content_without_stamp(const batch::record_view& record) {
    return hash_of(record.key.value_or(std::span<const std::byte>{}),
                   record.value.value_or(std::span<const std::byte>{}), no_timestamp);
}

std::optional<std::uint64_t> number_of(const batch::record_view& record) {
    if (!record.key || record.key->empty())
        return std::nullopt;
    const auto prefix = static_cast<char>(record.key->front());
    const bool shared = prefix == shared_key_prefix && record.value;
    if (prefix != key_prefix && !shared)
        return std::nullopt;
    const auto digits = shared ? *record.value : record.key->subspan(1);
    const auto* begin = reinterpret_cast<const char*>(digits.data());
    const auto* end = shared ? std::find(begin, begin + digits.size(), number_end) : begin + digits.size();
    std::uint64_t number = 0;
    const auto [stop, problem] = std::from_chars(begin, end, number);
    if (problem != std::errc{} || stop != end)
        return std::nullopt;
    return number;
}

} // namespace barnabas::sim
