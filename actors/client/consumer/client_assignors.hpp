#pragma once

#include "actors/client/admin/admin_types.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

/// Who of a classic group gets which partitions, as the group's leader decides it. Pure functions: the same
/// members and topics give the same plan. Every partition of a topic that somebody wants is given to exactly
/// one of those who want it (but see `assign_cooperatively`), and nothing else is given.
namespace barnabas::client {

struct member_wish {
    std::string id;
    std::optional<std::string> instance;
    std::set<std::string> topics;
    /// What it says that it has, and since which generation.
    std::set<partition_name> owned;
    std::int32_t generation = -1;
};

using partition_counts = std::map<std::string, std::int32_t>;
/// By member id; every member is there.
using group_plan = std::map<std::string, std::set<partition_name>>;

/// Each topic in ranges: its members in order (by instance id, else member id) get neighbouring partitions,
/// the first ones one more where it does not divide.
group_plan assign_range(const std::vector<member_wish>& members, const partition_counts& topics);
/// All partitions in turn to the members in order.
group_plan assign_round_robin(const std::vector<member_wish>& members, const partition_counts& topics);
/// As even as the wishes allow, and what a member has it keeps unless evenness needs it.
group_plan assign_sticky(const std::vector<member_wish>& members, const partition_counts& topics);
/// The same, but what another member still has is given to nobody: it goes in the next round.
group_plan assign_cooperatively(const std::vector<member_wish>& members, const partition_counts& topics);

/// By the names of partition.assignment.strategy; nothing for an unknown one.
std::optional<group_plan> assign_by(std::string_view assignor, const std::vector<member_wish>& members,
                                    const partition_counts& topics);

} // namespace barnabas::client
