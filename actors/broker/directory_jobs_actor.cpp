#include "actors/broker/directory_jobs.hpp"

#include "actors/broker/limits.hpp"
#include "actors/broker/small_files.hpp"
#include "actors/broker/stored_partitions.hpp"
#include "actors/replica/log_removal.hpp"
#include "protocol/model/mark.hpp"
#include "runtime/disk/directory_lane.hpp"

namespace barnabas {

namespace {

error offline_from_start(const std::string& path) {
    return {errc::storage_error, "the data directory of " + path + " is offline"};
}

/// Its making, or its removal, came no further.
result<bool> was_never_used(runtime::file_system& files, const std::string& directory) {
    const auto identity = files.exists(join_path(directory, "partition.metadata"));
    if (!identity)
        return identity.failure();
    if (*identity)
        return false;
    const auto has = has_records(files, directory);
    return has ? result<bool>(!*has) : result<bool>(has.failure());
}

result<void> set_one_aside(runtime::file_system& files, const std::string& from, std::string to) {
    const auto unused = to.ends_with(".fragment-stray") ? was_never_used(files, from) : result<bool>(false);
    if (!unused)
        return unused.code() == errc::not_found ? result<void>() : result<void>(unused.failure());
    if (BARNABAS_MARK_IF(*unused, unfinished_directory_removed))
        return files.remove_directory(from);
    // The same may have happened to an earlier topic of this name.
    for (auto taken = files.exists(to); taken && *taken; taken = files.exists(to))
        to = join_path(parent_path(to), next_stray_directory_name(to.substr(to.rfind('/') + 1)));
    auto done = files.rename(from, to);
    // Its removal came further than was known.
    return done.code() == errc::not_found ? result<void>() : done;
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
    std::map<std::string, std::shared_ptr<runtime::directory_gate>> changed;
    for (const auto& [from, to] : renames) {
        const auto gate = gate_above(gates, from);
        if (gate == nullptr) {
            outcome = offline_from_start(from);
            continue;
        }
        runtime::gated_files files(below, *gate, runtime::kept_room::may_be_used);
        if (auto done = set_one_aside(files, from, to); !done)
            outcome = done;
        changed.emplace(parent_path(to), gate);
    }
    // Once for all: many may have been left of one topic.
    for (const auto& [parent, gate] : changed) {
        runtime::gated_files files(below, *gate, runtime::kept_room::may_be_used);
        if (auto synced = files.sync_directory(parent); !synced)
            outcome = synced;
    }
    return outcome;
}

void remove_empty(runtime::file_system& below, const gates_by_path& gates,
                  const std::vector<std::string>& directories) {
    for (const auto& directory : directories) {
        const auto gate = gate_above(gates, directory);
        if (gate == nullptr)
            continue;
        runtime::gated_files files(below, *gate, runtime::kept_room::may_be_used);
        const auto entries = files.list(directory);
        if (!entries || !entries->empty())
            continue;
        if (replica::remove_log_directory(files, directory))
            BARNABAS_MARK(empty_directory_removed);
    }
}

namespace {

result<std::vector<std::string>> find_strays(runtime::file_system& files, const stray_removal& work) {
    const auto entries = files.list(work.data_directory);
    if (!entries)
        return entries.failure();
    std::vector<std::string> found;
    for (const auto& entry : *entries) {
        if (!entry.is_directory || !entry.name.ends_with("-stray"))
            continue;
        auto path = join_path(work.data_directory, entry.name);
        const auto text = read_small_file(files, join_path(path, "partition.metadata"));
        const auto id = text ? parse_uuid(parse_lines(*text, ':')["topic_id"]) : std::nullopt;
        if (id && work.topics->contains(*id))
            found.push_back(std::move(path));
    }
    return found;
}

} // namespace

void remove_strays(runtime::file_system& files, const runtime::directory_gate& gate, stray_removal& work) {
    if (!work.left) {
        auto found = find_strays(files, work);
        if (!found)
            work.failed = found.failure();
        work.left = found ? std::move(*found) : std::vector<std::string>();
    }
    if (gate.is_shut())
        work.left->clear();
    const auto before = work.left->size();
    const auto after = before - std::min(before, broker_limits::strays_at_once);
    for (; work.left->size() > after; work.left->pop_back()) {
        auto gone = replica::remove_log_directory_unsynced(files, work.left->back());
        if (BARNABAS_MARK_IF(!gone, stray_not_removed))
            work.failed = error{gone.code(), work.left->back() + ": " + gone.failure().detail};
        else
            BARNABAS_MARK(stray_of_deleted_topic_removed);
    }
    if (before > after)
        if (auto synced = files.sync_directory(work.data_directory); !synced)
            work.failed = synced;
}

result<void> remove_partition_directory(runtime::file_system& below, const gates_by_path& gates,
                                        const std::string& directory) {
    const auto gate = gate_above(gates, directory);
    if (gate == nullptr)
        return offline_from_start(directory);
    runtime::gated_files files(below, *gate, runtime::kept_room::may_be_used);
    return replica::remove_log_directory(files, directory);
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
