#pragma once

#include "actors/controller/controller_messages.hpp"
#include "actors/controller/controller_state.hpp"

namespace barnabas {

/// Each topic by itself. Codes: topic_deletion_disabled, unknown_topic_or_partition, unknown_topic_id,
/// invalid_topic (the metadata log), invalid_request (named twice, or by nothing).
decision<topics_response> decide_delete_topics(const controller_state& state,
                                               const controller_options& options,
                                               const delete_topics_request& request);

/// Partitions are only ever added. Codes: unknown_topic_or_partition, invalid_partitions,
/// invalid_replica_assignment, invalid_request (named twice), policy_violation (too many at once).
decision<topics_response> decide_create_partitions(const controller_state& state,
                                                   const controller_options& options,
                                                   const create_partitions_request& request);

} // namespace barnabas
