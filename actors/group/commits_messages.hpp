#pragma once

#include "protocol/model/error.hpp"
#include "protocol/model/ids.hpp"

#include <caf/allowed_unsafe_message_type.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

/// Asks a coordinator how far all its groups have read, for people who watch them.
namespace barnabas::group {

struct partition_commit {
    partition_index index;
    log_offset offset;

    friend bool operator==(const partition_commit&, const partition_commit&) = default;
};

struct topic_commits {
    std::string topic;
    std::vector<partition_commit> partitions;

    friend bool operator==(const topic_commits&, const topic_commits&) = default;
};

struct group_commits {
    std::string name;
    std::size_t members = 0;
    /// By name and by partition, ascending.
    std::vector<topic_commits> topics;

    friend bool operator==(const group_commits&, const group_commits&) = default;
};

struct commits_query {
    std::uint64_t token = 0;
    /// Committed offsets that are told; a group without any counts as one.
    std::size_t partitions_max = 0;
};

/// In the order of names. A group is told as a whole or not at all.
struct commits_response {
    std::uint64_t token = 0;
    /// Other than `ok`: the groups are not known now.
    errc code = errc::ok;
    std::vector<group_commits> groups;
    /// Counted as for `partitions_max`.
    std::size_t told = 0;
    std::size_t left_out = 0;
};

} // namespace barnabas::group

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::group::commits_query)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::group::commits_response)
