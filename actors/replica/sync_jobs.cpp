#include "actors/replica/jobs.hpp"
#include "actors/replica/log/small_file.hpp"
#include "actors/replica/log/transaction_index.hpp"
#include "protocol/model/mark.hpp"

#include <set>

/// Jobs outside of the write lane: sync, and the two steps of a deletion.
namespace barnabas::replica {

void sync_job::finish(runtime::file_system& files, const result<void>& synced) {
    outcome = synced;
    if (BARNABAS_MARK_IF(synced.code() == errc::too_many_open_files, files_not_synced)) {
        // None was synced, and those that hold unsynced bytes stay open.
        outcome = result<void>();
        names_outcome = synced;
        files_synced = false;
        return;
    }
    if (outcome && names_changed) {
        auto named = files.sync_directory(directory);
        (named.code() == errc::too_many_open_files ? names_outcome : outcome) = named;
    }
    if (outcome && names_outcome)
        small_files_outcome = write_small_files(files);
    for (const auto file : to_close)
        files.close(file);
}

result<void> sync_job::write_small_files(runtime::file_system& files) const {
    if (epoch_checkpoint) {
        const auto content = slice::copy_of(std::string_view(*epoch_checkpoint));
        if (auto replaced = replace_small_file(files, directory, epoch_checkpoint_name, content); !replaced)
            return replaced;
    }
    // The snapshot proves that all below it is stable, so it comes last.
    if (!snapshot)
        return {};
    if (auto synced = sync_transaction_indexes(files, directory, transaction_indexes); !synced)
        return synced;
    const auto name = segment_file_name(snapshot_offset, snapshot_suffix);
    if (auto replaced = replace_small_file(files, directory, name, *snapshot); !replaced)
        return replaced;
    if (replaced_snapshot.get() >= 0)
        return remove_if_present(files, segment_path(directory, replaced_snapshot, snapshot_suffix));
    return {};
}

void retire_job::run(runtime::file_system& files) {
    const auto retire = [&](log_offset base, std::string_view suffix) -> result<void> {
        const auto path = segment_path(directory, base, suffix);
        const auto target = path + std::string(deleted_suffix);
        auto renamed = files.rename(path, target);
        if (!renamed)
            return renamed.code() == errc::not_found ? result<void>{} : renamed;
        removal.paths.push_back(target);
        return {};
    };
    const auto steps = [&]() -> result<void> {
        auto entries = files.list(directory);
        if (!entries)
            return entries.failure();
        std::set<log_offset> oldest_first;
        for (const auto& entry : *entries)
            if (const auto base = offset_of_file(entry.name, log_suffix); base && *base < keep_from)
                oldest_first.insert(*base);
        for (const auto base : oldest_first) {
            for (const auto suffix :
                 {log_suffix, offset_index_suffix, time_index_suffix, transaction_index_suffix})
                if (auto retired = retire(base, suffix); !retired)
                    return retired;
            // One by one, so that a crash never leaves a hole between segments.
            if (auto synced = files.sync_directory(directory); !synced)
                return synced;
        }
        for (const auto offset : snapshots)
            if (auto retired = retire(offset, snapshot_suffix); !retired)
                return retired;
        return {};
    };
    outcome = steps();
}

void remove_job::run(runtime::file_system& files) {
    outcome = result<void>{};
    for (const auto& path : paths) {
        auto removed = files.remove(path);
        if (!removed && removed.code() != errc::not_found && outcome)
            outcome = removed;
    }
}

} // namespace barnabas::replica
