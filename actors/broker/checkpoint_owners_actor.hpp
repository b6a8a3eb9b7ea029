#pragma once

#include "actors/broker/checkpoint_actor.hpp"
#include "actors/broker/data_directories.hpp"
#include "actors/broker/room_watch_actor.hpp"
#include "protocol/model/planted_bugs.hpp"
#include "runtime/config/broker_config.hpp"

#include <caf/actor.hpp>

#include <map>
#include <string>
#include <vector>

namespace barnabas {

/// The owners of checkpoint files of a broker, one for each data directory that holds partitions and can be
/// used.
class checkpoint_owners {
public:
    /// What is the same for all of them.
    static checkpoint_options options(const broker_config& config, const planted_bugs& planted);
    void open(runtime::node_services& node, checkpoint_options options,
              const std::vector<data_directory>& directories, const gates_by_path& gates,
              const caf::actor& broker);
    const caf::actor& of(const std::string& directory) const { return by_directory_.at(directory); }
    const std::map<std::string, caf::actor>& by_directory() const { return by_directory_; }
    /// It answers `checkpoints_closed`; false when there is none.
    bool close(const std::string& directory);
    void closed(const checkpoints_closed& message) { by_directory_.erase(message.directory); }
    void let_go() { by_directory_.clear(); }

private:
    std::map<std::string, caf::actor> by_directory_;
};

} // namespace barnabas
