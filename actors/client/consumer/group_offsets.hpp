#pragma once

#include "actors/client/consumer/consumer_settings.hpp"
#include "actors/client/consumer/consumer_types.hpp"
#include "actors/client/consumer/question.hpp"
#include "actors/client/group_versions.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>

namespace barnabas::client {

/// From version 10 of OffsetCommit and OffsetFetch on topics are named by their ids only, which a group's
/// offsets may outlive.
inline constexpr std::int16_t last_offsets_with_names = 9;

/// As whom a member speaks to its coordinator; a consumer that assigns by hand is nobody.
struct member_identity {
    std::string id;
    std::int32_t generation = -1;
};

using committed_offsets_by_partition = std::map<partition_name, committed_offset>;

/// An offset below 0: a coordinator takes it, and a group that has it has lost its place.
std::optional<error> fault_of_offsets(const committed_offsets_by_partition& offsets);

/// Asks where a group is in these partitions; those without a committed offset are not in the answer.
/// A member of the consumer protocol asks as itself, so that it is not told what an older owner has left;
/// else the identity is nobody's. Errors: of the first partition that has one.
void ask_committed(const consumer_settings& settings, const consumer_ports& ports,
                   const member_identity& identity, const std::set<partition_name>& partitions,
                   std::function<void(result<committed_offsets_by_partition>, monotonic_ns)> done);

struct wanted_commit {
    member_identity identity;
    committed_offsets_by_partition offsets;
    std::int64_t timeout_ns = 0;
};

/// Commits for the settings' group. Codes: rebalance_in_progress, illegal_generation, unknown_member_id,
/// fenced_instance_id, stale_member_epoch: others have the partitions, or will; and those of all calls.
void send_commit(const consumer_settings& settings, const consumer_ports& ports, const wanted_commit& what,
                 std::function<void(result<void>, monotonic_ns)> done);

} // namespace barnabas::client
