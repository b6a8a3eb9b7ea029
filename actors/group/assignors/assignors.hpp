#pragma once

#include "protocol/model/ids.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

/// Who of a group gets which partitions (KIP-848: the coordinator decides it). Pure functions: the same
/// members and topics give the same answer, in whatever order the members come. Every partition of a topic
/// that somebody subscribes to is given to exactly one of the subscribers, and nothing else is given. A
/// target that names what is gone, what the member does not want any more, or what another member has too,
/// counts as if it was not there.
namespace barnabas::group {

struct topic_shape {
    topic_id id;
    std::int32_t partitions = 0;
};

struct assignor_member {
    std::string member_id;
    std::optional<std::string> instance_id;
    /// Sorted. Topics that `assignor_input::topics` does not have are passed over.
    std::vector<topic_id> subscribed;
    /// What it has as target now; partitions sorted.
    std::map<topic_id, std::vector<partition_index>> target;
};

struct assignor_input {
    /// Sorted by id.
    std::vector<assignor_member> members;
    /// Sorted by id.
    std::vector<topic_shape> topics;
};

/// In the order of the members; topics and partitions sorted, no topic without partitions.
using member_targets = std::vector<std::map<topic_id, std::vector<partition_index>>>;

/// As even as the subscriptions allow: no partition could go (itself, or by a chain of others) from a member
/// to one that has two fewer. Where all want the same, numbers differ by at most one. What a member has it
/// keeps unless evenness needs it.
member_targets assign_uniform(const assignor_input& input);

/// Every topic in ranges: its subscribers stand in order (those with an instance id first, by it; then the
/// others by member id) and get neighbouring partitions, the first ones one more where it does not divide. So
/// topics of as many partitions and the same subscribers go together (co-partitioning). Not sticky, as in
/// Kafka since 4.0 (KAFKA-16944): a place in a range comes before what the member had.
member_targets assign_range(const assignor_input& input);

} // namespace barnabas::group
