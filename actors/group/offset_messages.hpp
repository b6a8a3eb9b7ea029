#pragma once

#include "actors/group/member_messages.hpp"
#include "protocol/model/ids.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

/// Committed offsets: stored, asked for, deleted.
namespace barnabas::group {

/// Offsets are stored under the names of topics, as in Kafka; the connection knows them from ids.
struct commit_request {
    struct partition {
        std::string topic;
        topic_id id;
        partition_index index;
        log_offset offset;
        leader_epoch epoch{-1};
        std::string metadata;
        /// When it was committed, as version 1 says it; -1 for the present time.
        timestamp_ms committed_at = no_timestamp;
    };
    member_name who;
    /// Or the member epoch of the consumer protocol.
    generation_id generation = no_generation;
    /// How long to keep the offsets, from old clients; absent for the broker's rule (KIP-211).
    std::optional<std::chrono::milliseconds> retention;
    /// A group that does not exist is answered group_id_not_found, not illegal_generation (KIP-848).
    bool knows_group_errors = false;
    std::vector<partition> partitions;
};

struct commit_response {
    /// Other than `ok`: nothing was stored.
    errc code = errc::ok;
    /// In the order of the request.
    std::vector<errc> partitions;
};

struct named_partition {
    std::string topic;
    partition_index index;
};

struct offsets_request {
    /// Checked where `member_id` is given (KIP-848).
    member_name who;
    generation_id member_epoch = no_generation;
    /// Absent: all that were committed.
    std::optional<std::vector<named_partition>> partitions;
    /// Partitions with offsets of an open transaction answer unstable_offset_commit (KIP-447).
    bool stable_only = false;
};

struct offsets_response {
    struct partition {
        std::string topic;
        partition_index index;
        errc code = errc::ok;
        /// -1: nothing is committed.
        log_offset offset{-1};
        leader_epoch epoch{-1};
        std::string metadata;
    };
    errc code = errc::ok;
    std::vector<partition> partitions;
};

struct delete_offsets_request {
    std::vector<named_partition> partitions;
};

struct delete_offsets_response {
    errc code = errc::ok;
    /// In the order of the request.
    std::vector<errc> partitions;
};

} // namespace barnabas::group
