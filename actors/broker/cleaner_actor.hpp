#pragma once

#include "actors/broker/cleaner.hpp"
#include "actors/broker/cleaner_metrics.hpp"
#include "actors/partition/cleaning_messages.hpp"
#include "runtime/config/broker_config.hpp"
#include "runtime/node/node_services.hpp"
#include "runtime/random/random.hpp"

#include <caf/actor.hpp>
#include <caf/fwd.hpp>

#include <map>

namespace barnabas {

/// The shell of the machine `cleaner`, inside the broker's actor: carries out what it wants, counts what came
/// of it, and shares out memory and speed.
class cleaner_shell {
public:
    using partitions_by_id = std::map<topic_partition, caf::actor>;

    /// All outlive it. `broker` gets `cleaning_due` from itself.
    cleaner_shell(runtime::node_services& node, const broker_config& config,
                  const partitions_by_id& partitions, caf::event_based_actor& broker);

    void on_started();
    void on_due();
    void on_opened(const topic_partition& id) { machine_.on_opened(id); }
    void on_gone(const topic_partition& id);
    void on_paused(const topic_partition& id);
    void on_configured(const topic_partition& id, bool is_compacted, bool moves);
    void on_state(const cleaning_state& state);
    void on_cleaned(const partition_cleaned& pass);

private:
    void carry_out(const cleaner::effects& out);
    clean_partition order();

    const broker_config& config_;
    const partitions_by_id& partitions_;
    caf::event_based_actor& broker_;
    cleaner machine_;
    cleaner_metrics metrics_;
    runtime::random secrets_;
};

} // namespace barnabas
