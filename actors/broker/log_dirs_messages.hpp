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

/// What DescribeLogDirs and AlterReplicaLogDirs ask the broker.
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
    /// It is being moved here, and so many offsets behind the log.
    bool is_future = false;
    std::int64_t offset_lag = 0;
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

/// A replica shall lie in this directory of `log.dirs`.
struct wanted_move {
    std::string topic;
    std::int32_t partition = 0;
    std::string directory;

    friend bool operator==(const wanted_move&, const wanted_move&) = default;
};

struct alter_log_dirs_request {
    std::uint64_t token = 0;
    std::vector<wanted_move> moves;
};

/// Answered when what was begun is remembered over a crash.
struct alter_log_dirs_response {
    std::uint64_t token = 0;
    /// Of each move, in their order. None: `code` is that of all.
    std::vector<errc> codes{};
    errc code = errc::ok;

    static alter_log_dirs_response dropped(std::uint64_t token) { return {token, {}, errc::dropped}; }
};

} // namespace barnabas

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::describe_log_dirs_request)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::log_dirs_response)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::alter_log_dirs_request)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::alter_log_dirs_response)
