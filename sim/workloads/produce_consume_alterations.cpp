// The administrator who alters configs, and the history that hears of it.

#include "runtime/config/group_config.hpp"
#include "runtime/config/topic_config.hpp"
#include "sim/workloads/broker_config.hpp"
#include "sim/workloads/produce_consume.hpp"

#include <algorithm>
#include <set>

namespace barnabas::sim {

retention_policy produce_consume::retention_of(std::uint32_t topic, bool has_configs) {
    const auto& own = options_.topics[topic].configs;
    const auto config = effective(broker_config_of(broker_.host().name(), options_.broker_config),
                                  {own.begin(), has_configs ? own.end() : own.begin()});
    const auto& faults = options_.faults.faults;
    const bool jumps = std::any_of(faults.begin(), faults.end(),
                                   [](const auto& one) { return one.kind == fault_kind::clock_jump; });
    const bool files_tell_times = !jumps && !options_.hostile.kinds.has(hostile_kind::replica_move) &&
                                  options_.alterations.interval_ns == 0;
    return {config.cleanup_delete, config.retention_ms, config.retention_bytes, config.segment_bytes,
            files_tell_times};
}

void produce_consume::start_alterations() {
    if (options_.topics.empty() || options_.alterations.interval_ns == 0)
        return;
    config_alterer::parts parts;
    const auto config = broker_config_of(broker_.host().name(), options_.broker_config);
    unset_heartbeat_ms_ = config.group_consumer_heartbeat_interval_ms;
    parts.node = config.node_id;
    parts.directories = config.log_dirs;
    begin_alterations(config, parts.groups);
    parts.broker = {broker_.host().name(), simulated_broker::port};
    parts.topics = &options_.topics;
    parts.until = options_.faults.healing;
    parts.on_asked = [this](const configs_asked& asked) {
        std::string changes;
        for (const auto& change : asked.changes)
            changes += " " + change.key + (change.what == config_operation::remove ? "" : "=" + change.value);
        tell("configs of " + name_of_altered(asked.topic) +
             (asked.replaces ? " shall be" : " shall change:") + changes);
        history_.on_configs_asked(asked);
    };
    parts.on_answered = [this](const configs_answered& answered) {
        tell(answered.confirmed ? "that is confirmed" : "that may be or not");
        history_.on_configs_answered(answered);
    };
    parts.on_told = [this](const configs_told& told) {
        history_.on_configs_told(told);
        look_at_invariants();
    };
    parts.on_problem = [this](const std::string& what) {
        if (!disk_may_show())
            fail("node", what);
    };
    alterer_ =
        std::make_unique<config_alterer>(world_, network_, watched_, options_.alterations, std::move(parts));
    alterer_->begin();
}

/// The history hears of everybody who is about to be altered.
void produce_consume::begin_alterations(const broker_config& config, std::vector<std::uint64_t>& groups) {
    if (options_.alterations.broker) {
        for (const auto number : {altered_broker, altered_brokers})
            history_.begin_alterations(number, {}, {});
        const auto& faults = options_.faults;
        if (options_.alterations.cordon && !faults.disk_fails() && !faults.disk_hangs())
            history_.begin_cordons();
        return;
    }
    for (std::uint32_t topic = 0; topic < options_.topics.size(); ++topic) {
        const auto& configs = options_.topics[topic].configs;
        history_.begin_alterations(topic, {configs.begin(), configs.end()}, retention_of(topic, false));
    }
    groups = groups_to_alter(config);
    for (const auto group : groups)
        history_.begin_alterations(first_group_with_configs + static_cast<std::uint32_t>(group), {}, {});
}

std::string produce_consume::name_of_altered(std::uint32_t number) const {
    if (number >= altered_broker)
        return number == altered_broker ? "the broker" : "all brokers";
    if (number >= first_group_with_configs)
        return "group g" + std::to_string(number - first_group_with_configs);
    return "topic " + options_.topics[number].name;
}

/// Those of the consumer protocol that are played, where the broker allows what is drawn.
std::vector<std::uint64_t> produce_consume::groups_to_alter(const broker_config& config) const {
    if (!config_alterer::may_alter(group_rules_of(config)))
        return {};
    std::set<std::uint64_t> groups;
    for (const auto& one : options_.members)
        if (one.consumer)
            groups.insert(one.group);
    return {groups.begin(), groups.end()};
}

void produce_consume::on_interval_told(const interval_told& told) {
    if (options_.faults.lossy)
        return;
    fail_unless_without(group_options_followed, badly_followed(told, unset_heartbeat_ms_, history_));
}

} // namespace barnabas::sim
