#pragma once

#include "actors/client/admin/admin_types.hpp"

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace barnabas::client {

/// As most requests want them: each topic with its partitions, both in their order.
inline std::map<std::string, std::vector<std::int32_t>> by_topic(const std::set<partition_name>& names) {
    std::map<std::string, std::vector<std::int32_t>> topics;
    for (const auto& one : names)
        topics[one.topic].push_back(one.partition);
    return topics;
}

} // namespace barnabas::client
