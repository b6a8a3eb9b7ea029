#pragma once

#include "protocol/model/ids.hpp"

#include <cstdint>
#include <string_view>

namespace barnabas::group {

/// The topic that keeps groups and committed offsets, in Kafka's formats.
inline constexpr std::string_view offsets_topic = "__consumer_offsets";

/// Topics that the broker itself lives on: clients read them, and write nothing there.
bool is_internal_topic(std::string_view name) noexcept;

/// Java's String.hashCode of this UTF-8 text: it runs over UTF-16 units. Bytes that are no UTF-8 count as
/// U+FFFD, as Kafka's decoder replaces them.
std::int32_t java_hash(std::string_view text) noexcept;

/// The partition of `offsets_topic` whose leader coordinates the group; `count` is the topic's.
partition_index partition_of_group(std::string_view group, std::int32_t count) noexcept;

} // namespace barnabas::group
