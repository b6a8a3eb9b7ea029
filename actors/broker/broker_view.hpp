#pragma once

#include "actors/controller/metadata_image.hpp"
#include "protocol/model/ids.hpp"
#include "runtime/config/broker_config.hpp"
#include "runtime/node/published.hpp"

#include <caf/actor.hpp>

#include <algorithm>
#include <map>
#include <memory>
#include <vector>

namespace barnabas {

/// What the broker actor publishes to its connections: the newest metadata image that it has carried out, and
/// where each partition and coordinator led here is addressed. Only `*_actor.*` files include this.
struct broker_view {
    metadata_image_ptr image;
    /// With what clients have altered; null before the boot, and after the end.
    std::shared_ptr<const broker_config> config;
    std::map<topic_partition, caf::actor> partitions;
    struct coordinator_place {
        node_id leader;
        /// Null when it is not here.
        caf::actor actor;
    };
    /// Of groups, by partition of `__consumer_offsets`; none before that topic is there.
    std::vector<coordinator_place> coordinators;
    /// Replicas here that are not served; sorted.
    std::vector<topic_partition> offline;

    caf::actor find(const topic_partition& partition) const {
        auto found = partitions.find(partition);
        return found == partitions.end() ? caf::actor{} : found->second;
    }
    bool is_offline(const topic_partition& partition) const {
        return std::binary_search(offline.begin(), offline.end(), partition);
    }
};

/// Before the boot, and after the end.
inline std::shared_ptr<const broker_view> empty_view() {
    return std::make_shared<const broker_view>(
        broker_view{std::make_shared<const metadata_image>(), {}, {}, {}, {}});
}

using published_view = runtime::published<broker_view>;

} // namespace barnabas
