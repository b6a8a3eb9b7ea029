#pragma once

#include "actors/broker/broker_view.hpp"
#include "actors/group/coordinator_actor.hpp"
#include "protocol/model/planted_bugs.hpp"
#include "runtime/config/broker_config.hpp"
#include "runtime/node/node_services.hpp"

#include <caf/actor.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <utility>

namespace barnabas {

/// The group coordinators of a broker: one for each partition of `__consumer_offsets` that it leads.
class coordinators {
public:
    /// `config` outlives this.
    coordinators(runtime::node_services& node, const broker_config& config, const planted_bugs& planted);

    /// Makes those whose partitions `view` routes to, ends the others, and notes them in `view`.
    void follow(broker_view& view);
    /// Ends all, so that whoever waits is told so.
    void close();
    void let_go() { running_.clear(); }

private:
    struct one {
        caf::actor log;
        caf::actor actor;
    };

    /// `altered` is the configuration with what clients have altered.
    std::shared_ptr<const group::group_options> options_for(const topic_metadata& topic,
                                                            const broker_config& altered);

    runtime::node_services& node_;
    const broker_config& config_;
    planted_bugs planted_;
    std::shared_ptr<const group::group_options> options_;
    std::map<topic_partition, one> running_;
    std::uint64_t spawned_ = 0;
    metadata_image_ptr image_;
    bool closed_ = false;
};

} // namespace barnabas
