#pragma once

#include "protocol/model/error.hpp"

#include <string>
#include <string_view>

namespace barnabas {

/// The topic of the metadata log; no client creates, deletes or grows it.
inline constexpr std::string_view metadata_topic_name = "__cluster_metadata";

/// What a topic can have (`topic_name_fault`), and not the metadata log's. Code: invalid_topic.
result<void> check_topic_name(std::string_view name);

/// Names with the same key may not exist side by side: metric names cannot tell '.' from '_'.
std::string collision_key(std::string_view name);

} // namespace barnabas
