#pragma once

#include "actors/connection/connection.hpp"
#include "actors/controller/metadata_image.hpp"

namespace barnabas {

/// Fills what Metadata and DescribeTopicPartitions tell of a partition alike. A replica of this broker's that
/// is offline leads nothing (KIP-112); the ISR keeps it, for nobody else has what it has. False when there is
/// no leader.
template <class Entry>
bool describe_partition(connection& self, const topic_metadata& topic, const partition_metadata& partition,
                        Entry& told) {
    const node_id here(self.config().node_id);
    auto leader = partition.leader;
    if (self.port().is_offline({topic.id, partition.index})) {
        told.offline_replicas.push_back(here.get());
        if (leader == here)
            leader = node_id(-1);
    }
    told.partition_index = partition.index.get();
    told.leader_id = leader.get();
    told.leader_epoch = partition.leader_epoch.get();
    for (const auto replica : partition.replicas)
        told.replica_nodes.push_back(replica.get());
    for (const auto replica : partition.isr)
        told.isr_nodes.push_back(replica.get());
    return leader.get() >= 0;
}

} // namespace barnabas
