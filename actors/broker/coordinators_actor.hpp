#pragma once

#include "actors/broker/broker_view.hpp"
#include "actors/group/coordinator_actor.hpp"
#include "protocol/model/planted_bugs.hpp"
#include "runtime/config/broker_config.hpp"
#include "runtime/node/node_services.hpp"

#include <caf/actor.hpp>
#include <caf/actor_addr.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <utility>

namespace barnabas {

/// The group coordinators of a broker: one for each partition of `__consumer_offsets` that it leads, and for
/// each leader epoch another.
class coordinators {
public:
    /// `config` outlives this.
    coordinators(runtime::node_services& node, const broker_config& config, const planted_bugs& planted);

    /// Makes those whose partitions `view` routes to, ends the others, and notes them in `view`.
    void follow(broker_view& view);
    /// Ends all, so that whoever waits is told so.
    void close();
    void let_go() {
        running_.clear();
        deposed_.clear();
    }

private:
    struct one {
        caf::actor log;
        leader_epoch epoch{0};
        caf::actor actor;
    };

    std::shared_ptr<const group::group_options> options_for(const topic_metadata& topic,
                                                            const broker_view& view);

    bool is_led_here(const partition_metadata& partition) const {
        return partition.leader == node_id(config_.node_id);
    }
    bool goes_on(const topic_partition& id, const one& known, const broker_view& view) const;
    void depose(const caf::actor& actor);

    runtime::node_services& node_;
    const broker_config& config_;
    planted_bugs planted_;
    std::shared_ptr<const group::group_options> options_;
    /// Of the image whose configs of groups ended there.
    log_offset groups_configured_at_{0};
    std::map<topic_partition, one> running_;
    /// They still answer for a while, and end by themselves.
    std::vector<caf::actor_addr> deposed_;
    std::uint64_t spawned_ = 0;
    metadata_image_ptr image_;
    bool closed_ = false;
};

} // namespace barnabas
