#include "actors/replica/compaction/clean_run.hpp"

#include "actors/replica/log/batch_walk.hpp"
#include "protocol/model/assert.hpp"
#include "protocol/model/mark.hpp"

#include <algorithm>

namespace barnabas::replica {
namespace {

/// What a look at a header alone costs, for the budget of a step.
constexpr std::uint64_t header_cost = 4096;
constexpr std::size_t pending_bytes_max = 1 << 20;

void spend(std::uint64_t& left, std::uint64_t bytes) {
    left -= std::min(left, bytes);
}

} // namespace

clean_run::clean_run(clean_task task) : task_(std::move(task)), map_end_(task_.dirty_from) {
    BARNABAS_ASSERT(!task_.segments.empty());
    BARNABAS_ASSERT(task_.dirty_from < task_.upto);
}

result<void> clean_run::step(runtime::file_system& files, std::uint64_t bytes) {
    left_ = bytes;
    while (left_ > 0 && phase_ != phase::done && !group_)
        if (auto advanced = advance(files); !advanced)
            return advanced;
    if (target_ && target_->pending_bytes() > 0)
        return target_->flush(files);
    return {};
}

result<void> clean_run::advance(runtime::file_system& files) {
    switch (phase_) {
    case phase::prepare: return prepare(files);
    case phase::map: return map_some(files);
    case phase::find_markers: return find_markers(files);
    case phase::copy: return copy_some(files);
    case phase::done: break;
    }
    return {};
}

log_offset clean_run::behind(std::size_t segment) const {
    return segment + 1 < task_.segments.size() ? task_.segments[segment + 1].base_offset : task_.upto;
}

result<void> clean_run::prepare(runtime::file_system& files) {
    auto map = task_.map;
    map.keys_max = static_cast<std::uint64_t>(task_.upto - task_.dirty_from);
    map_.emplace(map);
    counts_.map_bytes = map_->bytes();
    if (map_->capacity() == 0)
        return error{errc::internal, "there is no memory for the keys of a compaction"};
    auto bases = task_.later_transactions;
    for (const auto& segment : task_.segments)
        bases.push_back(segment.base_offset);
    for (const auto base : bases) {
        const auto path = segment_path(task_.log.directory, base, transaction_index_suffix);
        auto entries = read_transaction_index(files, path);
        if (!entries)
            return entries.failure();
        for (const auto& entry : *entries)
            transactions_.add(entry);
    }
    while (behind(at_) <= task_.dirty_from)
        ++at_;
    first_dirty_ = at_;
    phase_ = phase::map;
    return {};
}

// ---- the keys of the dirty part

result<void> clean_run::map_some(runtime::file_system& files) {
    if (at_ == task_.segments.size()) {
        end_map(task_.upto);
        return {};
    }
    if (!stream_)
        if (auto opened = open_source(files); !opened)
            return opened;
    auto batch = stream_->next(files);
    if (!batch)
        return batch.failure();
    if (!*batch) {
        close_source(files);
        ++at_;
        return {};
    }
    const auto& header = (*batch)->header;
    spend(left_, header.total_size());
    counts_.bytes_read += header.total_size();
    if (header.last_offset() < task_.dirty_from || header.is_control())
        return {};
    if (BARNABAS_MARK_IF(header.is_transactional() && !markers_known_, markers_looked_for)) {
        close_source(files);
        at_ = first_dirty_;
        phase_ = phase::find_markers;
        return {};
    }
    if (transactions_.on_data(header))
        return {};
    auto goes_on = map_batch(**batch);
    if (!goes_on)
        return goes_on.failure();
    if (!*goes_on)
        close_source(files);
    return {};
}

/// False when the map is full, and so the mapping is over.
result<bool> clean_run::map_batch(const batch::batch_view& batch) {
    auto records = batch::record_reader::open(batch, &rewriter_.workspace());
    if (!records)
        return records.failure();
    keys_.clear();
    for (;;) {
        const auto next = records->next();
        if (!next)
            return next.failure();
        const auto* record = *next;
        if (record == nullptr)
            break;
        if (record->key && record->offset >= task_.dirty_from)
            keys_.push_back({map_->hash_of(*record->key), record->offset});
    }
    for (const auto& [key, offset] : keys_) {
        if (BARNABAS_MARK_IF(!map_->put(key, offset), key_map_full)) {
            end_map(offset);
            return false;
        }
        ++counts_.records_mapped;
    }
    return true;
}

void clean_run::end_map(log_offset end) {
    map_end_ = end;
    transactions_.rewind();
    rules_.emplace(task_.rules, *map_, map_end_, transactions_);
    at_ = group_begin_ = group_end_ = 0;
    phase_ = phase::copy;
}

/// Segments may be older than the habit of writing `.txnindex`: who was aborted then follows from the
/// markers. Only headers are read, and only in logs that have transactions.
result<void> clean_run::find_markers(runtime::file_system& files) {
    if (at_ == task_.segments.size()) {
        markers_known_ = true;
        at_ = first_dirty_;
        phase_ = phase::map;
        return {};
    }
    if (!source_)
        if (auto opened = open_source(files); !opened)
            return opened;
    batch_walk walk(files, *source_, marker_position_, task_.segments[at_].size);
    while (left_ > 0) {
        auto located = walk.next();
        if (!located)
            return located.failure();
        if (!*located) {
            close_source(files);
            marker_position_ = file_position(0);
            ++at_;
            return {};
        }
        spend(left_, header_cost);
        marker_position_ = file_position((*located)->position.get() + (*located)->header.total_size());
        if (auto looked = look_at_batch(files, **located); !looked)
            return looked;
    }
    return {};
}

result<void> clean_run::look_at_batch(runtime::file_system& files, const located_batch& located) {
    if (!located.header.is_control()) {
        marker_scan_.on_data(located.header);
        return {};
    }
    auto marker = read_batch(files, *source_, located);
    if (!marker)
        return marker.failure();
    marker_scan_.on_marker(*marker, transactions_);
    return {};
}

// ---- the new segments

result<void> clean_run::copy_some(runtime::file_system& files) {
    if (!target_)
        return begin_group(files);
    if (at_ == group_end_)
        return end_group(files);
    if (!stream_)
        if (auto opened = open_source(files); !opened)
            return opened;
    auto batch = stream_->next(files);
    if (!batch)
        return batch.failure();
    if (!*batch) {
        close_source(files);
        ++at_;
        return {};
    }
    spend(left_, (*batch)->header.total_size());
    counts_.bytes_read += (*batch)->header.total_size();
    return copy_batch(files, **batch);
}

result<void> clean_run::begin_group(runtime::file_system& files) {
    group_begin_ = at_ = group_end_;
    if (at_ == task_.segments.size() || task_.segments[at_].base_offset >= map_end_) {
        phase_ = phase::done;
        return {};
    }
    group_end_ = at_ + count_group(task_.segments, at_, task_.upto, task_.log);
    const cleaned_segment::place where{task_.log.directory, task_.segments[at_].base_offset,
                                       task_.log.index_interval_bytes};
    auto made = cleaned_segment::create(files, where);
    if (!made)
        return made.failure();
    target_.emplace(std::move(*made));
    for (auto at = group_begin_; at != group_end_; ++at)
        if (task_.segments[at].transaction_index_size > 0)
            target_->replace_transactions();
    dropped_last_.reset();
    changed_ = group_end_ - group_begin_ > 1;
    return {};
}

result<void> clean_run::copy_batch(runtime::file_system& files, const batch::batch_view& batch) {
    using what = batch_verdict::what;
    auto verdict = rules_->judge(batch, kept_, rewriter_.workspace());
    if (!verdict)
        return verdict.failure();
    switch (verdict->action) {
    case what::drop:
        dropped_last_ = batch.header;
        changed_ = true;
        return {};
    case what::keep_whole: keep(batch, true); break;
    case what::keep_empty: keep(rewriter_.without_records(batch.header), false); break;
    case what::rebuild: {
        auto rebuilt = rewriter_.rebuild(batch, kept_, verdict->delete_horizon);
        if (!rebuilt)
            return rebuilt.failure();
        keep(*rebuilt, false);
        break;
    }
    }
    if (batch.header.is_control())
        if (const auto* aborted = transactions_.ended_by(batch.header))
            target_->add_transaction(*aborted);
    return target_->pending_bytes() >= pending_bytes_max ? target_->flush(files) : result<void>{};
}

void clean_run::keep(const batch::batch_view& batch, bool whole) {
    dropped_last_.reset();
    if (whole)
        return target_->add_whole(batch, *stream_);
    changed_ = true;
    target_->add(batch);
}

/// The last batch stays at least as a header: a segment says how far it reaches, which completes an
/// interrupted swap, and no reader meets a segment without anything in it.
result<void> clean_run::end_group(runtime::file_system& files) {
    if (BARNABAS_MARK_IF(dropped_last_.has_value(), last_of_group_kept))
        keep(rewriter_.without_records(*dropped_last_), false);
    const auto& first = task_.segments[group_begin_];
    const auto& last = task_.segments[group_end_ - 1];
    target_->set_times(first.created, last.closed);
    if (auto finished = target_->finish(files); !finished)
        return finished;
    cleaned_group made;
    made.replaced.assign(task_.segments.begin() + static_cast<std::ptrdiff_t>(group_begin_),
                         task_.segments.begin() + static_cast<std::ptrdiff_t>(group_end_));
    made.behind = behind(group_end_ - 1);
    made.state = target_->state();
    for (const auto& segment : made.replaced)
        counts_.bytes_before += segment.size;
    counts_.bytes_after += made.state.size;
    counts_.bytes_written += made.state.size;
    if (changed_)
        group_ = std::move(made);
    else
        target_->discard(files);
    target_.reset();
    return {};
}

std::optional<cleaned_group> clean_run::take_group() {
    return std::exchange(group_, std::nullopt);
}

result<void> clean_run::open_source(runtime::file_system& files) {
    BARNABAS_ASSERT(!source_);
    const auto& segment = task_.segments[at_];
    const auto path = segment_path(task_.log.directory, segment.base_offset, log_suffix);
    auto opened = files.open(path, runtime::open_mode::read_only);
    if (!opened)
        return opened.failure();
    source_ = *opened;
    stream_.emplace(batch_stream::source{*opened, segment.size, path, segment.base_offset},
                    task_.window_bytes);
    return {};
}

void clean_run::close_source(runtime::file_system& files) {
    stream_.reset();
    if (source_)
        files.close(*source_);
    source_.reset();
}

void clean_run::abandon(runtime::file_system& files) {
    close_source(files);
    if (target_)
        target_->discard(files);
    target_.reset();
    phase_ = phase::done;
}

} // namespace barnabas::replica
