#include "actors/broker/directory_jobs.hpp"

#include "actors/broker/small_files.hpp"
#include "runtime/disk/directory_lane.hpp"

namespace barnabas {

namespace {

error offline_from_start(const std::string& path) {
    return {errc::storage_error, "the data directory of " + path + " is offline"};
}

} // namespace

std::shared_ptr<runtime::directory_gate> gate_above(const gates_by_path& gates, const std::string& path) {
    std::size_t longest = 0;
    std::shared_ptr<runtime::directory_gate> found;
    for (const auto& [directory, gate] : gates)
        if (directory.size() > longest && runtime::lies_in(path, directory)) {
            longest = directory.size();
            found = gate;
        }
    return found;
}

result<void> set_aside(runtime::file_system& below, const gates_by_path& gates,
                       const std::vector<std::pair<std::string, std::string>>& renames) {
    result<void> outcome;
    for (auto [from, to] : renames) {
        const auto gate = gate_above(gates, from);
        if (gate == nullptr) {
            outcome = offline_from_start(from);
            continue;
        }
        runtime::gated_files files(below, *gate, runtime::kept_room::may_be_used);
        // The same may have happened to an earlier topic of this name.
        for (auto taken = files.exists(to); taken && *taken; taken = files.exists(to))
            to = join_path(parent_path(to), next_stray_directory_name(to.substr(to.rfind('/') + 1)));
        auto done = files.rename(from, to);
        // Its removal came further than was known.
        if (done.code() == errc::not_found)
            continue;
        if (done)
            done = files.sync_directory(parent_path(to));
        if (!done)
            outcome = done;
    }
    return outcome;
}

result<void> remove_partition_directory(runtime::file_system& below, const gates_by_path& gates,
                                        const std::string& directory) {
    const auto gate = gate_above(gates, directory);
    if (gate == nullptr)
        return offline_from_start(directory);
    runtime::gated_files files(below, *gate, runtime::kept_room::may_be_used);
    auto outcome = files.remove_directory(directory);
    return outcome ? files.sync_directory(parent_path(directory)) : outcome;
}

result<void> close_gated_directory(runtime::file_system& files, data_directory directory, bool clean,
                                   const gates_by_path& gates) {
    const auto gate = gates.find(directory.path);
    directory.unflushed |= gate != gates.end() && gate->second->is_shut();
    opened_directories one;
    one.directories.push_back(std::move(directory));
    return close_data_directories(files, one, clean);
}

} // namespace barnabas
