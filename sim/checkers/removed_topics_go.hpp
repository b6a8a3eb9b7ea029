#pragma once

#include "protocol/model/ids.hpp"

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace barnabas::sim {

/// What lies in the data directories in the end, and what should.
struct directories_of_topics {
    struct directory {
        std::string path;
        /// The last part of the path.
        std::string name;
        /// By its `partition.metadata`.
        std::optional<topic_id> topic;
        /// How many names it holds.
        std::size_t files = 0;
    };
    std::vector<directory> found;
    /// Topics whose deletion was confirmed.
    std::set<topic_id> removed;
    /// Partitions of topics that are there, by the names of their directories.
    std::map<std::string, topic_id> alive;
};

inline constexpr auto removed_topics_go = "removed_topics_go";

/// The id in what a `partition.metadata` holds; nothing where there is no such file, or it does not say.
std::optional<topic_id> topic_named_in(const std::optional<std::vector<std::byte>>& metadata);
/// Which directory of a deleted topic is left, or which one of a topic that is there is not; empty when all
/// is as it must be.
std::string badly_removed(const directories_of_topics& left);

} // namespace barnabas::sim
