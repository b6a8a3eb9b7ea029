#include "actors/replica/log_removal.hpp"

#include "actors/replica/log/small_file.hpp"

#include <algorithm>

namespace barnabas::replica {

namespace {

/// Everything but what says whose it is.
result<void> remove_content(runtime::file_system& files, const std::string& directory) {
    const auto entries = files.list(directory);
    if (!entries)
        return entries.failure();
    const bool has_identity = std::any_of(entries->begin(), entries->end(),
                                          [](const auto& entry) { return entry.name == metadata_name; });
    if (!has_identity || entries->size() == 1)
        return {};
    for (const auto& entry : *entries) {
        if (entry.is_directory || entry.name == metadata_name)
            continue;
        if (auto removed = remove_if_present(files, directory + "/" + entry.name); !removed)
            return removed;
    }
    return files.sync_directory(directory);
}

} // namespace

result<void> remove_log_directory_unsynced(runtime::file_system& files, const std::string& directory) {
    auto removed = remove_content(files, directory);
    if (removed || removed.code() == errc::not_found)
        removed = files.remove_directory(directory);
    return removed;
}

result<void> remove_log_directory(runtime::file_system& files, const std::string& directory) {
    auto removed = remove_log_directory_unsynced(files, directory);
    if (removed)
        removed = files.sync_directory(directory.substr(0, directory.rfind('/')));
    return removed;
}

} // namespace barnabas::replica
