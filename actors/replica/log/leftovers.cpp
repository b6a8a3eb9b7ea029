#include "actors/replica/log/leftovers.hpp"

#include "actors/replica/log/batch_walk.hpp"
#include "actors/replica/log/old_messages.hpp"
#include "actors/replica/log/producer_state.hpp"
#include "actors/replica/log/segment.hpp"
#include "actors/replica/log/sized_file.hpp"
#include "actors/replica/log/small_file.hpp"
#include "actors/replica/read_jobs.hpp"
#include "protocol/model/mark.hpp"

#include <algorithm>
#include <limits>
#include <optional>
#include <set>
#include <string_view>
#include <vector>

namespace barnabas::replica {
namespace {

constexpr std::string_view swap_suffix = ".swap";
constexpr std::string_view cleaned_suffix = ".cleaned";

bool ends_with(const std::string& name, std::string_view suffix) {
    return std::string_view(name).ends_with(suffix);
}

constexpr std::string_view segment_suffixes[] = {log_suffix, offset_index_suffix, time_index_suffix,
                                                 transaction_index_suffix};

/// Of a segment's file whose name ends in `end` behind its suffix.
std::optional<log_offset> base_of(std::string_view name, std::string_view end) {
    for (const auto suffix : segment_suffixes)
        if (const auto base = offset_of_file(name, std::string(suffix) + std::string(end)))
            return base;
    return std::nullopt;
}

class leftovers {
public:
    leftovers(runtime::file_system& files, const std::string& directory, runtime::work_share& progress)
        : files_(files), directory_(directory), progress_(progress) {}
    result<std::uint64_t> clear();

private:
    /// The last batch of a log; of none the base is -1.
    struct last_batch {
        log_offset base{-1};
        log_offset last{-1};
    };

    void note(const std::string& name);
    result<void> remove(const std::string& name);
    result<void> remove_swap(log_offset base);
    result<void> settle_swap(log_offset base);
    result<void> complete_swap(log_offset base, log_offset last);
    result<last_batch> check_swap(log_offset base, const std::string& path);
    result<void> convert_swap(log_offset base);
    result<last_batch> last_batch_of(const std::string& path, log_offset base);
    result<void> check_end(log_offset base, const std::string& path, const last_batch& end);
    result<bool> is_kafkas();
    /// What an old log says of a batch: nothing (it ends before), that it is not there, or where it is.
    enum class evidence : std::uint8_t { none, not_there, one_of_them, last_of_all };
    result<evidence> look_for(const last_batch& wanted, const std::string& path);
    result<void> remove_segment(log_offset base, bool with_log);

