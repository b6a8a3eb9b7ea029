#pragma once

#include "actors/broker/data_directories.hpp"
#include "actors/broker/room_watch_actor.hpp"
#include "actors/partition/partition_actor.hpp"
#include "protocol/model/planted_bugs.hpp"
#include "runtime/config/broker_config.hpp"
#include "runtime/node/node_services.hpp"

#include <caf/actor.hpp>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace barnabas {

/// The commit journals of a broker, one per data directory that holds partitions.
class commit_journals {
public:
    void open(runtime::node_services& node, const broker_config& config, const planted_bugs& planted,
              const std::vector<data_directory>& directories, const gates_by_path& gates);
    /// What the partition in this directory of `data_directory` needs, with what the journal held of it: each
    /// time until `done_with`, for an opening that found no room is tried again.
    journal_use use_for(const std::string& data_directory, const std::string& directory_name,
                        const topic_partition& id);
    /// It has opened, or its files are gone.
    void done_with(const topic_partition& id);
    /// That of a data directory, which is told to close; null when there is none.
    caf::actor release(const std::string& data_directory) {
        const auto found = by_directory_.extract(data_directory);
        return found ? found.mapped().use.actor : caf::actor();
    }
    void let_go() { by_directory_.clear(); }

private:
    struct one {
        journal_use use;
        std::shared_ptr<journal::found_journal> found;
    };
    std::map<std::string, one> by_directory_;
    /// Data directory and directory of what the journals held something of, while it is being opened.
    std::map<topic_partition, std::pair<std::string, std::string>> opening_;
};

} // namespace barnabas
