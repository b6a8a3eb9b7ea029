#pragma once

#include "protocol/model/error.hpp"
#include "protocol/model/slice.hpp"
#include "protocol/model/strong.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// What members of a classic group ask its coordinator, and what they are answered. Metadata and assignments
/// are opaque bytes of the clients.
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

} // namespace barnabas::group
