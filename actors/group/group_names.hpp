#pragma once

#include "protocol/model/error.hpp"
#include "protocol/model/ids.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace barnabas::group {

/// The topic that keeps groups and committed offsets, in Kafka's formats.
inline constexpr std::string_view offsets_topic = "__consumer_offsets";

/// What consumers call the protocol of their groups, of either kind (KIP-848).
inline constexpr std::string_view consumer_type = "consumer";

/// Topics that the broker itself lives on: clients read them, and write nothing there.
bool is_internal_topic(std::string_view name) noexcept;

/// Java's String.hashCode of this UTF-8 text: it runs over UTF-16 units. Bytes that are no UTF-8 count as
/// U+FFFD, as Kafka's decoder replaces them.
std::int32_t java_hash(std::string_view text) noexcept;

/// Its length in UTF-16 units, which is what Kafka measures texts in; bytes that are no UTF-8 count as above.
std::size_t utf16_length(std::string_view text) noexcept;

/// The partition of `offsets_topic` whose leader coordinates the group; `count` is the topic's.
partition_index partition_of_group(std::string_view group, std::int32_t count) noexcept;

/// The partition to ask about a group at this node; `places` are those of `offsets_topic`, each with its
/// leader. Codes: coordinator_not_available while there are none, not_coordinator when another node leads it.
template <class Places>
result<partition_index> partition_led_here(std::string_view group, const Places& places, node_id here) {
    if (places.empty())
        return error{errc::coordinator_not_available, {}};
    const auto index = partition_of_group(group, static_cast<std::int32_t>(places.size()));
    if (places[static_cast<std::size_t>(index.get())].leader != here)
        return error{errc::not_coordinator, {}};
    return index;
}

} // namespace barnabas::group
