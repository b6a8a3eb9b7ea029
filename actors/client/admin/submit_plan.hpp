#pragma once

#include "actors/client/admin/admin.hpp"
#include "actors/client/cluster/keyed_call.hpp"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

// What the files of `admin` share: from a plan to a call that is under way.
namespace barnabas::client {

inline std::optional<std::int64_t> timeout_of(const call_options& options) {
    if (!options.timeout_ms)
        return std::nullopt;
    return std::max<std::int64_t>(*options.timeout_ms, 0) * ns_per_ms;
}

template <class Plan>
pending<typename keyed_call<Plan>::outcomes> submit_plan(const admin::submitter& submit, Plan plan,
                                                         std::vector<typename Plan::key> keys,
                                                         const call_options& options) {
    using outcomes = typename keyed_call<Plan>::outcomes;
    std::sort(keys.begin(), keys.end());
    keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
    pending<outcomes> later;
    auto done = [later](outcomes all) { later.give(std::move(all)); };
    submit(std::make_unique<keyed_call<Plan>>(std::move(plan), std::move(keys), std::move(done)),
           timeout_of(options));
    return later;
}

/// For plans with one resource, the cluster, which is key 0.
template <class Plan>
pending<result<typename Plan::value>> submit_single(const admin::submitter& submit, Plan plan,
                                                    const call_options& options) {
    using outcomes = typename keyed_call<Plan>::outcomes;
    pending<result<typename Plan::value>> later;
    auto done = [later](outcomes all) { later.give(std::move(all.at(0))); };
    submit(std::make_unique<keyed_call<Plan>>(std::move(plan), std::vector<typename Plan::key>{0},
                                              std::move(done)),
           timeout_of(options));
    return later;
}

template <class Map>
auto keys_of(const Map& map) {
    std::vector<typename Map::key_type> keys;
    keys.reserve(map.size());
    for (const auto& [key, value] : map)
        keys.push_back(key);
    return keys;
}

/// The entry of a list that ends with that name, else a new one: partitions come sorted by topic.
template <class List>
auto& entry_of(List& list, const std::string& name) {
    if (list.empty() || list.back().name != name)
        list.emplace_back().name = name;
    return list.back();
}

} // namespace barnabas::client
