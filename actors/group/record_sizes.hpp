#pragma once

#include "actors/group/consumer_records.hpp"
#include "actors/group/group_records.hpp"

#include <cstddef>
#include <string_view>

/// At most how long records become, without encoding them. One that is longer than what the log takes fails
/// the append, which costs all groups of the partition their state; so whoever decides a record looks first,
/// and lets the one request fail.
namespace barnabas::group {

/// Each with the group's name, which is in every key.
std::size_t bytes_of(std::string_view group, const classic_state& state);
std::size_t bytes_of(std::string_view group, std::string_view member, const consumer_subscription& said);
/// Of a member that was not known before.
std::size_t bytes_of(std::string_view group, const consumer_heartbeat_request& request);
std::size_t bytes_of(const offset_record& record);
/// The least that a member's record takes that joins so, whichever of its protocols is chosen. `id` is what
/// it is called.
std::size_t least_bytes_of(std::string_view group, std::string_view id, const join_request& request);

/// The partitions alone.
std::size_t bytes_of(const partitions_by_topic& all);
/// How many bytes of partitions a member may be assigned, so that the records of its target and of what it
/// owns can be kept: of a topic that it gives up in part the latter speaks twice.
std::size_t partition_bytes_max(std::string_view group, std::string_view member,
                                std::size_t record_bytes_max);
/// Takes off the last ones that do not fit; true if there were any.
bool cut_to_fit(partitions_by_topic& all, std::size_t bytes_max);
bool cut_to_fit(pattern_record& record, std::size_t record_bytes_max);

} // namespace barnabas::group
