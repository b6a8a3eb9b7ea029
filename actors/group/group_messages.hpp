#pragma once

#include "actors/controller/metadata_image.hpp"
#include "actors/group/consumer_messages.hpp"
#include "actors/group/member_messages.hpp"
#include "actors/group/offset_messages.hpp"

#include <caf/allowed_unsafe_message_type.hpp>

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <variant>
#include <vector>

/// Messages of the group role. Each request is about one group, and goes to the coordinator of the partition
/// of `__consumer_offsets` that the group's name leads to (group_names.hpp); `list_request` goes to all of
/// them.
namespace barnabas::group {

struct group_options;

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
                 offsets_request, delete_offsets_request, describe_request, list_request, delete_request,
                 consumer_heartbeat_request, consumer_describe_request>;
/// The alternative of the same place answers each request.
using response_body =
    std::variant<join_response, sync_response, heartbeat_response, leave_response, commit_response,
                 offsets_response, delete_offsets_response, describe_response, list_response, delete_response,
                 consumer_heartbeat_response, consumer_describe_response>;

struct coordinator_request {
    std::uint64_t token = 0;
    std::string group;
    request_body body;
};

struct coordinator_response {
    std::uint64_t token = 0;
    /// Other than `ok`: the coordinator did not look at the request, or forgot what it decided, and `body`
    /// means nothing.
    errc code = errc::ok;
    response_body body;

    static coordinator_response dropped(std::uint64_t token) { return {token, errc::not_coordinator, {}}; }
};

/// To a coordinator: the newest metadata, which groups of the consumer protocol assign from.
struct topics_seen {
    metadata_image_ptr topics;
    /// Names whose topics were deleted since the message before: what was committed of them says nothing
    /// about a topic that is made under such a name again. Null for none.
    std::shared_ptr<const std::set<std::string>> gone;
    /// As they are now: configurations may have been altered.
    std::shared_ptr<const group_options> options;
};

/// To a coordinator: another broker leads the partition from now on, or this one does under another epoch.
/// Whoever waits, and whoever still comes, is told to look for the coordinator again; the actor ends when
/// nobody can have missed that.
struct depose_coordinator {};

/// To a coordinator: the broker stops. As above, and the actor ends at once.
struct close_coordinator {};

} // namespace barnabas::group

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::group::coordinator_request)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::group::coordinator_response)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::group::topics_seen)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::group::depose_coordinator)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::group::close_coordinator)
