#include "actors/replica/compaction/clean_jobs.hpp"

#include "actors/replica/log/small_file.hpp"
#include "protocol/model/mark.hpp"

namespace barnabas::replica {

void clean_job::run(runtime::file_system& files) {
    if (abandon) {
        run_of->abandon(files);
        outcome = result<void>{};
        return;
    }
    const auto before = run_of->counts();
    outcome = run_of->step(files, bytes);
    const auto& after = run_of->counts();
    bytes_moved = after.bytes_read - before.bytes_read + (after.bytes_written - before.bytes_written);
    if (!outcome)
        run_of->abandon(files);
}

void swap_job::run(runtime::file_system& files) {
    outcome = go_on(files);
    if (BARNABAS_MARK_IF(!outcome && !decided, swap_given_up))
        clear(files);
    for (const auto offset : snapshots)
        if (outcome)
            removal.paths.push_back(segment_path(directory, offset, snapshot_suffix));
}

/// A step that failed may be made again; one that is done must not, for the names mean something else then.
result<void> swap_job::go_on(runtime::file_system& files) {
    if (planted.swap_renamed_in_wrong_order && step_ == 0)
        static_cast<void>(retire_old(files));
    constexpr int steps_count = 6;
    constexpr int decided_behind = 1;
    const auto make = [&](int step) -> result<void> {
        switch (step) {
        case 0: return rename_new(files, cleaned_suffix, swap_suffix);
        case 2: return retire_old(files);
        case 4: return rename_new(files, swap_suffix, "");
        default: return files.sync_directory(directory);
        }
    };
    for (; step_ < steps_count; ++step_) {
        if (auto made = make(step_); !made)
            return made;
        decided |= step_ == decided_behind;
    }
    return {};
}

/// An index that is not there is made anew, or was not needed; the log must be there.
result<void> swap_job::rename_new(runtime::file_system& files, std::string_view from,
                                  std::string_view to) const {
    for (const auto suffix : replaced_suffixes) {
        const auto path = segment_path(directory, group.state.base_offset, suffix);
        auto renamed = files.rename(path + std::string(from), path + std::string(to));
        if (!renamed && (renamed.code() != errc::not_found || suffix == log_suffix))
            return renamed;
        // It comes first, and is the only one that recovery cannot make anew from the new log: it must have
        // its name for certain before the log has, or it would count as left over.
        if (renamed && suffix == transaction_index_suffix && to.empty())
            if (auto synced = files.sync_directory(directory); !synced)
                return synced;
    }
    return {};
}

result<void> swap_job::retire_old(runtime::file_system& files) {
    for (const auto& segment : group.replaced)
        for (const auto suffix : replaced_suffixes) {
            const auto path = segment_path(directory, segment.base_offset, suffix);
            const auto target = path + std::string(deleted_suffix);
            auto renamed = files.rename(path, target);
            if (!renamed && renamed.code() != errc::not_found)
                return renamed;
            if (renamed)
                removal.paths.push_back(target);
        }
    return {};
}

/// Nothing was decided: the new files go, the log first, for that is what recovery goes by.
void swap_job::clear(runtime::file_system& files) const {
    const auto base = group.state.base_offset;
    for (const auto end : {swap_suffix, cleaned_suffix})
        for (const auto suffix :
             {log_suffix, transaction_index_suffix, offset_index_suffix, time_index_suffix})
            static_cast<void>(
                remove_if_present(files, segment_path(directory, base, suffix) + std::string(end)));
    static_cast<void>(files.sync_directory(directory));
}

} // namespace barnabas::replica
