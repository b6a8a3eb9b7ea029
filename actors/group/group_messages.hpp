#pragma once

#include "protocol/model/error.hpp"
#include "protocol/model/ids.hpp"
#include "protocol/model/slice.hpp"

#include <caf/allowed_unsafe_message_type.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

/// Messages of the group role. Each request is about one group, and goes to the coordinator of the partition
/// of `__consumer_offsets` that the group's name leads to (group_names.hpp); `list_groups` goes to all of
/// them. Metadata and assignments are opaque bytes of the clients.
namespace barnabas::group {

/// Counts the rebalances of a classic group; -1 for who is not a member.
using generation_id = strong<struct generation_id_tag, std::int32_t>;
inline constexpr generation_id no_generation{-1};

/// What a member is called: by the coordinator's id, and by a fixed one across restarts if it is static
/// (KIP-345).
struct member_name {
    std::string member_id;
    std::optional<std::string> instance_id;
};

/// Who asks, for people who look at the group.
struct group_client {
    std::string client_id;
    std::string host;
};

struct offered_protocol {
    std::string name;
    slice metadata;

    friend bool operator==(const offered_protocol&, const offered_protocol&) = default;
};

struct join_request {
    group_client client;
    member_name who;
    std::chrono::milliseconds session_timeout{0};
    std::chrono::milliseconds rebalance_timeout{0};
    std::string protocol_type;
    /// The preferred one first.
    std::vector<offered_protocol> protocols;
    /// A member without id is sent back with one (KIP-394).
    bool id_first = false;
    /// A static leader that comes back understands that it must not assign anew (KIP-814).
    bool may_skip_assignment = false;
    std::string reason;
};

struct joined_member {
    member_name who;
    slice metadata;
};

struct join_response {
    errc code = errc::ok;
    generation_id generation = no_generation;
    std::string protocol_type;
    std::string protocol;
    std::string leader;
    /// Also the id to come back with after member_id_required.
    std::string member_id;
    bool skip_assignment = false;
    /// For the leader.
    std::vector<joined_member> members;
};

struct member_assignment {
    std::string member_id;
    slice assignment;
};

struct sync_request {
    member_name who;
    generation_id generation;
    /// Where given, they must be the group's (KIP-559).
    std::optional<std::string> protocol_type;
    std::optional<std::string> protocol;
    /// From the leader.
    std::vector<member_assignment> assignments;
};

struct sync_response {
    errc code = errc::ok;
    std::string protocol_type;
    std::string protocol;
    slice assignment;
};

struct heartbeat_request {
    member_name who;
    generation_id generation;
};

struct heartbeat_response {
    errc code = errc::ok;
};

struct leave_request {
    struct leaving_member {
        member_name who;
        std::string reason;
    };
    std::vector<leaving_member> members;
};

struct leave_response {
    /// Other than `ok`: nobody left.
    errc code = errc::ok;
    /// In the order of the request.
    std::vector<errc> members;
};

/// Offsets are stored under the names of topics, as in Kafka; the connection knows them from ids.
struct commit_request {
    struct partition {
        std::string topic;
        topic_id id;
        partition_index index;
        log_offset offset;
        leader_epoch epoch{-1};
        std::string metadata;
        /// When it was committed, as version 1 says it; -1 for now.
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

struct describe_request {};

struct described_member {
    member_name who;
    group_client client;
    slice metadata;
    slice assignment;
};

struct describe_response {
    errc code = errc::ok;
    std::string state;
    std::string protocol_type;
    std::string protocol;
    std::vector<described_member> members;
};

struct list_request {};

struct listed_group {
    std::string name;
    std::string protocol_type;
    std::string state;
    std::string type;
};

struct list_response {
    std::vector<listed_group> groups;
};

struct delete_request {};

struct delete_response {
    errc code = errc::ok;
};

using request_body =
    std::variant<join_request, sync_request, heartbeat_request, leave_request, commit_request,
                 offsets_request, delete_offsets_request, describe_request, list_request, delete_request>;
/// The alternative of the same place answers each request.
using response_body = std::variant<join_response, sync_response, heartbeat_response, leave_response,
                                   commit_response, offsets_response, delete_offsets_response,
                                   describe_response, list_response, delete_response>;

struct coordinator_request {
    std::uint64_t token = 0;
    std::string group;
    request_body body;
};

struct coordinator_response {
    std::uint64_t token = 0;
    /// Other than `ok`: the coordinator did not look at the request, and `body` means nothing.
    errc code = errc::ok;
    response_body body;

    static coordinator_response dropped(std::uint64_t token) { return {token, errc::not_coordinator, {}}; }
};

/// To a coordinator: the partition's leader is elsewhere from now on, or the broker stops. Whoever waits is
/// told to look for the coordinator again, and the actor ends.
struct close_coordinator {};

} // namespace barnabas::group

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::group::coordinator_request)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::group::coordinator_response)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::group::close_coordinator)
