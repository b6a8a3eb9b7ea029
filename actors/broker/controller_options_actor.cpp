#include "actors/broker/controller_options_actor.hpp"

namespace barnabas {

controller_actor_options controller_options_of(const broker_config& config, const std::string& cluster_id,
                                               const planted_bugs& planted) {
    controller_actor_options wanted;
    wanted.machine.node = node_id(config.node_id);
    wanted.machine.cluster_id = cluster_id;
    wanted.machine.default_partition_count = config.num_partitions;
    wanted.machine.default_replication_factor = static_cast<std::int16_t>(config.default_replication_factor);
    wanted.machine.delete_topics_enabled = config.delete_topic_enable;
    wanted.machine.log_dirs = config.log_dirs;
    wanted.machine.cordoned_log_dirs = config.cordoned_log_dirs;
    wanted.machine.groups = group_rules_of(config);
    wanted.machine.planted = planted;
    wanted.broker.id = node_id(config.node_id);
    for (const auto& listener : config.advertised_listeners)
        wanted.broker.listeners.push_back(
            {listener.name, listener.host.empty() ? "localhost" : listener.host, listener.port});
    if (!config.broker_rack.empty())
        wanted.broker.rack = config.broker_rack;
    return wanted;
}

} // namespace barnabas
