#include "actors/replica/log/leftovers.hpp"

#include "actors/replica/log/batch_walk.hpp"
#include "actors/replica/log/segment.hpp"
#include "actors/replica/log/small_file.hpp"
#include "protocol/model/mark.hpp"

#include <algorithm>
#include <set>
#include <vector>

namespace barnabas::replica {
namespace {

constexpr std::string_view swap_suffix = ".swap";
constexpr std::string_view cleaned_suffix = ".cleaned";

bool ends_with(const std::string& name, std::string_view suffix) {
    return std::string_view(name).ends_with(suffix);
}

class leftovers {
public:
    leftovers(runtime::file_system& files, const std::string& directory)
        : files_(files), directory_(directory) {}
    result<std::uint64_t> clear();

private:
    result<void> remove(const std::string& name);
    result<void> complete_swap(log_offset base, const std::set<log_offset>& segments);
    result<log_offset> last_offset_of(const std::string& path, log_offset base);
    result<void> remove_segment(log_offset base, bool with_log);

    runtime::file_system& files_;
    const std::string& directory_;
    std::uint64_t removed_ = 0;
};

result<std::uint64_t> leftovers::clear() {
    auto entries = files_.list(directory_);
    if (!entries)
        return entries.failure();
    std::set<log_offset> segments;
    std::set<log_offset> swaps;
    std::vector<std::string> useless;
    bool half_cleaned = false;
    for (const auto& entry : *entries) {
        const auto& name = entry.name;
        half_cleaned |= ends_with(name, cleaned_suffix);
        if (const auto base = offset_of_file(name, log_suffix))
            segments.insert(*base);
        if (const auto base = offset_of_file(name, std::string(log_suffix) + std::string(swap_suffix)))
            swaps.insert(*base);
        else if (ends_with(name, deleted_suffix) || ends_with(name, cleaned_suffix) ||
                 ends_with(name, temporary_suffix) || ends_with(name, swap_suffix))
            useless.push_back(name);
    }
    for (const auto base : swaps) {
        BARNABAS_MARK(swap_file_found);
        // Kafka turns all `.cleaned` files of a round into `.swap` before it touches the old segments.
        const bool old_is_whole = half_cleaned && segments.contains(base);
        auto done = old_is_whole ? remove(segment_file_name(base, log_suffix) + std::string(swap_suffix))
                                 : complete_swap(base, segments);
        if (!done)
            return done.failure();
    }
    for (const auto& name : useless)
        if (auto done = remove(name); !done)
            return done.failure();
    if (removed_ > 0 || !swaps.empty())
        if (auto synced = files_.sync_directory(directory_); !synced)
            return synced.failure();
    return removed_;
}

result<void> leftovers::remove(const std::string& name) {
    BARNABAS_MARK(leftover_removed);
    ++removed_;
    return remove_if_present(files_, directory_ + "/" + name);
}

result<void> leftovers::complete_swap(log_offset base, const std::set<log_offset>& segments) {
    const auto path = segment_path(directory_, base, log_suffix);
    const auto swap = path + std::string(swap_suffix);
    auto last = last_offset_of(swap, base);
    if (last.code() == errc::corrupt_message && segments.contains(base))
        return remove(segment_file_name(base, log_suffix) + std::string(swap_suffix));
    if (!last)
        return last.failure();
    // Of the segment that gives its name the log may be gone already, and its indexes not.
    if (auto removed = remove_segment(base, false); !removed)
        return removed;
    for (const auto segment : segments) {
        if (segment <= base || segment > *last)
            continue;
        if (auto removed = remove_segment(segment, true); !removed)
            return removed;
    }
    // Or an old segment could come back beside the one that has its records.
    if (auto synced = files_.sync_directory(directory_); !synced)
        return synced;
    const auto transactions = segment_path(directory_, base, transaction_index_suffix);
    auto renamed = files_.rename(transactions + std::string(swap_suffix), transactions);
    if (!renamed && renamed.code() != errc::not_found)
        return renamed;
    // Nothing else has these entries, and without `.log.swap` nobody would look for them.
    if (renamed)
        if (auto synced = files_.sync_directory(directory_); !synced)
            return synced;
    return files_.rename(swap, path);
}

result<log_offset> leftovers::last_offset_of(const std::string& path, log_offset base) {
    auto file = open_scoped(files_, path, runtime::open_mode::read_only);
    if (!file)
        return file.failure();
    auto size = files_.size(file->id());
    if (!size)
        return size.failure();
    batch_walk walk(files_, file->id(), file_position(0), *size);
    auto last = base;
    for (;;) {
        auto located = walk.next();
        if (!located)
            return located.failure();
        if (!*located)
            return last;
        last = (*located)->header.last_offset();
    }
}

result<void> leftovers::remove_segment(log_offset base, bool with_log) {
    for (const auto suffix : {offset_index_suffix, time_index_suffix})
        if (auto removed = remove_if_present(files_, segment_path(directory_, base, suffix)); !removed)
            return removed;
    if (!with_log)
        return {};
    ++removed_;
    return remove_if_present(files_, segment_path(directory_, base, log_suffix));
}

} // namespace

result<std::uint64_t> clear_leftovers(runtime::file_system& files, const std::string& directory) {
    return leftovers(files, directory).clear();
}

} // namespace barnabas::replica
