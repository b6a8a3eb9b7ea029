#pragma once

#include "actors/broker/checkpoint_actor.hpp"
#include "actors/broker/data_directories.hpp"
#include "actors/broker/room_watch_actor.hpp"
#include "protocol/model/planted_bugs.hpp"
#include "runtime/config/broker_config.hpp"

#include <caf/actor.hpp>

#include <map>
#include <set>
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
    /// Each answers `checkpoints_closed`; true when there are any.
    bool close();
    /// One has answered; true when it was the last one.
    bool closed(const checkpoints_closed& message);
    /// Directories whose files could not be written at the end.
    const std::set<std::string>& unwritten() const noexcept { return unwritten_; }
    void let_go() { by_directory_.clear(); }

private:
    std::map<std::string, caf::actor> by_directory_;
    std::set<std::string> unwritten_;
};

} // namespace barnabas
