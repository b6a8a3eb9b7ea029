#pragma once

#include "protocol/model/strong.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace barnabas {

/// Position of a record in a partition's log. End offsets are exclusive unless named `last_`.
using log_offset = strong_point<struct log_offset_tag, std::int64_t>;
/// Byte position in a file.
using file_position = strong_point<struct file_position_tag, std::uint64_t>;
/// Milliseconds since the Unix epoch, as in record timestamps; -1 means none.
using timestamp_ms = strong_point<struct timestamp_ms_tag, std::int64_t>;
/// Nanoseconds of a clock that only moves forward; its zero means nothing.
using monotonic_ns = strong_point<struct monotonic_ns_tag, std::int64_t>;
/// From the milliseconds of settings and of Kafka's fields to those nanoseconds.
inline constexpr std::int64_t ns_per_ms = 1'000'000;
using leader_epoch = strong<struct leader_epoch_tag, std::int32_t>;
using partition_index = strong<struct partition_index_tag, std::int32_t>;
using node_id = strong<struct node_id_tag, std::int32_t>;
using producer_id = strong<struct producer_id_tag, std::int64_t>;
using producer_epoch = strong<struct producer_epoch_tag, std::int16_t>;
/// Event loop of a node, 0-based. Every actor, stream and partition has one home loop.
using loop_index = strong<struct loop_index_tag, std::uint32_t>;

inline constexpr producer_id no_producer_id{-1};
inline constexpr timestamp_ms no_timestamp{-1};

/// 16 bytes, as on the wire. Text form: Kafka's, 22 characters of URL-safe base64 without padding.
struct uuid {
    std::array<std::uint8_t, 16> bytes{};

    constexpr bool is_zero() const noexcept {
        for (auto byte : bytes)
            if (byte != 0)
                return false;
        return true;
    }
    friend constexpr auto operator<=>(const uuid&, const uuid&) = default;
};

std::string to_string(const uuid& value);
std::optional<uuid> parse_uuid(std::string_view text);

using topic_id = uuid;

/// One partition, named by what never changes (a topic's name can be reused, its id cannot).
struct topic_partition {
    topic_id topic;
    partition_index partition;

    friend constexpr auto operator<=>(const topic_partition&, const topic_partition&) = default;
};

} // namespace barnabas
