#include "actors/broker/moving/interrupted_moves.hpp"

#include "actors/broker/moving/moving_names.hpp"
#include "actors/broker/small_files.hpp"
#include "protocol/model/mark.hpp"

#include <algorithm>
#include <set>

namespace barnabas {

namespace {

class settling {
public:
    settling(runtime::file_system& files, std::vector<data_directory>& directories)
        : files_(files), directories_(directories), failures_(directories.size()) {}

    std::vector<std::optional<error>> run() {
        for (std::size_t i = 0; i < directories_.size(); ++i)
            if (is_used(i))
                note(i, look(i));
        // A process that was killed may not have synced what it renamed: neither must the log come back
        // beside its copy when the power goes, nor the copy lose its name when what says that it counts is
        // gone.
        for (std::size_t i = 0; i < directories_.size() && !found_.empty(); ++i)
            if (is_used(i))
                note(i, files_.sync_directory(directories_[i].path));
        for (const auto& one : found_)
            if (one.name.kind == moving_kind::future && is_used(one.directory))
                note(one.directory, settle_future(one));
        const bool all_here = std::all_of(directories_.begin(), directories_.end(),
                                          [](const data_directory& one) { return !one.offline; }) &&
                              std::none_of(failures_.begin(), failures_.end(),
                                           [](const auto& failure) { return failure.has_value(); });
        for (const auto& one : found_)
            if (one.name.kind == moving_kind::discarded && all_here && is_used(one.directory))
                note(one.directory, settle_discarded(one));
        return std::move(failures_);
    }

private:
    struct found_directory {
        std::size_t directory;
        moving_name name;
    };

    bool is_used(std::size_t i) const {
        return directories_[i].holds_partitions && !directories_[i].offline && !failures_[i];
    }
    void note(std::size_t i, const result<void>& outcome) {
        if (!outcome)
            failures_[i] = outcome.failure();
    }

    result<void> look(std::size_t i) {
        auto entries = files_.list(directories_[i].path);
        if (!entries)
            return entries.failure();
        for (const auto& entry : *entries) {
            if (!entry.is_directory)
                continue;
            current_.insert(entry.name);
            if (auto name = parse_moving_name(entry.name))
                found_.push_back({i, std::move(*name)});
        }
        return {};
    }

    /// What says that the exchange was decided.
    std::optional<std::size_t> decided_in(const moving_name& future) const {
        const auto twin = std::find_if(found_.begin(), found_.end(), [&](const found_directory& one) {
            return one.name.kind == moving_kind::discarded && one.name.unique_id == future.unique_id &&
                   one.name.partition_directory == future.partition_directory;
        });
        return twin == found_.end() ? std::nullopt : std::optional(twin->directory);
    }

    result<void> settle_future(const found_directory& one) {
        auto& directory = directories_[one.directory];
        const auto path = join_path(directory.path, to_string(one.name));
        const auto decided = decided_in(one.name);
        // One that has the name already is the log, whatever else is there.
        if (BARNABAS_MARK_IF(decided && !current_.contains(one.name.partition_directory),
                             move_completed_at_start)) {
            // Without being certain it is neither completed nor given up.
            if (!is_used(*decided))
                return {};
            auto renamed = files_.rename(path, join_path(directory.path, one.name.partition_directory));
            if (!renamed)
                return renamed;
            current_.insert(one.name.partition_directory);
            return files_.sync_directory(directory.path);
        }
        auto text = read_small_file(files_, join_path(path, "partition.metadata"));
        stored_move found;
        found.directory_name = one.name.partition_directory;
        found.unique_id = one.name.unique_id;
        // Who knows whose it is: the next start looks again.
        if (BARNABAS_MARK_IF(!text && text.code() != errc::not_found, future_unreadable))
            return {};
        if (text)
            found.id = parse_uuid(parse_lines(*text, ':')["topic_id"]);
        directory.futures.push_back(std::move(found));
        return {};
    }

    /// What took its place may lie in a data directory that nobody names any more.
    result<void> settle_discarded(const found_directory& one) {
        if (BARNABAS_MARK_IF(!current_.contains(one.name.partition_directory), discarded_without_copy)) {
            directories_[one.directory].discarded.push_back(
                {one.name.partition_directory, one.name.unique_id});
            return {};
        }
        BARNABAS_MARK(discarded_directory_removed);
        const auto& path = directories_[one.directory].path;
        auto removed = files_.remove_directory(join_path(path, to_string(one.name)));
        return removed ? files_.sync_directory(path) : removed;
    }

    runtime::file_system& files_;
    std::vector<data_directory>& directories_;
    std::vector<std::optional<error>> failures_;
    std::vector<found_directory> found_;
    /// Names in all directories that can be used.
    std::set<std::string> current_;
};

} // namespace

std::vector<std::optional<error>> settle_moves(runtime::file_system& files,
                                               std::vector<data_directory>& directories) {
    return settling(files, directories).run();
}

} // namespace barnabas
