#pragma once

#include "protocol/model/error.hpp"
#include "protocol/model/ids.hpp"

#include <caf/allowed_unsafe_message_type.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

/// What DescribeLogDirs asks the broker.
namespace barnabas {

struct describe_log_dirs_request {
    std::uint64_t token = 0;
    /// Partitions by topic; absent: all.
    std::optional<std::map<std::string, std::set<std::int32_t>>> wanted;
};

struct described_partition {
    std::string topic;
    topic_partition id;
    std::int64_t bytes = 0;
};

struct described_log_dir {
    std::string path;
    /// Why it is offline.
    errc code = errc::ok;
    bool cordoned = false;
    /// Of its disk; -1: not known.
    std::int64_t total_bytes = -1;
    std::int64_t free_bytes = -1;
    /// In the order of topics and partitions; none when it is offline.
    std::vector<described_partition> partitions;
};

struct log_dirs_response {
    std::uint64_t token = 0;
    errc code = errc::ok;
    std::vector<described_log_dir> directories;

    static log_dirs_response dropped(std::uint64_t token) { return {token, errc::dropped, {}}; }
};

} // namespace barnabas

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::describe_log_dirs_request)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::log_dirs_response)
