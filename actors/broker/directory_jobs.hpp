#pragma once

#include "actors/broker/data_directories.hpp"
#include "runtime/disk/directory_gate.hpp"

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

/// Jobs on directories of partitions and of data, each behind the gate of its data directory.
namespace barnabas {

using gates_by_path = std::map<std::string, std::shared_ptr<runtime::directory_gate>>;

/// The gate of the data directory in which that lies; null when it is offline from the start.
std::shared_ptr<runtime::directory_gate> gate_above(const gates_by_path& gates, const std::string& path);

/// Job: removes those in which nothing is. One that cannot be removed is in nobody's way.
void remove_empty(runtime::file_system& below, const gates_by_path& gates,
                  const std::vector<std::string>& directories);

/// Job: gives directories other names; the last failure is the outcome. One without an identity that is to be
/// a `.fragment-stray` is removed instead if nothing was ever stored in it.
result<void> set_aside(runtime::file_system& below, const gates_by_path& gates,
                       const std::vector<std::pair<std::string, std::string>>& renames);

/// What was set aside in a data directory and belongs to deleted topics, as far as it is removed.
struct stray_removal {
    std::string data_directory;
    std::shared_ptr<const std::set<topic_id>> topics;
    /// Absent before the first look.
    std::optional<std::vector<std::string>> left;
    /// Why some of it stays: of the last one.
    result<void> failed;
};

/// Job: removes up to `broker_limits::strays_at_once` directories of it for good. What cannot be removed, for
/// it is somebody else's, is no sign of a failing disk: the data directory stays in use.
void remove_strays(runtime::file_system& files, const runtime::directory_gate& gate, stray_removal& work);

/// Job: removes the directory of a partition for good.
result<void> remove_partition_directory(runtime::file_system& below, const gates_by_path& gates,
                                        const std::string& directory);

/// Job: `close_data_directories` of one, with what only its gate knows, since it may have failed just now.
result<void> close_gated_directory(runtime::file_system& files, data_directory directory, bool clean,
                                   const gates_by_path& gates);

} // namespace barnabas
