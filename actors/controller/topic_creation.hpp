#pragma once

#include "actors/controller/controller_messages.hpp"
#include "actors/controller/controller_state.hpp"
#include "runtime/random/random.hpp"

namespace barnabas {

/// Each topic of the request by itself: one that is refused does not hinder the others. Codes per topic:
/// invalid_topic, topic_already_exists, invalid_partitions, invalid_replication_factor,
/// invalid_replica_assignment, invalid_config, invalid_request (named twice, or count beside assignments),
/// policy_violation (too many partitions at once).
decision<topics_response> decide_create_topics(const controller_state& state,
                                               const controller_options& options, runtime::random& ids,
                                               const create_topics_request& request);

/// That a broker takes new partitions, by what clients have altered of `cordoned.log.dirs`. Code:
/// invalid_replication_factor.
result<void> check_not_cordoned(const metadata_image& image, const controller_options& options);

/// Brokers of one partition, round robin from a place that depends on the partition.
std::vector<node_id> place_replicas(const metadata_image& image, std::int32_t partition,
                                    std::int16_t replicas);

/// Every replica is a known broker, none is named twice, at least one is there. Code:
/// invalid_replica_assignment.
result<void> check_assignment(const metadata_image& image, std::int32_t partition,
                              const std::vector<node_id>& replicas);

/// A new partition: its first replica leads, all replicas are in sync.
partition_record new_partition(const topic_id& topic, std::int32_t index, std::vector<node_id> replicas);

} // namespace barnabas
