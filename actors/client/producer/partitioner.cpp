#include "actors/client/producer/partitioner.hpp"

#include "protocol/batch/murmur2.hpp"
#include "protocol/model/assert.hpp"

#include <algorithm>

namespace barnabas::client {

std::int32_t partition_of_key(std::string_view key, std::int32_t count) {
    return batch::partition_for_key(std::as_bytes(std::span(key.data(), key.size())), count);
}

std::int32_t drawn_partition(std::span<const partition_load> partitions, bool adaptive,
                             runtime::random& draws) {
    BARNABAS_ASSERT(!partitions.empty());
    std::vector<std::size_t> choices;
    for (std::size_t i = 0; i < partitions.size(); ++i)
        if (partitions[i].has_leader)
            choices.push_back(i);
    const bool any = choices.empty();
    for (std::size_t i = 0; any && i < partitions.size(); ++i)
        choices.push_back(i);
    std::uint32_t longest = 0;
    for (const auto one : choices)
        longest = std::max(longest, partitions[one].waiting);
    std::vector<std::uint64_t> sums;
    std::uint64_t sum = 0;
    for (const auto one : choices) {
        sum += adaptive ? std::uint64_t{longest} + 1 - partitions[one].waiting : 1;
        sums.push_back(sum);
    }
    const auto drawn = draws.below(sum);
    const auto found = std::upper_bound(sums.begin(), sums.end(), drawn);
    return static_cast<std::int32_t>(choices[static_cast<std::size_t>(found - sums.begin())]);
}

} // namespace barnabas::client
