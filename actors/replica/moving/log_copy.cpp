#include "actors/replica/moving/log_copy.hpp"

#include "actors/replica/log/sized_file.hpp"
#include "actors/replica/log/small_file.hpp"
#include "actors/replica/moving/batch_window.hpp"
#include "actors/replica/read_jobs.hpp"
#include "protocol/model/mark.hpp"

#include <algorithm>
#include <limits>

namespace barnabas::replica {
namespace {

constexpr log_offset no_limit{std::numeric_limits<std::int64_t>::max()};

/// Of a segment, written once when it begins or ends.
bool stays_as_it_is(const std::string& name) {
    return offset_of_file(name, snapshot_suffix) || offset_of_file(name, transaction_index_suffix);
}

/// Read twice, since only some of them have a CRC.
result<slice> read_for_sure(runtime::file_system& files, const std::string& path) {
    auto first = read_small_file(files, path, small_file_bytes_max);
    for (int looks = 1; looks < looks_max && first; ++looks) {
        auto second = read_small_file(files, path, small_file_bytes_max);
        if (!second)
            return second;
        if (!BARNABAS_MARK_IF(first->text() != second->text(), copied_file_read_differed))
            return first;
        first = std::move(second);
    }
    return first ? result<slice>(error{errc::corrupt_message, path + " does not read the same twice"})
                 : first;
}

} // namespace

std::string log_copy::source_path(log_offset base) const {
    return segment_path(options_.source, base, log_suffix);
}

result<void> log_copy::begin(runtime::file_system& target) {
    auto present = target.exists(options_.target);
    if (!present)
        return present.failure();
    // Of a move that a crash interrupted; what it copied may not have reached the disk.
    if (BARNABAS_MARK_IF(*present, move_begun_again))
        if (auto removed = target.remove_directory(options_.target); !removed)
            return removed;
    if (auto made = target.create_directory(options_.target); !made)
        return made;
    if (auto written =
            replace_small_file(target, options_.target, metadata_name,
                               slice::copy_of(std::string_view(encode_partition_metadata(options_.topic))));
        !written)
        return written;
    return target.sync_directory(data_directory_of(options_.target));
}

result<void> log_copy::drop(runtime::file_system& target) {
    close(target);
    auto present = target.exists(options_.target);
    if (!present || !*present)
        return present ? result<void>() : result<void>(present.failure());
    auto removed = target.remove_directory(options_.target);
    return removed ? target.sync_directory(data_directory_of(options_.target)) : removed;
}

void log_copy::close(runtime::file_system& target) {
    if (current_)
        current_->close(target);
    current_.reset();
}

result<std::vector<log_offset>> log_copy::list(runtime::file_system& source) {
    auto entries = source.list(options_.source);
    if (!entries)
        return entries.failure();
    std::vector<log_offset> bases;
    for (const auto& entry : *entries)
        if (const auto base = offset_of_file(entry.name, log_suffix))
            bases.push_back(*base);
    std::sort(bases.begin(), bases.end());
    return bases;
}

result<void> log_copy::remove_segment(runtime::file_system& target, log_offset base) {
    for (const auto suffix :
         {log_suffix, offset_index_suffix, time_index_suffix, transaction_index_suffix, snapshot_suffix}) {
        copied_names_.erase(segment_file_name(base, suffix));
        if (auto removed = remove_if_present(target, segment_path(options_.target, base, suffix)); !removed)
            return removed;
    }
    return {};
}

/// Retention takes segments from the front, also of what is copied already.
result<void> log_copy::drop_retired(runtime::file_system& target, const std::vector<log_offset>& bases) {
    const auto gone = [&](log_offset base) { return !std::binary_search(bases.begin(), bases.end(), base); };
    for (auto at = done_.begin(); at != done_.end();) {
        if (!gone(at->first)) {
            ++at;
            continue;
        }
        BARNABAS_MARK(copied_segment_retired);
        if (auto removed = remove_segment(target, at->first); !removed)
            return removed;
        at = done_.erase(at);
    }
    if (!current_ || !gone(current_->base()))
        return {};
    BARNABAS_MARK(segment_retired_while_copied);
    const auto base = current_->base();
    close(target);
    return remove_segment(target, base);
}

/// Sees to it that there is a current segment; the base of the one behind it, if there is one.
result<std::optional<log_offset>> log_copy::open_next(runtime::file_system& target,
                                                      const std::vector<log_offset>& bases) {
    if (!current_) {
        const auto next =
            std::find_if(bases.begin(), bases.end(), [&](log_offset base) { return !done_.contains(base); });
        if (next == bases.end())
            return std::optional<log_offset>();
        auto made = segment_copy::create(target, {options_.target, *next, options_.index_interval_bytes});
        if (!made)
            return made.failure();
        current_ = std::move(*made);
        next_offset_ = *next;
        copied_upto_ = std::max(copied_upto_, *next);
        unsynced_bytes_ = 0;
    }
    const auto behind = std::upper_bound(bases.begin(), bases.end(), current_->base());
    return behind == bases.end() ? std::optional<log_offset>() : std::optional(*behind);
}

result<copy_progress> log_copy::step(const copy_ends& ends, log_offset upto, std::uint64_t bytes) {
    auto bases = list(ends.source);
    if (!bases)
        return bases.failure();
    if (auto dropped = drop_retired(ends.target, *bases); !dropped)
        return dropped.failure();
    copy_progress progress;
    while (progress.bytes < bytes) {
        auto behind = open_next(ends.target, *bases);
        if (!behind)
            return behind.failure();
        if (!current_) {
            progress.caught_up = true;
            return progress;
        }
        auto copied = copy_some(ends, upto, bytes - progress.bytes, *behind);
        // Retention took it just now: the next step sees that.
        if (BARNABAS_MARK_IF(copied.code() == errc::not_found, segment_gone_before_copy))
            return progress;
        if (!copied)
            return copied.failure();
        progress.bytes += *copied;
        if (*copied > 0)
            continue;
        progress.caught_up = !*behind || **behind > upto;
        if (progress.caught_up)
            break;
        if (auto ended = end_segment(ends); !ended)
            return ended.failure();
    }
    const bool due = unsynced_bytes_ >= unsynced_bytes_max ||
                     (progress.caught_up && unsynced_bytes_ >= unsynced_at_end_max);
    if (current_ && due)
        if (auto synced = sync(ends.target, current_->ids()); !synced)
            return synced.failure();
    return progress;
}

/// One window, or nothing when all of the current segment below `upto` is copied.
result<std::uint64_t> log_copy::copy_some(const copy_ends& ends, log_offset upto, std::uint64_t bytes,
                                          std::optional<log_offset> next_base) {
    const auto path = source_path(current_->base());
    auto source = open_sized(ends.source, path);
    if (!source)
        return source.failure();
    window_place place;
    place.log = source->file.id();
    place.name = path;
    place.position = current_->size();
    place.size = source->size;
    place.from = next_offset_;
    place.upto = upto;
    place.next_base = next_base;
    place.bytes_max = static_cast<std::size_t>(std::min<std::uint64_t>(bytes, window_bytes));
    auto found = read_window(ends.source, place);
    if (!found)
        return found.failure();
    if (found->headers.empty())
        return std::uint64_t{0};
    if (auto appended = current_->append(ends.target, found->bytes, found->headers); !appended)
        return appended.failure();
    next_offset_ = found->headers.back().last_offset() + 1;
    copied_upto_ = next_offset_;
    unsynced_bytes_ += found->bytes.size();
    bytes_copied_ += found->bytes.size();
    return static_cast<std::uint64_t>(found->bytes.size());
}

result<void> log_copy::sync(runtime::file_system& target, std::span<const runtime::file_id> files) {
    unsynced_bytes_ = 0;
    return options_.planted.moved_copy_not_synced ? result<void>() : target.sync(files);
}

/// Nothing comes behind the last byte of the current segment any more.
result<void> log_copy::end_segment(const copy_ends& ends) {
    if (auto completed = current_->complete(ends.target); !completed)
        return completed;
    if (auto synced = sync(ends.target, current_->ids()); !synced)
        return synced;
    const auto base = current_->base();
    done_[base] = current_->size();
    copied_upto_ = std::max(copied_upto_, next_offset_);
    close(ends.target);
    for (const auto suffix : {transaction_index_suffix, snapshot_suffix}) {
        auto copied = copy_file(ends, segment_file_name(base, suffix));
        if (!copied && copied.code() != errc::not_found)
            return copied;
    }
    return {};
}

result<void> log_copy::finish(const copy_ends& ends) {
    for (bool all = false; !all;) {
        auto progress = step(ends, no_limit, std::numeric_limits<std::uint64_t>::max());
        if (!progress)
            return progress.failure();
        all = progress->caught_up;
    }
    if (current_)
        if (auto ended = end_segment(ends); !ended)
            return ended;
    auto bases = list(ends.source);
    if (!bases)
        return bases.failure();
    if (auto complete = check_complete(ends.source, *bases); !complete)
        return complete;
    if (auto copied = copy_small_files(ends); !copied)
        return copied;
    return ends.target.sync_directory(options_.target);
}

/// The copy takes the place of the log, so it is compared once more.
result<void> log_copy::check_complete(runtime::file_system& source,
                                      const std::vector<log_offset>& bases) const {
    if (bases.empty() || bases.size() != done_.size())
        return error{errc::internal, "the copy of " + options_.source + " has " +
                                         std::to_string(done_.size()) + " segments instead of " +
                                         std::to_string(bases.size())};
    for (const auto base : bases) {
        const auto copied = done_.find(base);
        auto original = open_sized(source, source_path(base));
        if (!original)
            return original.failure();
        if (copied == done_.end() || copied->second != original->size)
            return error{errc::internal, "the copy of " + source_path(base) + " is not as long as it is"};
    }
    return {};
}

/// Snapshots of producers, indexes of transactions, and the epochs.
result<void> log_copy::copy_small_files(const copy_ends& ends) {
    auto entries = ends.source.list(options_.source);
    if (!entries)
        return entries.failure();
    std::set<std::string> wanted;
    for (const auto& entry : *entries)
        if (stays_as_it_is(entry.name) || entry.name == epoch_checkpoint_name)
            wanted.insert(entry.name);
    for (const auto& name : std::set<std::string>(copied_names_))
        if (!wanted.contains(name)) {
            copied_names_.erase(name);
            if (auto removed = remove_if_present(ends.target, options_.target + "/" + name); !removed)
                return removed;
        }
    for (const auto& name : wanted)
        if (!copied_names_.contains(name))
            if (auto copied = copy_file(ends, name); !copied)
                return copied;
    return {};
}

result<void> log_copy::copy_file(const copy_ends& ends, const std::string& name) {
    auto content = read_for_sure(ends.source, options_.source + "/" + name);
    if (!content)
        return content.failure();
    auto file = open_scoped(ends.target, options_.target + "/" + name, runtime::open_mode::create);
    if (!file)
        return file.failure();
    if (auto emptied = ends.target.truncate(file->id(), 0); !emptied)
        return emptied;
    if (!content->empty())
        if (auto written = ends.target.write(file->id(), file_position(0), std::span(&*content, 1)); !written)
            return written;
    const runtime::file_id one = file->id();
    if (auto synced = sync(ends.target, std::span(&one, 1)); !synced)
        return synced;
    copied_names_.insert(name);
    return {};
}

} // namespace barnabas::replica
