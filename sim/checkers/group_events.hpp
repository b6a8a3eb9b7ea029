#pragma once

#include "protocol/kafka/error_codes.hpp"
#include "protocol/model/ids.hpp"
#include "sim/world/virtual_time.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

/// What members of consumer groups do and are told. `group` and `member` count through the run, `id` is what
/// the coordinator calls the member, `instance` its static name (0: none). `partition` counts through all
/// topics of the run.
namespace barnabas::sim {

/// Why a member need not be in its group when all is well.
struct staying_out {
    /// Others bear its static name, this one: they replace each other for ever, but one of them is in.
    std::uint64_t shared_name = 0;
    /// The group may be full; then somebody is in it.
    bool of_full_group = false;
    /// It says more than can be kept, or does not do what it should when it got in.
    bool by_itself = false;

    bool may_be() const noexcept { return shared_name != 0 || of_full_group || by_itself; }
};

/// A member begins: from now on it wants to be in its group.
struct group_member_started {
    std::uint64_t group = 0;
    std::uint32_t member = 0;
    staying_out excuse;
    virtual_time at;
};

/// Offsets of this group grow old and go by themselves, at any time.
struct group_offsets_expire {
    std::uint64_t group = 0;
};

/// Members of this group speak the consumer protocol (KIP-848), some or all: each has a generation of its
/// own, its epoch, whichever protocol it speaks.
struct group_has_epochs {
    std::uint64_t group = 0;
    /// Others speak the classic protocol: they join again under the epoch that they have until they have let
    /// go of what they shall not have any more.
    bool both_protocols = false;
};

/// What a member wants somebody of its group to have, from now on; nothing while it is not in its group.
struct group_wanted {
    std::uint64_t group = 0;
    std::uint32_t member = 0;
    std::vector<std::int32_t> partitions;
};

/// What a member uses from now on.
struct group_owned {
    std::uint64_t group = 0;
    std::uint32_t member = 0;
    std::vector<std::int32_t> partitions;
};

struct group_joined {
    std::uint64_t group = 0;
    std::uint32_t member = 0;
    std::uint64_t instance = 0;
    std::string id;
    std::int32_t generation = -1;
    /// It had no id and no name when it asked.
    bool as_new = false;
    virtual_time asked;
    virtual_time at;
};

struct group_assigned {
    std::uint64_t group = 0;
    std::uint32_t member = 0;
    std::uint64_t instance = 0;
    std::string id;
    std::int32_t generation = -1;
    std::vector<std::int32_t> partitions;
    /// The generation that the leader made it for; -1 where it made none.
    std::int32_t made_for = -1;
    /// When it was asked for, the group had offsets that stay: it is never deleted any more, so its
    /// generations do not begin again.
    bool lasting = false;
    virtual_time asked;
    virtual_time at;
};

/// A member's commit; one of somebody who is no member has no id and generation -1. An administrator that
/// deletes an offset commits -1.
struct group_commit {
    std::uint64_t number = 0;
    std::uint64_t group = 0;
    std::uint64_t instance = 0;
    std::string id;
    std::int32_t generation = -1;
    std::int32_t partition = 0;
    log_offset offset;
    virtual_time at;
};

struct group_commit_result {
    std::uint64_t number = 0;
    /// Nothing when the answer was lost.
    std::optional<kafka::error_code> code;
    virtual_time at;
};

struct group_offset_seen {
    std::uint64_t group = 0;
    std::int32_t partition = 0;
    /// -1: nothing was committed.
    log_offset offset{-1};
    virtual_time asked;
    virtual_time at;
};

/// The coordinator took a sign of life.
struct group_alive {
    std::uint64_t group = 0;
    std::uint32_t member = 0;
    std::uint64_t instance = 0;
    std::string id;
    std::int32_t generation = -1;
    virtual_time asked;
    virtual_time at;
    /// What it owned when it asked, and had said so before or said it now; nothing: nobody knows.
    std::optional<std::vector<std::int32_t>> owned{};
};

using group_event = std::variant<group_member_started, group_offsets_expire, group_has_epochs, group_wanted,
                                 group_owned, group_joined, group_assigned, group_commit, group_commit_result,
                                 group_offset_seen, group_alive>;

} // namespace barnabas::sim
