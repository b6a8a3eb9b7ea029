#pragma once

#include "actors/broker/broker_effects.hpp"
#include "actors/broker/broker_events.hpp"
#include "actors/broker/data_directories.hpp"
#include "actors/broker/directory_jobs.hpp"
#include "protocol/model/error.hpp"
#include "runtime/node/node_services.hpp"

#include <caf/actor.hpp>

#include <memory>
#include <optional>
#include <set>
#include <string>

namespace barnabas {

/// Jobs of a broker on data directories while it serves, each in a lane of its directory.
class directory_work {
public:
    explicit directory_work(runtime::node_services& node) : node_(node) {}

    /// Answered by `directories_opened`. Uses all of them, so it is in no lane of one.
    void open(data_directory_options wanted, const caf::actor& broker);
    /// Each directory answers by `directories_set_aside`.
    void set_aside(const broker_effects::set_aside_directories& order, const gates_by_path& gates,
                   const caf::actor& broker);
    /// The outcome of all when this was the last one.
    std::optional<result<void>> has_set_aside(const std::string& directory, const result<void>& outcome);
    /// A few in each directory at a time, beside everything else.
    void remove_strays(const broker_effects::remove_strays& order, const gates_by_path& gates,
                       const caf::actor& broker);
    void go_on_removing(const strays_removed& some, const gates_by_path& gates, bool closing,
                        const caf::actor& broker);
    /// Answered by `partition_closed`.
    void remove(const broker_effects::remove_partition_files& order, const gates_by_path& gates,
                const caf::actor& broker);
    /// Answered by `created_recorded`.
    void record_created(std::shared_ptr<runtime::directory_gate> gate, log_offset upto,
                        const caf::actor& broker);

private:
    void remove_some_strays(std::shared_ptr<stray_removal> work, const gates_by_path& gates,
                            const caf::actor& broker);

    runtime::node_services& node_;
    /// Where names are being changed, and what came of it elsewhere.
    std::set<std::string> setting_aside_;
    result<void> set_aside_outcome_;
};

} // namespace barnabas
