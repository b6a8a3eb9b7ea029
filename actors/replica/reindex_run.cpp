#include "actors/replica/reindex_run.hpp"

#include "actors/replica/log/aborted_by.hpp"
#include "actors/replica/log/batch_walk.hpp"
#include "actors/replica/log/segment_scan.hpp"
#include "actors/replica/log/sized_file.hpp"
#include "actors/replica/log/small_file.hpp"
#include "actors/replica/read_jobs.hpp"
#include "protocol/batch/crc32c.hpp"
#include "protocol/model/mark.hpp"

#include <algorithm>
#include <utility>

namespace barnabas::replica {
namespace {

/// What a look at a header costs at most: the walk reads so much around it.
constexpr std::uint64_t header_cost_max = 8192;
constexpr std::uint64_t snapshot_bytes_max = 64 << 20;
/// No CRC covers the length of a batch: what says that it is longer is proven first, for it asks for memory.
constexpr std::uint64_t unproven_batch_max = 1 << 20;

error gone_away(const std::string& path) {
    return {errc::offset_out_of_range, path + " has gone away"};
}

/// A file that is gone says something else than any other.
result<bool> holds(runtime::file_system& files, const std::string& path,
                   const std::vector<std::byte>& wanted) {
    const auto content = slice::copy_of(wanted);
    auto present = read_small_file(files, path, content.size());
    if (present.code() == errc::not_found || present.code() == errc::malformed)
        return false;
    if (!present)
        return present.failure();
    return *present == content;
}

} // namespace

reindex_run::reindex_run(reindex_task task)
    : task_(std::move(task)), phase_(task_.of_transactions ? phase::snapshot : phase::scan),
      next_offset_(task_.segment.base_offset) {
    state_.base_offset = task_.segment.base_offset;
}

std::string reindex_run::path(log_offset base, std::string_view suffix) const {
    return segment_path(task_.options.directory, base, suffix);
}

void reindex_run::spend(std::uint64_t bytes) {
    left_ -= std::min(left_, bytes);
}

/// Between two steps the segment may have been deleted. The lane keeps it where it is during one, so that an
/// index is never put beside a log that is not there.
result<void> reindex_run::step(runtime::file_system& files, std::uint64_t bytes) {
    const auto name = path(task_.segment.base_offset, log_suffix);
    auto log = open_sized(files, name);
    if (log.code() == errc::not_found || (log && log->size != task_.segment.size))
        return gone_away(name);
    if (!log)
        return log.failure();
    left_ = bytes;
    while (left_ > 0 && !made_)
        if (auto advanced = advance(files, log->file.id()); !advanced)
            return advanced;
    return {};
}

result<void> reindex_run::advance(runtime::file_system& files, runtime::file_id log) {
    switch (phase_) {
    case phase::snapshot: return read_snapshot(files);
    case phase::earlier: return walk_earlier(files);
    case phase::scan: return scan_some(files, log);
    case phase::replace: break;
    }
    return replace(files);
}

// ---- what producers had begun in front of the segment

result<void> reindex_run::read_snapshot(runtime::file_system& files) {
    auto snapshot =
        read_small_file(files, path(task_.segment.base_offset, snapshot_suffix), snapshot_bytes_max);
    if (!snapshot && snapshot.code() != errc::not_found && snapshot.code() != errc::malformed)
        return snapshot.failure();
    phase_ = phase::earlier;
    if (!snapshot)
        return {};
    spend(snapshot->size());
    if (auto known = producer_state::decode_snapshot(snapshot->bytes())) {
        producers_ = std::move(*known);
        phase_ = phase::scan;
    }
    return {};
}

result<void> reindex_run::walk_earlier(runtime::file_system& files) {
    const auto base = task_.bases[earlier_];
    if (base == task_.segment.base_offset) {
        phase_ = phase::scan;
        return {};
    }
    const auto name = path(base, log_suffix);
    auto log = open_sized(files, name);
    if (log.code() == errc::not_found)
        return gone_away(name);
    if (!log)
        return log.failure();
    batch_walk walk(files, log->file.id(), file_position(walked_to_), log->size);
    while (left_ > 0) {
        auto next = walk.next_confirmed();
        if (!next && !is_damage(next.code()))
            return next.failure();
        if (!next)
            earlier_damage_ = next.failure();
        if (!next || !*next) {
            ++earlier_;
            walked_to_ = 0;
            return {};
        }
        const auto& header = (*next)->header;
        producers_.apply(header, monotonic_ns(0));
        walked_to_ += header.total_size();
        spend(std::min<std::uint64_t>(header.total_size(), header_cost_max));
    }
    BARNABAS_MARK(earlier_segments_walked_in_steps);
    return {};
}

// ---- the segment itself

result<void> reindex_run::scan_some(runtime::file_system& files, runtime::file_id log) {
    const readable_range range{task_.segment.base_offset, task_.segment.size};
    scan_options options;
    options.from = file_position(scanned_to_);
    options.next_offset = next_offset_;
    options.epoch = epoch_;
    options.unproven_from = task_.next_base;
    options.gaps_allowed = true;
    options.pause_after = left_;
    options.unproven_batch_max = unproven_batch_max;
    auto scanned =
        segment_scan(files, log, range).run(options, [this](const batch::batch_view& batch) { note(batch); });
    if (!scanned)
        return scanned.failure();
    // Times of what lies in front of damage would hide what lies behind it, and who reads committed records
    // is better told that nobody knows than told too little.
    if (BARNABAS_MARK_IF(scanned->bad.has_value(), damaged_segment_not_reindexed))
        return corrupt_batch(path(range.base_offset, log_suffix), file_position(scanned->sound_size),
                             *scanned->bad);
    spend(scanned->sound_size - scanned_to_);
    scanned_to_ = scanned->sound_size;
    next_offset_ = scanned->next_offset;
    epoch_ = scanned->epoch;
    return BARNABAS_MARK_IF(scanned->paused, reindex_goes_in_steps) ? result<void>{} : end_scan();
}

void reindex_run::note(const batch::batch_view& batch) {
    if (!task_.of_transactions)
        return index_batch(state_, batch.header, task_.options.index_interval_bytes, growth_);
    const auto ended = producers_.apply(batch.header, monotonic_ns(0));
    if (auto entry = aborted_by(ended, batch, producers_))
        aborted_.push_back(*entry);
    has_aborts_ |= batch.header.is_control() && kind_of_marker(batch) == marker_kind::abort;
}

result<void> reindex_run::end_scan() {
    if (BARNABAS_MARK_IF(earlier_damage_ && has_aborts_, damaged_transactions_not_reindexed))
        return *earlier_damage_;
    const auto closing = closing_time_entry(state_);
    growth_.time_entries.insert(growth_.time_entries.end(), closing.begin(), closing.end());
    phase_ = phase::replace;
    return {};
}

// ---- the files

result<void> reindex_run::replace(runtime::file_system& files) {
    auto replaced = task_.of_transactions ? replace_transactions(files) : replace_indexes(files);
    if (!replaced)
        return replaced.failure();
    made_ = made_indexes{state_, BARNABAS_MARK_IF(!*replaced, indexes_were_right)};
    return {};
}

result<bool> reindex_run::replace_indexes(runtime::file_system& files) {
    state_.transaction_index_size = task_.segment.transaction_index_size;
    state_.transaction_index_crc = task_.segment.transaction_index_crc;
    auto offsets = replace_if_other(files, offset_index_suffix, growth_.offset_entries);
    if (!offsets)
        return offsets;
    auto times = replace_if_other(files, time_index_suffix, growth_.time_entries);
    return times ? result<bool>(*offsets || *times) : times;
}

result<bool> reindex_run::replace_transactions(runtime::file_system& files) {
    const auto bytes = encode_transaction_index(aborted_);
    state_ = task_.segment;
    state_.transaction_index_size = bytes.size();
    state_.transaction_index_crc = barnabas::batch::crc32c(bytes);
    if (!bytes.empty())
        return replace_if_other(files, transaction_index_suffix, bytes);
    auto removed = files.remove(path(state_.base_offset, transaction_index_suffix));
    if (!removed && removed.code() != errc::not_found)
        return removed.failure();
    return removed.has_value();
}

/// A disk that refuses it leaves the old one. None is written in place, as a start does: nothing would look
/// at what a refused write has left before the next recovery.
result<bool> reindex_run::replace_if_other(runtime::file_system& files, std::string_view suffix,
                                           const std::vector<std::byte>& wanted) {
    const auto name = segment_file_name(task_.segment.base_offset, suffix);
    const auto& directory = task_.options.directory;
    auto right = holds(files, directory + "/" + name, wanted);
    if (!right)
        return right.failure();
    if (*right)
        return false;
    auto replaced = replace_small_file(files, directory, name, slice::copy_of(wanted));
    if (!replaced)
        return replaced.failure();
    return true;
}

} // namespace barnabas::replica