    runtime::file_system& files_;
    const std::string& directory_;
    runtime::work_share& progress_;
    std::uint64_t removed_ = 0;
    /// By base offset: logs; `.log.swap`; segments with any `.cleaned`, with any `.deleted`, with
    /// `.log.deleted`.
    std::set<log_offset> segments_;
    std::set<log_offset> swaps_;
    std::set<log_offset> cleaned_;
    std::set<log_offset> retired_;
    std::set<log_offset> retired_logs_;
    log_offset newest_snapshot_{-1};
    std::vector<std::string> useless_;
};

void leftovers::note(const std::string& name) {
    const auto of_log = [&](std::string_view end) {
        return offset_of_file(name, std::string(log_suffix) + std::string(end));
    };
    if (const auto base = base_of(name, cleaned_suffix))
        cleaned_.insert(*base);
    if (const auto base = base_of(name, deleted_suffix))
        retired_.insert(*base);
    if (const auto base = of_log(deleted_suffix))
        retired_logs_.insert(*base);
    if (const auto offset = offset_of_file(name, snapshot_suffix))
        newest_snapshot_ = std::max(newest_snapshot_, *offset);
    if (const auto base = of_log(""))
        segments_.insert(*base);
    if (const auto base = of_log(swap_suffix))
        swaps_.insert(*base);
    else if (ends_with(name, deleted_suffix) || ends_with(name, cleaned_suffix) ||
             ends_with(name, temporary_suffix) || ends_with(name, swap_suffix) ||
             ends_with(name, converted_suffix))
        useless_.push_back(name);
}

result<std::uint64_t> leftovers::clear() {
    auto entries = files_.list(directory_);
    if (!entries)
        return entries.failure();
    for (const auto& entry : *entries)
        note(entry.name);
    for (const auto base : swaps_)
        if (auto settled = settle_swap(base); !settled)
            return settled.failure();
    for (const auto& name : useless_)
        if (auto done = remove(name); !done)
            return done.failure();
    if (removed_ > 0 || !swaps_.empty())
        if (auto synced = files_.sync_directory(directory_); !synced)
            return synced.failure();
    return removed_;
}

result<void> leftovers::remove(const std::string& name) {
    BARNABAS_MARK(leftover_removed);
    ++removed_;
    return remove_if_present(files_, directory_ + "/" + name);
}

result<void> leftovers::remove_swap(log_offset base) {
    return remove(segment_file_name(base, log_suffix) + std::string(swap_suffix));
}

result<void> leftovers::settle_swap(log_offset base) {
    BARNABAS_MARK(swap_file_found);
    // All `.cleaned` files of a segment become `.swap` before the old ones are touched. Those of another
    // segment say nothing of this one.
    if (cleaned_.contains(base) && segments_.contains(base))
        return remove_swap(base);
    BARNABAS_MARK_IF(!cleaned_.empty(), swap_beside_cleaned_files_of_others);
    const auto path = segment_path(directory_, base, log_suffix) + std::string(swap_suffix);
    auto end = check_swap(base, path);
    if (end)
        return complete_swap(base, end->last);
    if (!is_damage(end.code()))
        return end.failure();
    const bool old_is_whole = segments_.contains(base) && retired_.lower_bound(base) == retired_.end();
    if (BARNABAS_MARK_IF(old_is_whole, damaged_swap_given_up))
        return remove_swap(base);
    BARNABAS_MARK(damaged_swap_refused);
    return error{
        errc::corrupt_message,
        end.failure().detail +
            ". Compaction had begun to put this file in the place of the segments that it was made of, "
            "so these may be gone; nothing was removed. Bring the directory back from a copy; or, to give "
            "up what only this file has, remove it and start again"};
}

result<leftovers::last_batch> leftovers::check_swap(log_offset base, const std::string& path) {
    auto end = last_batch_of(path, base);
    // Also where the last look came otherwise wrong: the conversion tells what it is.
    if (is_damage(end.code())) {
        if (auto converted = convert_swap(base); !converted)
            return converted.failure();
        end = last_batch_of(path, base);
    }
    if (!end)
        return end;
    if (end->base.get() < 0) {
        // Kafka's compaction may leave no batch, ours keeps the last one.
        const auto by_kafka = is_kafkas();
        if (!by_kafka)
            return by_kafka.failure();
        if (BARNABAS_MARK_IF(!*by_kafka, empty_swap_given_up))
            return error{errc::corrupt_message, path + " is empty"};
        return end;
    }
    auto agrees = check_end(base, path, *end);
    // The headers of the old files are looked at without their CRCs.
    for (int look = 1; look < looks_max && is_damage(agrees.code()); ++look)
        agrees = check_end(base, path, *end);
    return agrees ? std::move(end) : agrees.failure();
}

/// Kafka compacts messages of magic 0 and 1 without a change of format. What is no batch even then is damage.
result<void> leftovers::convert_swap(log_offset base) {
    segment_conversion conversion(files_, directory_, false, progress_);
    auto written = conversion.write(base, swap_suffix);
    if (!written)
        return written.failure();
    return BARNABAS_MARK_IF(written->records > 0, swap_converted) ? conversion.replace() : result<void>{};
}

/// The segment that was written at the time is never among the replaced ones. Ours end where the next one
/// begins, or (what Kafka compacted before ends earlier) where one of the replaced did. Of Kafka's the last
/// batch is somewhere in the old files, as far as these are there.
result<void> leftovers::check_end(log_offset base, const std::string& path, const last_batch& end) {
    const auto wrong = [&](const char* why) {
        return error{errc::corrupt_message, path + ": its last batch is said to end at offset " +
                                                std::to_string(end.last.get()) + ", " + why};
    };
    const bool others = !segments_.empty() && *segments_.rbegin() > base;
    if (BARNABAS_MARK_IF(others && end.last >= *segments_.rbegin(), swap_covers_newest_segment))
        return wrong("where the newest segment is");
    if (segments_.contains(end.last + 1))
        return {};
    const auto by_kafka = is_kafkas();
    if (!by_kafka)
        return by_kafka.failure();
    bool against = false;
    for (const auto* logs : {&segments_, &retired_logs_})
        for (auto at = logs->lower_bound(base); at != logs->end() && *at <= end.last; ++at) {
            const auto old = segment_path(directory_, *at, log_suffix) +
                             std::string(logs == &segments_ ? std::string_view() : deleted_suffix);
            auto says = look_for(end, old);
            if (!says)
                return says.failure();
            if (*says == evidence::last_of_all || (*by_kafka && *says == evidence::one_of_them))
                return {};
            against |= *says != evidence::none;
        }
    if (BARNABAS_MARK_IF(against, swap_end_disagrees))
        return wrong("where none of the old files has its end");
    return {};
}

/// The newest snapshot tells who wrote here last.
result<bool> leftovers::is_kafkas() {
    if (newest_snapshot_.get() < 0)
        return true;
    auto bytes =
        read_small_file(files_, segment_path(directory_, newest_snapshot_, snapshot_suffix), 64 << 20);
    if (!bytes && bytes.code() != errc::malformed)
        return bytes.failure();
    return !bytes || !producer_state::decode_snapshot(bytes->bytes()) || !sync_mark_of(bytes->bytes());
}

result<void> leftovers::complete_swap(log_offset base, log_offset last) {
    const auto path = segment_path(directory_, base, log_suffix);
    const auto swap = path + std::string(swap_suffix);
    // Of the segment that gives its name the log may be gone already, and its indexes not.
    if (auto removed = remove_segment(base, false); !removed)
        return removed;
    for (const auto segment : segments_) {
        if (segment <= base || segment > last)
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

/// Checks every batch on the way.
result<leftovers::last_batch> leftovers::last_batch_of(const std::string& path, log_offset base) {
    auto file = open_sized(files_, path);
    if (!file)
        return file.failure();
    batch_walk walk(files_, file->file.id(), file_position(0), file->size);
    last_batch end{log_offset(-1), base};
    auto next = base;
    for (;;) {
        auto batch = walk.next_whole();
        if (!batch)
            return is_damage(batch.code()) ? error{batch.code(), path + ": " + batch.failure().detail}
                                           : batch.failure();
        if (!*batch)
            return end;
        const auto& header = (*batch)->header;
        constexpr std::int64_t span_max = std::numeric_limits<std::int32_t>::max();
        if (header.base_offset < next || header.last_offset() - base > span_max)
            return error{errc::corrupt_message, path + ": offset " +
                                                    std::to_string(header.base_offset.get()) + " where " +
                                                    std::to_string(next.get()) + " or more should come"};
        end = {header.base_offset, header.last_offset()};
        next = header.next_offset();
    }
}

/// Whether an old log has this batch; one that cannot be read so far says nothing.
result<leftovers::evidence> leftovers::look_for(const last_batch& wanted, const std::string& path) {
    auto file = open_sized(files_, path);
    if (!file)
        return file.code() == errc::not_found ? result<evidence>(evidence::none) : file.failure();
    batch_walk walk(files_, file->file.id(), file_position(0), file->size);
    auto says = evidence::none;
    for (;;) {
        auto located = walk.next();
        if (!located && !is_damage(located.code()))
            return located.failure();
        if (!located || !*located)
            return says;
        const auto& header = (*located)->header;
        if (says == evidence::last_of_all)
            return evidence::one_of_them;
        if (header.base_offset == wanted.base && header.last_offset() == wanted.last)
            says = evidence::last_of_all;
        else if (header.last_offset() >= wanted.last)
            return evidence::not_there;
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

result<std::uint64_t> clear_leftovers(runtime::file_system& files, const std::string& directory,
                                      runtime::work_share& progress) {
    return leftovers(files, directory, progress).clear();
}

} // namespace barnabas::replica
