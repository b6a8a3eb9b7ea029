// The administrator who alters configs, and the history that hears of it.

#include "runtime/config/topic_config.hpp"
#include "sim/workloads/broker_config.hpp"
#include "sim/workloads/produce_consume.hpp"

#include <algorithm>

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
    for (std::uint32_t topic = 0; topic < options_.topics.size(); ++topic) {
        const auto& configs = options_.topics[topic].configs;
        history_.begin_alterations(topic, {configs.begin(), configs.end()}, retention_of(topic, false));
    }
    config_alterer::parts parts;
    parts.broker = {broker_.host().name(), simulated_broker::port};
    parts.topics = &options_.topics;
    parts.until = options_.faults.healing;
    parts.on_asked = [this](const configs_asked& asked) {
        std::string changes;
        for (const auto& change : asked.changes)
            changes += " " + change.key + (change.what == config_operation::remove ? "" : "=" + change.value);
        tell("configs of topic " + options_.topics[asked.topic].name +
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

} // namespace barnabas::sim
